"""Settings of the guard that may change while it runs; rules and their limits are in a file."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aura_ros.settings import setting


@dataclass(frozen=True)
class GuardConfig:
    """Settings of the guard."""

    source_timeout: float = setting(
        0.3, "longest silence or repetition of a source [s]", 0.01, 10.0
    )
    max_age: float = setting(1.5, "oldest observation behind a chunk [s]", 0.0, 60.0)
    clock_tolerance: float = setting(0.05, "how far stamps may be ahead of the clock [s]", 0.0, 1.0)
    require_risk: bool = setting(False, "HOLD while no failure risk is heard")
    risk_timeout: float = setting(1.5, "oldest failure risk, where it is required [s]", 0.01, 60.0)
    tracking_error: float = setting(
        0.3, "largest distance of measured from planned joints [rad or m]", 0.0, math.inf
    )
    start_tolerance: float = setting(
        0.05, "largest distance of a first plan's start from the robot [rad or m]", 0.0, 1.0
    )
    lease_duration: float = setting(
        0.25, "how long motion may go on without the guard [s]", 0.06, 0.25
    )
    malformed_streak: int = setting(3, "malformed chunks in a row that mean HOLD", 1, 1000)
    hold_release: float = setting(
        0.2, "how long all must be well before a HOLD ends [s]", 0.0, 10.0
    )
    cautious_time: float = setting(
        2.0, "how long motion is slower after a person let it resume [s]", 0.0, 60.0
    )
    cautious_share: float = setting(
        0.5, "share of the velocity limits that slow motion may use", 0.05, 1.0
    )
    auto_retreat: bool = setting(
        False, "retrace the executed path before a person is asked about the policy"
    )
    auto_arm: bool = setting(False, "arm without a person: for demonstrations only")
