"""A small valid robot for tests: a URDF with every kind of joint and a configuration of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

URDF = """<?xml version="1.0"?>
<robot name="toy">
  <joint name="shoulder" type="revolute"><limit lower="-2" upper="2" velocity="3"/></joint>
  <joint name="elbow" type="revolute"><limit lower="-1" upper="1.5" velocity="2"/></joint>
  <joint name="wrist" type="continuous"><limit velocity="4"/></joint>
  <joint name="spin" type="continuous"/>
  <joint name="finger" type="prismatic"><limit lower="0" upper="0.04" velocity="0.2"/></joint>
  <joint name="finger2" type="prismatic"><limit lower="0" upper="0.04" velocity="0.2"/>
    <mimic joint="finger"/></joint>
  <joint name="bare" type="revolute"/>
  <joint name="still" type="revolute"><limit lower="-1" upper="1" velocity="0"/></joint>
  <joint name="empty" type="revolute"><limit velocity="1"/></joint>
  <joint name="odd" type="revolute"><limit lower="-1" upper="one" velocity="1"/></joint>
  <joint name="mount" type="fixed"/>
</robot>
"""

CONFIG = """
name: toy
urdf: {file: toy.urdf}
groups:
  arm:
    kind: joints
    unit: rad
    joints: [shoulder, elbow, wrist]
    limits: {velocity: [2.5, 2.0, 4.0], acceleration: [10.0, 20.0, 30.0], jerk: 500.0, margin: 0.01}
  gripper:
    kind: gripper
    unit: m
    joints: [finger]
    limits: {acceleration: 5.0, margin: 0.0005}
  hand:
    kind: gripper
    unit: normalised
    joints: [thumb, index]
    limits: {lower: 0.0, upper: [1.0, 0.9], velocity: 10.0, acceleration: 400.0, margin: 0.01}
limit_sets:
  slow:
    arm: {velocity: 1.0, acceleration: 5.0}
observation:
  cameras:
    front: {topic: camera/front/image_raw}
    wrist: {topic: camera/wrist/image_raw/compressed, type: sensor_msgs/msg/CompressedImage}
  joint_states: joint_states
  instruction: instruction
  objects: objects
action: {row_rate: 30, horizon: 16, recorded_topic: controller/joint_trajectory}
motion: {knot_period: 0.02, stop_time: 0.24}
commands:
  trajectory:
    topic: controller/joint_trajectory
    type: trajectory_msgs/msg/JointTrajectory
    groups: [arm, gripper, hand]
  position:
    topic: position_controller/commands
    type: std_msgs/msg/Float64MultiArray
    joints: [finger, shoulder, elbow, wrist, index, thumb]
    default: false
"""


def config() -> dict[str, Any]:
    """The valid configuration as plain values, fresh each time."""
    values: dict[str, Any] = yaml.safe_load(CONFIG)
    return values


def write(folder: Path, values: Any = None) -> Path:
    """Write ``values`` (default: the valid configuration) and its URDF; the YAML's path."""
    (folder / "toy.urdf").write_text(URDF)
    path = folder / "toy.yaml"
    path.write_text(CONFIG if values is None else yaml.safe_dump(values, sort_keys=False))
    return path
