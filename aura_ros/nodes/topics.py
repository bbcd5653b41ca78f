"""Topics of the chain: relative names and quality of service of every arrow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data

from aura_ros import types as t

SENSOR = qos_profile_sensor_data
IMAGE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


@dataclass(frozen=True)
class Topic:
    """A relative topic name and its quality of service."""

    name: str
    qos: QoSProfile


TOPICS: Mapping[type, Topic] = {
    t.ActionChunk: Topic("chunk", RELIABLE),
    t.WayBack: Topic("way_back", RELIABLE),
    t.PolicyFeatures: Topic("features", RELIABLE),
    t.MemoryState: Topic("memory_state", RELIABLE),
    t.FailureRisk: Topic("failure_risk", RELIABLE),
    t.Proposal: Topic("proposed_plan", RELIABLE),
    t.Verdict: Topic("verdict", RELIABLE),
    t.Lease: Topic("lease", NEWEST),
    t.GuardStatus: Topic("guard_status", LATCHED),
    t.Question: Topic("question", LATCHED),
    t.Retreat: Topic("retreat", RELIABLE),
    t.AuditHead: Topic("audit_head", RELIABLE),
    t.Commitment: Topic("committed_plan", LATCHED),
    t.FuserStatus: Topic("fuser_status", RELIABLE),
    t.Command: Topic("command", SENSOR),
}
