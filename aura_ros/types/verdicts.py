"""The guard's words: checks, verdicts, leases, modes."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aura_ros.types.chunks import UNSAID, ActionChunk, Provenance


class Decision(enum.IntEnum):
    """The lattice of decisions; the decision over all checks is their maximum."""

    ALLOW = 0
    CLAMP = 1
    SLOW = 2
    REFUSE = 3
    HOLD = 4
    ASK = 5
    STOP = 6


@dataclass(frozen=True)
class Check:
    """One check: passed or not, the worst value measured, its limit, and what failing means."""

    name: str
    passed: bool
    value: float
    limit: float
    decision: Decision
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """The guard's word on a chunk (``plan_digest`` empty) or on a plan and its chunk.

    ``rules`` is the digest of the rules and limits that it was judged by. ``correction`` is what
    could be allowed instead (CLAMP: other rows; SLOW: the same rows, later): a plan of it must be
    proposed and judged like any other.
    """

    stamp_ns: int
    chunk_digest: str
    plan_digest: str
    decision: Decision
    reason: str
    checks: tuple[Check, ...]
    rules: str = ""
    provenance: Provenance = UNSAID
    correction: ActionChunk | None = None


class Mode(enum.IntEnum):
    """Modes of the guard. Motion is possible only in ARMED and ACTIVE."""

    INIT = 0
    DISARMED = 1
    ARMED = 2
    ACTIVE = 3
    HOLD = 4
    STOP_LATCHED = 5


@dataclass(frozen=True)
class Lease:
    """Permission to move for ``duration_ns`` after its arrival; not granted means stop now."""

    session: int
    sequence: int
    stamp_ns: int
    granted: bool
    duration_ns: int
    mode: Mode
    reason: str


@dataclass(frozen=True)
class GuardStatus:
    """Mode with its reason, counters of verdicts by reason, and how world and chain stand.

    ``asking``: a person must say how to go on; ``recovering``: only the way back may move;
    ``off``: checks that are off, each with the reason; ``rules``: digest of rules and limits.
    """

    stamp_ns: int
    mode: Mode
    reason: str
    checks: tuple[Check, ...]
    allowed: int
    refused: Mapping[str, int]
    asking: bool = False
    recovering: bool = False
    off: tuple[str, ...] = ()
    rules: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "refused", MappingProxyType(dict(sorted(self.refused.items()))))


@dataclass(frozen=True)
class Question:
    """What a person is asked: ``words`` say why motion is held; the answer is one of ``options``,
    each a service of the guard."""

    stamp_ns: int
    identifier: int
    words: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Retreat:
    """The guard's word to the fuser: retrace the executed path to where it was at ``until_ns``."""

    stamp_ns: int
    until_ns: int
    reason: str
