"""A backend that answers with what was commanded in a recording: a policy that is always right."""

from __future__ import annotations

import numpy as np

from aura_ros.policy.backend import BackendError
from aura_ros.types import Array, Observation, Request


class RecordedBackend:
    """Commands of a recording: ``times`` (N,) [ns, increasing] and ``positions`` (N, n).

    A chunk is what was commanded from the request's start on, held at the recording's end.
    """

    name = "recorded"

    def __init__(self, times: Array, positions: Array, horizon: int, row_period_ns: int) -> None:
        if len(times) < 2:
            raise BackendError(f"{len(times)} recorded commands; at least 2 are needed")
        self._times = np.asarray(times, dtype=np.int64)
        self._positions = np.asarray(positions, dtype=np.float64)
        self._steps = row_period_ns * np.arange(horizon)

    def encode(self, observation: Observation) -> Array:
        """The measured joints."""
        return observation.joints.position

    def act(self, request: Request, embedding: Array) -> Array:
        """Recorded commands at the rows' times, interpolated, shape (H, n)."""
        wanted = request.start.time_ns + self._steps
        if wanted[-1] < self._times[0] or wanted[0] > self._times[-1]:
            raise BackendError("the recording has no command at this time")
        after = np.clip(np.searchsorted(self._times, wanted), 1, len(self._times) - 1)
        t0, t1 = self._times[after - 1], self._times[after]
        share = np.clip((wanted - t0) / (t1 - t0), 0.0, 1.0)[:, None]
        return np.asarray((1 - share) * self._positions[after - 1] + share * self._positions[after])
