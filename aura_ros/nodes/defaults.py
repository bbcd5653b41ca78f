"""Every parameter of every node with its default, as ``config/aura.yaml`` shows them.

``python -m aura_ros.nodes.defaults > config/aura.yaml`` writes that file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import rclpy
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.parameter import Parameter

from aura_ros.nodes.chain_node import ChainNode
from aura_ros.nodes.fuser import FuserNode
from aura_ros.nodes.guard import GuardNode
from aura_ros.nodes.memory import MemoryNode
from aura_ros.nodes.monitor import MonitorNode
from aura_ros.nodes.policy import PolicyNode

NODES = (PolicyNode, MemoryNode, MonitorNode, GuardNode, FuserNode)
# Declared by rclpy itself.
FOREIGN = ("use_sim_time", "start_type_description_service")
HEAD = """\
# Parameters of every node with their defaults. Copy what you change; launch takes the file as
# params_file:=FILE, a node alone as --ros-args --params-file FILE.
"""


def defaults() -> str:
    """The text of ``config/aura.yaml``."""
    return HEAD + "".join(f"\n{section}" for section in map(_section, NODES))


def _section(kind: type[ChainNode]) -> str:
    # No node is made without a robot; which one does not matter here.
    node = kind(parameter_overrides=[Parameter("robot", value="embedded_panda")])
    try:
        lines = "".join(f"    {line}\n" for line in _lines(node))
    finally:
        node.destroy_node()
    return f"/**/{kind.room}:\n  ros__parameters:\n{lines}"


def _lines(node: ChainNode) -> Iterator[str]:
    for name in node.get_parameters_by_prefix(""):
        if name in FOREIGN:
            continue
        value = "" if name == "robot" else node.get_parameter(name).value
        shown = value if not hasattr(value, "tolist") else value.tolist()
        yield f"# {_words(node.describe_parameter(name))}"
        yield f"{name}: {json.dumps(shown)}"


def _words(descriptor: ParameterDescriptor) -> str:
    ranges = (*descriptor.floating_point_range, *descriptor.integer_range)
    limits = "".join(f"; {r.from_value:.10g} to {r.to_value:.10g}" for r in ranges)
    return descriptor.description + limits


def main() -> None:
    """Write the text to standard output."""
    rclpy.init()
    sys.stdout.write(defaults())
    rclpy.shutdown()


if __name__ == "__main__":
    main()
