"""Every node killed or stalled in motion: what stops, and what resumes by itself.

The arm is the trajectory controller alone: nobody tells it to stop, it runs out of trajectory.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

import numpy as np
from live_chain import KINDS, ROBOT, FakeRobot, Watch, init, moving, stamp_s
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from ros_graph import Probe
from std_srvs.srv import SetBool

from aura_ros.guard.mode import MOVING
from aura_ros.nodes.processes import NodeProcess, Processes
from aura_ros.types import Mode

pytestmark = pytest.mark.slow

TAIL_S = 0.3
# One tick of the robot and the way of a message.
LATE_S = 0.05
# Of a machine that kept this process from running for longer, no motion without a pause is asked.
BUSY_S = 0.1
# The stop tail begins with this acceleration at most [rad/s^2].
BRAKING = 10.0
# Longer than any lease and the time-out of every source.
STALL_S = 0.7


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """Five processes, a robot in this one, and the leases that were heard."""
    init()
    patch = pytest.MonkeyPatch()
    path = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    patch.setenv("PYTHONPATH", os.pathsep.join(path))
    log = tmp_path_factory.mktemp("log")
    with Processes(log) as processes, Probe() as probe:
        for kind in KINDS:
            module = "sway_policy" if kind == "policy" else ""
            processes.start(NodeProcess(kind, {"robot": ROBOT}, module=module))
        leases = probe.hear("lease", "aura_ros/msg/Lease")
        robot, watch = FakeRobot(probe), Watch(probe)
        arm(probe, watch)
        yield processes, probe, robot, watch, leases
        assert not processes.dead()
        for file in log.iterdir():
            assert "Traceback" not in file.read_text(), file.read_text()
    patch.undo()


def arm(probe, watch):
    """What a person does."""
    probe.until(lambda: watch.mode == Mode.DISARMED, "disarmed, every source heard")
    assert probe.call("guard/arm", SetBool, data=True).success


@contextmanager
def killed(live, kind):
    """A node that was killed in motion, at that moment [monotonic s]; afterwards it is back."""
    processes, probe, robot, watch, _ = live
    moving(robot, probe)
    processes.kill(f"/{kind}")
    try:
        yield time.monotonic()
    finally:
        processes.restart(f"/{kind}")
        if kind == "guard":
            probe.until(lambda: watch.mode == Mode.DISARMED, "a new guard is not armed")
            arm(probe, watch)
    moving(robot, probe, f"work resumes with a new {kind}")


def moves_on(live, since, for_s):
    """The arm is never at rest from ``since`` for ``for_s``."""
    _, probe, robot, _, _ = live
    probe.until(lambda: robot.moved[-1][0] > since + for_s, "time passes")
    went = all(s.velocity.any() for at, s in robot.moved if since < at < since + for_s)
    assert went or robot.lost_s(since) > BUSY_S


def rests(live, since, after_s):
    """The arm moves at ``since`` and rests from ``after_s`` later on."""
    _, probe, robot, _, _ = live
    probe.until(lambda: robot.moved[-1][0] > since + after_s + 0.5, "time passes")
    at_rest = since + after_s + robot.lost_s(since)
    probe.until(lambda: robot.moved[-1][0] > at_rest + 0.1, "time passes")
    assert not any(s.velocity.any() for at, s in robot.moved if at > at_rest)


def last_lease_end(leases):
    at, lease = next((a, m) for a, m in reversed(leases) if m.granted)
    return at + lease.duration.sec + lease.duration.nanosec * 1e-9


def motion_end(message):
    """When a trajectory ends [monotonic s]."""
    duration = message.points[-1].time_from_start
    end = stamp_s(message.header.stamp) + duration.sec + duration.nanosec * 1e-9
    return end - time.time() + time.monotonic()


@pytest.mark.parametrize("kind", ["guard", "fuser"])
def test_motion_ends_in_the_tail_when_nobody_renews_the_lease(live, kind):
    _, _, robot, _, leases = live
    with killed(live, kind) as at:
        arrivals = [arrival for arrival, _ in leases]
        held = len(leases) if kind == "guard" else sum(arrival < at for arrival in arrivals)
        end = last_lease_end(leases[:held])
        rests(live, end, TAIL_S + LATE_S)
        late_s = LATE_S + robot.lost_s(at)
        assert max(motion_end(m) for _, m in robot.heard[-5:]) < end + TAIL_S + late_s
        times, states = zip(*[e for e in robot.moved if at < e[0] < end + TAIL_S], strict=True)
        speeds = np.array([abs(state.velocity).max() for state in states])
        assert speeds[0] > 0.1
        assert (np.diff(speeds) > -BRAKING * (np.diff(times) + LATE_S / 5)).all(), "no jump"
        assert robot.speed == 0.0


def test_without_policy_the_plan_goes_to_its_end(live):
    _, probe, _, watch, _ = live
    with killed(live, "policy") as at:
        moves_on(live, at, 0.8)
        probe.until(lambda: watch.fuser.state == "starved", "starved")
        rests(live, at, 1.6 + TAIL_S + LATE_S)
        assert watch.mode in MOVING
        probe.until(
            lambda: any("no usable chunk" in words for _, words, _ in watch.said("/fuser", at)),
            "said",
        )


@pytest.mark.parametrize("kind", ["memory", "monitor"])
def test_without_memory_or_monitor_motion_goes_on(live, kind):
    _, probe, _, watch, _ = live
    with killed(live, kind) as at:
        moves_on(live, at, 2.5)
        probe.until(lambda: watch.mode == Mode.ACTIVE, "nobody asks for it")
        if kind == "memory":
            probe.until(
                lambda: any(v["memory_readout"] == "no" for *_, v in watch.said("/policy", at)),
                "said",
            )
    back = time.monotonic()
    probe.until(lambda: watch.said(f"/{kind}", back), "it is back")
    if kind == "memory":
        probe.until(lambda: watch.said("/policy")[-1][2]["memory_readout"] == "yes", "it remembers")


def test_without_monitor_motion_ends_where_risk_is_required(live):
    """Required at run time; HOLD is there while it is silent, and ends by itself."""
    _, probe, robot, watch, _ = live

    def require(value):
        change = Parameter("require_risk", value=value).to_parameter_msg()
        response = probe.call("guard/set_parameters", SetParameters, parameters=[change])
        assert response.results[0].successful, response.results[0].reason

    with killed(live, "monitor"):
        require(True)
        try:
            probe.until(lambda: watch.mode == Mode.HOLD, "HOLD")
            probe.until(lambda: watch.reason == "the monitor went silent", "said")
            probe.until(lambda: robot.speed == 0.0, "at rest")
        finally:
            require(False)
        moving(robot, probe, "work resumes where nobody requires it")


@pytest.mark.parametrize("kinds", [*KINDS, "guard fuser", " ".join(KINDS)])
def test_whoever_stalls_goes_on_without_a_person(live, kinds):
    processes, probe, robot, watch, _ = live
    moving(robot, probe)
    stalled = [processes.pid(f"/{kind}") for kind in kinds.split()]
    for pid in stalled:
        os.kill(pid, signal.SIGSTOP)
    at = time.monotonic()
    probe.until(lambda: robot.moved[-1][0] > at + STALL_S, "time passes")
    for pid in stalled:
        os.kill(pid, signal.SIGCONT)
    committed = watch.fuser.committed
    probe.until(lambda: watch.fuser.committed > committed + 2, "plans are committed")
    probe.until(lambda: watch.mode == Mode.ACTIVE, "it goes on")
    moving(robot, probe, "it goes on")
    assert not watch.fuser.tripped
