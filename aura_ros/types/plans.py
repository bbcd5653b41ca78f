"""Motion: proposed, committed, let move, commanded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from types import MappingProxyType

from aura_ros.types.arrays import Array, digest_of, freeze
from aura_ros.types.chunks import UNSAID, Provenance


@dataclass(frozen=True)
class Plan:
    """Motion with constant jerk between knots; it ends at rest (its stop tail).

    ``position``, ``velocity``, ``acceleration`` have shape (K + 1, n); knot k is at
    ``start_ns + k * knot_period_ns``. ``chunk_digest`` names the chunk it executes (empty:
    a stop), ``base_digest`` the committed plan that it continues (empty: from rest),
    ``provenance`` is that of the chunk.
    """

    start_ns: int
    knot_period_ns: int
    position: Array
    velocity: Array
    acceleration: Array
    joint_names: tuple[str, ...]
    chunk_digest: str = ""
    base_digest: str = ""
    provenance: Provenance = UNSAID

    def __post_init__(self) -> None:
        freeze(self, "position", "velocity", "acceleration")

    @property
    def end_ns(self) -> int:
        """Time of the last knot, where the motion is at rest [ns]."""
        return self.start_ns + (len(self.position) - 1) * self.knot_period_ns

    @cached_property
    def digest(self) -> str:
        """Identity of the motion: what a verdict names and a lease covers."""
        return digest_of(*(getattr(self, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Proposal:
    """A plan that asks the guard for a verdict."""

    plan: Plan


@dataclass(frozen=True)
class Commitment:
    """The motion that the fuser has committed: vetted, or a stop of vetted motion."""

    plan: Plan


@dataclass(frozen=True)
class Track:
    """The motion that may be commanded now: the committed plan up to the lease's end, then
    its stop tail. A loop that samples it stops by itself when nobody renews the lease.
    ``anchored``: motion begins anew where the robot was measured, apart from what was before."""

    plan: Plan
    anchored: bool = False


@dataclass(frozen=True)
class Command:
    """Set-points (n,) for time ``stamp_ns``; not ``passed``: the last safe ones are repeated."""

    stamp_ns: int
    position: Array
    velocity: Array
    passed: bool
    check: str = ""

    def __post_init__(self) -> None:
        freeze(self, "position", "velocity")


@dataclass(frozen=True)
class Tripped:
    """The command loop met a command that the hard limits forbid: which limit."""

    check: str


@dataclass(frozen=True)
class Diverged:
    """A new track is elsewhere than the commands: they went on while it was made. The command
    loop keeps to ``plan``, the motion that it was on."""

    plan: Plan


@dataclass(frozen=True)
class FuserStatus:
    """State of the fuser: remaining motion, counters of refusals by reason, solve time.

    ``task_switch`` says what the last new instruction did to the plan in flight: dropped, kept
    or rolled_back; empty where none was moving.
    """

    stamp_ns: int
    state: str
    remaining_s: float
    committed: int
    refused: Mapping[str, int]
    last_refusal: str
    tracking_deviation: float
    tripped: bool
    task_switch: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "refused", MappingProxyType(dict(sorted(self.refused.items()))))
