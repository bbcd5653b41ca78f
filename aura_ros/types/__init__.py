"""The waist of the package: the values that rooms hand to each other.

Every value is frozen and its arrays are read-only. Times are integer nanoseconds. Two clocks
exist and never mix: ``ros_ns`` (capture stamps, plans) and ``steady_ns`` (arrivals, leases).
Positions are rad or m as the joint's group says, rates per second (REP 103).
"""

from aura_ros.types.arrays import NS, Array, digest_of, freeze, frozen_array
from aura_ros.types.chunks import (
    NO_ALTERNATIVES,
    ROLLBACK,
    ActionChunk,
    KinematicState,
    Observation,
    PolicyFeatures,
    Provenance,
    Request,
    Response,
    WayBack,
)
from aura_ros.types.events import (
    Answer,
    Arm,
    AuditHead,
    AuditState,
    ClockJump,
    Configure,
    Reset,
    SetEnabled,
    Tampered,
    Tick,
)
from aura_ros.types.inputs import Distance, Image, Instruction, JointState, Now, Objects, Wrench
from aura_ros.types.plans import Command, Commitment, FuserStatus, Plan, Proposal, Track, Tripped
from aura_ros.types.reports import FailureRisk, Health, Level, MemoryState, RiskLevel
from aura_ros.types.verdicts import (
    Check,
    Decision,
    GuardStatus,
    Lease,
    Mode,
    Question,
    Retreat,
    Verdict,
)

__all__ = [
    "NO_ALTERNATIVES",
    "NS",
    "ROLLBACK",
    "ActionChunk",
    "Answer",
    "Arm",
    "Array",
    "AuditHead",
    "AuditState",
    "Check",
    "ClockJump",
    "Command",
    "Commitment",
    "Configure",
    "Decision",
    "Distance",
    "FailureRisk",
    "FuserStatus",
    "GuardStatus",
    "Health",
    "Image",
    "Instruction",
    "JointState",
    "KinematicState",
    "Lease",
    "Level",
    "MemoryState",
    "Mode",
    "Now",
    "Objects",
    "Observation",
    "Plan",
    "PolicyFeatures",
    "Proposal",
    "Provenance",
    "Question",
    "Request",
    "Reset",
    "Response",
    "Retreat",
    "RiskLevel",
    "SetEnabled",
    "Tampered",
    "Tick",
    "Track",
    "Tripped",
    "Verdict",
    "WayBack",
    "Wrench",
    "digest_of",
    "freeze",
    "frozen_array",
]
