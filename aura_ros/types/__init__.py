"""The waist of the package: the values that rooms hand to each other.

Every value is frozen and its arrays are read-only. Times are integer nanoseconds. Two clocks
exist and never mix: ``ros_ns`` (capture stamps, plans) and ``steady_ns`` (arrivals, leases).
Positions are rad or m as the joint's group says, rates per second (REP 103).
"""

from aura_ros.types.arrays import NS, Array, digest_of, freeze, frozen_array
from aura_ros.types.chunks import (
    ROLLBACK,
    ActionChunk,
    KinematicState,
    Observation,
    PolicyFeatures,
    Request,
    Response,
)
from aura_ros.types.events import Arm, ClockJump, Configure, Reset, SetEnabled, Tick
from aura_ros.types.inputs import Image, Instruction, JointState, Now, Objects
from aura_ros.types.plans import Command, Commitment, FuserStatus, Plan, Proposal, Track, Tripped
from aura_ros.types.reports import FailureRisk, Health, Level, MemoryState, RiskLevel
from aura_ros.types.verdicts import Check, Decision, GuardStatus, Lease, Mode, Verdict

__all__ = [
    "NS",
    "ROLLBACK",
    "ActionChunk",
    "Arm",
    "Array",
    "Check",
    "ClockJump",
    "Command",
    "Commitment",
    "Configure",
    "Decision",
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
    "Request",
    "Reset",
    "Response",
    "RiskLevel",
    "SetEnabled",
    "Tick",
    "Track",
    "Tripped",
    "Verdict",
    "digest_of",
    "freeze",
    "frozen_array",
]
