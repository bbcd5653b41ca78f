"""For tests on a live graph: the five nodes in this process, and a robot that obeys exactly."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from rclpy.clock import Clock, ClockType
from rclpy.experimental import EventsExecutor
from rclpy.parameter import Parameter
from ros_graph import Probe
from sway_policy import HOME, SwayPolicy

from aura_ros.nodes.fuser import FuserNode
from aura_ros.nodes.guard import GuardNode
from aura_ros.nodes.memory import MemoryNode
from aura_ros.nodes.messages import make
from aura_ros.nodes.monitor import MonitorNode
from aura_ros.nodes.topics import LATCHED, SENSOR
from aura_ros.sim import messages
from aura_ros.sim.controllers import JointTrajectoryController, resting
from aura_ros.sim.trajectory import CommandRefused
from aura_ros.types import NS, Mode

ROBOT = "embedded_panda"
KINDS = {
    "memory": MemoryNode,
    "monitor": MonitorNode,
    "guard": GuardNode,
    "fuser": FuserNode,
    "policy": SwayPolicy,
}
JOINTS = messages.JOINTS
FRONT, WRIST = "camera/front/image_raw", "camera/wrist/image_raw"
TRAJECTORY = "joint_trajectory_controller/joint_trajectory"
IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"


class Chain:
    """The nodes of ``KINDS``, spun by a thread. ``parameters`` by node, "all" for every one."""

    def __init__(self, namespace="", remap=None, kinds=KINDS, autostart=True, **parameters):
        rules = [x for a, b in (remap or {}).items() for x in ("-r", f"{a}:={b}")]
        self.nodes = {}
        for name in kinds:
            values = {"robot": ROBOT, **parameters.get("all", {}), **parameters.get(name, {})}
            if name == "guard":
                values = {"auto_arm": True, **values}
            overrides = [Parameter(key, value=value) for key, value in values.items()]
            self.nodes[name] = KINDS[name](
                namespace=namespace, parameter_overrides=overrides,
                cli_args=["--ros-args", *rules], use_global_arguments=False,
            )  # fmt: skip
        self._executor = EventsExecutor()
        for node in self.nodes.values():
            self._executor.add_node(node)
            if autostart:
                node.trigger_configure()
                node.trigger_activate()
        self._running = True
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _spin(self):
        while self._running:
            self._executor.spin_once(timeout_sec=0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._running = False
        self._thread.join()
        for node in self.nodes.values():
            node.end()


class FakeRobot:
    """Publishes what a Panda would and follows trajectories exactly.

    ``clock`` gives its time [ns]. Faults are attributes: ``cameras`` by topic (None: silent),
    ``joints`` (a function that makes the message), ``ahead_ns`` of the images' stamps.
    ``moved`` holds (steady s, desired state) of every tick.
    """

    def __init__(self, probe: Probe, names=None, clock=time.time_ns, compressed=(), rate=50.0):
        self._probe, self._clock = probe, clock
        rename = (names or {}).get
        types = {t: COMPRESSED if t in compressed else IMAGE for t in (FRONT, WRIST)}
        self.cameras = {t: probe.publisher(rename(t, t), k, SENSOR) for t, k in types.items()}
        self._types = types
        self._joints = probe.publisher(
            rename("joint_states", "joint_states"), "sensor_msgs/msg/JointState", SENSOR
        )
        instruction = probe.publisher("instruction", "std_msgs/msg/String", LATCHED)
        instruction.publish(make("std_msgs/msg/String", {"data": "sway"}))
        self.heard = probe.hear(
            rename(TRAJECTORY, TRAJECTORY), "trajectory_msgs/msg/JointTrajectory"
        )
        self.controller = JointTrajectoryController(JOINTS, resting(HOME, clock()))
        self._taken, self.ticks, self.ahead_ns = 0, 0, 0
        self.joints = messages.joint_state
        self.moved = []
        self._period_s = 1.0 / rate if rate else 0.0
        if rate:
            steady = Clock(clock_type=ClockType.STEADY_TIME)
            probe.node.create_timer(self._period_s, self.tick, clock=steady)

    def begin_anew(self):
        """Rest at ``HOME``, and forget what was commanded."""
        self.controller = JointTrajectoryController(JOINTS, resting(HOME, self._clock()))
        self._taken = len(self.heard)
        self.moved.clear()

    def tick(self):
        """Obey what was heard, then say where the joints are; every third time, pictures."""
        now = self._clock()
        while self._taken < len(self.heard):
            with suppress(CommandRefused):  # on a busy machine it may have come too late
                self.controller.accept(messages.trajectory(self.heard[self._taken][1]), now)
            self._taken += 1
        state = self.controller.desired(now)
        self.moved.append((time.monotonic(), state))
        if self.joints is not None:
            self._joints.publish(self.joints(now, state.position, state.velocity))
        self.ticks += 1
        if self.ticks % 3 == 0:
            for topic, publisher in self.cameras.items():
                if publisher is not None:
                    publisher.publish(self.picture(topic, now + self.ahead_ns))

    def picture(self, topic, now):
        """A small image, no two alike."""
        pixels = np.random.default_rng(self.ticks).integers(50, 200, (12, 16, 3), np.uint8)
        message = messages.image(now, "camera", pixels)
        if self._types[topic] == IMAGE:
            return message
        import cv2

        data = cv2.imencode(".png", pixels)[1].tobytes()
        return make(COMPRESSED, {"header": message.header, "format": "png", "data": data})

    def lost_s(self, since):
        """Time that a busy machine kept this process from running, since then [s]: what its
        ticks came late."""
        times = [at for at, _ in self.moved if at >= since - self._period_s]
        late = np.diff([*times, time.monotonic()]) - 2 * self._period_s
        return float(np.maximum(late, 0.0).sum())

    @property
    def speed(self):
        """Largest joint speed now [rad/s]."""
        return float(np.abs(self.moved[-1][1].velocity).max()) if self.moved else 0.0


def stamp_s(stamp: Time) -> float:
    """A stamp in seconds."""
    return stamp.sec + stamp.nanosec / NS


class Watch:
    """The guard's and the fuser's status, and the diagnostics of every node, as last heard."""

    def __init__(self, probe: Probe):
        self._guard = probe.hear("guard_status", "aura_ros/msg/GuardStatus", LATCHED)
        self._fuser = probe.hear("fuser_status", "aura_ros/msg/FuserStatus")
        self._said = probe.hear("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")

    @property
    def mode(self):
        return Mode(self._guard[-1][1].mode) if self._guard else Mode.INIT

    @property
    def reason(self):
        return self._guard[-1][1].reason if self._guard else ""

    def limit(self, name):
        """The limit of one of the guard's checks."""
        checks = self._guard[-1][1].checks if self._guard else ()
        return next((check.limit for check in checks if check.name == name), None)

    @property
    def fuser(self):
        return self._fuser[-1][1] if self._fuser else None

    def fuser_since(self, at):
        """The fuser's statuses from ``at`` (monotonic)."""
        return [status for arrival, status in self._fuser if arrival >= at]

    def said(self, node, since=0.0):
        """(arrival, message, values) of a node's diagnostics, from ``since`` (monotonic)."""
        return [
            (at, status.message, {pair.key: pair.value for pair in status.values})
            for at, array in self._said
            for status in array.status
            if status.name == node and at >= since
        ]


def moving(robot: FakeRobot, probe: Probe, why="the arm moves"):
    """Wait until the arm moves; the moment [monotonic s]."""
    probe.until(lambda: robot.speed > 0.2, why)
    return time.monotonic()


def init():
    """rclpy, once a process."""
    if not rclpy.ok():
        rclpy.init()
