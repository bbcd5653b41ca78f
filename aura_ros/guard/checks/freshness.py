"""The observation behind the chunk is recent, and not from the future."""

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import failed, passed
from aura_ros.types import NS, Check, Decision


def check(context: Context) -> Check:
    """Value: age of the observation [s]; limit: the allowed age, or minus the clock tolerance."""
    age = (context.now.ros_ns - context.chunk.observation_stamp_ns) / NS
    oldest, tolerance = context.config.max_age, context.config.clock_tolerance
    if age < -tolerance:
        words = "observation from the future: synchronise the clocks"
        return failed("freshness", age, -tolerance, Decision.REFUSE, words)
    if not age <= oldest:
        return failed("freshness", age, oldest, Decision.REFUSE, "observation too old")
    return passed("freshness", age, oldest)
