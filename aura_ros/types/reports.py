"""What memory and monitor report, and how a room is."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from aura_ros.types.arrays import Array, freeze


@dataclass(frozen=True)
class MemoryState:
    """What the memory answers to features: ``readout`` (d_v,), and what writing it cost.

    ``session`` is the start of the memory's process [ns]; ``state_digest`` is of the state now,
    ``previous_digest`` of the state before this update, ``state_norm`` its Frobenius norm.
    """

    sequence: int
    stamp_ns: int
    readout: Array
    prediction_error: float
    wrote: bool
    updates: int
    writes: int
    bytes_written: int
    state_bytes: int
    state_digest: str
    session: int = 0
    previous_digest: str = ""
    state_norm: float = 0.0

    def __post_init__(self) -> None:
        freeze(self, "readout")


class RiskLevel(enum.IntEnum):
    """How sure the monitor is that the policy is failing. UNKNOWN is never treated as OK."""

    UNKNOWN = 0
    OK = 1
    WARN = 2
    ALARM = 3


@dataclass(frozen=True)
class FailureRisk:
    """Fused failure score against its calibrated threshold. A missing score is NaN, never 0.

    ``trust`` is the share of a chunk, from its first row on, that should be acted on [0, 1].
    """

    stamp_ns: int
    sequence: int
    level: RiskLevel
    score: float
    threshold: float
    score_names: tuple[str, ...]
    scores: tuple[float, ...]
    trust: float = 1.0


class Level(enum.IntEnum):
    """Levels of diagnostic_msgs/DiagnosticStatus (REP 107)."""

    OK = 0
    WARN = 1
    ERROR = 2


@dataclass(frozen=True)
class Health:
    """Health of a room: level, one sentence, and values by name."""

    level: Level
    summary: str
    values: Mapping[str, str] = field(default_factory=dict)
