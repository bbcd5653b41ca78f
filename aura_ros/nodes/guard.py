"""The guard node."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any

from std_srvs.srv import SetBool, Trigger

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.mode import MOVING, RESUME, RETREAT
from aura_ros.nodes.chain_node import ChainNode
from aura_ros.nodes.run import run
from aura_ros.pipeline import Room
from aura_ros.robot.description import Robot
from aura_ros.types import Answer, Arm, GuardStatus, Lease, Mode, Question, Retreat, Verdict


class GuardNode(ChainNode):
    """Chunks and plans in, verdicts and leases out. A person arms it with ``~/arm``."""

    room = "guard"
    config = GuardConfig
    says = (Verdict, Lease, GuardStatus, Question, Retreat)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._mode = Mode.INIT
        self._reason = ""
        self._asking = False
        self.create_service(SetBool, "~/arm", self._on_arm)
        for option in (RESUME, RETREAT):
            self.create_service(Trigger, f"~/{option}", partial(self._on_answer, option))

    def build(self, robot: Robot, settings: Any) -> Room:
        """A guard that is not armed; its session orders it after the one before."""
        return Guard(robot, settings, session=time.time_ns())

    def act_on(self, value: Any, now: Any) -> None:
        """Remember the mode for the answer of ``~/arm``."""
        if isinstance(value, GuardStatus):
            self._mode, self._reason, self._asking = value.mode, value.reason, value.asking

    def _on_arm(self, request: Any, response: Any) -> Any:
        self.deliver(Arm(bool(request.data)))
        armed = self._mode in (Mode.ARMED, Mode.ACTIVE, Mode.HOLD)
        response.success = armed == bool(request.data)
        response.message = f"{self._mode.name}: {self._reason}"
        return response

    def _on_answer(self, option: str, request: Any, response: Any) -> Any:
        self.deliver(Answer(option))
        response.success = self._mode in MOVING if option == RETREAT else not self._asking
        response.message = f"{self._mode.name}: {self._reason}"
        return response


def main(args: list[str] | None = None) -> None:
    """Run the guard node."""
    sys.exit(run(GuardNode, args))


if __name__ == "__main__":
    main()
