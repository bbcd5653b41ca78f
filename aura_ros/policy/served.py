"""Policies as `aura serve` takes them: behind it, or in the process of the policy node."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from aura_ros.policy.declared import PROMPT, SAMPLES, Declared
from aura_ros.policy.keyed import KeyedBackend, Questions
from aura_ros.policy.keys import observation_keys
from aura_ros.robot.description import Robot


class Served(Protocol):
    """A frozen policy with what it declares."""

    declared: Declared

    def infer(self, observation: Mapping[str, Any], samples: int) -> Mapping[str, Any]:
        """``actions`` (T, A), ``features`` (d,) if declared, ``samples`` (k, T, A) of several.

        ``observation`` has what is declared, images as uint8, states as numbers. Called by one
        thread at a time. Raises BackendError for what it cannot answer.
        """


class ServedBackend(KeyedBackend):
    """A served policy without a server: the same questions, the same checks of its answers.

    ``camera_keys``, ``state_keys``: texts of ``aura_ros.policy.keys`` and ``state``. Raises
    DeclarationError where policy and robot do not fit. Thread-safe.
    """

    def __init__(
        self, robot: Robot, served: Served, camera_keys: str = "", state_keys: str = ""
    ) -> None:
        declared = served.declared
        self._served, self._one_at_a_time = served, threading.Lock()
        prompt = PROMPT if declared.needs_instruction else ""
        keys = observation_keys(robot, declared, camera_keys, state_keys, prompt)
        questions = Questions(declared, keys, self._infer, declared.name)
        super().__init__(declared.name, questions)

    def _infer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        observation = dict(question)
        samples = observation.pop(SAMPLES, 1)
        with self._one_at_a_time:
            return self._served.infer(observation, samples)
