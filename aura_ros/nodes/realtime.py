"""Real-time priority for nodes that motion waits for, where the system permits it."""

from __future__ import annotations

import os
from pathlib import Path

from rclpy.node import Node

from aura_ros.nodes.parameters import declare
from aura_ros.settings import Setting

PRIORITY = Setting(
    "realtime_priority", 40, "SCHED_FIFO priority, where it is permitted; 0: none", 0, 90
)


def declare_priority(node: Node) -> None:
    """Declare the parameter."""
    declare(node, PRIORITY, read_only=True)


def claim(node: Node) -> None:
    """Give every thread of this process the node's priority; threads to come inherit it.

    The whole process, not one thread: a thread that waits for the interpreter's lock is no
    faster than the thread that holds it.
    """
    if not node.has_parameter(PRIORITY.name):
        return
    priority = int(node.get_parameter(PRIORITY.name).value)
    if priority == 0:
        return
    try:
        for task in Path("/proc/self/task").iterdir():
            os.sched_setscheduler(int(task.name), os.SCHED_FIFO, os.sched_param(priority))
    except (OSError, AttributeError) as error:
        node.get_logger().info(
            f"no real-time priority ({error}): on a busy machine commands may be late; "
            "permit rtprio in /etc/security/limits.conf"
        )
