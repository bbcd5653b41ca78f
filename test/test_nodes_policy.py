"""The policy node: several requests at a backend, and what its rows mean."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

pytest.importorskip("rclpy")

from live_chain import FakeRobot, init
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from ros_graph import Probe
from sway_policy import HOME

from aura_ros.nodes import policy
from aura_ros.nodes.policy import PolicyNode, Worker
from aura_ros.nodes.run import MISCONFIGURED
from aura_ros.policy.interpretation import make_actions
from aura_ros.robot.load import load_robot
from aura_ros.robot.urdf_source import urdf_of
from aura_ros.types import KinematicState, Observation, Request

ROBOT = "embedded_panda"
TOOL = "arm: pose_delta euler sxyz tip_link panda_hand; gripper: absolute lower 0 upper 1"
WAIT_S = 20.0


class Gate:
    """A backend of steps that answers a request when its sequence is let through."""

    name = "gate"
    actions = "arm: delta; gripper: absolute"

    def __init__(self):
        self._news = threading.Condition()
        self.inside, self.let, self.most, self.all = [], set(), 0, False

    def encode(self, observation):
        return np.zeros(2)

    def act(self, request, embedding):
        with self._news:
            self.inside.append(request.sequence)
            self.most = max(self.most, len(self.inside))
            self._news.notify_all()
            self._news.wait_for(lambda: self.all or request.sequence in self.let, WAIT_S)
            self.inside.remove(request.sequence)
        if request.sequence % 100 == 99:
            raise RuntimeError("broken")
        return np.tile([*[0.001] * 7, 0.02], (5, 1))

    def open(self, *sequences):
        with self._news:
            self.let |= set(sequences)
            self.all |= not sequences
            self._news.notify_all()

    def until(self, what):
        with self._news:
            assert self._news.wait_for(what, WAIT_S), self.inside


def request(sequence):
    rest = np.zeros(8)
    return Request(sequence, 0, Observation(0, {}, None, ""), KinematicState(0, *[rest] * 3), None)


class Answers:
    """Collects what a worker posts."""

    def __init__(self):
        self._news = threading.Condition()
        self.heard = []

    def post(self, response):
        with self._news:
            self.heard.append(response)
            self._news.notify_all()

    def until(self, count):
        with self._news:
            assert self._news.wait_for(lambda: len(self.heard) >= count, WAIT_S)
        return [response.sequence for response in self.heard]


def test_a_worker_asks_as_many_at_a_time_as_are_in_flight():
    gate, answers = Gate(), Answers()
    worker = Worker(gate, answers.post)
    for sequence in (1, 2):
        worker.ask(request(sequence), in_flight=2)
    gate.until(lambda: len(gate.inside) == 2)
    worker.ask(request(3), in_flight=2)
    gate.open(2)
    assert answers.until(1) == [2]
    gate.until(lambda: sorted(gate.inside) == [1, 3])
    gate.open(1, 3)
    assert sorted(answers.until(3)) == [1, 2, 3]
    worker.close()
    assert gate.most == 2


def test_requests_that_were_given_up_meanwhile_are_not_asked():
    gate, answers = Gate(), Answers()
    worker = Worker(gate, answers.post)
    worker.ask(request(1))
    gate.until(lambda: gate.inside == [1])
    for sequence in (2, 3, 4):
        worker.ask(request(sequence))
    gate.open()
    assert answers.until(2) == [1, 4]
    worker.close()


def test_what_a_backend_raises_is_an_answer():
    gate, answers = Gate(), Answers()
    worker = Worker(gate, answers.post)
    gate.open()
    worker.ask(request(99))
    answers.until(1)
    assert answers.heard[0].error == "gate: broken"
    worker.close()


# --- layouts --------------------------------------------------------------------------------


def no_urdf():
    raise AssertionError("no layout needed the URDF")


def test_the_backend_declares_its_rows_and_the_parameter_goes_first():
    robot, gate = load_robot(ROBOT), Gate()
    assert make_actions(robot, "", gate, no_urdf).layout == Gate.actions
    assert make_actions(robot, "arm: relative", gate, no_urdf).layout == "arm: relative"
    del Gate.actions
    try:
        assert make_actions(robot, "", gate, no_urdf).layout == "arm: absolute; gripper: absolute"
    finally:
        Gate.actions = "arm: delta; gripper: absolute"


def test_poses_of_the_shipped_arm_become_joints():
    pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
    robot = load_robot(ROBOT)
    actions = make_actions(robot, TOOL, Gate(), lambda: urdf_of(ROBOT))
    rows = actions.rows(np.tile([0.01, 0, 0, 0, 0, 0, 0.5], (8, 1)), HOME)
    assert rows.shape == (9, 8)
    np.testing.assert_allclose(rows[0, :7], HOME[:7], atol=1e-6)
    np.testing.assert_allclose(rows[:, 7], robot.limits.upper[7] / 2)
    assert np.abs(np.diff(rows[:, :7], axis=0)).max() < 0.05


def test_a_link_that_the_robot_has_not_is_said():
    pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
    with pytest.raises(ValueError, match=r"parameter actions: no link 'panda_hnd'.*'panda_hand'"):
        make_actions(load_robot(ROBOT), TOOL.replace("hand", "hnd"), Gate(), lambda: urdf_of(ROBOT))


# --- the node -------------------------------------------------------------------------------


def test_answers_in_any_order_become_chunks_in_theirs(monkeypatch):
    init()
    gate = Gate()
    monkeypatch.setattr(policy, "make_backend", lambda robot, chosen: gate)
    values = {"robot": ROBOT, "in_flight": 2, "initial_latency": 0.1, "roll_forward": False}
    node = PolicyNode(parameter_overrides=[Parameter(k, value=v) for k, v in values.items()])
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    with Probe() as probe:
        node.trigger_configure()
        node.trigger_activate()
        chunks = probe.hear("chunk", "aura_ros/msg/ActionChunk")
        FakeRobot(probe)

        def both(done):
            executor.spin_once(timeout_sec=0.005)
            return done()

        probe.until(lambda: both(lambda: len(gate.inside) == 2), "two requests at the backend")
        first, second = sorted(gate.inside)
        gate.open(second)
        probe.until(lambda: both(lambda: len(chunks) == 1), "the newer answer is passed on")
        gate.open(first)
        gate.open()
        probe.until(lambda: both(lambda: len(chunks) >= 4), "the policy goes on")
    executor.remove_node(node)
    node.end()
    sequences = [message.sequence for _, message in chunks]
    assert sequences[0] == second
    assert first not in sequences
    assert sequences == sorted(sequences)
    rows = np.reshape(chunks[0][1].rows, (-1, 8))
    assert gate.most == 2
    np.testing.assert_allclose(rows[0], HOME, atol=1e-6)
    np.testing.assert_allclose(np.diff(rows[:, :7], axis=0), 0.001, atol=1e-9)


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ("amr: absolute", "parameter actions: 'amr: absolute': embedded_panda has no group 'amr'"),
        ("arm: pose_dleta euler sxyz", "did you mean 'pose_delta'?"),
    ],
)
def test_a_layout_that_does_not_fit_ends_the_node(actions, words):
    command = [sys.executable, "-m", "aura_ros.nodes.policy", "--ros-args"]
    command += ["-p", f"robot:={ROBOT}", "-p", "backend:=scripted", "-p", f"actions:='{actions}'"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == MISCONFIGURED, ended.stdout + ended.stderr
    assert words in ended.stdout + ended.stderr
