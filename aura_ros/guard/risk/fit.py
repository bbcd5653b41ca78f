"""A calibration of the guard from episodes in which all was well."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from aura_ros.guard.ood.debounce import DebouncedLimit, debounced_maximum
from aura_ros.guard.ood.embedding import fit_embedding
from aura_ros.guard.ood.texts import known_texts
from aura_ros.guard.ood.uncertainty import GroupLimits
from aura_ros.guard.risk.calibration import GuardCalibration, as_written
from aura_ros.guard.risk.conformal import CalibrationError, joint_bounds, upper_bound
from aura_ros.guard.risk.fit_session import fit_session
from aura_ros.guard.risk.made_with import MadeBy, body_of
from aura_ros.guard.risk.recorder import Episode
from aura_ros.robot.description import Robot
from aura_ros.types import Array, digest_of

T = TypeVar("T")

ALPHA = 0.002
FEWEST = 8


def fit(
    episodes: Sequence[Episode],
    robot: Robot,
    alpha: float = ALPHA,
    paraphrases: Sequence[str] = (),
    text_alpha: float = 0.05,
    seeds: tuple[int, int] | None = None,
    version: str = "",
) -> GuardCalibration:
    """Calibrate every watch of the policy on ``episodes`` of development that succeeded.

    ``alpha`` is the false-alarm rate an episode of each watch, ``text_alpha`` the share of
    instructions like the known ones and their ``paraphrases`` that may ask. What no episode shows
    (embeddings, a flow) is left out. ``seeds`` (first and last) and ``version`` are written down.
    Raises CalibrationError.
    """
    if not (0 < alpha < 1 and 0 < text_alpha < 1):
        raise CalibrationError(f"alpha is {alpha}, of texts {text_alpha}; from 0 to 1 is needed")
    moved = _mixed([episode for episode in episodes if episode.turns])
    if len(moved) < FEWEST:
        raise CalibrationError(
            f"{len(moved)} episodes with motion; at least {FEWEST} are needed, and "
            f"{needed(alpha)} for a false-alarm rate of {alpha:g}: record more"
        )
    seen = [e.embeddings for e in moved if e.embeddings.size]
    told = [episode.instruction for episode in moved]
    made = GuardCalibration(
        body_of(robot),
        _policy(moved),
        alpha,
        len(moved),
        sum(len(episode.turns) for episode in moved),
        seeds,
        source_of(moved, paraphrases),
        version,
        fit_session(moved, robot, alpha),
        _where_there_is(lambda: known_texts(told, paraphrases, text_alpha)),
        fit_embedding(seen, alpha) if len(seen) >= FEWEST else None,
        _sensitivity(moved, alpha),
        _uncertainty(moved, robot, alpha),
    )
    return as_written(made)


def needed(alpha: float) -> int:
    """Episodes with which a rate of ``alpha`` holds: half of them bound it."""
    return 2 * (math.ceil(1 / alpha) - 1)


def _policy(episodes: Sequence[Episode]) -> MadeBy:
    """The one policy of all episodes."""
    found = list(dict.fromkeys(policy for episode in episodes for policy in episode.policies))
    if len(found) > 1:
        words = " and ".join(map(str, found))
        raise CalibrationError(f"chunks of several policies, {words}: give the runs of one of them")
    return found[0] if found else MadeBy()


def _mixed(episodes: Sequence[Episode]) -> list[Episode]:
    """In an order without order: one half of them makes a shape, the other bounds it, and both
    are to have every task."""
    order = np.random.default_rng(0).permutation(len(episodes))
    return [episodes[i] for i in order]


def source_of(episodes: Sequence[Episode], paraphrases: Sequence[str]) -> str:
    """SHA-256 of all that a calibration is made from."""
    parts: list[object] = [tuple(paraphrases)]
    for episode in episodes:
        parts += [episode.instruction, episode.embeddings]
        parts += [episode.sensitivities, episode.uncertainties]
        parts += [str(policy) for policy in episode.policies]
        for turn in episode.turns:
            parts += [sorted(turn.limits.items())]
            parts += [sorted(turn.uses.items()), turn.monitor, turn.start, turn.disagreement]
    return digest_of(*parts)


def _where_there_is(make: Callable[[], T]) -> T | None:
    try:
        return make()
    except CalibrationError:
        return None


def _sensitivity(episodes: Sequence[Episode], alpha: float) -> DebouncedLimit | None:
    shown = [e.sensitivities[np.isfinite(e.sensitivities)] for e in episodes]
    maxima = np.array([debounced_maximum(values) for values in shown])
    if np.isfinite(maxima).sum() < FEWEST:
        return None
    bound = upper_bound(maxima, alpha)
    return DebouncedLimit(bound.limit, bound.holds)


def _uncertainty(episodes: Sequence[Episode], robot: Robot, alpha: float) -> GroupLimits | None:
    maxima = [_largest(e.uncertainties) for e in episodes if len(e.uncertainties)]
    if len(maxima) < FEWEST or not np.isfinite(maxima).any():
        return None
    half = len(maxima) // 2
    limits, holds = joint_bounds(np.array(maxima[:half]), np.array(maxima[half:]), alpha)
    return GroupLimits(tuple(group.name for group in robot.groups), limits, holds)


def _largest(values: Array) -> Array:
    """Maximum over the first axis, NaN where nothing is finite."""
    known = np.where(np.isfinite(values), values, -np.inf).max(axis=0)
    return np.where(np.isinf(known), np.nan, known)
