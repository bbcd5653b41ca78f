"""The chunk is newer than every chunk before it."""

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import failed, passed
from aura_ros.types import NS, Check, Decision

# Policy and guard may run on two machines: their clocks agree to this.
SESSION_TOLERANCE_NS = 60 * NS


def check(context: Context) -> Check:
    """Value: the chunk's sequence number; limit: the last one seen."""
    order, last, newest = context.chunk.order, context.last_order, context.newest_session
    if newest is not None and order[0] > newest + SESSION_TOLERANCE_NS:
        words = f"session {order[0]} begins in the future: it would shut out all later ones"
        return failed("sequence", order[2], -1, Decision.REFUSE, words)
    if last is None or order > last:
        return passed("sequence", order[2], last[2] if last else -1)
    words = "seen before" if order == last else f"older than {last}"
    return failed("sequence", order[2], last[2], Decision.REFUSE, f"chunk {order} is {words}")
