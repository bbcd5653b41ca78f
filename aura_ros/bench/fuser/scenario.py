"""Cells of the benchmark: a star round a centre, one factor varied at a time, and corners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from aura_ros.types import NS

ROW_NS = 33_333_333
TICK_NS = 4_000_000
KNOT_NS = 20_000_000
STOP_KNOTS = 18
# A multiple of all periods above but the rows', so that ticks and knots coincide.
START_NS = 1_000 * NS

DURATION_S = 12.0
# The robot begins at rest while the truth moves: what it takes to catch up is not scored.
UNSCORED_S = 2.0

# Observations are judged too old after this unless the policy itself takes longer.
LEAST_MAX_AGE_S = 1.5


@dataclass(frozen=True)
class Cell:
    """One condition. Shares are of all answers; offsets and levels in rad.

    ``delay`` is the mean time from request to answer in shares of the chunk of ``horizon``
    rows; ``jitter`` none | uniform (25 %) | lognormal | spikes (1 % take 5 times as long).
    ``bias`` is the standard deviation of what all rows of a chunk are off by, ``growth`` how
    far its last row is off besides; ``modes`` the distance of two valid ways from the truth;
    ``step`` a change of goal of all joints; ``turning``: joint 0 turns without end, across
    +-pi. ``conditioned`` chunks begin near the state that the policy was told.
    """

    name: str
    horizon: int = 50
    delay: float = 0.2
    jitter: str = "uniform"
    drop: float = 0.0
    reorder: float = 0.0
    duplicate: float = 0.0
    bias: float = 0.03
    growth: float = 0.0
    modes: float = 0.0
    step: float = 0.0
    turning: bool = False
    gripper: bool = False
    clock_offset_s: float = 0.0
    conditioned: bool = False
    in_flight: int = 1

    @property
    def delay_ns(self) -> float:
        """Mean time from request to answer [ns]."""
        return self.delay * self.horizon * ROW_NS

    @property
    def max_age_s(self) -> float:
        """Oldest observation that the fuser is told to accept [s]: as late as answers can be."""
        slowest = 6.0 if self.jitter == "spikes" else 2.0
        return max(LEAST_MAX_AGE_S, slowest * self.delay_ns / NS)


CENTRE = Cell("centre")

Levels: TypeAlias = dict[str, Any]
"""Fields of a Cell that differ from the centre."""

# Four rows of 50: where averaging of chunks is at its best.
_FOUR_ROWS: Levels = {"delay": 4 / 50, "jitter": "none"}
_LOSSES: Levels = {"drop": 0.05, "reorder": 0.05, "duplicate": 0.05}

_STAR: dict[str, Levels] = {
    **{f"rows_{h}": {"horizon": h} for h in (8, 16)},
    **{f"delay_{d:g}": {"delay": d} for d in (0.0, 0.1, 0.25, 0.4, 0.6, 0.75, 1.2)},
    "delay4_one": dict(_FOUR_ROWS),
    "delay4_four": _FOUR_ROWS | {"in_flight": 4},
    **{f"jitter_{kind}": {"jitter": kind} for kind in ("none", "lognormal", "spikes")},
    **{name: {name: share} for name, share in _LOSSES.items()},
    **{f"bias_{b:g}": {"bias": b} for b in (0.0, 0.2, 0.5)},
    "growth": {"growth": 0.05},
    "modes": {"modes": 0.25},
    "step": {"step": 0.3},
    "turning": {"turning": True},
    "gripper": {"gripper": True},
    "clock_ahead": {"clock_offset_s": 0.2},
    "clock_behind": {"clock_offset_s": -0.2},
    "conditioned": {"conditioned": True},
    **{f"in_flight_{m}": {"in_flight": m} for m in (2, 4)},
    "corner_losses": _LOSSES
    | {"delay": 0.75, "jitter": "lognormal", "bias": 0.2, "in_flight": 2},
    "corner_beyond": {"delay": 1.2, "jitter": "lognormal", "drop": 0.05, "in_flight": 4},
    "corner_wild": {"delay": 0.4, "jitter": "lognormal", "bias": 0.5, "modes": 0.25,
                    "growth": 0.05},
    "corner_short": {"horizon": 8, "delay": 0.75, "jitter": "spikes", "bias": 0.2},
    "corner_busy": _LOSSES | {"horizon": 16, "delay": 0.1, "bias": 0.5, "in_flight": 4},
}  # fmt: skip

CELLS: Mapping[str, Cell] = MappingProxyType(
    {"centre": CENTRE}
    | {name: replace(CENTRE, name=name, **levels) for name, levels in _STAR.items()}
)

QUICK_CELLS = ("centre", "delay4_one", "delay4_four", "delay_0.6", "step", "gripper")


def cell(name: str) -> Cell:
    """The cell ``name``. Raises ValueError that lists the names."""
    if name not in CELLS:
        raise ValueError(f"no cell {name!r}; there are: {', '.join(CELLS)}")
    return CELLS[name]
