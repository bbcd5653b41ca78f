"""Where motion may begin without a plan: at rest, measured just now, inside the limits."""

from __future__ import annotations

import numpy as np

from aura_ros.fuser.admission import Refusal
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array, JointState, Now

# Rounding and sag at the end of a joint's range, where the robot has no margin.
LEAST_MARGIN = 1e-3


def rest_position(
    measured: tuple[Now, JointState] | None,
    now: Now,
    robot: Robot,
    timeout_s: float,
    rest_speed: float,
) -> Array | Refusal:
    """Measured joints (n,) moved inside the limits, or why motion cannot begin there.

    ``timeout_s`` is the oldest measurement, ``rest_speed`` the largest speed [per s]. Columns
    that nobody measures are zero: a base begins to count what it drives.
    """
    if measured is None:
        topics = " and ".join((robot.joint_states_topic, *(g.pose_topic for g in robot.poses)))
        return Refusal("no_joint_states", f"no joint states heard on {topics}")
    heard, joints = measured
    if now.steady_ns - heard.steady_ns > timeout_s * NS:
        return Refusal("old_joint_states", "joint states are older than joints_timeout")
    if np.abs(joints.velocity).max() > rest_speed:
        return Refusal("not_at_rest", "the robot moves: motion begins at rest")
    limits = robot.limits
    inside = np.clip(joints.position, limits.lower, limits.upper)
    outside = np.abs(joints.position - inside)
    if (outside > np.maximum(limits.margin, LEAST_MARGIN)).any():
        joint = robot.joints[int(np.argmax(outside))]
        words = f"{joint} is {outside.max():.4f} outside its limits: move it back by hand"
        return Refusal("infeasible_start", words)
    for group, (columns, longest) in zip(robot.poses, robot.rotations, strict=True):
        turned = float(np.linalg.norm(inside[columns]))
        if turned > longest:
            words = f"{group.name} is turned by {turned:.3f} rad, {longest:g} are allowed: turn it"
            return Refusal("infeasible_start", f"{words} back, or choose another orientation")
    return np.asarray(inside)
