"""The node around a room: it converts, times, logs and publishes, and decides nothing."""

from __future__ import annotations

import math
import time
from collections import deque
from pathlib import Path
from typing import Any, ClassVar

import rclpy
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.timer import Timer
from std_srvs.srv import SetBool, Trigger

from aura_ros.audit.key import load_key
from aura_ros.conversions import MESSAGES, ConversionError, to_message
from aura_ros.journal import Journal
from aura_ros.nodes.authenticity import Authenticity
from aura_ros.nodes.diagnostics import Diagnostics
from aura_ros.nodes.hearing import Hearing
from aura_ros.nodes.inputs import Input, ahead, inputs_of
from aura_ros.nodes.lifecycle import SteadyLifecycleNode
from aura_ros.nodes.messages import make, message_class
from aura_ros.nodes.parameters import declare, declare_all, judge, refuse_unknown, values_of
from aura_ros.nodes.realtime import ON_THE_WAY, priority
from aura_ros.nodes.robot import RobotSource
from aura_ros.nodes.topics import TOPICS
from aura_ros.pipeline import Room
from aura_ros.robot.description import Robot
from aura_ros.settings import Setting, validated
from aura_ros.types import (
    ClockJump,
    Commitment,
    Configure,
    Health,
    Instruction,
    Level,
    Now,
    Reset,
    SetEnabled,
    Tick,
)

TICK_S = 0.05
# Said once and true until the next: kept while a node cannot take it.
LASTING = (Instruction, Commitment, Configure, ClockJump)
# A step of the clock that large is a jump, not a slow publisher of /clock.
FORWARD_JUMP = Duration(seconds=1.0)
BACKWARD_JUMP = Duration(nanoseconds=-1)

COMMON = (
    Setting("autostart", True, "configure and activate by itself", 0, 0),
    Setting("journal", "", "directory in which inputs and outputs are logged; empty: off", 0, 0),
    Setting("key", "", "key file that messages are tagged and checked with; empty: none", 0, 0),
)


