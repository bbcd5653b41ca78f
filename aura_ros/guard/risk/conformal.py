"""Limits from episodes, with a false-alarm rate for the next episode that holds.

Split conformal prediction (Vovk et al. 2005): of n episodes that are exchangeable with the next
one, the ceil((n + 1)(1 - alpha))-th smallest maximum is exceeded by the next episode's maximum
with probability at most alpha. Nothing is assumed about turns within an episode.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aura_ros.types import Array

# Above the largest maximum where episodes are too few for alpha: a margin, no guarantee. With 1.25
# a person was asked in four of 178 development episodes without a fault; the weakest bias, hugging
# and slow burn are caught within a second with either.
MARGIN = 1.5
SMALL = 1e-9


class CalibrationError(ValueError):
    """A calibration that cannot be made or used: the words say why, and the remedy."""


@dataclass(frozen=True)
class Bound:
    """A limit and the false-alarm rate per episode that it ``holds``."""

    limit: float
    holds: float


def upper_bound(maxima: Array, alpha: float) -> Bound:
    """The limit of episode maxima, shape (n,).

    With fewer than 1 / alpha - 1 episodes it is the largest one times MARGIN, and what holds is
    1 / (n + 1). Raises CalibrationError without a finite maximum.
    """
    finite = np.sort(maxima[np.isfinite(maxima)])
    if not len(finite):
        raise CalibrationError("no episode has a value: record episodes with motion")
    rank = math.ceil((len(finite) + 1) * (1 - alpha))
    if rank <= len(finite):
        return Bound(float(finite[rank - 1]), alpha)
    return Bound(MARGIN * float(finite[-1]), 1 / (len(finite) + 1))


def joint_bounds(first: Array, second: Array, alpha: float) -> tuple[Array, float]:
    """Limits (k,) of k values that together raise at most ``alpha`` false alarms an episode.

    ``first`` (n, k) are episode maxima that scale the values, ``second`` (m, k) those of other
    episodes, which bound the worst scaled one. A value that was never measured (NaN) has the
    limit infinity. Returns limits and the rate that holds.
    """
    measured = np.isfinite(first).any(axis=0)
    if not measured.any():
        raise CalibrationError("no episode has a value: record episodes with motion")
    largest = np.max(np.where(np.isfinite(first), first, -np.inf), axis=0)
    scales = np.where(measured, np.maximum(largest, SMALL), np.inf)
    shares = np.where(np.isfinite(second), second / scales, -np.inf)
    bound = upper_bound(shares.max(axis=1), alpha)
    return scales * max(bound.limit, 1.0), bound.holds
