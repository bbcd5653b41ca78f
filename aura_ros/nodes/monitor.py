"""The monitor node."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from aura_ros.monitor.calibration import load_calibration
from aura_ros.monitor.monitor import SCORE_NAMES, Monitor, MonitorConfig
from aura_ros.nodes.chain_node import ChainNode
from aura_ros.nodes.parameters import declare
from aura_ros.nodes.realtime import BESIDE
from aura_ros.nodes.run import run
from aura_ros.pipeline import Room
from aura_ros.robot.description import Robot
from aura_ros.settings import Setting
from aura_ros.types import FailureRisk


class MonitorNode(ChainNode):
    """Chunks in, failure risk out."""

    room = "monitor"
    config = MonitorConfig
    says = (FailureRisk,)
    realtime = BESIDE

    def declare_more(self) -> None:
        """The calibration file."""
        words = "calibration file (aura calibrate); empty: scores without alarm"
        declare(self, Setting("calibration", "", words, 0, 0), read_only=True)

    def build(self, robot: Robot, settings: Any) -> Room:
        """A monitor with the calibration of the parameters, if it is for this robot."""
        path = str(self.get_parameter("calibration").value)
        calibration = load_calibration(Path(path), robot.digest, SCORE_NAMES) if path else None
        return Monitor(calibration, settings)


def main(args: list[str] | None = None) -> None:
    """Run the monitor node."""
    sys.exit(run(MonitorNode, args))


if __name__ == "__main__":
    main()
