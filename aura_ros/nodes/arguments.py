"""Arguments of the launch files: which parameter of which nodes each of them sets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from aura_ros.pipeline import ROOMS


@dataclass(frozen=True)
class Argument:
    """A launch argument that sets the parameter of its name in ``nodes``; not if it is empty."""

    name: str
    kind: type
    description: str
    nodes: tuple[str, ...] = ROOMS

    def value(self, text: str) -> Any:
        """The parameter's value. Raises ValueError that names the argument."""
        value = text if self.kind is str else yaml.safe_load(text)
        if self.kind is float and type(value) is int:
            return float(value)
        if type(value) is not self.kind:
            raise ValueError(f"{self.name}:={text} is no {self.kind.__name__}")
        return value


PARAMETERS = (
    Argument("robot", str, "robot configuration: a name in config/robots, or a path"),
    Argument("limit_set", str, "set of tighter limits of the robot's configuration"),
    Argument("command_outputs", list, "outputs that are commanded, such as [position]"),
    Argument("journal", str, "directory in which every node logs its inputs and outputs"),
    Argument("key", str, "key file that messages are tagged and checked with"),
    Argument("use_sim_time", bool, "take time from /clock"),
    Argument("backend", str, "which policy runs: scripted, websocket, my_vla:load", ("policy",)),
    Argument("server", str, "backend websocket or openvla: its address", ("policy",)),
    Argument("path", str, "backend my_vla:load: directory of the checkpoint", ("policy",)),
    Argument("recording", str, "backend recorded: the recording", ("policy",)),
    Argument("latency", float, "backend scripted or demo: time an answer takes [s]", ("policy",)),
    Argument("noise", float, "backend scripted: bias of each chunk [rad or m]", ("policy",)),
    Argument("seed", int, "backend scripted: seed of the noise", ("policy",)),
    Argument("instruction", str, "instruction until one is heard", ("policy",)),
    Argument("calibration", str, "calibration file of the monitor", ("monitor",)),
    Argument("rules", str, "what is checked: a name in config/guard, or a path", ("guard",)),
    Argument("audit", str, "directory of the audit log", ("guard",)),
    Argument("audit_key", str, "key file that signs the log's heads", ("guard",)),
    Argument("auto_arm", bool, "arm without a person: for demonstrations only", ("guard",)),
)

PLAIN = {
    "namespace": ("", "namespace of all nodes and relative topics"),
    "params_file": ("", "parameters of the nodes, such as config/aura.yaml; arguments go before"),
    "respawn": ("true", "start a node that died again; one that is misconfigured ends all"),
}
"""Arguments that are no parameters: default and description."""


def parameters_of(node: str, given: dict[str, str]) -> dict[str, Any]:
    """Parameters of ``node`` that the launch arguments ``given`` set."""
    return {a.name: a.value(given[a.name]) for a in PARAMETERS if node in a.nodes and given[a.name]}


def security(node: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Arguments by which ``node`` finds its keys and permissions; none without ROS security.

    The enclaves are those of :mod:`aura_ros.nodes.permissions`.
    """
    is_on = environment.get("ROS_SECURITY_ENABLE") == "true"  # as rcl reads it
    return ["--enclave", f"/aura/{node}"] if is_on else []
