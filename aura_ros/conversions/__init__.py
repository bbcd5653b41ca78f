"""Values to ROS messages and back, for rclpy's message classes and rosbags' alike."""

from aura_ros.conversions.chain import MESSAGES, from_message, to_message
from aura_ros.conversions.sensors import ConversionError

__all__ = ["MESSAGES", "ConversionError", "from_message", "to_message"]
