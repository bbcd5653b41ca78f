"""Real-time priority for nodes, where the system permits it: motion waits for each of them."""

from __future__ import annotations

import os
from pathlib import Path

from rclpy.node import Node

from aura_ros.settings import Setting

NAME = "realtime_priority"
# Nodes between chunk and command, and nodes that only advise: the former go first.
ON_THE_WAY, BESIDE = 40, 20


def priority(default: int) -> Setting:
    """The parameter ``realtime_priority`` with the default of a node."""
    words = "SCHED_FIFO priority of the process, if permitted; 0: none"
    return Setting(NAME, default, words, 0, 90)


def claim(node: Node) -> None:
    """Give every thread of this process the node's priority; threads to come inherit it.

    The whole process, not one thread: a thread that waits for the interpreter's lock is no
    faster than the thread that holds it.
    """
    wanted = int(node.get_parameter(NAME).value)
    if wanted:
        set_process(wanted, node)


def set_process(wanted: int, node: Node) -> None:
    """SCHED_FIFO with priority ``wanted`` for every thread of this process, if permitted."""
    try:
        for task in Path("/proc/self/task").iterdir():
            os.sched_setscheduler(int(task.name), os.SCHED_FIFO, os.sched_param(wanted))
    except (OSError, AttributeError) as error:
        node.get_logger().info(
            f"no real-time priority ({error}): on a busy machine commands may be late; "
            "permit rtprio in /etc/security/limits.conf"
        )


def go_first() -> None:
    """Put the calling thread before the other real-time threads: it does little, and often."""
    if os.sched_getscheduler(0) == os.SCHED_FIFO:
        own = os.sched_getparam(0).sched_priority
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(own + 5))


def give_up() -> None:
    """Give the calling thread ordinary priority: work that may take long must not keep the
    rest of the chain waiting."""
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
