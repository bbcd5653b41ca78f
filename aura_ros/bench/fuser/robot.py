"""The robot of the benchmark: an arm like a Panda's in its limits, and a discrete gripper."""

from __future__ import annotations

import numpy as np

from aura_ros.bench.fuser.scenario import KNOT_NS, ROW_NS, STOP_KNOTS, Cell
from aura_ros.robot.description import JointGroup, Limits, Robot, Switching

ARM_JOINTS = 7
GRIPPER = Switching(closed=0.0, opened=1.0)
# Per group: lower, upper [rad | share], velocity, acceleration, jerk, margin.
ARM_LIMITS = (-2.8, 2.8, 2.0, 10.0, 200.0, 0.01)
# Its range ends a little beyond closed and opened, as that of a finger does.
GRIPPER_LIMITS = (-0.05, 1.05, 5.0, 50.0, 1000.0, 0.0)


def bench_robot(cell: Cell, arm_joints: int = ARM_JOINTS) -> Robot:
    """The robot of ``cell`` with ``arm_joints`` joints in one group."""
    names = tuple(f"joint_{k}" for k in range(arm_joints))
    groups = [JointGroup("arm", "joints", names, "rad")]
    columns = [np.array(ARM_LIMITS)] * arm_joints
    if cell.gripper:
        groups.append(JointGroup("gripper", "gripper", ("gripper",), "m", GRIPPER))
        columns.append(np.array(GRIPPER_LIMITS))
    limits = np.array(columns).T
    if cell.turning:
        limits[0, 0], limits[1, 0], limits[5, 0] = -np.inf, np.inf, 0.0
    return Robot(
        name="bench",
        groups=tuple(groups),
        limits=Limits(*limits),
        cameras=(),
        joint_states_topic="joint_states",
        instruction_topic="instruction",
        objects_topic="objects",
        recorded_action_topic="actions",
        row_period_ns=ROW_NS,
        horizon=cell.horizon,
        knot_period_ns=KNOT_NS,
        stop_knots=STOP_KNOTS,
        commands=(),
        digest="bench",
        continuous_joints=frozenset(names[:1] if cell.turning else ()),
    )
