"""Nodes as processes, where launch is not installed: the demo, benchmarks and tests use it.

What launch does is kept: relative names, remapping, parameters, respawn, SIGINT at the end.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aura_ros.robot.find import find_share

MODULES = {
    "policy": "aura_ros.nodes.policy",
    "memory": "aura_ros.nodes.memory",
    "monitor": "aura_ros.nodes.monitor",
    "guard": "aura_ros.nodes.guard",
    "fuser": "aura_ros.nodes.fuser",
    "sim": "aura_ros.sim.node",
}

PR_SET_PDEATHSIG = 1
# Fast DDS 2 (Jazzy) reads the second name, Fast DDS 3 (Kilted) the first one.
PROFILES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")


@dataclass(frozen=True)
class NodeProcess:
    """One node: its kind (a key of ``MODULES``), parameters, remappings and namespace."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    remappings: Mapping[str, str] = field(default_factory=dict)
    namespace: str = ""
    module: str = ""

    @property
    def key(self) -> str:
        """Unique among processes: namespace and kind."""
        return f"{self.namespace}/{self.kind}"

    def command(self) -> list[str]:
        """The command line."""
        line = [sys.executable, "-m", self.module or MODULES[self.kind], "--ros-args"]
        if self.namespace:
            line += ["-r", f"__ns:={self.namespace}"]
        for name, target in self.remappings.items():
            line += ["-r", f"{name}:={target}"]
        for name, value in self.parameters.items():
            # JSON is YAML, and keeps texts apart from numbers.
            line += ["-p", f"{name}:={json.dumps(value)}"]
        return line


def image_transport() -> dict[str, str]:
    """Environment in which images pass by shared memory; empty if the user has a profile."""
    profile = find_share("config/fastdds_shm.xml")
    taken = any(name in os.environ for name in PROFILES)
    return {} if taken or profile is None else dict.fromkeys(PROFILES, str(profile))


def environment(domain: int | None = None) -> dict[str, str]:
    """The environment of node processes: local discovery, images by shared memory."""
    values = dict(os.environ)
    values.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    values |= image_transport()
    if domain is not None:
        values["ROS_DOMAIN_ID"] = str(domain)
    return values


def isolate() -> int:
    """Give this process and its children a ROS domain of their own, unless one is set.

    A demonstration must not command a real robot that listens on the same names. Domains 1 to
    101 are free of port clashes on every system.
    """
    domain = int(os.environ.get("ROS_DOMAIN_ID") or 1 + os.getpid() % 101)
    os.environ.update(environment(domain))
    return domain


def _end_with_parent() -> None:
    """In the child: SIGINT when the parent dies, however it dies (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class Processes:
    """Starts nodes, keeps their output in ``logs``, and ends them all on exit."""

    def __init__(self, logs: Path, domain: int | None = None) -> None:
        self._logs = logs
        self._logs.mkdir(parents=True, exist_ok=True)
        self._environment = environment(domain)
        self._running: dict[str, tuple[NodeProcess, subprocess.Popen[bytes]]] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, node: NodeProcess) -> subprocess.Popen[bytes]:
        """Start (or start again) a node; its output is appended to its log."""
        with self.log(node.key).open("ab") as log:
            process = subprocess.Popen(
                node.command(), env=self._environment, stdout=log, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip
        self._running[node.key] = (node, process)
        return process

    def log(self, key: str) -> Path:
        """Where a node's output goes."""
        return self._logs / (key.strip("/").replace("/", "_") + ".log")

    def pid(self, key: str) -> int:
        """Process id of a node."""
        return self._running[key][1].pid

    def kill(self, key: str) -> None:
        """SIGKILL, as a crash would."""
        _, process = self._running[key]
        process.kill()
        process.wait()

    def restart(self, key: str) -> None:
        """Start a node again as it was."""
        self.start(self._running[key][0])

    def dead(self) -> list[str]:
        """Nodes that ended by themselves."""
        return [key for key, (_, process) in self._running.items() if process.poll() is not None]

    def stop(self, timeout_s: float = 5.0) -> dict[str, int]:
        """SIGINT to all, SIGKILL to those that do not end; exit status by node."""
        for _, process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + timeout_s
        status = {}
        for key, (_, process) in self._running.items():
            try:
                status[key] = process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                status[key] = process.wait()
        self._running.clear()
        return status
