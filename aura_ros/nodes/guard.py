"""The guard node."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from std_srvs.srv import SetBool, Trigger

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.mode import MOVING, RESUME, RETREAT
from aura_ros.guard.rules.built import Checks, build
from aura_ros.guard.rules.load import Rules, load_rules
from aura_ros.nodes.absence import Absence
from aura_ros.nodes.audit import AuditTrail
from aura_ros.nodes.budget import CHECK_BUDGET, Budget, Watchdog
from aura_ros.nodes.chain_node import ChainNode
from aura_ros.nodes.inputs import Input
from aura_ros.nodes.parameters import declare
from aura_ros.nodes.run import run
from aura_ros.pipeline import Room
from aura_ros.robot.description import Robot
from aura_ros.settings import Setting
from aura_ros.types import (
    Answer,
    Arm,
    AuditHead,
    ClockJump,
    GuardStatus,
    Image,
    JointState,
    Lease,
    Mode,
    Now,
    Question,
    Retreat,
    Tampered,
    Verdict,
)

RULES = Setting(
    "rules", "", "what is checked: a name in config/guard, or a path; empty: default", 0, 0
)
# A call of a foreign check that keeps the guard for so long has let the longest lease run out.
PATIENCE_S = 0.25


class GuardNode(ChainNode):
    """Chunks and plans in, verdicts and leases out. A person arms it with ``~/arm``."""

    room = "guard"
    config = GuardConfig
    says = (Verdict, Lease, GuardStatus, Question, Retreat, AuditHead)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._mode = Mode.INIT
        self._reason = ""
        self._asking = False
        self._absence: Absence | None = None
        self._enders: list[Callable[[], None]] = []
        self.create_service(SetBool, "~/arm", self._on_arm)
        for option in (RESUME, RETREAT):
            self.create_service(Trigger, f"~/{option}", partial(self._on_answer, option))

    def declare_more(self) -> None:
        """Which checks are on, the time one may take, and where all of it is written down."""
        for spec in (RULES, CHECK_BUDGET):
            declare(self, spec, read_only=True)
        self._audit = AuditTrail(self)

    def build(self, robot: Robot, settings: Any) -> Room:
        """A guard that is not armed; its session orders it after the one before."""
        rules = load_rules(str(self.get_parameter(RULES.name).value))
        budget = Budget(float(self.get_parameter(CHECK_BUDGET.name).value))
        self._enders.append(budget.close)
        guard = Guard(robot, settings, time.time_ns(), partial(self._checks, rules), budget)
        now = self.now()
        self._audit.open(now, robot=robot.digest, rules=guard.status(now).rules)
        return guard

    def _checks(self, rules: Rules, robot: Robot, settings: Callable[[], GuardConfig]) -> Checks:
        checks = build(robot, settings, rules, self.robot_source.urdf)
        if any(rule.distribution for rule in rules.rules):
            watchdog = Watchdog(checks.busy, self.get_logger().error, PATIENCE_S)
            self._enders.append(watchdog.end)
        return checks

    def close(self) -> None:
        """End the audit log and the threads of checks."""
        super().close()
        self._audit.close(self.now())
        while self._enders:
            self._enders.pop()()

    # --- after an absence -------------------------------------------------------------------

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to take inputs, and to see whether ticks come."""
        self._absence = Absence(time.monotonic_ns())
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop safely; what waits for a tick is of no use to the next activation."""
        result = super().on_deactivate(state)
        self._absence = None
        self._inbox.clear()
        return result

    def hear(self, value: Any) -> None:
        """After an absence signs of life are heard first: by them all else is judged."""
        is_away = self._absence is not None and self._absence.lasts(time.monotonic_ns())
        if is_away and not isinstance(value, Image | JointState):
            self._inbox.append(value)
        else:
            self.deliver(value)

    # --- what is written before it is said --------------------------------------------------

    def record(self, now: Now, value: Any, said: list[Any]) -> None:
        """The audit log, then the journal."""
        self._audit.record(now, value, said)
        super().record(now, value, said)

    def permits(self, value: Any, now: Now) -> bool:
        """What lets something move must have been written down."""
        return self._audit.permits(value, now)

    def deliver(self, value: Any) -> None:
        """Give the core one value; a log that could not be written is news at once."""
        if isinstance(value, ClockJump):
            self._inbox.clear()  # what waits was said in the time before
        super().deliver(value)
        if self._audit.has_news(self.now()):
            self._tell_audit()

    def tick(self) -> None:
        """What waited, how the log is, its head, then time."""
        now = self.now()
        if self._absence is not None and self._absence.tick(now.steady_ns):
            return
        self._empty_inbox()
        self._audit.mend(now)
        self._tell_audit()
        head = self._audit.head(now)
        if head is not None:
            self.publish(head)
        super().tick()

    def _tell_audit(self) -> None:
        state = self._audit.state(self.now())
        if state is not None:
            super().deliver(state)

    def refuse(self, spec: Input, words: str) -> None:
        """Tampering is the guard's business."""
        self.deliver(Tampered(spec.topic, words))

    # --- people -----------------------------------------------------------------------------

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
