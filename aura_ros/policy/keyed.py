"""A policy that takes observations by keys, as a backend: what is asked of it, and its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aura_ros.policy.backend import BackendError, plain_embedding
from aura_ros.policy.declared import SAMPLES, Declared
from aura_ros.policy.keys import ObservationKeys
from aura_ros.policy.pixels import thumbnails
from aura_ros.policy.wire import Answer, WireError, checked
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


class KeyedBackend:
    """The backend of a policy that is asked ``questions``."""

    def __init__(self, name: str, questions: Questions) -> None:
        self.name, self._questions = name, questions
        self.declared = questions.declared

    def encode(self, observation: Observation) -> Array:
        """Room for the policy's features, which come with the rows; else a plain embedding."""
        if self.declared.features:
            return np.zeros(self.declared.features)
        return plain_embedding(observation, thumbnails(observation))

    def act(self, request: Request, embedding: Array) -> Array:
        """The policy's rows (T, A); its features (d,) go into ``embedding``."""
        answer = self._questions.answer(request, 1)
        if self.declared.features:
            embedding[:] = answer.features
        return answer.rows

    def sample(self, request: Request, embedding: Array, k: int) -> Array:
        """Chunks (k, T, A), for k up to ``declared.max_samples``."""
        return self._questions.answer(request, k).samples
