"""Running a node as a process: autostart, one executor, clean exit on SIGINT and SIGTERM."""

from __future__ import annotations

import sys
from typing import Any

import rclpy
from rclpy.experimental import EventsExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from aura_ros.nodes.chain_node import ChainNode
from aura_ros.nodes.realtime import claim
from aura_ros.nodes.signals import Asked, Stop

URDF_TIMEOUT_S = 20.0
# Exit status of a node that starting again would not help.
MISCONFIGURED = 2


def run(kind: type[ChainNode], args: list[str] | None = None) -> int:
    """Run a node until it is asked to end; the exit status."""
    stop = Stop()
    try:
        # Handlers of our own: a signal during clean-up must not raise out of it.
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        # Short slices of the interpreter: the command thread waits for no more than one.
        sys.setswitchinterval(0.0001)
        node = kind()
    except Exception as error:
        # rcl adds where in its sources it was.
        sys.stderr.write(f"{kind.room}: {str(error).partition(', at /')[0]}\n")
        rclpy.try_shutdown()
        return MISCONFIGURED
    claim(node)
    executor = EventsExecutor()
    executor.add_node(node)
    try:
        status = _start(node, executor, stop)
        while status == 0 and not stop.asked:
            # spin() of this executor does not come back from a signal; short turns do.
            executor.spin_once(timeout_sec=0.1)
    finally:  # a node that fails in motion stops it, too
        stop.ignore()
        _end(node)
    return status


def _start(node: ChainNode, executor: Any, stop: Stop) -> int:
    if not node.get_parameter("autostart").value:
        return 0
    try:
        with stop.interrupting():
            status = _configure(node, executor)
    except Asked:
        return 0
    if status or stop.asked:
        return status
    return 0 if node.trigger_activate() == TransitionCallbackReturn.SUCCESS else 1


def _configure(node: ChainNode, executor: Any) -> int:
    try:
        node.robot_source.wait(lambda: executor.spin_once(timeout_sec=0.1), URDF_TIMEOUT_S)
    except TimeoutError as error:
        node.get_logger().fatal(str(error))
        return 1
    done = node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    return 0 if done else MISCONFIGURED


def _end(node: ChainNode) -> None:
    try:
        node.end()
    finally:
        rclpy.try_shutdown()
