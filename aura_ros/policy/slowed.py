"""The demo policy, made as slow as a large one: what the chain is for cannot be seen without."""

from __future__ import annotations

import time

from aura_ros.policy.demo import DemoBackend
from aura_ros.types import Array, Observation, Request


class Slowed:
    """``backend`` whose answers take ``latency_s`` longer. Safe in several threads."""

    def __init__(self, backend: DemoBackend, latency_s: float) -> None:
        self._backend, self._latency_s = backend, latency_s
        self.name, self.declared = backend.name, backend.declared

    def encode(self, observation: Observation) -> Array:
        """As ``Backend.encode``."""
        return self._backend.encode(observation)

    def act(self, request: Request, embedding: Array) -> Array:
        """As ``Backend.act``, later."""
        time.sleep(self._latency_s)
        return self._backend.act(request, embedding)

    def sample(self, request: Request, embedding: Array, k: int) -> Array:
        """As ``Sampler.sample``: what the chunks share is known by then."""
        return self._backend.sample(request, embedding, k)

    def velocity(self, request: Request, embedding: Array, rows: Array, time: float) -> Array:
        """As ``FlowField.velocity``."""
        return self._backend.velocity(request, embedding, rows, time)
