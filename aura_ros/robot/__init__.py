"""What a robot is: joint groups, limits, cameras and topics, read from one YAML file."""

from aura_ros.robot.description import Camera, CommandOutput, JointGroup, Limits, Robot

__all__ = ["Camera", "CommandOutput", "JointGroup", "Limits", "Robot"]
