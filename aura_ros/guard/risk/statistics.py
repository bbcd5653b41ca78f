"""Statistics of a session that grow while single turns stay below every limit.

- ``ema`` and ``centroid``: Session Risk Memory (Chitan, arXiv 2603.22350): the exponential mean
  of the risk above its baseline, and how far the mean of the scaled features has drifted. A risk
  that stays just below the limit of ``ema`` never trips it.
- ``cusum``: S <- max(0, S + r - mu - kappa) (Page, Biometrika 1954) of the risk, which trips on
  any risk that stays above mu + kappa; ``feature_cusum``: one of each feature, both ways where it
  is signed.
- ``e_process``: logarithm of a test martingale. Bets 1 + lambda (r - m), mixed over lambda and
  over the turn at which betting begins. While the mean of r given the past is at most m in every
  turn, it exceeds log(1 / a) in any session with probability at most a (Ville 1939). Turns of one
  episode depend on each other, so that mean is above m now and then: the limit is calibrated over
  whole episodes too, and the larger one counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aura_ros.types import Array, freeze

NAMES = ("ema", "centroid", "cusum", "feature_cusum", "e_process")
EMA, CENTROID, CUSUM, FEATURE_CUSUM, E_PROCESS = range(len(NAMES))

# One wild turn alone is no drift.
CLIP = 8.0
EMA_SHARE, CENTROID_SHARE = 0.2, 0.1
BETS = np.array([0.1, 0.25, 0.5, 0.9])
HUGE = 1e200


@dataclass(frozen=True)
class Shape:
    """What features and risk are like while all is well.

    Of F features (``uses``, monitor, start and disagreement by joint; the first len(uses) + 1 are
    unsigned): ``centres`` and ``precisions`` (1 / scale, 0: not used), (F,). The scalar risk r
    has ``baseline`` (its median), ``mean`` mu, ``slack`` kappa and ``null_mean`` m. ``slacks``
    and ``scales`` (F + s,) are those of the features' CUSUMs: up, then down for the s signed ones.
    """

    uses: tuple[str, ...]
    centres: Array
    precisions: Array
    baseline: float
    mean: float
    slack: float
    null_mean: float
    slacks: Array
    scales: Array

    def __post_init__(self) -> None:
        freeze(self, "centres", "precisions", "slacks", "scales")

    @property
    def unsigned(self) -> int:
        """How many features only count where they are above their centre."""
        return len(self.uses) + 1

    def scaled(self, vector: Array) -> Array:
        """Features (F,) less their centres, over their scales; 0 where unknown."""
        away = (vector - self.centres) * self.precisions
        return np.nan_to_num(np.clip(away, -CLIP, CLIP))

    def both_ways(self, scaled: Array) -> Array:
        """What goes into the CUSUMs, (..., F + s)."""
        return np.concatenate([scaled, -scaled[..., self.unsigned :]], axis=-1)

    def risk(self, scaled: Array) -> Array:
        """Root mean square of the features in use that count, in 0 .. CLIP; (...)."""
        counted = np.maximum(scaled, 0.0)
        counted[..., self.unsigned :] = scaled[..., self.unsigned :]
        used = max(np.count_nonzero(self.precisions), 1)
        return np.sqrt((counted**2).sum(axis=-1) / used)


class Memory:
    """The statistics of one session."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._bets = BETS / max(shape.null_mean, 1e-9)
        self.forget()

    def forget(self) -> None:
        """A session begins: no feature has drifted (``centroid``, ``cusums``), no bet was won."""
        self._turns = 0
        self._ema = self._cusum = 0.0
        self.centroid: Array = np.zeros_like(self._shape.centres)
        self.cusums: Array = np.zeros_like(self._shape.slacks)
        self._wealth = np.zeros_like(BETS)

    def update(self, vector: Array) -> Array:
        """Statistics (len(NAMES),) after a turn with features (F,)."""
        shape = self._shape
        scaled = shape.scaled(vector)
        risk = float(shape.risk(scaled))
        self.centroid = self.centroid + CENTROID_SHARE * (scaled - self.centroid)
        self.cusums = np.maximum(self.cusums + shape.both_ways(scaled) - shape.slacks, 0.0)
        ema, cusum, e_process = self.update_risk(risk)
        drift = float(shape.risk(self.centroid))
        return np.array([ema, drift, cusum, (self.cusums / shape.scales).max(), e_process])

    def update_risk(self, risk: float) -> tuple[float, float, float]:
        """The statistics of the scalar risk alone: ema, cusum, e_process."""
        shape = self._shape
        self._turns += 1
        self._ema += EMA_SHARE * (max(risk - shape.baseline, 0.0) - self._ema)
        self._cusum = max(self._cusum + risk - shape.mean - shape.slack, 0.0)
        # Of the stake, 1 / (t (t + 1)) goes in at turn t; 1 / (t + 1) is kept after it.
        stake = 1 / (self._turns * (self._turns + 1))
        grown = (self._wealth + stake) * (1 + self._bets * (risk - shape.null_mean))
        self._wealth = np.minimum(grown, HUGE)
        capital = float(self._wealth.mean()) + 1 / (self._turns + 1)
        return self._ema, self._cusum, float(np.log(capital))

    @property
    def worst_feature(self) -> int:
        """Index (0 .. F + s - 1) of the CUSUM that is highest."""
        return int(np.argmax(self.cusums / self._shape.scales))
