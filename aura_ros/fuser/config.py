"""Settings of the fuser."""

from __future__ import annotations

from dataclasses import dataclass

from aura_ros.settings import setting


@dataclass(frozen=True)
class FuserConfig:
    """Settings of the fuser."""

    commit_delay: float = setting(
        0.04, "time a proposal has to be vetted before it starts [s]", 0.0, 1.0
    )
    smoothing: float = setting(0.04, "time constant that smooths the rows [s]", 0.001, 2.0)
    agreement: float = setting(
        0.01, "chunks nearer to each other than this are averaged [rad or m]", 1e-6, 10.0
    )
    agreement_reach: float = setting(
        2.5, "and those within this multiple of the usual distance; 0: none", 0.0, 100.0
    )
    foresight: float = setting(
        2.0, "time after an observation at which rows are half as precise [s]", 0.01, 60.0
    )
    smoother_degree: int = setting(
        0, "degree of the polynomial that every chunk is put on (VLA-RAIL: 4); 0: none", 0, 8
    )
    alignment_search: float = setting(
        0.0, "how far a chunk is shifted to go on in the direction of motion [s]; 0: not", 0.0, 2.0
    )
    max_age: float = setting(1.5, "oldest observation behind a chunk [s]", 0.0, 60.0)
    clock_tolerance: float = setting(0.05, "how far stamps may be ahead of the clock [s]", 0.0, 1.0)
    min_knots: int = setting(3, "fewest knots that a chunk must still cover", 1, 100)
    joints_timeout: float = setting(
        0.3, "oldest joint state that motion may begin from [s]", 0.01, 10.0
    )
    anchor_tolerance: float = setting(
        0.1,
        "a resting robot farther from its plan than this begins anew there [rad or m]",
        0.0,
        10.0,
    )
    rest_speed: float = setting(
        0.2, "measured speed up to which a robot is at rest [per s]", 0.0, 10.0
    )
    attempts: int = setting(3, "proposals of one chunk before late verdicts refuse it", 1, 10)
    rollback: float = setting(
        1.0, "longest way back out of half a grasp at a new instruction; 0: none [s]", 0.0, 2.0
    )
    retreat: float = setting(
        10.0, "executed motion that is kept for a retreat, rests apart; 0: none [s]", 0.0, 60.0
    )
