"""Commands for joint controllers: trajectories with their stop tail, or positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.conversions.fields import stamp
from aura_ros.nodes.messages import make
from aura_ros.robot.description import CommandOutput, Robot
from aura_ros.types import Array, Now, Plan

TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
POSITIONS = "std_msgs/msg/Float64MultiArray"


def columns(output: CommandOutput, robot: Robot) -> NDArray[np.intp]:
    """Columns of the output's joints in the robot's order."""
    return np.array([robot.joints.index(j) for j in output.joints], dtype=np.intp)


def trajectory(plan: Plan, now: Now, joints: Sequence[str], chosen: NDArray[np.intp]) -> Any | None:
    """What is left of ``plan`` as a JointTrajectory with p, v, a; None if nothing is left.

    The first point lies ahead, and the stamp is its time: a stamp at or before now would make
    joint_trajectory_controller begin anew at now.
    """
    first = max((now.ros_ns - plan.start_ns) // plan.knot_period_ns + 1, 0)
    if first >= len(plan.position):
        return None
    rows = slice(first, None)
    position = plan.position[rows][:, chosen].tolist()
    velocity = plan.velocity[rows][:, chosen].tolist()
    acceleration = plan.acceleration[rows][:, chosen].tolist()
    points = [
        make(
            "trajectory_msgs/msg/JointTrajectoryPoint",
            {
                "positions": p,
                "velocities": v,
                "accelerations": a,
                "time_from_start": stamp(
                    make, k * plan.knot_period_ns, "builtin_interfaces/msg/Duration"
                ),
            },
        )
        for k, (p, v, a) in enumerate(zip(position, velocity, acceleration, strict=True))
    ]
    message = make(TRAJECTORY, {"joint_names": list(joints), "points": points})
    message.header.stamp = stamp(make, plan.start_ns + first * plan.knot_period_ns)
    return message


def positions(position: Array, chosen: NDArray[np.intp]) -> Any:
    """Set-points (n,) as a Float64MultiArray."""
    return make(POSITIONS, {"data": np.asarray(position[chosen])})
