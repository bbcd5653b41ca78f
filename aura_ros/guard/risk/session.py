"""Where an episode begins, and the features of its turns."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.mode import RESUME
from aura_ros.guard.risk.features import Features, features_of
from aura_ros.guard.watch import Turn
from aura_ros.robot.description import Robot
from aura_ros.types import (
    ROLLBACK,
    ActionChunk,
    Answer,
    ClockJump,
    FailureRisk,
    Instruction,
    Reset,
)


class Boundary:
    """Tells values that begin an episode: another instruction (the same one again is none, or
    repeating it would empty the memory), a chunk of another episode, a person's reset or word to
    resume, a jump of the clock."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._episode: tuple[int, int] | None = None

    def crossed(self, value: Any) -> bool:
        """Whether an episode begins with ``value``."""
        if isinstance(value, Instruction):
            before, self._text = self._text, value.text
            return before != value.text
        if isinstance(value, Turn):
            return self._is_other(value.chunk)
        return isinstance(value, Reset | ClockJump) or (
            isinstance(value, Answer) and value.option == RESUME
        )

    def _is_other(self, chunk: ActionChunk) -> bool:
        if chunk.source == ROLLBACK:
            return False
        before, self._episode = self._episode, (chunk.session, chunk.episode)
        return before is not None and before != self._episode


class Reader:
    """Reads the features of turns from what the guard hears, in order."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._risk: FailureRisk | None = None
        self._previous: ActionChunk | None = None

    def forget(self) -> None:
        """An episode begins."""
        self._previous = self._risk = None

    def read(self, value: Any) -> Features | None:
        """Features, if the value is a turn of the policy that could have moved the robot."""
        if isinstance(value, FailureRisk):
            self._risk = value
        if not isinstance(value, Turn):
            return None
        if value.chunk.source == ROLLBACK:
            self._previous = None
            return None
        # What cannot move, or was judged again after a correction, is no news of the policy.
        if any(check.name == "mode" and not check.passed for check in value.checks):
            return None
        if self._previous is not None and self._previous.order == value.chunk.order:
            return None
        previous, self._previous = self._previous, value.chunk
        return features_of(value, previous, self._risk, self._robot)
