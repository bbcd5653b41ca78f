"""Values in, values out: a node around a core. It times, logs and publishes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

from rclpy.clock import JumpThreshold
from rclpy.duration import Duration

from aura_ros.conversions import MESSAGES, to_message
from aura_ros.journal import Journal
from aura_ros.nodes.authenticity import Authenticity
from aura_ros.nodes.diagnostics import Diagnostics
from aura_ros.nodes.hearing import Hearing
from aura_ros.nodes.inputs import Input, inputs_of
from aura_ros.nodes.lifecycle import SteadyLifecycleNode
from aura_ros.nodes.messages import make, message_class
from aura_ros.nodes.topics import TOPICS
from aura_ros.pipeline import Room
from aura_ros.robot.description import Robot
from aura_ros.types import (
    ClockJump,
    Commitment,
    Configure,
    Health,
    Instruction,
    Level,
    Now,
    Tick,
)

# Said once and true until the next: kept while a node cannot take it.
LASTING = (Instruction, Commitment, Configure, ClockJump)
# A step of the clock that large is a jump, not a slow publisher of /clock.
FORWARD_JUMP = Duration(seconds=1.0)
BACKWARD_JUMP = Duration(nanoseconds=-1)


class Exchange(SteadyLifecycleNode):
    """A node whose messages become values for a core, and whose core's values messages.

    ``room`` names it; ``says`` are the kinds of value that it publishes.
    """

    room: ClassVar[str]
    says: ClassVar[tuple[type, ...]]

    def __init__(self, **options: Any) -> None:
        super().__init__(self.room, **options)
        self._active = False
        self._core: Room | None = None
        self._journal: Journal | None = None
        self._authenticity = Authenticity()
        self._hearing: Hearing | None = None
        self._publishers_of: Mapping[type, Any] = {}
        self._interfaces: list[Any] = []
        self._diagnostics = Diagnostics(self)
        self._inbox: deque[Any] = deque()
        self._kept: dict[type, Any] = {}
        self._newest_ns = 0
        self._jumps = self.get_clock().create_jump_callback(
            JumpThreshold(
                min_forward=FORWARD_JUMP, min_backward=BACKWARD_JUMP, on_clock_change=True
            ),
            post_callback=lambda jump: self.deliver(ClockJump()),
        )

    # --- what subclasses add ----------------------------------------------------------------

    def outputs(self, robot: Robot) -> None:
        """Create publishers beside those of ``says``."""

    def act_on(self, value: Any, now: Now) -> None:
        """Do what a value that the core said means outside of the chain's topics."""

    def permits(self, value: Any, now: Now) -> bool:
        """Whether a value that the core said may be published."""
        return True

    def refuse(self, spec: Input, words: str) -> None:
        """A message is not what its sender wrote, or not from its sender: nobody acts on it."""

    # --- connections ------------------------------------------------------------------------

    def connect(self, robot: Robot) -> None:
        """Create publishers and subscriptions."""
        self._publishers_of = {
            kind: self.create_publisher(
                message_class(MESSAGES[kind]), TOPICS[kind].name, TOPICS[kind].qos
            )
            for kind in self.says
        }
        self._interfaces = list(self._publishers_of.values())
        self.outputs(robot)
        self._hearing = Hearing(self, list(inputs_of(self.room, robot)), self._authenticity, self)

    def disconnect(self) -> None:
        """Destroy them, and forget what was kept."""
        if self._hearing is not None:
            self._hearing.close()
            self._hearing = None
        for publisher in self._interfaces:
            self.destroy_publisher(publisher)
        self._kept.clear()

    # --- values in --------------------------------------------------------------------------

    def now(self) -> Now:
        """ROS time and steady time, both in ns."""
        return Now(self.get_clock().now().nanoseconds, time.monotonic_ns())

    def hear(self, value: Any) -> None:
        """A value was heard on its topic."""
        self.deliver(value)

    def tick(self) -> None:
        """Time has passed: tell the core, then say how the room is."""
        for kind in list(self._kept):
            self.deliver(self._kept.pop(kind))
        self._empty_inbox()
        self.deliver(Tick())
        if self._journal is not None:
            self._journal.flush()
        self._diagnostics.update(self.health(), self.now())

    def post(self, value: Any) -> None:
        """Deliver ``value`` in the executor's thread; for other threads to call."""
        self._inbox.append(value)
        # A task wakes every executor; the one of events takes no guard conditions.
        if self.executor is not None:
            self.executor.create_task(self._empty_inbox)

    def _empty_inbox(self) -> None:
        while self._inbox:
            self.deliver(self._inbox.popleft())

    # --- values out -------------------------------------------------------------------------

    def deliver(self, value: Any) -> None:
        """Give the core one value; log it, publish and do what follows."""
        now = self.now()
        # rclpy tells of steps of simulated time alone.
        went_back, self._newest_ns = now.ros_ns < self._newest_ns, now.ros_ns
        if went_back and not isinstance(value, ClockJump):
            self.deliver(ClockJump())
        if self._core is None:
            return
        if not self._active or now.ros_ns == 0:  # zero: simulated time has not begun
            if isinstance(value, LASTING):
                self._kept.pop(type(value), None)  # the order in which they came counts
                self._kept[type(value)] = value
            return
        said = self._core.handle(value, now)
        self.record(now, value, said)
        for out in said:
            if self.permits(out, now):
                self.publish(out)
            self.act_on(out, now)

    def publish(self, value: Any) -> None:
        """Say a value on the topic of its kind, if this node has one for it."""
        publisher = self._publishers_of.get(type(value))
        if publisher is not None:
            message = to_message(value, make)
            self._authenticity.seal(value, message)
            publisher.publish(message)

    def record(self, now: Now, value: Any, said: list[Any]) -> None:
        """Write one input and what followed to the journal."""
        if self._journal is not None:
            self._journal.append(False, now, value)
            for out in said:
                self._journal.append(True, now, out)

    def health(self) -> Health:
        """The core's health, or what is wrong with its inputs."""
        assert self._core is not None
        assert self._hearing is not None
        health = self._core.health(self.now())
        problems = self._hearing.problems()
        if not problems:
            return health
        return Health(max(health.level, Level.WARN), "; ".join(problems), health.values)
