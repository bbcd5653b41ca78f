"""A robot with a group of every kind, for tests of what the kinds change."""

from __future__ import annotations

from typing import Any

import numpy as np
from chain_values import toy

from aura_ros.robot.description import CommandOutput, JointGroup, Limits, Robot, Switching

# Columns of its groups.
ARM, SPIN, BASE, PLACE, TURN, FINGER = 0, 1, slice(2, 5), slice(5, 8), slice(8, 11), 11
# A half turn about x: the tool points down.
DOWN = (1.0, 0.0, 0.0, 0.0)
LONGEST = 2.8


def every_kind(**changes: Any) -> Robot:
    """A limited and a continuous joint, a base, a tool's pose, a discrete gripper: 12 columns."""
    inf = np.inf
    groups = (
        JointGroup("arm", "joints", ("elbow", "spin"), "rad"),
        JointGroup("base", "base", ("x", "y", "yaw"), "si", frame="base_link"),
        JointGroup(
            "tool",
            "pose",
            ("px", "py", "pz", "rx", "ry", "rz"),
            "si",
            frame="world",
            orientation=DOWN,
            pose_topic="tool_pose",
        ),
        JointGroup("gripper", "gripper", ("finger",), "m", Switching(0.0, 0.04)),
    )
    limits = Limits(
        lower=np.array([-2.0, *[-inf] * 4, -1.0, -1.0, 0.0, *[-LONGEST] * 3, 0.0]),
        upper=np.array([2.0, *[inf] * 4, 1.0, 1.0, 1.0, *[LONGEST] * 3, 0.05]),
        velocity=np.array([2.0, 2.0, 0.5, 0.5, 1.0, *[0.5] * 3, *[1.5] * 3, 0.3]),
        acceleration=np.array([10.0, 10.0, 4.0, 4.0, 8.0, *[4.0] * 3, *[8.0] * 3, 5.0]),
        jerk=np.array([400.0, 400.0, 80.0, 80.0, 160.0, *[80.0] * 3, *[160.0] * 3, inf]),
        margin=np.array([0.01, 0.0, 0.0, 0.0, 0.0, *[0.01] * 6, 0.001]),
    )
    outputs = (
        CommandOutput("arm", "arm", "trajectory_msgs/msg/JointTrajectory", ("elbow", "spin")),
        CommandOutput("base", "cmd_vel", "geometry_msgs/msg/Twist", groups[1].joints),
        CommandOutput("tool", "servo", "geometry_msgs/msg/TwistStamped", groups[2].joints),
        CommandOutput("gripper", "gripper", "std_msgs/msg/Float64MultiArray", ("finger",)),
    )
    values = {"groups": groups, "limits": limits, "commands": outputs,
              "continuous_joints": frozenset({"spin"})}  # fmt: skip
    return toy(**values | changes)


# The same robot as a configuration.
CONFIG = """
name: toy
groups:
  arm:
    kind: joints
    unit: rad
    joints: [elbow]
    limits: {lower: -2.0, upper: 2.0, velocity: 2.0, acceleration: 10.0, jerk: 400.0, margin: 0.01}
  wrist:
    kind: joints
    unit: rad
    joints: [spin]
    continuous: [spin]
    limits: {velocity: 2.0, acceleration: 10.0, jerk: 400.0, margin: 0.0}
  base:
    kind: base
    unit: si
    joints: [x, y, yaw]
    limits: {velocity: [0.5, 0.5, 1.0], acceleration: [4.0, 4.0, 8.0], jerk: [80.0, 80.0, 160.0]}
  tool:
    kind: pose
    unit: si
    joints: [px, py, pz, rx, ry, rz]
    frame: world
    orientation: [1.0, 0.0, 0.0, 0.0]
    limits:
      lower: [-1.0, -1.0, 0.0]
      upper: [1.0, 1.0, 1.0]
      velocity: [0.5, 0.5, 0.5, 1.5, 1.5, 1.5]
      acceleration: [4.0, 4.0, 4.0, 8.0, 8.0, 8.0]
      jerk: [80.0, 80.0, 80.0, 160.0, 160.0, 160.0]
      margin: 0.01
  gripper:
    kind: gripper
    unit: m
    joints: [finger]
    switching: {closed: 0.0, opened: 0.04}
    limits: {lower: 0.0, upper: 0.05, velocity: 0.3, acceleration: 5.0, margin: 0.001}
observation:
  cameras: {front: {topic: camera/front/image_raw}}
  joint_states: joint_states
  pose: {tool: tool_pose}
  instruction: instruction
action: {row_period: 0.05, horizon: 16, recorded_topic: actions}
motion: {knot_period: 0.02, stop_time: 0.24}
commands:
  joints:
    topic: trajectory
    type: trajectory_msgs/msg/JointTrajectory
    groups: [arm, wrist]
  base: {topic: cmd_vel, type: geometry_msgs/msg/Twist, groups: [base]}
  tool: {topic: servo_node/delta_twist_cmds, type: geometry_msgs/msg/TwistStamped, groups: [tool]}
  pose:
    topic: servo_node/pose_target_cmds
    type: geometry_msgs/msg/PoseStamped
    groups: [tool]
    default: false
  gripper: {topic: gripper/commands, type: std_msgs/msg/Float64MultiArray, groups: [gripper]}
"""
