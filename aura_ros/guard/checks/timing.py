"""The plan starts after now, and its chunk is the one that was judged."""

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import failed, passed
from aura_ros.types import NS, Check, Decision


def check(context: Context) -> Check:
    """Value: time until the plan starts [s]; limit: 0 at least, max_age at most."""
    plan = context.plan
    assert plan is not None
    ahead = (plan.start_ns - context.now.ros_ns) / NS
    if plan.digest in context.seen:
        return failed("timing", ahead, 0, Decision.REFUSE, "this plan was judged before")
    if ahead < 0:
        return failed("timing", ahead, 0, Decision.REFUSE, "the plan starts in the past")
    if not ahead <= context.config.max_age:
        limit = context.config.max_age
        return failed("timing", ahead, limit, Decision.REFUSE, "the plan starts too far ahead")
    return passed("timing", ahead, 0)
