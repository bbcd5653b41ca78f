"""Backends by parameters: what does not fit ends the node, what fits drives the chain."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("msgpack")
pytest.importorskip("websockets")

from live_chain import FakeRobot, init
from policy_servers import Weighted, openpi_server
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from ros_graph import Probe
from sway_policy import HOME

from aura_ros.nodes import backends
from aura_ros.nodes.backends import BACKEND_SETTINGS, check_timeouts, make_backend
from aura_ros.nodes.policy import PolicyNode
from aura_ros.nodes.run import MISCONFIGURED
from aura_ros.policy.backend import declared_of
from aura_ros.policy.config import PolicyConfig
from aura_ros.policy.declared import CameraInput, Declared, StateInput
from aura_ros.policy.demo import DemoBackend
from aura_ros.policy.interpretation import make_actions
from aura_ros.policy.slowed import Slowed
from aura_ros.robot.load import load_robot
from aura_ros.serve.server import PolicyServer
from aura_ros.sim.tasks import INSTRUCTIONS

ROBOT = "embedded_panda"
PANDA = Declared(
    "panda",
    (CameraInput("observation.images.front", 8, 8), CameraInput("observation.images.wrist", 8, 8)),
    (StateInput("observation.state", 8),),
    8,
    16,
    0.05,
    "arm: relative; gripper: absolute",
    features=3,
)


class Slow(Weighted):
    """Steps away from the told state: relative arm joints, absolute gripper."""

    def infer(self, observation, samples):
        self.heard.append(observation)
        ramp = np.arange(self.declared.horizon, dtype=np.float32)[:, None] / 1000
        rows = np.hstack([np.tile(ramp, 7), np.full_like(ramp, 0.02)])
        return {"actions": rows, "features": np.array([1.0, 2.0, 3.0])}


def chosen(**changes):
    return {s.name: s.default for s in BACKEND_SETTINGS} | {"connect_timeout": 2.0} | changes


def no_urdf():
    raise AssertionError("no layout needed the URDF")


def served(**changes):
    return PolicyServer(Slow(replace(PANDA, **changes)), "127.0.0.1", 0)


def test_a_declared_policy_needs_only_its_address():
    robot = load_robot(ROBOT)
    with served() as server:
        backend = make_backend(
            robot, chosen(backend="websocket", server=f"127.0.0.1:{server.port}")
        )
    assert make_actions(robot, "", backend, no_urdf).layout == PANDA.actions


@pytest.mark.parametrize(
    ("changes", "actions", "words"),
    [
        ({"action_width": 7}, "", "panda answers rows of 7 numbers, but layout.*needs 8"),
        ({"actions": ""}, "arm: absolute", "answers rows of 8 numbers, but layout 'arm: absolute'"),
        ({"actions": "amr: delta"}, "", "parameter actions: 'amr: delta'.*no group 'amr'"),
    ],
)
def test_rows_of_another_width_are_refused_before_they_are_asked_for(changes, actions, words):
    robot, server = load_robot(ROBOT), served(**changes)
    with server:
        values = chosen(backend="websocket", server=f"127.0.0.1:{server.port}")
        backend = make_backend(robot, values)
        with pytest.raises(ValueError, match=words):
            make_actions(robot, actions, backend, no_urdf)
    assert not server._served.heard


def test_rows_of_openpi_of_another_width_are_refused_too():
    robot = load_robot(ROBOT)
    keys = {"camera_keys": "image: front", "state_keys": "state: arm, gripper"}
    with openpi_server(lambda observation: {"actions": np.zeros((4, 7))}) as address:
        backend = make_backend(robot, chosen(backend="websocket", server=address, **keys))
        with pytest.raises(ValueError, match=r"openpi answers rows of 7 numbers.*needs 8"):
            make_actions(robot, "", backend, no_urdf)


class Declares:
    """A backend of this process that declares itself."""

    name = "inside"

    def __init__(self, declared):
        self.declared = declared


def test_backends_of_this_process_are_held_to_what_they_declare(monkeypatch):
    robot = load_robot(ROBOT)
    made = Declares(replace(PANDA, row_period_s=0.1))
    monkeypatch.setattr(
        backends, "_MAKERS", {**backends._MAKERS, "recorded": lambda robot, chosen: made}
    )
    with pytest.raises(ValueError, match=r"rows 0.1 s apart"):
        make_backend(robot, chosen(backend="recorded"))
    with pytest.raises(ValueError, match="answers rows of 9 numbers"):
        make_actions(robot, "", Declares(replace(PANDA, action_width=9)), no_urdf)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"backend": "websockt"}, "backend is 'websockt'; it must be one of scripted, "),
        ({"backend": "demo", "artifact": "none"}, "none does not exist: give an artifact"),
        ({"backend": "my_vla:load"}, "backend my_vla:load needs parameter path: the directory of"),
        ({"backend": "no_vla:load", "path": "."}, "cannot be imported: No module named 'no_vla'"),
        ({"backend": "my_vla:load", "path": "nowhere"}, "nowhere does not exist; .*parameter path"),
        ({"backend": "recorded"}, "needs parameter recording"),
        ({"backend": "websocket", "server": "host:0"}, "'host:0' is no address"),
        (
            {"backend": "websocket", "server": "127.0.0.1:9", "connect_timeout": 0.1},
            "backend websocket: no connection to ws://127.0.0.1:9.*is the server running",
        ),
        (
            {
                "backend": "openvla",
                "server": "127.0.0.1:9",
                "connect_timeout": 0.1,
                "camera_keys": "image: front",
            },
            "backend openvla: no answer from http://127.0.0.1:9/act",
        ),
        ({"backend": "openvla"}, "sees one image, and embedded_panda has 2 cameras"),
    ],
)
def test_a_backend_that_cannot_be_made_is_said(changes, words):
    with pytest.raises(ValueError, match=words):
        make_backend(load_robot(ROBOT), chosen(**changes))


@pytest.mark.parametrize(("name", "lacks"), [("websocket", "websockets"), ("openvla", "json_num")])
def test_libraries_that_are_absent_are_named(name, lacks, monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda module: None)
    with pytest.raises(ValueError, match=rf"{lacks}.* absent: pip install .*serve.txt"):
        make_backend(load_robot(ROBOT), chosen(backend=name))


def test_an_answer_is_given_up_before_its_request():
    """At configuration, and when the shorter one is changed in a running node."""
    values = chosen(backend="websocket", answer_timeout=2.0)
    check_timeouts(values, 2.1)
    words = "answer_timeout is 2 s and request_timeout 2 s: .*set answer_timeout below"
    with pytest.raises(ValueError, match=words):
        check_timeouts(values, 2.0)
    check_timeouts(chosen(backend="scripted", answer_timeout=2.0), 1.0)
    init()
    given = {"robot": ROBOT, "backend": "websocket", "server": "127.0.0.1:9"}
    late = {"connect_timeout": 0.1, "answer_timeout": 3.0, "request_timeout": 2.0}
    overrides = [Parameter(k, value=v) for k, v in (given | late).items()]
    node = PolicyNode(parameter_overrides=overrides)
    try:
        with pytest.raises(ValueError, match="answer_timeout is 3 s and request_timeout 2 s"):
            node.build(load_robot(ROBOT), PolicyConfig(request_timeout=2.0))
        for timeout, is_good in ((1.0, False), (3.5, True), (2.9, False)):
            said = node.set_parameters([Parameter("request_timeout", value=timeout)])[0]
            assert said.successful == is_good, said.reason
            assert is_good or "set answer_timeout below request_timeout" in said.reason
        assert node.get_parameter("request_timeout").value == 3.5
    finally:
        node.end()


def test_a_server_drives_the_chain_and_sends_its_features():
    init()
    with served() as server, Probe() as probe:
        policy = server._served
        weights = policy.digest()
        values = {
            "robot": ROBOT,
            "backend": "websocket",
            "server": f"ws://127.0.0.1:{server.port}",
            "in_flight": 2,
            "roll_forward": False,
        }
        node = PolicyNode(parameter_overrides=[Parameter(k, value=v) for k, v in values.items()])
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        node.trigger_configure()
        node.trigger_activate()
        chunks = probe.hear("chunk", "aura_ros/msg/ActionChunk")
        features = probe.hear("features", "aura_ros/msg/PolicyFeatures")
        FakeRobot(probe)

        def three():
            executor.spin_once(timeout_sec=0.005)
            return len(chunks) >= 3 and len(features) >= 3

        probe.until(three, "chunks of the server's rows")
        executor.remove_node(node)
        node.end()
    rows = np.reshape(chunks[0][1].rows, (-1, 8))
    assert len(rows) == PANDA.horizon
    np.testing.assert_allclose(rows[0], HOME, atol=1e-6)
    np.testing.assert_allclose(np.diff(rows[:, :7], axis=0), 0.001, atol=1e-7)
    np.testing.assert_allclose(features[0][1].embedding, [1, 2, 3])
    assert policy.heard[0]["prompt"] == "sway"
    np.testing.assert_allclose(policy.heard[0]["observation.state"], HOME, atol=1e-6)
    assert policy.digest() == weights == policy.declared.weights_digest


def test_a_policy_that_does_not_fit_ends_the_node():
    with served(row_period_s=0.1) as server:
        command = [sys.executable, "-m", "aura_ros.nodes.policy", "--ros-args"]
        command += ["-p", f"robot:={ROBOT}", "-p", "backend:=websocket"]
        command += ["-p", f"server:=127.0.0.1:{server.port}"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = ended.stdout + ended.stderr
    assert ended.returncode == MISCONFIGURED, said
    assert "policy panda answers rows 0.1 s apart, but action.row_period of embedded_panda" in said


def test_the_demo_policy_ships_and_is_slowed_on_demand():
    robot = load_robot(ROBOT)
    fast = make_backend(robot, chosen(backend="demo"))
    slow = make_backend(robot, chosen(backend="demo", latency=0.1))
    assert isinstance(fast, DemoBackend)
    assert set(fast.instructions) == set(INSTRUCTIONS)
    assert isinstance(slow, Slowed)
    assert declared_of(slow) == declared_of(fast)


def test_a_policy_that_was_not_installed_is_said(monkeypatch):
    monkeypatch.setattr("aura_ros.policy.shipped.find_share", lambda name: None)
    with pytest.raises(ValueError, match=r"policy 'demo' is not installed .*aura train demo"):
        make_backend(load_robot(ROBOT), chosen(backend="demo"))
