"""A live fuser for a robot with a base and a tool: what it hears, what it commands, how it ends."""

from __future__ import annotations

import os
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from chain_values import home
from kinds import BASE, CONFIG, DOWN, FINGER, PLACE, TURN, every_kind
from rclpy.experimental import EventsExecutor
from rclpy.parameter import Parameter
from ros_graph import Probe
from scipy.spatial.transform import Rotation

from aura_ros.conversions import from_message, to_message
from aura_ros.conversions.fields import nanoseconds, stamp
from aura_ros.nodes.fuser import FuserNode
from aura_ros.nodes.messages import make
from aura_ros.nodes.processes import NodeProcess, Processes
from aura_ros.nodes.set_points import POSE_STAMPED, TWIST, TWIST_STAMPED, is_still
from aura_ros.nodes.topics import NEWEST, SENSOR, TOPICS
from aura_ros.types import (
    NS,
    ActionChunk,
    ClockJump,
    Decision,
    Lease,
    Mode,
    Proposal,
    Tripped,
    Verdict,
)

ROBOT = every_kind()
PERIOD_S = 0.02
# Velocity of the base: forward, to the right, turning. How far the tool sways and turns.
DRIVEN = np.array([0.2, -0.1, 0.4])
MOVED, TURNED = np.array([0.05, 0.0, -0.05]), np.array([0.0, 0.0, 0.5])
HELD = {"place": (0.1, 0.2, 0.5), "turn": (0.3, 0.2, 0.1)}


