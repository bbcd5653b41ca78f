"""The waist of the package: the values that rooms hand to each other.

Every value is frozen and its arrays are read-only. Times are integer nanoseconds. Two clocks
exist and never mix: ``ros_ns`` (capture stamps, plans) and ``steady_ns`` (arrivals, leases).
Positions are rad or m as the joint's group says, rates per second (REP 103).
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

NS = 1_000_000_000


def frozen_array(value: Any, dtype: Any = np.float64) -> Any:
    """Return ``value`` as a contiguous read-only array (copied only if it could be written)."""
    array = np.ascontiguousarray(value, dtype=dtype)
    if array.flags.writeable:
        array = array.copy() if array is value or array.base is not None else array
        array.setflags(write=False)
    return array


def freeze(instance: Any, *names: str) -> None:
    """Replace the named array fields of a frozen dataclass by read-only float64 arrays."""
    for name in names:
        object.__setattr__(instance, name, frozen_array(getattr(instance, name)))


def digest_of(*parts: Any) -> str:
    """SHA-256 (hex) over arrays, texts and integers, each with its length or shape."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            sha.update(repr((part.dtype.str, part.shape)).encode())
            sha.update(np.ascontiguousarray(part).data)
        else:
            sha.update(repr(part).encode())
        sha.update(b";")
    return sha.hexdigest()


@dataclass(frozen=True)
class Now:
    """The two times at which a value arrived [ns]."""

    ros_ns: int
    steady_ns: int


# --- what the robot says ------------------------------------------------------------------


@dataclass(frozen=True)
class Image:
    """One camera image. ``data`` holds raw pixels or, with ``compressed``, an encoded file."""

    source: str
    stamp_ns: int
    encoding: str
    height: int
    width: int
    data: bytes = field(repr=False)
    compressed: bool = False
    fingerprint: int = 0
    black: bool = False


@dataclass(frozen=True)
class JointState:
    """Measured joints: ``position`` and ``velocity``, shape (n,), in the robot's joint order."""

    stamp_ns: int
    position: Array
    velocity: Array

    def __post_init__(self) -> None:
        freeze(self, "position", "velocity")


@dataclass(frozen=True)
class Instruction:
    """What the robot is told to do. Each new one begins an episode."""

    text: str


@dataclass(frozen=True)
class Objects:
    """Object poses in the base frame, shape (m, 7): x y z [m], quaternion x y z w.

    Privileged: only a simulator knows them, only scripted policies read them.
    """

    stamp_ns: int
    poses: Array

    def __post_init__(self) -> None:
        freeze(self, "poses")


@dataclass(frozen=True)
class BadInput:
    """An input that could not be turned into a value: the source, the reason and the remedy."""

    source: str
    reason: str


# --- what the policy says -----------------------------------------------------------------


@dataclass(frozen=True)
class Observation:
    """What a policy sees: images by camera, joints measured at ``stamp_ns``, instruction."""

    stamp_ns: int
    images: Mapping[str, Image]
    joints: JointState
    instruction: str
    objects: Objects | None = None


@dataclass(frozen=True)
class KinematicState:
    """Planned position, velocity and acceleration, each of shape (n,), at ``time_ns``."""

    time_ns: int
    position: Array
    velocity: Array
    acceleration: Array

    def __post_init__(self) -> None:
        freeze(self, "position", "velocity", "acceleration")


@dataclass(frozen=True)
class Request:
    """One question to the policy: an observation and the planned state where its rows begin."""

    sequence: int
    episode: int
    observation: Observation
    start: KinematicState
    readout: Array | None


@dataclass(frozen=True)
class Response:
    """The policy's answer to request ``sequence``: rows (H, n), or the reason there is none."""

    sequence: int
    rows: Array
    embedding: Array
    error: str = ""

    def __post_init__(self) -> None:
        freeze(self, "rows", "embedding")


@dataclass(frozen=True)
class ActionChunk:
    """Absolute joint targets, ``rows`` of shape (H, n); row i holds at start + i * period.

    ``observation_stamp_ns`` is the capture time of the images behind it; ``start_ns`` the time
    of the state that the policy was given; ``inference_ns`` the policy's own time. Chunks
    order by (session, episode, sequence).
    """

    session: int
    episode: int
    sequence: int
    observation_stamp_ns: int
    start_ns: int
    row_period_ns: int
    joint_names: tuple[str, ...]
    rows: Array
    source: str = "policy"
    inference_ns: int = 0

    def __post_init__(self) -> None:
        freeze(self, "rows")

    @property
    def order(self) -> tuple[int, int, int]:
        """Key by which chunks are newer or older than each other."""
        return (self.session, self.episode, self.sequence)

    @property
    def end_ns(self) -> int:
        """Time of the last row [ns]."""
        return self.start_ns + (len(self.rows) - 1) * self.row_period_ns

    @cached_property
    def digest(self) -> str:
        """Identity of the content."""
        return digest_of(*(getattr(self, f.name) for f in fields(self)))


@dataclass(frozen=True)
class PolicyFeatures:
    """Embedding (d,) of the observation behind chunk (session, episode, sequence)."""

    session: int
    episode: int
    sequence: int
    stamp_ns: int
    embedding: Array

    def __post_init__(self) -> None:
        freeze(self, "embedding")


# --- memory and monitor -------------------------------------------------------------------


@dataclass(frozen=True)
class MemoryState:
    """What the memory answers to features: ``readout`` (d_v,), and what writing it cost."""

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
    """Fused failure score against its calibrated threshold. A missing score is NaN, never 0."""

    stamp_ns: int
    sequence: int
    level: RiskLevel
    score: float
    threshold: float
    score_names: tuple[str, ...]
    scores: tuple[float, ...]


# --- plans and their authorization --------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """Motion with constant jerk between knots; it ends at rest (its stop tail).

    ``position``, ``velocity``, ``acceleration`` have shape (K + 1, n); knot k is at
    ``start_ns + k * knot_period_ns``. ``chunk_digest`` names the chunk it executes (empty:
    a stop), ``base_digest`` the committed plan that it continues (empty: from rest).
    """

    start_ns: int
    knot_period_ns: int
    position: Array
    velocity: Array
    acceleration: Array
    joint_names: tuple[str, ...]
    chunk_digest: str = ""
    base_digest: str = ""

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
    """The guard's word on a chunk (``plan_digest`` empty) or on a plan and its chunk."""

    stamp_ns: int
    chunk_digest: str
    plan_digest: str
    decision: Decision
    reason: str
    checks: tuple[Check, ...]


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
    """Mode with its reason, counters of verdicts by reason, and the latest source checks."""

    stamp_ns: int
    mode: Mode
    reason: str
    checks: tuple[Check, ...]
    allowed: int
    refused: Mapping[str, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "refused", MappingProxyType(dict(sorted(self.refused.items()))))


# --- commands -----------------------------------------------------------------------------


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
class FuserStatus:
    """State of the fuser: remaining motion, counters of refusals by reason, solve time."""

    stamp_ns: int
    state: str
    remaining_s: float
    committed: int
    refused: Mapping[str, int]
    last_refusal: str
    tracking_deviation: float
    tripped: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "refused", MappingProxyType(dict(sorted(self.refused.items()))))


@dataclass(frozen=True)
class Tripped:
    """The command loop met a command that the hard limits forbid: which limit."""

    check: str


# --- how a room feels -----------------------------------------------------------------------


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


# --- what people and clocks say -----------------------------------------------------------


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
