"""The memory node."""

from __future__ import annotations

import sys
import time
from typing import Any

from aura_ros.memory.gate import ErrorThresholdGate
from aura_ros.memory.memory import Memory
from aura_ros.nodes.chain_node import ChainNode
from aura_ros.nodes.realtime import BESIDE
from aura_ros.nodes.run import run
from aura_ros.pipeline import Room
from aura_ros.robot.description import Robot
from aura_ros.types import MemoryState


class MemoryNode(ChainNode):
    """Features in, readout out."""

    room = "memory"
    config = ErrorThresholdGate
    says = (MemoryState,)
    realtime = BESIDE

    def build(self, robot: Robot, settings: Any) -> Room:
        """A memory with the gate of the parameters."""
        return Memory(settings, session=time.time_ns())


def main(args: list[str] | None = None) -> None:
    """Run the memory node."""
    sys.exit(run(MemoryNode, args))


if __name__ == "__main__":
    main()