class World:
    """A robot that says where it was at the start, and a guard that allows everything."""

    def __init__(self, probe, namespace):
        self._probe, self.sequence, self._origin_ns = probe, 0, 0
        self.session = 1
        kinds = {"joints": "sensor_msgs/msg/JointState", "tool": POSE_STAMPED}
        self.topics = {"joints": "joint_states", "tool": "tool_pose"}
        self._sensors = {
            name: probe.publisher(topic, kinds[name], SENSOR) for name, topic in self.topics.items()
        }
        self._chain = {
            kind: probe.publisher(TOPICS[kind].name, f"aura_ros/msg/{kind.__name__}", NEWEST)
            for kind in (Lease, Verdict, ActionChunk)
        }
        self.proposals = probe.hear("proposed_plan", "aura_ros/msg/Plan")
        self.said = probe.hear("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray")
        self.twists = probe.hear("cmd_vel", TWIST, NEWEST)
        self.name = f"{namespace}/fuser"
        self.alive = {"joints", "tool"}
        self.granted = self.driving = True
        self._answered = 0
        probe.node.create_timer(PERIOD_S, self.tick)

    def tick(self):
        now_ns = time.time_ns()
        self.sequence += 1
        if "joints" in self.alive:
            self._sensors["joints"].publish(self._joints(now_ns))
        if "tool" in self.alive:
            self._sensors["tool"].publish(self._pose(now_ns))
        if self.granted:
            lease = Lease(self.session, self.sequence, now_ns, True, NS // 4, Mode.ACTIVE, "")
            self._tell(lease)
        for _, message in self.proposals[self._answered :]:
            plan = from_message(Proposal, message).plan
            digests = (plan.chunk_digest, plan.digest)
            self._tell(Verdict(now_ns, *digests, Decision.ALLOW, "", ()))
        self._answered = len(self.proposals)
        if self.driving and self.sequence % 10 == 0:
            self._tell(self._chunk(now_ns))

    def _tell(self, value):
        self._chain[type(value)].publish(to_message(value, make))

    def _joints(self, now_ns):
        position = home(ROBOT)[[0, 1, FINGER]]
        fields = {"name": ["elbow", "spin", "finger"], "position": position}
        message = make("sensor_msgs/msg/JointState", fields)
        message.header.stamp = stamp(make, now_ns)
        return message

    def _pose(self, now_ns):
        message = make(POSE_STAMPED, {})
        message.header.stamp, message.header.frame_id = stamp(make, now_ns), "world"
        place, turn = message.pose.position, message.pose.orientation
        place.x, place.y, place.z = HELD["place"]
        quaternion = Rotation.from_quat(DOWN) * Rotation.from_rotvec(HELD["turn"])
        turn.x, turn.y, turn.z, turn.w = quaternion.as_quat().tolist()
        return message

    def _chunk(self, now_ns):
        """Rows of one motion since the first chunk: the base drives on, the tool sways."""
        self._origin_ns = self._origin_ns or now_ns
        since = (now_ns - self._origin_ns) / NS + np.arange(30)[:, None] * 0.05
        rows = np.repeat(home(ROBOT)[None], 30, axis=0)
        rows[:, BASE] = since * DRIVEN
        rows[:, PLACE] = np.array(HELD["place"]) + np.sin(since) * MOVED
        rows[:, TURN] = np.array(HELD["turn"]) + np.sin(since) * TURNED
        return ActionChunk(1, 1, self.sequence, now_ns, now_ns, NS // 20, ROBOT.joints, rows)

    def words(self, since):
        return [
            status.message
            for at, array in self.said
            for status in array.status
            if status.name == self.name and at >= since
        ]


class Live:
    """A fuser node, spun by a thread, and its world."""

    def __init__(self, path, namespace, outputs=""):
        self.probe = Probe(namespace=namespace)
        values = {"robot": str(path), "command_outputs": outputs.split(",")}
        overrides = [Parameter(key, value=value) for key, value in values.items()]
        self.node = FuserNode(
            namespace=namespace, parameter_overrides=overrides, use_global_arguments=False
        )
        self._executor = EventsExecutor()
        self._executor.add_node(self.node)
        self.node.trigger_configure()
        self.node.trigger_activate()
        self._running = True
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()
        self.world = World(self.probe, namespace)

    def _spin(self):
        while self._running:
            self._executor.spin_once(timeout_sec=0.1)

    def end(self):
        self._running = False
        self._thread.join()
        self.node.end()
        self.probe.__exit__()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("kinds") / "every.yaml"
    file.write_text(CONFIG)
    return file


@pytest.fixture
def live(path, request):
    made = Live(path, f"/{request.node.name.split('[')[0][5:30]}", getattr(request, "param", ""))
    yield made
    made.end()


def numbers(vector):
    return np.array([vector.x, vector.y, vector.z])


def rates(twist):
    """Velocity and angular velocity (6,) of a Twist."""
    return np.concatenate([numbers(twist.linear), numbers(twist.angular)])


def driving(live):
    """Wait until the base goes at the velocity of the rows."""
    wanted, twists = np.array([*DRIVEN[:2], 0.0, 0.0, 0.0, DRIVEN[2]]), live.world.twists

    def steady():
        return twists and np.abs(rates(twists[-1][1]) - wanted).max() < 0.02

    live.probe.until(steady, "the base goes at its speed")


def silent(live, heard):
    """Wait until nothing more is said, and give the last word."""
    count = [0, time.monotonic()]

    def quiet():
        if len(heard) != count[0]:
            count[:] = len(heard), time.monotonic()
        return time.monotonic() - count[1] > 0.3

    live.probe.until(quiet, "silence")
    return heard[-1][1]


def test_a_base_drives_as_planned_and_comes_to_rest_when_the_lease_ends(live):
    driving(live)
    live.world.granted = live.world.driving = False
    last = silent(live, live.world.twists)
    assert is_still(last)
    times, messages = zip(*live.world.twists, strict=True)
    change = np.abs(np.diff([rates(m) for m in messages], axis=0))[:, [0, 1, 5]]
    # A smooth stop: what is heard late may have changed for longer, by 30 ms at most.
    longest = np.diff(times)[:, None] + 0.03
    assert (change <= ROBOT.limits.acceleration[BASE] * longest).all()


@pytest.mark.parametrize("end", [ClockJump(), Tripped("step"), "deactivated"], ids=type)
def test_however_motion_ends_the_last_word_to_a_base_is_zero(live, end):
    driving(live)
    live.world.granted = live.world.driving = False
    if end == "deactivated":
        live.node.trigger_deactivate()
    else:
        if isinstance(end, Tripped):
            live.node._loop.tripped = end.check
        live.node.post(end)
    assert is_still(silent(live, live.world.twists))


BROKEN = """
import sys
from aura_ros.nodes.fuser import FuserNode
from aura_ros.nodes.run import run
from aura_ros.types import Lease

class Broken(FuserNode):
    def deliver(self, value):
        if isinstance(value, Lease) and value.session == 2:
            {broken} = lambda *_: 1 / 0
        super().deliver(value)

sys.exit(run(Broken))
"""


@pytest.mark.parametrize("broken", ["self._core.handle", "self._loop.command"])
def test_what_fails_in_motion_stops_it_and_the_process(path, broken, tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text(BROKEN.format(broken=broken))
    here = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), here]))
    values = {"robot": str(path), "command_outputs": [""]}
    name = f"/{broken.split('.')[1].strip('_')}"
    with Processes(tmp_path) as processes, Probe(namespace=name) as probe:
        node = NodeProcess("fuser", values, namespace=name, module="broken")
        process = processes.start(node)
        live = SimpleNamespace(probe=probe, world=World(probe, name))
        driving(live)
        live.world.session = 2
        probe.until(lambda: process.poll() is not None, "it ends")
        assert process.returncode == 1
        assert "ZeroDivisionError" in processes.log(node.key).read_text()
        assert is_still(silent(live, live.world.twists))


