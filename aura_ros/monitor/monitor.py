"""The monitor as a deterministic core: chunks in, failure risk out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any

import numpy as np

from aura_ros.monitor.calibration import Calibration
from aura_ros.monitor.scores import ChunkOverlap, ElapsedTime, Score
from aura_ros.monitor.trust import trust_of
from aura_ros.settings import setting, validated
from aura_ros.types import (
    ROLLBACK,
    ActionChunk,
    ClockJump,
    Configure,
    FailureRisk,
    Health,
    Level,
    Now,
    Reset,
    RiskLevel,
    SetEnabled,
    Tick,
)

SCORE_NAMES = (ChunkOverlap.name, ElapsedTime.name)


@dataclass(frozen=True)
class MonitorConfig:
    """Settings of the monitor; its thresholds are in the calibration file."""

    least_trust: float = setting(
        0.4, "share of a chunk that is acted on at the alarm threshold", 0.0, 1.0
    )


class Monitor:
    """One robot's monitor. Without a calibration it scores, but its level is UNKNOWN."""

    def __init__(
        self, calibration: Calibration | None = None, config: MonitorConfig | None = None
    ) -> None:
        self._calibration = calibration
        self._config = config or MonitorConfig()
        self._scores: tuple[Score, ...] = (ChunkOverlap(), ElapsedTime())
        self._enabled = True
        self._start_anew()

    def _start_anew(self) -> None:
        self._newest: tuple[int, int, int] | None = None
        self._risk: FailureRisk | None = None
        for score in self._scores:
            score.reset()

    @singledispatchmethod
    def handle(self, value: Any, now: Now) -> list[Any]:
        """Take one value that arrived at ``now``; return what follows from it, in order."""
        raise TypeError(f"the monitor takes no {type(value).__name__}")

    @handle.register
    def _(self, value: ActionChunk, now: Now) -> list[Any]:
        newest = self._newest
        if not self._enabled or not self._is_usable(value):
            return []
        if newest is None or value.order[:2] != newest[:2]:
            for score in self._scores:
                score.reset()
        self._newest = value.order
        raw = np.array([score.update(value) for score in self._scores])
        self._risk = self._judge(value, raw)
        return [self._risk]

    @handle.register
    def _(self, value: Reset | ClockJump, now: Now) -> list[Any]:
        self._start_anew()
        return []

    @handle.register
    def _(self, value: SetEnabled, now: Now) -> list[Any]:
        self._enabled = value.enabled
        return []

    @handle.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        return []

    @handle.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._config = validated(MonitorConfig, value.values)
        return []

    def _is_usable(self, chunk: ActionChunk) -> bool:
        """Malformed or old chunks are the guard's matter; scoring them would hide the next.

        What retraces executed motion says nothing about the policy.
        """
        if chunk.source == ROLLBACK:
            return False
        if self._newest is not None and chunk.order <= self._newest:
            return False
        rows = chunk.rows
        is_whole = rows.ndim == 2 and len(rows) > 1 and rows.shape[1] == len(chunk.joint_names)
        return is_whole and chunk.row_period_ns > 0 and bool(np.isfinite(rows).all())

    def _judge(self, chunk: ActionChunk, raw: np.ndarray) -> FailureRisk:
        level, fused, limit, trust = RiskLevel.UNKNOWN, float("nan"), float("inf"), 1.0
        if self._calibration is not None:
            fused, limit = self._calibration.fuse(raw), self._calibration.alarm
            level = self._level(fused)
            trust = trust_of(level, fused, self._calibration, self._config.least_trust)
        return FailureRisk(
            chunk.observation_stamp_ns,
            chunk.sequence,
            level,
            fused,
            limit,
            SCORE_NAMES,
            tuple(raw.tolist()),
            trust,
        )

    def _level(self, fused: float) -> RiskLevel:
        assert self._calibration is not None
        if np.isnan(fused):
            return RiskLevel.UNKNOWN
        if fused > self._calibration.alarm:
            return RiskLevel.ALARM
        return RiskLevel.WARN if fused > self._calibration.warn else RiskLevel.OK

    def health(self, now: Now) -> Health:
        """The last risk, and whether it means anything."""
        values = {}
        if self._risk is not None:
            values = dict(zip(SCORE_NAMES, map(repr, self._risk.scores), strict=True))
            values |= {"score": repr(self._risk.score), "threshold": repr(self._risk.threshold)}
            values |= {"trust": f"{self._risk.trust:.2f}"}
        if not self._enabled:
            return Health(Level.WARN, "disabled: nothing is predicted", values)
        if self._calibration is None:
            return Health(Level.WARN, "not calibrated: run `aura calibrate`", values)
        if np.isinf(self._calibration.alarm):
            return Health(Level.WARN, "calibrated on too few episodes to ever alarm", values)
        if self._risk is not None and self._risk.level == RiskLevel.ALARM:
            return Health(Level.ERROR, "the policy is predicted to fail", values)
        return Health(Level.OK, "watches" if self._risk else "waits for chunks", values)
