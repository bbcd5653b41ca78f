"""The demonstration: episodes, then a frozen camera, then work resumes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aura_ros.demo.observer import Observer
from aura_ros.demo.settings import CAMERA_RATE, GUARD, ROBOT, RULES, TRAINED
from aura_ros.nodes.processes import NodeProcess, Processes, isolate
from aura_ros.robot.load import load_robot
from aura_ros.sim.tasks import find_task
from aura_ros.types import NS, Mode

START_TIMEOUT_S = 60.0
FAULT_S = 2.0
POLICIES = (TRAINED, "scripted")


@dataclass(frozen=True)
class DemoOptions:
    """What is run: the trained ``policy`` ("demo") or the "scripted" expert, its ``latency`` [s],
    and ``noise`` of the expert's chunks [rad or m]."""

    policy: str = TRAINED
    task: str = "pick_place"
    episodes: int = 10
    latency: float = 0.2
    noise: float = 0.002
    seed: int = 1
    timeout: float = 40.0


@dataclass(frozen=True)
class Episode:
    """One episode: done in ``duration_s``, stalls in it."""

    seed: str
    success: bool
    duration_s: float
    stalls: int


@dataclass(frozen=True)
class FaultTrial:
    """A frozen camera: time until rest [s] (infinite: never), and whether work resumed."""

    stop_s: float
    resumed: bool


@dataclass(frozen=True)
class DemoResult:
    """All that was measured."""

    episodes: tuple[Episode, ...]
    fault: FaultTrial
    limit_violations: int
    allowed: int
    refused: dict[str, int]
    recording: Path


class DemoError(RuntimeError):
    """The chain did not come up, or a node died."""


def nodes_of(options: DemoOptions, journal: str = "") -> list[NodeProcess]:
    """The chain and the embedded robot."""
    common = {"robot": ROBOT, "journal": journal}
    policy = {"backend": options.policy, "latency": options.latency, "noise": options.noise}
    guard = GUARD | {"rules": RULES.get(options.policy, "")}
    sim = {"task": options.task, "seed": options.seed, "camera_rate": CAMERA_RATE}
    return [
        NodeProcess("sim", sim),
        NodeProcess("memory", common),
        NodeProcess("monitor", common),
        NodeProcess("guard", common | guard),
        NodeProcess("fuser", common),
        NodeProcess("policy", common | policy | {"seed": options.seed}),
    ]


def run_demo(
    options: DemoOptions, out: Path, say: Callable[[str], None] = lambda words: None
) -> DemoResult:
    """Run the demonstration; logs, journals and the recording lie in ``out``."""
    robot = load_robot(ROBOT)
    find_task(options.task)
    if options.policy not in POLICIES:
        raise DemoError(f"policy is {options.policy!r}; it must be one of {', '.join(POLICIES)}")
    say(f"ROS_DOMAIN_ID={isolate()}")
    with Processes(out / "logs") as processes:
        for node in nodes_of(options, str(out / "journals")):
            processes.start(node)
        observer = Observer(robot, out / "recording")
        try:
            director = Director(observer, processes, options, say)
            director.wait_for_chain()
            episodes = tuple(director.episode(k) for k in range(options.episodes))
            fault = director.frozen_camera()
        finally:
            observer.close()
        return DemoResult(
            episodes, fault, observer.meter.violations, observer.allowed, observer.refused,
            out / "recording",
        )  # fmt: skip


class Director:
    """Runs one thing after the other and watches that every node lives."""

    def __init__(
        self,
        observer: Observer,
        processes: Processes,
        options: DemoOptions,
        say: Callable[[str], None],
    ) -> None:
        self._observer, self._processes = observer, processes
        self._options, self._say = options, say

    def wait_for_chain(self) -> None:
        """Until every node is up and the guard lets motion happen."""
        self._say("starting the nodes")
        if not self._until(lambda: self._observer.mode == Mode.ACTIVE, START_TIMEOUT_S):
            raise DemoError(
                f"the guard is {self._observer.mode.name} after {START_TIMEOUT_S:g} s: "
                f"{self._observer.mode_reason}"
            )

    def episode(self, number: int) -> Episode:
        """A new scene, until the task is done or time is up."""
        meter = self._observer.meter
        stalls = meter.stalls
        seed = self._begin()
        began = time.monotonic()
        success = self._until(lambda: self._observer.success, self._options.timeout)
        meter.end()
        episode = Episode(seed, success, time.monotonic() - began, meter.stalls - stalls)
        words = "done" if success else "not done"
        self._say(f"episode {number + 1}: {words} after {episode.duration_s:.1f} s")
        return episode

    def frozen_camera(self) -> FaultTrial:
        """Freeze a camera in motion; rest must follow, and work after the fault ends."""
        observer, meter = self._observer, self._observer.meter
        self._begin()
        self._until(lambda: meter.first_motion_ns, self._options.timeout)
        self._until(lambda: observer.now_ns() - (meter.first_motion_ns or 0) > NS, 5.0)
        meter.end()
        self._say("the front camera freezes")
        observer.set_parameter("sim", "fault.camera_front", "none")  # finds the service
        frozen_ns = observer.now_ns()
        observer.set_parameter("sim", "fault.camera_front", "frozen")
        rests = self._until(self._rests_on_hold, 5.0)
        since = meter.resting_since_ns
        stop_s = (since - frozen_ns) / NS if rests and since is not None else math.inf
        self._until(lambda: observer.now_ns() - frozen_ns > FAULT_S * NS, 10.0)
        held = self._rests_on_hold()
        observer.set_parameter("sim", "fault.camera_front", "none")
        self._say(f"at rest after {stop_s:.2f} s; the camera is back")
        resumed = held and self._until(lambda: observer.success, self._options.timeout)
        return FaultTrial(stop_s, bool(resumed))

    def _rests_on_hold(self) -> bool:
        resting = self._observer.meter.resting_since_ns is not None
        return self._observer.mode == Mode.HOLD and resting

    def _begin(self) -> str:
        """Place the objects anew and tell the policy that an episode begins."""
        seed = self._observer.trigger("sim/new_episode")
        self._observer.trigger("policy/reset")
        if self._observer.asks:
            self._answer()
        self._until(lambda: not self._observer.success, 5.0)
        self._observer.meter.begin()
        return seed

    def _answer(self) -> None:
        """Whoever sets up the next scene is the person whom the guard asks."""
        self._say(f"the guard asks: {self._observer.mode_reason}; it may go on")
        try:
            self._observer.trigger("guard/resume")
        except RuntimeError as refusal:  # something else holds it too, and ends by itself
            self._say(str(refusal))

    def _until(self, what: Callable[[], object], timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if what():
                return True
            dead = self._processes.dead()
            if dead:
                logs = ", ".join(str(self._processes.log(key)) for key in dead)
                raise DemoError(f"{', '.join(dead)} ended: see {logs}")
            time.sleep(0.005)
        return False
