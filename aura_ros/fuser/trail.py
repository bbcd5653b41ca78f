"""The way that the robot came, without its rests: what a retreat goes back along."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aura_ros.fuser.executed import continues, knots_of
from aura_ros.types import Array, Plan


@dataclass(frozen=True)
class Trail:
    """``path``: executed knots (K, n), rests left out, so its own time begins at 0 and only
    counts; ``times`` (K,): when each was passed [ns]; ``last``: the newest knot that was seen."""

    path: Plan
    times: NDArray[np.int64]
    last: Plan

    def passed(self, time_ns: int) -> int:
        """The knot at which the motion was at ``time_ns``; the first one if that is before."""
        return max(int(np.searchsorted(self.times, time_ns, side="right")) - 1, 0)

    def until(self, knot: int) -> Trail:
        """The trail up to ``knot``."""
        kept = slice(0, knot + 1)
        return replace(self, path=_chosen(self.path, kept), times=self.times[kept])

    def nearest(self, place: Array, scale: Array) -> int:
        """The knot nearest to ``place`` (n,), distances in units of ``scale`` (n,); the newest
        of those that are as near."""
        away = (np.abs(self.path.position - place) / scale).max(axis=1)
        return int(np.flatnonzero(away <= away.min() * (1 + 1e-9))[-1])


def followed(
    old: Trail | None, motion: Plan, first_ns: int, until_ns: int, keep: int
) -> Trail | None:
    """``old`` with the knots of ``motion`` up to ``until_ns``; at most ``keep`` are kept.

    Without ``old`` it begins at ``first_ns``. Motion that does not continue what is known began
    anew: nothing before it is kept. None before the first knot.
    """
    period = motion.knot_period_ns
    first = max(motion.start_ns, -(-first_ns // period) * period)
    if old is not None:
        first = max(motion.start_ns, old.last.start_ns + period)
    count = (until_ns - first) // period + 1
    if count <= 0:
        return old
    new = knots_of(motion, first, count)
    goes_on = old is not None and continues(old.last, new)
    moving = np.asarray(new.velocity.any(axis=1) | new.acceleration.any(axis=1))
    moved = bool(old is not None and goes_on and _moves(old.last))
    # The knot at which a rest begins is kept: motion goes on from there.
    kept = moving | np.concatenate([[moved or not goes_on], moving[:-1]])
    found = Trail(
        _chosen(new, kept), first + period * np.flatnonzero(kept), knots_of(new, new.end_ns, 1)
    )
    joined = _joined(old, found) if old is not None and goes_on else found
    return _newest(joined, keep)


def _moves(knot: Plan) -> bool:
    return bool(knot.velocity.any() or knot.acceleration.any())


def _chosen(plan: Plan, kept: NDArray[np.bool_] | slice) -> Plan:
    """Some knots of ``plan``, as one motion from time 0."""
    return _of(plan, *(np.asarray(x[kept]) for x in _knots(plan)))


def _knots(plan: Plan) -> tuple[Array, Array, Array]:
    return plan.position, plan.velocity, plan.acceleration


def _of(plan: Plan, position: Array, velocity: Array, acceleration: Array) -> Plan:
    return replace(
        plan, start_ns=0, position=position, velocity=velocity, acceleration=acceleration
    )


def _joined(old: Trail, new: Trail) -> Trail:
    pairs = zip(_knots(old.path), _knots(new.path), strict=True)
    path = _of(new.path, *(np.concatenate(pair) for pair in pairs))
    return Trail(path, np.concatenate([old.times, new.times]), new.last)


def _newest(trail: Trail, keep: int) -> Trail:
    if len(trail.times) <= keep:
        return trail
    kept = slice(len(trail.times) - keep, None)
    return replace(trail, path=_chosen(trail.path, kept), times=trail.times[kept])
