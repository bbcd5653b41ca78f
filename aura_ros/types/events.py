"""What people and clocks do to a room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True)
class ClockJump:
    """ROS time jumped (a recording looped, a simulation was reset): stamps start anew."""


@dataclass(frozen=True)
class Arm:
    """A person arms (or disarms) the guard."""

    armed: bool


@dataclass(frozen=True)
class Reset:
    """A person resets a room: latched stops and counters of failures end, memory is emptied."""


@dataclass(frozen=True)
class SetEnabled:
    """A person switches a room on or off."""

    enabled: bool


@dataclass(frozen=True)
class Configure:
    """A person changes settings of a room while it runs: all settings, by name."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """A person answers the guard's question: ``resume`` or ``retreat``."""

    option: str


@dataclass(frozen=True)
class Tampered:
    """A message on ``topic`` is not what its sender wrote, or not from its sender."""

    topic: str
    words: str


@dataclass(frozen=True)
class AuditState:
    """How the audit log is: ``fault`` says why it cannot be written; empty: it can."""

    fault: str = ""


@dataclass(frozen=True)
class AuditHead:
    """The newest record of an audit log: how many there are, the hash that chains them all, and
    the signature of both (HMAC-SHA256, hex; empty without a key)."""

    stamp_ns: int
    log: str
    records: int
    head: str
    signature: str = ""