def test_servo_is_told_velocities_from_where_the_tool_was_measured(live):
    heard = live.probe.hear("servo_node/delta_twist_cmds", TWIST_STAMPED, NEWEST)
    commands = live.probe.hear("command", "aura_ros/msg/Command", SENSOR)
    committed = live.probe.hear("committed_plan", "aura_ros/msg/Plan")
    driving(live)
    asked = {nanoseconds(m.stamp): np.array(m.velocity) for _, m in commands}
    both = [(m, asked[at]) for _, m in heard if (at := nanoseconds(m.header.stamp)) in asked]
    assert len(both) > 10
    for message, velocity in both:
        assert message.header.frame_id == "world"
        np.testing.assert_array_equal(numbers(message.twist.linear), velocity[PLACE])
        assert (
            np.linalg.norm(numbers(message.twist.angular)) <= np.linalg.norm(velocity[TURN]) + 1e-9
        )
    # Its own axis points down: turning about it is turning about minus z of the frame, nearly.
    assert min(m.twist.angular.z for m, _ in both) < -0.2
    first = np.array(committed[0][1].position).reshape(-1, 12)[0]
    np.testing.assert_allclose(first[PLACE], HELD["place"], atol=1e-9)
    np.testing.assert_allclose(first[TURN], HELD["turn"], atol=1e-9)
    assert not first[BASE].any()


@pytest.mark.parametrize("live", ["joints,base,pose,gripper"], indirect=True)
def test_servo_is_told_poses_that_run_from_the_measured_one(live):
    heard = live.probe.hear("servo_node/pose_target_cmds", POSE_STAMPED, NEWEST)

    def places():
        return np.array([numbers(m.pose.position) for _, m in heard])

    live.probe.until(lambda: heard and np.abs(places() - places()[0]).max() > 0.01, "it sways")
    live.probe.until(lambda: len(heard) > 200, "poses")
    said, held = places(), np.array(HELD["place"])
    times = np.array([nanoseconds(m.header.stamp) for _, m in heard]) / NS
    np.testing.assert_allclose(said[0], held, atol=0.05)
    reach = ROBOT.limits.velocity[PLACE] * np.diff(times)[:, None] + 1e-6
    # Where a lease ended on a busy machine, it begins anew where the tool is measured: held.
    anew = np.isclose(said[1:], held, atol=1e-6).all(axis=1)
    assert (np.abs(np.diff(said, axis=0)) <= reach)[~anew].all()


def test_a_silent_pose_is_said_and_nothing_begins_without_it(live):
    live.world.alive = {"joints"}
    began = time.monotonic()
    words = "pose_tool: nothing on"
    live.probe.until(lambda: any(words in text for text in live.world.words(began)), words)
    status = live.probe.hear("fuser_status", "aura_ros/msg/FuserStatus")
    live.probe.until(lambda: status and "tool_pose" in status[-1][1].last_refusal, "refused")
    assert not live.world.twists
    live.world.alive = {"joints", "tool"}
    driving(live)
