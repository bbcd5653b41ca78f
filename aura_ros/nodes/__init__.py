"""Thin ROS nodes around the cores: convert, time, log, publish."""
