"""Asynchronous inference of LeRobot.

huggingface/lerobot, ``src/lerobot/async_inference``: ``robot_client.py``
(``_aggregate_action_queues``, ``_ready_to_send_observation``), ``policy_server.py``,
``configs.py`` (``weighted_average`` is the default).
"""

from __future__ import annotations

from aura_ros.bench.execution.executor import Setup
from aura_ros.bench.execution.rows import Commanded, Requests
from aura_ros.types import ActionChunk, Array, KinematicState

OLD_SHARE, NEW_SHARE = 0.3, 0.7
# The policy is asked when at most this share of a chunk is left in the queue.
REFILL = 0.5


class LeRobotAsync:
    """A queue of actions with integer timesteps, one request at a time.

    An arriving chunk replaces the queue: its timesteps already executed are skipped, those also
    in the old queue become 0.3 old + 0.7 new, grippers included, and what the old queue held
    beyond it is lost. Timesteps count executed actions, so they stand still while the queue is
    empty. Left out: the server skips observations too like the last one.
    """

    def __init__(self, setup: Setup) -> None:
        self._commanded = Commanded(setup)
        self._requests: Requests[int] = Requests()
        self._queue: dict[int, Array] = {}
        self._latest = -1
        self._chunk_size = 0
        self._rate = 0.0

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """When the queue is down to its refill threshold."""
        return in_flight == 0 and len(self._queue) <= REFILL * self._chunk_size

    def asked(self, now_ns: int) -> KinematicState:
        """The last command; rows begin with the timestep that is due."""
        self._requests.add(min(self._queue) if self._queue else max(self._latest, 0))
        return self._commanded.state(now_ns)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """Aggregates the overlap and replaces the queue, also if nothing of it is left."""
        first = self._requests.of(chunk)
        self._chunk_size = max(self._chunk_size, len(chunk.rows))
        self._queue = {
            first + i: self._aggregated(first + i, row)
            for i, row in enumerate(chunk.rows)
            if first + i > self._latest
        }

    def row(self, now_ns: int) -> Array:
        """The next action in the queue, or the last one again."""
        self._rate = 1.0 if self._queue else 0.0
        if not self._queue:
            return self._commanded.hold()
        self._latest = min(self._queue)
        return self._commanded.add(self._queue.pop(self._latest))

    @property
    def rate(self) -> float:
        """As ``RowExecutor.rate``."""
        return self._rate

    def _aggregated(self, timestep: int, new: Array) -> Array:
        old = self._queue.get(timestep)
        return new if old is None else OLD_SHARE * old + NEW_SHARE * new
