"""Simulated time that pauses, jumps back and loops, as a played recording's does."""

from __future__ import annotations

import time
from itertools import dropwhile

import numpy as np
import pytest

pytest.importorskip("rclpy")

from live_chain import ROBOT, Chain, FakeRobot, Watch, init, moving, stamp_s
from rclpy.clock import Clock, ClockType
from rclpy.parameter import Parameter
from ros_graph import Probe

from aura_ros.nodes.memory import MemoryNode
from aura_ros.nodes.messages import make
from aura_ros.nodes.topics import SENSOR
from aura_ros.types import NS, ClockJump, Instruction, Mode, Now, Tick

START_NS = 100 * NS
STEP_NS = NS // 100
BACK_NS = 40 * NS


class SimulatedTime:
    """Publishes /clock at 100 Hz of wall time; the robot ticks every second step."""

    def __init__(self, probe):
        self.now_ns, self.paused = START_NS, False
        self.robot = FakeRobot(probe, clock=lambda: self.now_ns, rate=0)
        self._clock = probe.publisher("/clock", "rosgraph_msgs/msg/Clock", SENSOR)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._steps = 0
        probe.node.create_timer(STEP_NS / NS, self._step, clock=steady)

    def _step(self):
        if self.paused:
            return
        self.now_ns += STEP_NS
        self._steps += 1
        time_ = {"sec": self.now_ns // NS, "nanosec": self.now_ns % NS}
        clock = make("builtin_interfaces/msg/Time", time_)
        self._clock.publish(make("rosgraph_msgs/msg/Clock", {"clock": clock}))
        if self._steps % 2 == 0:
            self.robot.tick()

    def jump(self, to_ns):
        """Go on from ``to_ns``; the recorded arm is there again, at rest."""
        self.now_ns = to_ns
        self.robot.begin_anew()


@pytest.fixture(scope="module")
def live():
    init()
    with Chain(namespace="/t", all={"use_sim_time": True}), Probe(namespace="/t") as probe:
        commands = probe.hear("command", "aura_ros/msg/Command", SENSOR)
        chunks = probe.hear("chunk", "aura_ros/msg/ActionChunk")
        yield probe, SimulatedTime(probe), Watch(probe), commands, chunks


def steps(commands):
    """Largest step [rad] between commands."""
    rows = np.array([m.position for m in commands])
    return np.abs(np.diff(rows, axis=0)).max() if len(rows) > 1 else 0.0


def test_a_pause_pauses_motion(live):
    """Commands stand still without violation, sources count as silent, and work resumes."""
    probe, clock, watch, commands, _ = live
    moving(clock.robot, probe)
    clock.paused = True
    at = time.monotonic()
    probe.until(lambda: watch.mode == Mode.HOLD, "silence is judged by the steady clock")
    probe.until(lambda: commands[-1][0] > at + 1.0, "commands go on")
    paused = [(t, m) for t, m in commands if t > at + 0.2]
    assert len(paused) > 50
    assert steps(m for _, m in paused) == 0.0
    clock.paused = False
    probe.until(lambda: watch.mode == Mode.ACTIVE, "sources are alive, plans allowed")
    moving(clock.robot, probe, "moves after the pause")
    assert all(m.passed for _, m in commands)
    assert steps(m for _, m in commands) < 0.05


@pytest.mark.parametrize("loop", [1, 2])
def test_a_jump_back_starts_everything_anew(live, loop):
    """Nothing planned before the jump moves after it; plans of the new time do."""
    probe, clock, watch, commands, chunks = live
    moving(clock.robot, probe)
    probe.until(lambda: watch.fuser.committed, "plans are counted")
    before, committed = chunks[-1][1].episode, watch.fuser.committed
    jumped_ns = clock.now_ns
    clock.jump(jumped_ns - BACK_NS)
    at, heard = time.monotonic(), len(clock.robot.heard)

    def anew():
        return [status.committed for status in watch.fuser_since(at)]

    probe.until(lambda: min(anew(), default=committed) < committed, "plans are counted anew")

    def new(messages, stamp):
        """Messages of the old time may be under way; after the first of the new one, none is."""
        return list(dropwhile(lambda m: stamp(m) * NS > jumped_ns - BACK_NS // 2, messages))

    def trajectories():
        said = (m for _, m in clock.robot.heard[heard:])
        return new(said, lambda m: stamp_s(m.header.stamp))

    probe.until(trajectories, "trajectories of the new time")
    moving(clock.robot, probe, "moves after the jump")
    probe.until(lambda: watch.mode == Mode.ACTIVE, "plans are allowed")
    assert chunks[-1][1].episode > before
    assert all(stamp_s(m.header.stamp) < clock.now_ns / NS + 1.0 for m in trajectories())
    assert not watch.fuser.tripped
    late = new((m for t, m in commands if t > at), lambda m: stamp_s(m.stamp))
    assert all(m.passed for m in late)
    assert all(stamp_s(m.stamp) < (clock.now_ns + NS) / NS for m in late)
    assert steps(late) < 0.05


class Recorder:
    """A core that takes note of what it is given."""

    def __init__(self):
        self.taken = []

    def handle(self, value, now):
        self.taken.append((type(value), now.ros_ns))
        return []


def test_a_step_back_of_the_systems_clock_is_a_jump_too(monkeypatch):
    """As NTP makes one: rclpy tells nobody."""
    init()
    overrides = [Parameter("robot", value=ROBOT)]
    node = MemoryNode(parameter_overrides=overrides, use_global_arguments=False)
    node.trigger_configure()
    node.trigger_activate()
    core, times = Recorder(), [5, 5, 9, 4, 4, 6]
    node._core, heard = core, iter(times)
    with monkeypatch.context() as patch:
        patch.setattr(node, "now", lambda: Now(START_NS + next(heard), 1))
        for value in (Tick(), Tick(), Tick(), Instruction("go"), Tick()):
            node.deliver(value)
    node.end()
    kinds = [Tick, Tick, Tick, ClockJump, Instruction, Tick]
    ordered = [5, 5, 9, 4, 4, 6]  # the word itself was heard before the jump was given
    assert core.taken[:6] == [(k, START_NS + at) for k, at in zip(kinds, ordered, strict=True)]
