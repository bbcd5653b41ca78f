"""Every node killed in motion, with trajectories as commands: what stops, and what resumes.

The arm is the trajectory controller alone: nobody tells it to stop, it runs out of trajectory.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from live_chain import ROBOT, FakeRobot, Watch, init, moving
from ros_graph import Probe
from std_srvs.srv import SetBool

from aura_ros.nodes.processes import NodeProcess, Processes
from aura_ros.types import Mode

pytestmark = pytest.mark.slow

TAIL_S = 0.3
# One tick of the robot and the way of a message.
LATE_S = 0.05


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """Five processes, a robot in this one, and the leases that were heard."""
    init()
    patch = pytest.MonkeyPatch()
    path = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    patch.setenv("PYTHONPATH", os.pathsep.join(path))
    log = tmp_path_factory.mktemp("log")
    with Processes(log) as processes, Probe() as probe:
        for kind in ("memory", "monitor", "guard", "fuser", "policy"):
            module = "sway_policy" if kind == "policy" else ""
            processes.start(NodeProcess(kind, {"robot": ROBOT}, module=module))
        leases = probe.hear("lease", "aura_ros/msg/Lease")
        robot, watch = FakeRobot(probe), Watch(probe)
        arm(probe, watch)
        yield processes, probe, robot, watch, leases
        for file in log.iterdir():
            assert "Traceback" not in file.read_text(), file.read_text()
    patch.undo()


def arm(probe, watch):
    """What a person does."""
    probe.until(lambda: watch.mode == Mode.DISARMED, "disarmed, every source heard")
    assert probe.call("guard/arm", SetBool, data=True).success


def killed(live, kind):
    """Kill a node in motion; the moment [monotonic s]."""
    processes, probe, robot, _, _ = live
    moving(robot, probe)
    processes.kill(f"/{kind}")
    return time.monotonic()


def moves_on(live, since, for_s):
    """The arm is never at rest from ``since`` for ``for_s``."""
    _, probe, robot, _, _ = live
    probe.until(lambda: robot.moved[-1][0] > since + for_s, "time passes")
    assert all(s.velocity.any() for at, s in robot.moved if since < at < since + for_s)


def rests(live, since, after_s):
    """The arm moves at ``since`` and rests from ``after_s`` later on."""
    _, probe, robot, _, _ = live
    probe.until(lambda: robot.moved[-1][0] > since + after_s + 0.5, "time passes")
    assert not any(s.velocity.any() for at, s in robot.moved if at > since + after_s)


def last_lease_end(leases):
    at, lease = next((a, m) for a, m in reversed(leases) if m.granted)
    return at + lease.duration.sec + lease.duration.nanosec * 1e-9


@pytest.mark.parametrize("kind", ["guard", "fuser"])
def test_motion_ends_in_the_tail_when_nobody_renews_the_lease(live, kind):
    processes, probe, robot, watch, leases = live
    at = killed(live, kind)
    heard = len(robot.heard)
    held = (
        len(leases)
        if kind == "guard"
        else next(i for i, (arrival, _) in enumerate([*leases, (at, None)]) if arrival >= at)
    )
    end = last_lease_end(leases[:held])
    rests(live, end, TAIL_S + LATE_S)
    speeds = [abs(s.velocity).max() for t, s in robot.moved if at < t < end + TAIL_S]
    assert speeds[0] > 0.1
    assert max(a - b for a, b in zip(speeds[1:], speeds, strict=False)) < 0.2, "no jump"
    assert len(robot.heard) - heard <= 1
    processes.restart(f"/{kind}")
    if kind == "guard":
        probe.until(lambda: watch.mode == Mode.DISARMED, "a new guard is not armed")
        assert robot.speed == 0.0
        arm(probe, watch)
    moving(robot, probe, f"work resumes with a new {kind}")


def test_without_policy_the_plan_goes_to_its_end(live):
    processes, probe, robot, watch, _ = live
    at = killed(live, "policy")
    moves_on(live, at, 0.8)
    probe.until(lambda: watch.fuser.state == "starved", "starved")
    rests(live, at, 1.6 + TAIL_S + LATE_S)
    assert watch.mode == Mode.ACTIVE
    assert (
        "no usable chunk"
        in probe.until(lambda: [s for s in watch.said("/fuser", at) if "chunk" in s[1]], "said")[0][
            1
        ]
    )
    processes.restart("/policy")
    moving(robot, probe, "work resumes with a new policy")


@pytest.mark.parametrize("kind", ["memory", "monitor"])
def test_without_memory_or_monitor_motion_goes_on(live, kind):
    processes, probe, robot, watch, _ = live
    at = killed(live, kind)
    moves_on(live, at, 2.5)
    assert watch.mode == Mode.ACTIVE
    if kind == "memory":
        said = probe.until(
            lambda: [s for s in watch.said("/policy", at) if s[2]["memory_readout"] == "no"], "said"
        )
        assert said
    processes.restart(f"/{kind}")
    probe.until(lambda: watch.said(f"/{kind}", at), "it is back")
    if kind == "memory":
        probe.until(lambda: watch.said("/policy")[-1][2]["memory_readout"] == "yes", "it remembers")
    assert robot.speed > 0.0


def test_without_monitor_motion_ends_where_risk_is_required(live):
    """Required at run time; HOLD comes as the risk gets too old, and ends by itself."""
    processes, probe, robot, watch, _ = live
    from rcl_interfaces.srv import SetParameters
    from rclpy.parameter import Parameter

    def require(value):
        change = Parameter("require_risk", value=value).to_parameter_msg()
        response = probe.call("guard/set_parameters", SetParameters, parameters=[change])
        assert response.results[0].successful, response.results[0].reason

    require(True)
    killed(live, "monitor")
    probe.until(lambda: watch.mode == Mode.HOLD, "HOLD")
    probe.until(lambda: robot.speed == 0.0, "at rest")
    processes.restart("/monitor")
    probe.until(lambda: watch.said("/monitor", time.monotonic() - 1.0), "it is back")
    require(False)
    moving(robot, probe, "work resumes")
