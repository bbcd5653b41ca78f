"""Collects what a calibration of the guard is made from, where the guard hears it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aura_ros.guard.ood.uncertainty import Uncertainties
from aura_ros.guard.risk.features import Features
from aura_ros.guard.risk.made_with import MadeBy, made_by
from aura_ros.guard.risk.session import Boundary, Reader
from aura_ros.guard.watch import Watch
from aura_ros.robot.description import Robot
from aura_ros.types import Array, Check, Instruction, Now, PolicyFeatures


@dataclass(frozen=True)
class Episode:
    """One episode: its instruction, the features of its turns, and what the policy showed:
    ``embeddings`` (m, d), ``sensitivities`` (m,), ``uncertainties`` (c, 2 groups): spread, then
    disagreement, of every chunk. ``policies`` made its chunks: one, unless runs are mixed up."""

    instruction: str
    turns: tuple[Features, ...]
    embeddings: Array
    sensitivities: Array
    uncertainties: Array
    policies: tuple[MadeBy, ...] = ()

    def record(self) -> dict[str, Any]:
        """As plain lists and numbers, for JSON."""
        values = asdict(self) | {
            "turns": [
                {"uses": dict(turn.uses), "monitor": turn.monitor, "limits": dict(turn.limits)}
                | {"start": turn.start.tolist(), "disagreement": turn.disagreement.tolist()}
                for turn in self.turns
            ]
        }
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in values.items()}


def episode_of(record: Mapping[str, Any]) -> Episode:
    """The episode that ``record`` was made of."""
    turns = tuple(
        Features(**turn | {name: np.array(turn[name]) for name in ("start", "disagreement")})
        for turn in record["turns"]
    )
    arrays = {name: np.array(record[name], dtype=np.float64) for name in ARRAYS}
    policies = tuple(MadeBy(**policy) for policy in record["policies"])
    return Episode(record["instruction"], turns, policies=policies, **arrays)


ARRAYS = ("embeddings", "sensitivities", "uncertainties")


class Recorder(Watch):
    """A watch without checks: add it to the guard's watches, take the episodes out at the end."""

    name = "recorder"

    def __init__(self, robot: Robot) -> None:
        self._boundary, self._reader = Boundary(), Reader(robot)
        self._uncertainties = Uncertainties(robot)
        self._instruction = ""
        self._episodes: list[Episode] = []
        self._begin()

    def _begin(self) -> None:
        self._turns: list[Features] = []
        self._seen: list[PolicyFeatures] = []
        self._chunks: list[Array] = []
        self._policies: dict[MadeBy, None] = {}

    def take(self) -> tuple[Episode, ...]:
        """Every episode with motion since the last call, the one that is going on too."""
        self._end()
        taken, self._episodes = tuple(self._episodes), []
        return taken

    def hear(self, value: Any, now: Now) -> None:
        """Features, embeddings, sensitivities, chunks."""
        if self._boundary.crossed(value):
            self._end()
        if isinstance(value, Instruction):
            self._instruction = value.text
        elif isinstance(value, PolicyFeatures):
            self._seen.append(value)
        features = self._reader.read(value, now)
        if features is not None:
            self._turns.append(features)
        uncertainty = self._uncertainties.read(value, now)
        if uncertainty is not None:
            self._chunks.append(uncertainty)
            self._policies[made_by(value.chunk)] = None

    def checks(self, now: Now) -> tuple[Check, ...]:
        """None."""
        return ()

    def _end(self) -> None:
        if self._turns:
            embeddings = [value.embedding for value in self._seen]
            alike = len({len(embedding) for embedding in embeddings}) == 1
            self._episodes.append(
                Episode(
                    self._instruction,
                    tuple(self._turns),
                    np.array(embeddings) if alike else np.zeros((0, 0)),
                    np.array([value.sensitivity for value in self._seen]),
                    np.array(self._chunks),
                    tuple(self._policies),
                )
            )
        self._reader.forget()
        self._uncertainties.forget()
        self._begin()
