"""The chunk is newer than every chunk before it."""

from aura_ros.guard.context import Context, failed, passed
from aura_ros.types import Check, Decision


def check(context: Context) -> Check:
    """Value: the chunk's sequence number; limit: the last one seen."""
    order, last = context.chunk.order, context.last_order
    if last is None or order > last:
        return passed("sequence", order[2], last[2] if last else -1)
    words = "seen before" if order == last else f"older than {last}"
    return failed("sequence", order[2], last[2], Decision.REFUSE, f"chunk {order} is {words}")
