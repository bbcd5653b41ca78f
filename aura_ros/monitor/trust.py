"""How much of a chunk to act on, from the failure risk.

The best execution horizon changes with the situation (AutoHorizon, Wang et al. 2026, reads it
from attention weights). A black box shows none: its calibrated failure score takes their place.
"""

from __future__ import annotations

from aura_ros.monitor.calibration import Calibration
from aura_ros.types import RiskLevel


def trust_of(level: RiskLevel, score: float, calibration: Calibration, least: float) -> float:
    """Share of a chunk to act on, in [``least``, 1].

    1 up to the warn threshold, then falling linearly to ``least`` at the alarm threshold and
    beyond. An UNKNOWN level says nothing against the chunk: 1.
    """
    if level == RiskLevel.ALARM:
        return least
    if level != RiskLevel.WARN:
        return 1.0
    # Above warn and not above alarm: the span is positive, and infinite without an alarm.
    way = (score - calibration.warn) / (calibration.alarm - calibration.warn)
    return 1.0 - (1.0 - least) * way
