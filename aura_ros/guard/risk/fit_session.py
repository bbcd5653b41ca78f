"""The shape and the limits of session risk, by split conformal calibration over episodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aura_ros.guard.risk.conformal import SMALL, CalibrationError, upper_bound
from aura_ros.guard.risk.features import Features
from aura_ros.guard.risk.made_with import EQUAL
from aura_ros.guard.risk.recorder import Episode
from aura_ros.guard.risk.statistics import E_PROCESS, EMA, Memory, Shape
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array, freeze

# Least scales: of a use of a limit, and of joints as a share of what they can move in one row.
USE_SCALE, JOINT_SCALE = 0.01, 0.05
LEAST_SLACK, LEAST_SCALE = 0.25, 2.0
# What nearly all episodes stay below over their whole length is no drift.
USUAL = 0.95


@dataclass(frozen=True)
class SessionRisk:
    """Shape of the features, ``limits`` of the statistics in the order of ``NAMES``, the
    false-alarm rate an episode that they hold together, how many episodes bounded them, and the
    limits ``uses_of`` that the shape's uses are shares of; infinite: not always the same one."""

    shape: Shape
    limits: Array
    holds: float
    episodes: int
    uses_of: Array

    def __post_init__(self) -> None:
        freeze(self, "limits", "uses_of")

    def changed(self, features: Features) -> str:
        """The checks that are off now or have another limit, in words; empty: none."""
        words = []
        for name, limit in zip(self.shape.uses, self.uses_of.tolist(), strict=True):
            found = features.limits.get(name)
            if found is None:
                words.append(f"{name}, which is off")
            elif math.isfinite(limit) and not math.isclose(found, limit, rel_tol=EQUAL):
                words.append(f"{name} at its limit {limit:g}, which is {found:g} now")
        return "; ".join(words)


def fit_session(episodes: Sequence[Episode], robot: Robot, alpha: float) -> SessionRisk:
    """The first half of the episodes gives the shape and how high each statistic rises, the
    second the factor that bounds the worst of them."""
    half = len(episodes) // 2
    uses = _uses(episodes)
    tables = [np.array([turn.vector(uses) for turn in e.turns]) for e in episodes]
    shape = _shape(tables[:half], uses, robot)
    highest = np.max([maxima(shape, table) for table in tables[:half]], axis=0)
    # In long episodes the EMA is as high as the mean of the risk above its median.
    least_ema = 2 * max(shape.mean - shape.baseline, SMALL)
    shape = _below_ema(shape, max(highest[EMA], least_ema))
    highest = np.max([maxima(shape, table) for table in tables[:half]], axis=0)
    highest[EMA] = max(highest[EMA], least_ema)
    highest[E_PROCESS] = max(highest[E_PROCESS], math.log(1 / alpha))
    highest = np.maximum(highest, SMALL)
    worst = [(maxima(shape, table) / highest).max() for table in tables[half:]]
    bound = upper_bound(np.array(worst), alpha)
    limits = highest * max(bound.limit, 1.0)
    return SessionRisk(shape, limits, bound.holds, len(worst), _limits(episodes, uses))


def maxima(shape: Shape, table: Array) -> Array:
    """Largest value of every statistic over an episode's features (T, F)."""
    memory = Memory(shape)
    return np.max([memory.update(row) for row in table], axis=0, initial=0.0)


def _uses(episodes: Sequence[Episode]) -> tuple[str, ...]:
    """Checks that every turn has, whose value is below the limit while all is well."""
    turns = [turn for episode in episodes for turn in episode.turns]
    names = set(turns[0].uses).intersection(*(turn.uses for turn in turns))
    typical = {name: np.nanmedian([turn.uses[name] for turn in turns]) for name in names}
    return tuple(sorted(name for name in names if 0 <= typical[name] <= 1 + 1e-6))


def _limits(episodes: Sequence[Episode], uses: tuple[str, ...]) -> Array:
    """The limit of each use, (len(uses),). Raises CalibrationError for runs by different rules."""
    found = []
    for name in uses:
        each = [{turn.limits[name] for turn in episode.turns} for episode in episodes]
        limits = sorted(set().union(*each))
        if len(limits) > 1 and all(len(limits_of_one) == 1 for limits_of_one in each):
            words = f"{name} has the limit {limits[0]:g} in some episodes, {limits[-1]:g} in others"
            raise CalibrationError(f"{words}: give runs by the same rules of the guard")
        found.append(limits[0] if len(limits) == 1 else np.inf)
    return np.array(found)


def _shape(tables: Sequence[Array], uses: tuple[str, ...], robot: Robot) -> Shape:
    pooled = np.concatenate(tables)
    reach = robot.limits.velocity * (robot.row_period_ns / NS)
    reach = np.where(np.isfinite(reach), reach, 1.0)
    joints = JOINT_SCALE * np.concatenate([reach, reach])
    least = np.concatenate([np.full(len(uses) + 1, USE_SCALE), joints])
    centres, precisions = _centres(pooled, least)
    blank = np.zeros(len(centres) + len(joints))
    shape = Shape(uses, centres, precisions, 0.0, 0.0, 0.0, 1.0, blank, blank + 1)
    return _with_slack(shape, [shape.scaled(table) for table in tables])


def _centres(pooled: Array, least: Array) -> tuple[Array, Array]:
    """Median and 1 / scale of each column; 0 and 0 where it is never known."""
    known = np.isfinite(pooled).any(axis=0)
    if not known.any():
        raise CalibrationError("no turn has any feature: record episodes with motion")
    columns = np.where(known, pooled, 0.0)
    centres = np.nanmedian(columns, axis=0)
    robust = 1.4826 * np.nanmedian(np.abs(columns - centres), axis=0)
    scale = np.maximum.reduce([robust, np.nanstd(columns, axis=0), least])
    return centres, np.where(known, 1 / scale, 0.0)


def _with_slack(shape: Shape, scaled: Sequence[Array]) -> Shape:
    """The shape with the slack of its CUSUMs: an episode's mean that is usual is no drift."""
    risks = [np.asarray(shape.risk(table)) for table in scaled]
    pooled = np.concatenate(risks)
    mean, means = float(pooled.mean()), np.array([risk.mean() for risk in risks])
    slack = max(LEAST_SLACK * float(pooled.std()), float(np.quantile(means, USUAL)) - mean)
    both = [shape.both_ways(table) for table in scaled]
    usual = np.quantile([table.mean(axis=0) for table in both], USUAL, axis=0)
    shape = replace(
        shape,
        baseline=float(np.median(pooled)),
        mean=mean,
        slack=slack,
        null_mean=max(mean + slack, float(means.max()), 1e-6),
        slacks=np.maximum(usual, LEAST_SLACK),
    )
    return replace(shape, scales=_highest(shape, both))


def _highest(shape: Shape, both: Sequence[Array]) -> Array:
    """How high each feature's CUSUM rises in most episodes, (F + s,)."""
    tops = []
    for table in both:
        total, top = np.zeros_like(shape.slacks), np.zeros_like(shape.slacks)
        for row in table:
            total = np.maximum(total + row - shape.slacks, 0.0)
            top = np.maximum(top, total)
        tops.append(top)
    return np.asarray(np.maximum(np.quantile(tops, USUAL, axis=0), LEAST_SCALE))


def _below_ema(shape: Shape, limit: float) -> Shape:
    """A slack so small that what stays just below the limit of the EMA moves the CUSUM."""
    # The EMA of a constant risk r comes to rest at r - baseline.
    room = shape.baseline + limit - shape.mean
    return replace(shape, slack=min(shape.slack, 0.5 * room))
