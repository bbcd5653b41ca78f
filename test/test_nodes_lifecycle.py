"""Lifecycle, services and signals: every way to start, stop and end a node."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from live_chain import KINDS, ROBOT, Chain, FakeRobot, Watch, init, moving
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from ros_graph import Probe
from std_srvs.srv import SetBool, Trigger

from aura_ros.nodes.processes import NodeProcess, Processes
from aura_ros.nodes.topics import LATCHED
from aura_ros.types import Mode

CONFIGURE, CLEANUP = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_CLEANUP
ACTIVATE, DEACTIVATE = Transition.TRANSITION_ACTIVATE, Transition.TRANSITION_DEACTIVATE
END = {
    State.PRIMARY_STATE_UNCONFIGURED: Transition.TRANSITION_UNCONFIGURED_SHUTDOWN,
    State.PRIMARY_STATE_INACTIVE: Transition.TRANSITION_INACTIVE_SHUTDOWN,
    State.PRIMARY_STATE_ACTIVE: Transition.TRANSITION_ACTIVE_SHUTDOWN,
}
# For a process to end.
WAIT_S = 15.0
# A lease taken back, the stop tail, one tick of the robot, transport.
STOPPED_S = 0.02 + 0.2 + 0.02 + 0.25


def change(probe, node, transition):
    request = Transition(id=transition)
    return probe.call(f"{node}/change_state", ChangeState, transition=request).success


def state(probe, node):
    return probe.call(f"{node}/get_state", GetState).current_state.id


@pytest.fixture(scope="module", autouse=True)
def ros():
    init()


@pytest.fixture(scope="module")
def live():
    with Chain() as chain, Probe() as probe:
        yield chain, probe, FakeRobot(probe), Watch(probe)


def rests(probe, robot, at):
    """The robot rests soon after ``at``, as far as the machine gives time."""
    probe.until(lambda: robot.moved[-1][0] > at + STOPPED_S + 0.3, "time passes")
    since = at + STOPPED_S + robot.lost_s(at)
    probe.until(lambda: robot.moved[-1][0] > since + 0.1, "time passes")
    assert not any(s.velocity.any() for t, s in robot.moved if t > since)


def test_every_transition_of_every_node():
    """Twice through all states: what one activation leaves behind must not disturb the next."""
    with Chain(autostart=False) as chain, Probe() as probe:
        for node in KINDS:
            assert state(probe, node) == State.PRIMARY_STATE_UNCONFIGURED
            before = {s.topic_name for s in chain.nodes[node].subscriptions}
            for _ in range(2):
                for transition in (CONFIGURE, ACTIVATE, DEACTIVATE, CLEANUP):
                    assert change(probe, node, transition), (node, transition)
            assert {s.topic_name for s in chain.nodes[node].subscriptions} == before
            assert change(probe, node, END[State.PRIMARY_STATE_UNCONFIGURED])
            assert state(probe, node) == State.PRIMARY_STATE_FINALIZED


@pytest.mark.parametrize("node", KINDS)
def test_an_impossible_transition_is_refused_and_the_node_lives(live, node):
    _, probe, _, _ = live
    for transition in (CONFIGURE, ACTIVATE, CLEANUP, 99):
        assert not change(probe, node, transition)
    assert state(probe, node) == State.PRIMARY_STATE_ACTIVE


@pytest.mark.parametrize("node", KINDS)
def test_deactivation_in_motion_and_back(live, node):
    """Guard and fuser stop along the tail; without the others it is as if they were dead."""
    _, probe, robot, watch = live
    if watch.mode == Mode.DISARMED:
        probe.call("guard/arm", SetBool, data=True)
    moving(robot, probe)
    assert change(probe, node, DEACTIVATE)
    at = time.monotonic()
    if node in ("guard", "fuser"):
        rests(probe, robot, at)
    if node == "policy":
        probe.until(lambda: watch.fuser.state == "starved", "the plan ends")
    assert not probe.call(f"{node}/set_enabled", SetBool, data=True).success
    assert change(probe, node, ACTIVATE)
    if node == "guard":
        probe.until(lambda: watch.mode == Mode.DISARMED, "a person has to arm again")
        probe.call("guard/arm", SetBool, data=True)
    moving(robot, probe, f"moves with {node} active again")


def test_what_is_said_once_reaches_a_node_that_was_not_active(live):
    """A setting that changed and the motion that was committed meanwhile."""
    _, probe, robot, watch = live
    assert change(probe, "guard", DEACTIVATE)
    request = Parameter("source_timeout", value=0.6).to_parameter_msg()
    probe.call("guard/set_parameters", SetParameters, parameters=[request])
    probe.until(lambda: watch.fuser.state == "idle", "the stop is committed without the guard")
    assert change(probe, "guard", ACTIVATE)
    probe.until(lambda: watch.mode == Mode.DISARMED, "active")
    probe.until(lambda: watch.limit("front") == 0.6, "the check has the new limit")
    probe.call("guard/arm", SetBool, data=True)
    moving(robot, probe)


def test_disabling_and_arming(live):
    _, probe, robot, watch = live
    for service, kind in (("fuser/set_enabled", SetBool), ("guard/arm", SetBool)):
        moving(robot, probe)
        assert probe.call(service, kind, data=False).success
        rests(probe, robot, time.monotonic())
        assert probe.call(service, kind, data=True).success
    moving(robot, probe)
    answer = probe.call("guard/set_enabled", SetBool, data=False)
    assert answer.success
    probe.until(lambda: watch.mode == Mode.DISARMED, "disabled means disarmed")
    assert probe.call("guard/set_enabled", SetBool, data=True).success
    probe.until(lambda: robot.speed == 0.0, "enabling does not arm")
    assert watch.mode == Mode.DISARMED
    assert probe.call("guard/arm", SetBool, data=True).success
    moving(robot, probe)


def test_reset_of_every_node_leaves_it_working(live):
    _, probe, robot, watch = live
    committed = watch.fuser.committed
    for node in KINDS:
        assert probe.call(f"{node}/reset", Trigger).success
    probe.until(lambda: watch.fuser.committed > committed, "plans are committed after the reset")
    moving(robot, probe)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_signals_in_motion_end_every_process_with_status_0(number, tmp_path, monkeypatch):
    """Again and again, as a terminal, launch and people send them; the arm ends in its tail."""
    path = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    with Processes(tmp_path) as processes, Probe(namespace="/s") as probe:
        robot = FakeRobot(probe)
        running = {
            kind: processes.start(
                NodeProcess(
                    kind,
                    {"robot": ROBOT, **({"auto_arm": True} if kind == "guard" else {})},
                    namespace="/s",
                    module="sway_policy" if kind == "policy" else "",
                )
            )
            for kind in KINDS
        }
        moving(robot, probe)

        def all_ended():
            alive = [p for p in running.values() if p.poll() is None]
            for process in alive:
                process.send_signal(number)
            return not alive

        probe.until(all_ended, "all ended")
        assert {kind: p.returncode for kind, p in running.items()} == dict.fromkeys(running, 0)
        probe.until(lambda: robot.speed == 0.0, "at rest")
        for file in tmp_path.iterdir():
            assert "Traceback" not in file.read_text(), file.read_text()


def waits_for_a_urdf(probe):
    """A guard that waits for robot_state_publisher, and when it does."""
    publisher = probe.publisher("robot_description", "std_msgs/msg/String", LATCHED)
    yield NodeProcess("guard", {"robot": "franka_fr3"}, namespace="/w")
    yield probe.until(publisher.get_subscription_count, "it listens")


def waits_for_a_server(probe):
    """A policy node whose server takes the connection and says nothing, and when it does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(WAIT_S)
        address = f"localhost:{server.getsockname()[1]}"
        backend = {"backend": "websocket", "server": address, "connect_timeout": 3600.0}
        yield NodeProcess("policy", {"robot": ROBOT, **backend}, namespace="/w")
        with server.accept()[0]:
            yield


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
@pytest.mark.parametrize("waits", [waits_for_a_urdf, waits_for_a_server])
def test_a_signal_ends_a_node_that_still_waits(waits, number, tmp_path):
    with Processes(tmp_path) as processes, Probe(namespace="/w") as probe:
        steps = waits(probe)
        node = next(steps)
        process = processes.start(node)
        next(steps)
        process.send_signal(number)
        assert process.wait(WAIT_S) == 0
        assert "Traceback" not in processes.log(node.key).read_text()
        steps.close()


def test_a_signal_during_a_stall_counts_after_it(tmp_path):
    with Processes(tmp_path) as processes, Probe(namespace="/z") as probe:
        node = NodeProcess("fuser", {"robot": ROBOT}, namespace="/z")
        process = processes.start(node)
        status = probe.hear("fuser_status", "aura_ros/msg/FuserStatus")
        probe.until(lambda: status, "it is active")
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
            process.send_signal(number)
        assert process.wait(WAIT_S) == 0
        assert "Traceback" not in processes.log(node.key).read_text()
