"""A backend around a scripted expert that is handed in, slowed down and shaken on request."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from aura_ros.policy.backend import BackendError, plain_embedding, raw_pixels
from aura_ros.types import Array, Observation, Request

# What a busy backend hashes: about 1 ms of one core a turn, without the interpreter's lock.
LOAD = bytes(1 << 20)


class Expert(Protocol):
    """Plans rows from the measured joints, the objects and the state where the rows begin."""

    def plan(
        self,
        measured: Array,
        objects: Array,
        start: tuple[Array, Array, Array],
        horizon: int,
        row_period_s: float,
    ) -> Array:
        """Rows (horizon, n)."""


class ScriptedBackend:
    """``expert`` with ``latency_s`` of delay and ``noise`` [rad or m] of per-chunk bias.

    The bias grows over the first rows of a chunk, as a policy's disagreement with itself does;
    rows stay between ``lower`` and ``upper`` (n,). ``busy``: the delay is spent computing.
    """

    name = "scripted"

    def __init__(
        self,
        expert: Callable[[str], Expert],
        horizon: int,
        row_period_s: float,
        latency_s: float = 0.0,
        noise: float = 0.0,
        seed: int = 0,
        busy: bool = False,
        lower: Array | float = -np.inf,
        upper: Array | float = np.inf,
    ) -> None:
        self._expert_for = expert
        self._experts = threading.local()
        self._horizon, self._row_period_s = horizon, row_period_s
        self._latency_s, self._noise, self._seed = latency_s, noise, seed
        self._busy, self._lower, self._upper = busy, lower, upper

    def encode(self, observation: Observation) -> Array:
        """Joints and mean colours: this policy does not look at pictures."""
        raw = {n: raw_pixels(i) for n, i in observation.images.items() if not i.compressed}
        return plain_embedding(observation, raw)

    def act(self, request: Request, embedding: Array) -> Array:
        """The expert's rows, no sooner than the latency."""
        began = time.monotonic()
        observation = request.observation
        if observation.objects is None:
            raise BackendError("the scripted policy needs object poses: is topic objects remapped?")
        start = request.start
        rows = self._expert(observation.instruction).plan(
            observation.joints.position,
            observation.objects.poses,
            (start.position, start.velocity, start.acceleration),
            self._horizon,
            self._row_period_s,
        )
        rows = rows + self._bias(request.sequence, rows.shape)
        self._wait_until(began + self._latency_s)
        return np.asarray(np.clip(rows, self._lower, self._upper))

    def _wait_until(self, end: float) -> None:
        while self._busy and time.monotonic() < end:
            hashlib.sha256(LOAD)
        time.sleep(max(end - time.monotonic(), 0.0))

    def _expert(self, instruction: str) -> Expert:
        # One of each for each thread: experts keep scratch space.
        mine: dict[str, Expert] = vars(self._experts)
        if instruction not in mine:
            mine[instruction] = self._expert_for(instruction)
        return mine[instruction]

    def _bias(self, sequence: int, shape: tuple[int, ...]) -> Array:
        generator = np.random.default_rng((self._seed, sequence))
        onset = 1 - np.exp(-np.arange(shape[0]) / 8)
        return np.asarray(onset[:, None] * self._noise * generator.standard_normal(shape[1]))