class ChainNode(SteadyLifecycleNode):
    """A lifecycle node for one room. Subclasses name the room and build its core."""

    room: ClassVar[str]
    config: ClassVar[type]
    says: ClassVar[tuple[type, ...]]
    realtime: ClassVar[int] = ON_THE_WAY

    def __init__(self, **options: Any) -> None:
        super().__init__(self.room, **options)
        for spec in (*COMMON, priority(self.realtime)):
            declare(self, spec, read_only=True)
        declare_all(self, self.config)
        self.declare_more()
        self.robot_source = RobotSource(self)
        refuse_unknown(self)
        self.add_on_set_parameters_callback(self._judge_changes)
        self.add_post_set_parameters_callback(self._apply_changes)
        self._active = False
        self._core: Room | None = None
        self._journal: Journal | None = None
        self._authenticity = Authenticity()
        self._inputs: list[Input] = []
        self._hearing = Hearing(self)
        self._interfaces: list[Any] = []
        self._timer: Timer | None = None
        self._diagnostics = Diagnostics(self)
        self._inbox: deque[Any] = deque()
        self._kept: dict[type, Any] = {}
        self.create_service(SetBool, "~/set_enabled", self._on_set_enabled)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self._jumps = self.get_clock().create_jump_callback(
            JumpThreshold(
                min_forward=FORWARD_JUMP, min_backward=BACKWARD_JUMP, on_clock_change=True
            ),
            post_callback=lambda jump: self.deliver(ClockJump()),
        )

    # --- what subclasses add ----------------------------------------------------------------

    def declare_more(self) -> None:
        """Declare parameters that are not settings of the core."""

    def build(self, robot: Robot, settings: Any) -> Room:
        """The core of this node."""
        raise NotImplementedError

    def outputs(self, robot: Robot) -> None:
        """Create publishers beside those of ``says``."""

    def act_on(self, value: Any, now: Now) -> None:
        """Do what a value that the core said means outside of the chain's topics."""

    def permits(self, value: Any, now: Now) -> bool:
        """Whether a value that the core said may be published."""
        return True

    def refuse(self, spec: Input, words: str) -> None:
        """A message is not what its sender wrote, or not from its sender: nobody acts on it."""
        self._hearing.blame(spec, f"{spec.name}: {words}")

    # --- lifecycle --------------------------------------------------------------------------

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the configuration, build the core, connect it."""
        try:
            robot = self.robot_source.load()
            settings: Any = validated(self.config, values_of(self, self.config))
            self._core = self.build(robot, settings)
            self._authenticity = self._make_authenticity()
            self._journal = self._open_journal()
        except Exception as error:  # rclpy would drop it without a word
            self.get_logger().fatal(str(error) or repr(error))
            return TransitionCallbackReturn.FAILURE
        self._connect(robot)
        return TransitionCallbackReturn.SUCCESS

    def _open_journal(self) -> Journal | None:
        directory = self.get_parameter("journal").value
        name = self.get_fully_qualified_name().strip("/").replace("/", "_")
        return Journal(Path(directory) / f"{name}.jsonl") if directory else None

    def _make_authenticity(self) -> Authenticity:
        path = str(self.get_parameter("key").value)
        return Authenticity(load_key(path) if path else None, self.resolve_topic_name)

    def _connect(self, robot: Robot) -> None:
        self._publishers_of = {
            kind: self.create_publisher(
                message_class(MESSAGES[kind]), TOPICS[kind].name, TOPICS[kind].qos
            )
            for kind in self.says
        }
        self._interfaces = list(self._publishers_of.values())
        self.outputs(robot)
        self._inputs = list(inputs_of(self.room, robot))
        self._subscribed = [
            self.create_subscription(
                message_class(spec.message), spec.topic, self._taker(spec), spec.qos
            )
            for spec in self._inputs
        ]

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to take inputs."""
        self._active = True
        self._hearing = Hearing(self, self._inputs, time.monotonic_ns())
        # Ticks follow the steady clock: they must go on when simulated time stands still.
        self._timer = self.create_timer(
            TICK_S, self.tick, clock=rclpy.clock.Clock(clock_type=rclpy.clock.ClockType.STEADY_TIME)
        )
        return TransitionCallbackReturn.SUCCESS

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop safely, then take no more inputs."""
        if self._timer is not None:
            self.destroy_timer(self._timer)
            self._timer = None
        self.deliver(SetEnabled(False))
        self.deliver(SetEnabled(True))
        self._active = False
        return TransitionCallbackReturn.SUCCESS

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Disconnect."""
        for subscription in self._subscribed:
            self.destroy_subscription(subscription)
        for publisher in self._interfaces:
            self.destroy_publisher(publisher)
        self.close()
        self._kept.clear()
        self._core = None
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop safely from whatever state."""
        if self._active:
            self.on_deactivate(state)
        self.close()
        return TransitionCallbackReturn.SUCCESS

    def close(self) -> None:
        """Release what outlives the core."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    # --- values in, values out --------------------------------------------------------------

    def now(self) -> Now:
        """ROS time and steady time, both in ns."""
        return Now(self.get_clock().now().nanoseconds, time.monotonic_ns())

    def _taker(self, spec: Input) -> Any:
        def take(message: Any) -> None:
            if not self._active and math.isfinite(spec.silence_s):
                return  # of streams the next one will do
            try:
                value = spec.read(message)
            except (ConversionError, ValueError) as error:
                self._hearing.blame(spec, str(error))
                return
            words = self._authenticity.check(value, message)
            if words:
                self.refuse(spec, words)
                return
            now = self.now()
            self._hearing.heard(spec, now.steady_ns, ahead(value, now))
            if value is not None:
                self.deliver(value)

        return take

    def tick(self) -> None:
        """Time has passed: tell the core, then say how the room is."""
        for kind in list(self._kept):
            self.deliver(self._kept.pop(kind))
        self._empty_inbox()
        self.deliver(Tick())
        if self._journal is not None:
            self._journal.flush()
        self._diagnostics.update(self.health(), self.now())

    def deliver(self, value: Any) -> None:
        """Give the core one value; log it, publish and do what follows."""
        now = self.now()
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

    def post(self, value: Any) -> None:
        """Deliver ``value`` in the executor's thread; for other threads to call."""
        self._inbox.append(value)
        # A task wakes every executor; the one of events takes no guard conditions.
        if self.executor is not None:
            self.executor.create_task(self._empty_inbox)

    def _empty_inbox(self) -> None:
        while self._inbox:
            self.deliver(self._inbox.popleft())

    def record(self, now: Now, value: Any, said: list[Any]) -> None:
        """Write one input and what followed to the journal."""
        if self._journal is not None:
            self._journal.append(False, now, value)
            for out in said:
                self._journal.append(True, now, out)

    # --- people -----------------------------------------------------------------------------

    def _on_set_enabled(self, request: Any, response: Any) -> Any:
        self.deliver(SetEnabled(bool(request.data)))
        response.success = self._active
        response.message = "" if self._active else f"{self.room} is not active"
        return response

    def _on_reset(self, request: Any, response: Any) -> Any:
        self.deliver(Reset())
        response.success = self._active
        response.message = "" if self._active else f"{self.room} is not active"
        return response

    def _judge_changes(self, changes: list[Parameter]) -> Any:
        return judge(self, self.config, changes)

    def _apply_changes(self, changes: list[Parameter]) -> None:
        self.deliver(Configure(values_of(self, self.config)))

    # --- health -----------------------------------------------------------------------------

    def health(self) -> Health:
        """The core's health, or what is wrong with its inputs."""
        assert self._core is not None
        health = self._core.health(self.now())
        problems = self._hearing.problems(time.monotonic_ns())
        if not problems:
            return health
        return Health(max(health.level, Level.WARN), "; ".join(problems), health.values)
