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
from numpy.typing import NDArray

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
# How often in a row a way known from before is seen until the motion turns to it.
TURNS = 2
# Time over which what a chunk is off from the others is forgotten [s].
OFFSET_S = 1.0
# Knots that two chunks must share to be compared.
SHARED = 3


@dataclass(frozen=True)
class Weighting:
    """``agreement``: chunks nearer than this agree in any case [rad or m]; ``reach``: multiples
    of the usual distance within which chunks agree; ``foresight``: time after the observation
    at which a row is half as precise [s]."""

    agreement: float
    reach: float
    foresight: float


@dataclass(frozen=True, eq=False)
class Member:
    """The chunk of ``digest`` on the knot grid, and when what it is about was seen."""

    digest: str
    observed_ns: int
    reference: Reference


class Ensemble:
    """The chunks of one episode, the newest last, and the one that leads.

    The newest leads, with one exception: where it takes a way that was seen before, apart from
    the one that is being executed, the motion stays on its way until that happens twice in a
    row. A policy that cannot decide would else turn the robot about with every chunk; what is
    seen for the first time is news and followed at once.
    """

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._usual: deque[float] = deque(maxlen=WINDOW)
        self.clear()

    def clear(self) -> None:
        """Forget all chunks, but not how far apart they usually are."""
        self._members: deque[Member] = deque(maxlen=MEMBERS)
        self._lead: Member | None = None
        self._turned = 0

    def __contains__(self, digest: str) -> bool:
        """Whether the chunk of ``digest`` is one of them."""
        return any(member.digest == digest for member in self._members)

    def discard(self, digest: str) -> None:
        """The chunk of ``digest`` was not executed: what came after it did not come of it."""
        self._members = deque((m for m in self._members if m.digest != digest), MEMBERS)
        if self._lead not in self._members:
            self._lead = self._members[-1] if self._members else None

    def add(self, member: Member, weighting: Weighting) -> None:
        """A chunk newer than all before it."""
        reference = member.reference
        while self._members and self._members[0].reference.last_ns < reference.start_ns:
            self._members.popleft()
        away = self._distances(reference, reference.start_ns)
        if self._leads(member, away, self._near(weighting)):
            self._lead, self._turned = member, 0
        else:
            self._turned += 1
        known = np.sort(away[np.isfinite(away)])
        if len(known):
            self._usual.append(float(known[(len(known) - 1) // NEAREST]))
        self._members.append(member)

    @property
    def last_ns(self) -> int:
        """Time of the leader's last knot [ns]."""
        assert self._lead is not None
        return self._lead.reference.last_ns

    def fused(self, first_ns: int, count: int, weighting: Weighting) -> Array:
        """Values (count, n) at knots from ``first_ns`` on; beyond all chunks the leader is held.

        Grippers follow the leader. Before its first row, where it was planned to begin later,
        the chunks before it go on.
        """
        lead = self._lead
        assert lead is not None
        values, covered = self._on_knots(first_ns, count)
        latest = self._latest(values, covered, self._members.index(lead))
        near = self._nearness(lead, first_ns, weighting)
        weights = near[:, None] * self._precision(first_ns, count, weighting) * covered
        total = weights.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = weights / total
        off = near[:, None, None] * self._offsets(values, shares, covered)
        mixed = np.einsum("mk,mkn->kn", shares, values - off)
        return np.where(self._robot.averaged & (total > 0)[:, None], mixed, latest)

    def _offsets(self, values: Array, shares: Array, covered: NDArray[np.bool_]) -> Array:
        """How far each chunk is off the average where most of them are known, (m, count, n).

        A chunk that is off now will be so later, where the others have ended; less and less.
        """
        number = covered.sum(axis=0)
        most = number == number.max()
        average = np.einsum("mk,mkn->kn", shares[:, most], values[:, most])
        off = (values[:, most] - average).mean(axis=1)
        off[~covered[:, most].all(axis=1)] = 0.0
        later = np.maximum(np.arange(len(number)) - np.flatnonzero(most)[-1], 0)
        period = self._members[-1].reference.period_ns / NS
        return np.asarray(off[:, None] * np.exp(-later * period / OFFSET_S)[:, None])

    def _on_knots(self, first_ns: int, count: int) -> tuple[Array, NDArray[np.bool_]]:
        """Values (m, count, n) of all chunks, and which knots (m, count) they cover."""
        references = [member.reference for member in self._members]
        values = np.stack([reference.at(first_ns, count) for reference in references])
        return values, np.stack([reference.covers(first_ns, count) for reference in references])

    def _leads(self, member: Member, away: Array, near: float) -> bool:
        lead = self._lead
        if lead is None or lead not in self._members or self._turned + 1 >= TURNS:
            return True
        middle_ns = (member.reference.start_ns + member.reference.last_ns) // 2
        if lead.reference.last_ns < middle_ns:
            return True
        to_lead = away[self._members.index(lead)]
        # News, or on the way already: only a way known from before has to be seen twice.
        return bool(to_lead <= near or not (away <= near).any())

    def _latest(self, values: Array, covered: NDArray[np.bool_], first: int) -> Array:
        """The leader's values where it has any, else those of the newest chunk that has."""
        order = [*(k for k in range(len(values)) if k != first), first]
        best = len(order) - 1 - covered[order][::-1].argmax(axis=0)
        chosen = np.where(covered.any(axis=0), np.array(order)[best], first)
        return np.asarray(values[chosen, np.arange(values.shape[1])])

    def _near(self, weighting: Weighting) -> float:
        """Distance within which chunks agree."""
        usual = float(np.median(self._usual)) if len(self._usual) >= HABIT else 0.0
        return max(weighting.reach * usual, weighting.agreement)

    def _nearness(self, lead: Member, first_ns: int, weighting: Weighting) -> Array:
        """How far every chunk agrees with ``lead``, (m,) from 1 to 0."""
        away = self._distances(lead.reference, first_ns) / self._near(weighting)
        return np.asarray(1 / (1 + away**4))

    def _precision(self, first_ns: int, count: int, weighting: Weighting) -> Array:
        """Less the longer before a knot a chunk was seen, (m, count)."""
        seen = np.array([member.observed_ns for member in self._members])
        knots = first_ns + self._members[-1].reference.period_ns * np.arange(count)
        ahead = (knots - seen[:, None]) / NS / weighting.foresight
        return np.asarray(1 / (1 + ahead**2))

    def _distances(self, mine: Reference, first_ns: int) -> Array:
        """RMS distance of ``mine`` to every chunk (m,) over the knots from ``first_ns`` on that
        both cover; infinite where these are fewer than ``SHARED``."""
        averaged = self._robot.averaged
        first_ns = max(first_ns, mine.start_ns)
        count = max((mine.last_ns - first_ns) // mine.period_ns + 1, 0)
        values = mine.at(first_ns, count)[:, averaged]
        found = np.full(len(self._members), np.inf)
        for k, member in enumerate(self._members):
            shared = member.reference.covers(first_ns, count)
            if member.reference is mine:
                found[k] = 0.0
            elif shared.sum() >= SHARED and averaged.any():
                theirs = member.reference.at(first_ns, count)[shared][:, averaged]
                found[k] = np.sqrt(np.mean((theirs - values[shared]) ** 2))
        return found
