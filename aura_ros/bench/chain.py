"""From image to committed plan across processes, the command loop's period, and memory.

Latency runs from the stamp of the older image of a pair to the arrival of the committed plan
in another process, less the policy's own time (request to answer in the policy node). The
policy computes during its latency, so it loads one core as a real one would.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from aura_ros.bench.registry import BenchOptions
from aura_ros.conversions import from_message
from aura_ros.conversions.fields import nanoseconds
from aura_ros.figures import Metric
from aura_ros.nodes.messages import message_class
from aura_ros.nodes.processes import NodeProcess, Processes, isolate
from aura_ros.nodes.realtime import ON_THE_WAY, set_process
from aura_ros.nodes.topics import TOPICS, Topic
from aura_ros.types import ActionChunk, Command, Commitment

SECONDS, QUICK_SECONDS = 60.0, 15.0
WARM_UP_S = 5.0
START_TIMEOUT_S = 60.0
RATE_HZ = 200.0
POLICY = {"latency": 0.08, "busy": True, "request_period": 0.1}


class Listener:
    """Keeps when what arrived; ROS times in ns."""

    def __init__(self) -> None:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self._node = Node("bench")
        self.chunks: dict[str, tuple[int, int]] = {}
        self.plans: list[tuple[str, int]] = []
        self.commands: list[int] = []
        self._hear("aura_ros/msg/ActionChunk", TOPICS[ActionChunk], self._on_chunk)
        self._hear("aura_ros/msg/Plan", TOPICS[Commitment], self._on_plan)
        self._hear("aura_ros/msg/Command", TOPICS[Command], self._on_command)
        # As quick to hear as the nodes that are measured, or its own delay would be.
        set_process(ON_THE_WAY, self._node)
        executor = EventsExecutor()
        executor.add_node(self._node)
        self._executor = executor
        self._open = True
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leave the graph."""
        self._open = False
        self._thread.join(timeout=5.0)
        self._node.destroy_node()
        rclpy.try_shutdown()

    def clear(self) -> None:
        """Forget what came so far."""
        self.chunks.clear()
        self.plans.clear()
        self.commands.clear()

    def _spin(self) -> None:
        while self._open:
            self._executor.spin_once(timeout_sec=0.1)

    def _hear(self, kind: str, topic: Topic, callback: Any) -> None:
        self._node.create_subscription(message_class(kind), topic.name, callback, topic.qos)

    def _now_ns(self) -> int:
        return int(self._node.get_clock().now().nanoseconds)

    def _on_chunk(self, message: Any) -> None:
        chunk = from_message(ActionChunk, message)
        self.chunks[chunk.digest] = (nanoseconds(message.stamp), chunk.inference_ns)

    def _on_plan(self, message: Any) -> None:
        self.plans.append((message.chunk_digest, self._now_ns()))

    def _on_command(self, message: Any) -> None:
        self.commands.append(nanoseconds(message.stamp))

    def latencies_ms(self) -> np.ndarray:
        """Image stamp to first arrival of each plan, less the policy's own time [ms]."""
        first: dict[str, int] = {}
        for digest, arrival_ns in self.plans:
            first.setdefault(digest, arrival_ns)
        known = self.chunks
        return np.array(
            [
                (arrival_ns - known[digest][0] - known[digest][1]) / 1e6
                for digest, arrival_ns in first.items()
                if digest in known
            ]
        )


def run(options: BenchOptions) -> Mapping[str, Metric]:
    """Measure, with the chain's default configuration."""
    common = {"robot": "embedded_panda"}
    nodes = [
        NodeProcess("source", module="aura_ros.bench.source"),
        NodeProcess("memory", common),
        NodeProcess("monitor", common),
        NodeProcess("guard", common | {"auto_arm": True}),
        NodeProcess("fuser", common | {"command_rate": RATE_HZ}),
        NodeProcess("policy", common | POLICY),
    ]
    isolate()
    with Processes(options.out / "logs") as processes, contextlib.closing(Listener()) as listener:
        for node in nodes:
            processes.start(node)
        options.say("waiting for the first plan")
        _wait(listener, processes)
        time.sleep(WARM_UP_S)
        listener.clear()
        seconds = QUICK_SECONDS if options.quick else SECONDS
        options.say(f"measuring for {seconds:g} s")
        time.sleep(seconds)
        latencies, commands = listener.latencies_ms(), np.array(listener.commands)
        memory = {name: _rss_mb(processes.pid(f"/{name}")) for name in ("guard", "fuser")}
    period_error = np.abs(np.diff(commands) / 1e6 - 1e3 / RATE_HZ)
    return {
        "latency_p50_ms": float(np.percentile(latencies, 50)),
        "latency_p99_ms": float(np.percentile(latencies, 99)),
        "latency_max_ms": float(latencies.max()),
        "plans": len(latencies),
        "command_period_error_p50_ms": float(np.percentile(period_error, 50)),
        "command_period_error_p99_ms": float(np.percentile(period_error, 99)),
        "command_period_error_max_ms": float(period_error.max()),
        "commands": len(commands),
        "guard_rss_mb": memory["guard"],
        "fuser_rss_mb": memory["fuser"],
    }


def _wait(listener: Listener, processes: Processes) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not listener.plans:
        dead = processes.dead()
        if dead or time.monotonic() > deadline:
            logs = processes.log((dead or ["/guard"])[0])
            raise RuntimeError(f"no plan within {START_TIMEOUT_S:g} s, ended: {dead}; see {logs}")
        time.sleep(0.05)


def _rss_mb(pid: int) -> float:
    """Resident memory of a process [MB = 1e6 B]."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6
