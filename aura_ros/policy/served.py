"""Policies as `aura serve` takes them: behind it, or in the process of the policy node."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from aura_ros.policy.declared import FLOW_TIME, NOISY_ROWS, PROMPT, SAMPLES, Declared
from aura_ros.policy.keyed import KeyedBackend, Questions
from aura_ros.policy.keys import observation_keys
from aura_ros.robot.description import Robot
from aura_ros.types import Array


class Served(Protocol):
    """A frozen policy with what it declares."""

    declared: Declared

    def infer(self, observation: Mapping[str, Any], samples: int) -> Mapping[str, Any]:
        """``actions`` (T, A), ``features`` (d,) if declared, ``samples`` (k, T, A) of several.

        ``observation`` has what is declared, images as uint8, states as numbers. Called by one
        thread at a time. Raises BackendError for what it cannot answer.
        """


@runtime_checkable
class ServedFlow(Protocol):
    """What a served policy offers besides if it declares a ``flow``."""

    def velocity(self, observation: Mapping[str, Any], rows: Array, time: float) -> Array:
        """The flow (T, A) at noisy ``rows`` (T, A), in their units, at ``time`` in [0, 1).

        Following it from noise at time 0 leads to rows at time 1.
        """


def answer_to(served: Served, question: Mapping[str, Any]) -> Mapping[str, Any]:
    """What ``served`` answers to an observation that may ask for samples, or for its flow."""
    observation = dict(question)
    samples = observation.pop(SAMPLES, 1)
    if NOISY_ROWS not in observation:
        return served.infer(observation, samples)
    assert isinstance(served, ServedFlow)  # its declaration was held against it
    rows, time = observation.pop(NOISY_ROWS), observation.pop(FLOW_TIME)
    return {"velocity": served.velocity(observation, rows, time)}


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
        with self._one_at_a_time:
            return answer_to(self._served, question)
