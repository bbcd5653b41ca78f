"""A policy that takes observations by keys, as a backend: what is asked of it, and its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aura_ros.policy.backend import BackendError, plain_embedding
from aura_ros.policy.declared import FLOW_TIME, NOISY_ROWS, SAMPLES, Declared
from aura_ros.policy.keys import ObservationKeys
from aura_ros.policy.pixels import thumbnails
from aura_ros.policy.wire import Answer, WireError, checked, checked_velocity
from aura_ros.types import Array, Observation, Request

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Questions:
    """Requests put to a policy as observations by ``keys``; its answers, held to ``declared``.

    ``ask`` gives the policy's answer to an observation, ``where`` is who that is, in words.
    Raises BackendError, and what ``ask`` raises.
    """

    def __init__(self, declared: Declared, keys: ObservationKeys, ask: Ask, where: str) -> None:
        self.declared, self._keys, self._ask, self._where = declared, keys, ask, where

    def answer(self, request: Request, samples: int) -> Answer:
        """Rows, features and so many chunks."""
        if not 1 <= samples <= self.declared.max_samples:
            raise BackendError(
                f"{samples} samples were asked of {self.declared.name}, which draws at most "
                f"{self.declared.max_samples}"
            )
        more = {SAMPLES: samples} if samples > 1 else {}
        try:
            found = self._ask(self._keys.observation(request) | more)
            return checked(found, self.declared, samples)
        except WireError as error:
            raise BackendError(f"{self._where}: {error}") from None

    def velocity(self, request: Request, embedding: Array, rows: Array, time: float) -> Array:
        """The flow (T, A) at noisy ``rows`` (T, A), ``time`` from 0 (noise) to below 1.

        The policy looks at the observation anew: ``embedding`` stays here.
        """
        declared = self.declared
        if not 0.0 <= time < 1.0:
            raise BackendError(f"flow time is {time}; it must be from 0 to below 1")
        shape = (declared.horizon, declared.action_width)
        if rows.shape != shape or not np.isfinite(rows).all():
            raise BackendError(
                f"noisy rows of shape {rows.shape}; finite numbers {shape} are needed"
            )
        more = {NOISY_ROWS: rows, FLOW_TIME: float(time)}
        try:
            found = self._ask(self._keys.observation(request) | more)
            return checked_velocity(found, shape)
        except WireError as error:
            raise BackendError(f"{self._where}: {error}") from None


class KeyedBackend:
    """The backend of a policy that is asked ``questions``.

    It is a FlowField, with ``velocity``, only if the policy declares a flow.
    """

    velocity: Callable[[Request, Array, Array, float], Array]

    def __init__(self, name: str, questions: Questions) -> None:
        self.name, self._questions = name, questions
        self.declared = questions.declared
        if self.declared.flow:
            self.velocity = questions.velocity

    def encode(self, observation: Observation) -> Array:
        """Room for the policy's features, which come with the rows; else a plain embedding."""
        if self.declared.features:
            return np.zeros(self.declared.features)
        return plain_embedding(observation, thumbnails(observation))

    def act(self, request: Request, embedding: Array) -> Array:
        """The policy's rows (T, A); its features (d,) go into ``embedding``."""
        return self._answer(request, embedding, 1).rows

    def sample(self, request: Request, embedding: Array, k: int) -> Array:
        """Chunks (k, T, A), for k up to ``declared.max_samples``; features as by ``act``."""
        return self._answer(request, embedding, k).samples

    def _answer(self, request: Request, embedding: Array, samples: int) -> Answer:
        answer = self._questions.answer(request, samples)
        if self.declared.features:
            embedding[:] = answer.features
        return answer
