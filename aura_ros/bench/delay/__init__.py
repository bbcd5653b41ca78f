"""The closed loop with the embedded robot, while the policy is late: ours against the others.

The embedded Panda in simulated time is commanded by each way of executing chunks, whose chunks
come from the scripted expert after the latency. The same seed is the same placement, the same
latency of the k-th request and the same noise of its chunk, for every system.
"""

from aura_ros.bench.delay.measure import run

__all__ = ["run"]
