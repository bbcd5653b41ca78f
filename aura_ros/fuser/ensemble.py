"""Agreeing chunks as one reference.

A policy disagrees with itself from chunk to chunk: an average over chunks removes that (temporal
ensembling, Zhao et al. 2023), but an average of two ways round an obstacle meets it. So only
chunks that agree with the newest one are averaged, weighted by precision: how near they are,
measured against how far apart successive chunks usually are, and how old their observation is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from aura_ros.fuser.reference import Reference
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array

# Chunks kept, and distances to neighbours that tell how far apart chunks usually are.
MEMBERS = 64
WINDOW = 16
# Few distances make no habit: then only ``agreement`` counts.
HABIT = 4
# The distance within which a third of the other chunks lie: of two ways that a policy may take
# about half lie on each, so it is the distance within one way.
NEAREST = 3
# Knots that two chunks must share to be compared.
SHARED = 3
# Knots over which a chunk fades out before its last row, so that the average does not step.
FADE = 5


@dataclass(frozen=True)
class Weighting:
    """``agreement``: chunks nearer than this agree in any case [rad or m]; ``reach``: multiples
    of the usual distance within which chunks agree; ``foresight``: time after the observation
    at which a row is half as precise [s]."""

    agreement: float
    reach: float
    foresight: float


@dataclass(frozen=True)
class Member:
    """One chunk on the knot grid, and when it was seen."""

    observed_ns: int
    reference: Reference


class Ensemble:
    """The chunks of one episode, the newest last."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self.clear()

    def clear(self) -> None:
        """Forget all chunks, not how far apart they usually are."""
        self._members: deque[Member] = deque(maxlen=MEMBERS)
        self._usual: deque[float] = deque(maxlen=WINDOW)

    def add(self, observed_ns: int, reference: Reference) -> None:
        """A chunk newer than all before it."""
        start_ns = reference.start_ns
        while self._members and _last_ns(self._members[0].reference) < start_ns:
            self._members.popleft()
        away = sorted(d for d in self._distances(reference, start_ns) if np.isfinite(d))
        if away:
            self._usual.append(away[(len(away) - 1) // NEAREST])
        self._members.append(Member(observed_ns, reference))

    def fused(self, first_ns: int, count: int, weighting: Weighting) -> Array:
        """Values (count, n) at knots from ``first_ns`` on; beyond all chunks the newest is held.

        Grippers follow the newest chunk there is at a knot. Before its first row, where it was
        planned to begin later, the chunks before it go on.
        """
        references = [member.reference for member in self._members]
        values = np.stack([reference.at(first_ns, count) for reference in references])
        covered = np.stack([reference.covers(first_ns, count) for reference in references])
        newest = len(references) - 1 - covered[::-1].argmax(axis=0)
        latest = values[np.where(covered.any(axis=0), newest, -1), np.arange(count)]
        if len(references) == 1:
            return np.asarray(latest)
        weights = self._weights(first_ns, count, weighting) * covered
        total = weights.sum(axis=0)[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            mixed = np.einsum("mk,mkn->kn", weights, values) / total
        return np.where(self._robot.averaged & (total > 0), mixed, latest)

    def _weights(self, first_ns: int, count: int, weighting: Weighting) -> Array:
        """Precision of every chunk at every knot, (m, count)."""
        newest = self._members[-1].reference
        usual = float(np.median(self._usual)) if len(self._usual) >= HABIT else 0.0
        near = max(weighting.reach * usual, weighting.agreement)
        away = np.array([*self._distances(newest, first_ns), 0.0])
        period_ns = newest.period_ns
        ends = np.array([_last_ns(member.reference) for member in self._members])
        seen = np.array([member.observed_ns for member in self._members])
        knots = first_ns + period_ns * np.arange(count)
        ahead = (knots - seen[:, None]) / NS / weighting.foresight
        left = (ends[:, None] - knots) / period_ns + 1
        return (
            (1 / (1 + (away / near) ** 4))[:, None]
            / (1 + ahead**2)
            * np.clip(left / FADE, 0.0, 1.0)
        )

    def _distances(self, newest: Reference, first_ns: int) -> list[float]:
        """RMS distance of ``newest`` to every other chunk over the knots from ``first_ns`` on
        that both cover; infinite where these are fewer than ``SHARED``."""
        first_ns = max(first_ns, newest.start_ns)
        count = max((_last_ns(newest) - first_ns) // newest.period_ns + 1, 0)
        mine = newest.at(first_ns, count)[:, self._robot.averaged]
        found = []
        for member in self._members:
            other = member.reference
            if other is newest:
                continue
            shared = other.covers(first_ns, count)
            if shared.sum() < SHARED or not mine.shape[1]:
                found.append(np.inf)
                continue
            theirs = other.at(first_ns, count)[shared][:, self._robot.averaged]
            found.append(float(np.sqrt(np.mean((theirs - mine[shared]) ** 2))))
        return found


def _last_ns(reference: Reference) -> int:
    return reference.start_ns + (len(reference.values) - 1) * reference.period_ns
