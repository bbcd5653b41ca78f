"""The node around a room: its life cycle, and the people who call it. It decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.timer import Timer
from std_srvs.srv import SetBool, Trigger

from aura_ros.audit.key import load_key
from aura_ros.journal import Journal
from aura_ros.nodes.authenticity import Authenticity
from aura_ros.nodes.exchange import Exchange
from aura_ros.nodes.parameters import declare, declare_all, judge, refuse_unknown, values_of
from aura_ros.nodes.realtime import ON_THE_WAY, priority
from aura_ros.nodes.robot import RobotSource
from aura_ros.pipeline import Room
from aura_ros.robot.description import Robot
from aura_ros.settings import Setting, validated
from aura_ros.types import Configure, Reset, SetEnabled

TICK_S = 0.05

COMMON = (
    Setting("autostart", True, "configure and activate by itself", 0, 0),
    Setting("journal", "", "directory in which inputs and outputs are logged; empty: off", 0, 0),
    Setting("key", "", "key file that messages are tagged and checked with; empty: none", 0, 0),
)


class ChainNode(Exchange):
    """A lifecycle node for one room. Subclasses name the room and build its core."""

    config: ClassVar[type]
    realtime: ClassVar[int] = ON_THE_WAY

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for spec in (*COMMON, priority(self.realtime)):
            declare(self, spec, read_only=True)
        declare_all(self, self.config)
        self.declare_more()
        self.robot_source = RobotSource(self)
        refuse_unknown(self)
        self.add_on_set_parameters_callback(self._judge_changes)
        self.add_post_set_parameters_callback(self._apply_changes)
        self._timer: Timer | None = None
        self.create_service(SetBool, "~/set_enabled", self._on_set_enabled)
        self.create_service(Trigger, "~/reset", self._on_reset)

    # --- what subclasses add ----------------------------------------------------------------

    def declare_more(self) -> None:
        """Declare parameters that are not settings of the core."""

    def build(self, robot: Robot, settings: Any) -> Room:
        """The core of this node."""
        raise NotImplementedError

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
        self.connect(robot)
        return TransitionCallbackReturn.SUCCESS

    def _open_journal(self) -> Journal | None:
        directory = self.get_parameter("journal").value
        name = self.get_fully_qualified_name().strip("/").replace("/", "_")
        return Journal(Path(directory) / f"{name}.jsonl") if directory else None

    def _make_authenticity(self) -> Authenticity:
        path = str(self.get_parameter("key").value)
        return Authenticity(load_key(path) if path else None, self.resolve_topic_name)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to take inputs."""
        assert self._hearing is not None
        self._active = True
        self._hearing.begin()
        # Ticks follow the steady clock: they must go on when simulated time stands still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(TICK_S, self.tick, clock=steady)
        return TransitionCallbackReturn.SUCCESS

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop safely, then take no more inputs."""
        assert self._hearing is not None
        if self._timer is not None:
            self.destroy_timer(self._timer)
            self._timer = None
        self.deliver(SetEnabled(False))
        self.deliver(SetEnabled(True))
        self._active = False
        self._hearing.end()
        return TransitionCallbackReturn.SUCCESS

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Disconnect."""
        self.disconnect()
        self.close()
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

    # --- people -----------------------------------------------------------------------------

    def _on_set_enabled(self, request: Any, response: Any) -> Any:
        return self._told(SetEnabled(bool(request.data)), response)

    def _on_reset(self, request: Any, response: Any) -> Any:
        return self._told(Reset(), response)

    def _told(self, value: Any, response: Any) -> Any:
        self.deliver(value)
        response.success = self._active
        response.message = "" if self._active else f"{self.room} is not active"
        return response

    def _judge_changes(self, changes: list[Parameter]) -> Any:
        return judge(self, self.config, changes)

    def _apply_changes(self, changes: list[Parameter]) -> None:
        self.deliver(Configure(values_of(self, self.config)))
