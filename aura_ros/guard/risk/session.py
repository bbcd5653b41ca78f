"""Where an episode begins, and the features of its turns."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.mode import RESUME
from aura_ros.guard.risk.features import Features, features_of
from aura_ros.guard.risk.given_up import GivenUp
from aura_ros.guard.watch import Turn
from aura_ros.robot.description import Robot
from aura_ros.types import (
    ROLLBACK,
    ActionChunk,
    Answer,
    ClockJump,
    FailureRisk,
    Instruction,
    Now,
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
    """Reads the features of turns from what the guard hears, in order.

    What was not allowed moved nothing and is no evidence of a session: verdicts and budgets count
    it. Nor is what was asked for on a motion that has been given up since.
    """

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._risk: FailureRisk | None = None
        self._given_up = GivenUp()
        self.forget()

    def forget(self) -> None:
        """An episode begins."""
        self._previous: ActionChunk | None = None
        self._risk = None

    def read(self, value: Any, now: Now) -> Features | None:
        """Features, if the value is a turn of the policy that moved the robot from a motion that
        the policy knew."""
        if self._given_up.hear(value, now):
            self._previous = None
        if isinstance(value, FailureRisk):
            self._risk = value
        if not isinstance(value, Turn) or not value.allowed or value.chunk.source == ROLLBACK:
            return None
        is_again = self._previous is not None and self._previous.order == value.chunk.order
        if is_again or self._given_up.is_behind(value.chunk):
            return None
        previous, self._previous = self._previous, value.chunk
        return features_of(value, previous, self._risk, self._robot)
