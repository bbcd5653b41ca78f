"""The closed loop with a trained policy: pictures and an instruction in, a task done or not.

Three arms carry out the chunks of the same policy, which answers late: ``fuser`` is this
package's full chain; ``sync`` waits for every answer; ``naive`` executes the newest chunk. The
same seed is the same placement and the same latency of the k-th request for all of them.
"""

from aura_ros.bench.closed_loop.measure import run

__all__ = ["run"]
