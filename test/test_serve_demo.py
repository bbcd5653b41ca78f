"""The demo policy behind a server answers as it does in the process of the node."""

import demo_tensors
import numpy as np
import pytest

pytest.importorskip("msgpack")
pytest.importorskip("websockets")
pytest.importorskip("safetensors")

from chain_values import home, toy
from safetensors.numpy import save_file

from aura_ros.policy.backend import FlowField
from aura_ros.policy.demo import DemoBackend
from aura_ros.policy.demo_artifact import DemoPolicyError
from aura_ros.policy.websocket import WebsocketBackend, WebsocketOptions
from aura_ros.robot.description import Camera
from aura_ros.serve import demo
from aura_ros.serve.registry import load
from aura_ros.serve.server import PolicyServer
from aura_ros.types import NS, Image, JointState, KinematicState, Observation, Request

ROBOT = toy(cameras=(Camera("front", "front"), Camera("wrist", "wrist")))
SHAPE = (demo_tensors.HORIZON, 3)


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "load_robot", {ROBOT.name: ROBOT}.__getitem__)
    save_file(demo_tensors.tensors(), tmp_path / "demo.safetensors", demo_tensors.metadata(ROBOT))
    return tmp_path / "demo.safetensors"


@pytest.fixture
def backends(path):
    """The policy in this process and the same one behind a server."""
    inside = DemoBackend(demo_tensors.tensors(), demo_tensors.metadata(ROBOT), ROBOT)
    with PolicyServer(load("demo", path), "127.0.0.1", 0) as server:
        options = WebsocketOptions(f"127.0.0.1:{server.port}")
        yield inside, WebsocketBackend(ROBOT, options)


def picture(name, seed):
    side = 2 * demo_tensors.SIZE
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    return Image(name, 0, "rgb8", side, side, pixels.tobytes())


def request(ahead_s=0.25, speed=0.1):
    """Measured, told and moving: all of them apart."""
    images = {"front": picture("front", 1), "wrist": picture("wrist", 2)}
    measured = JointState(0, home(ROBOT) + 0.005, np.zeros(3))
    seen = Observation(0, images, measured, demo_tensors.INSTRUCTIONS[0])
    velocity = np.array([speed, -speed, 0.0])
    start = KinematicState(round(ahead_s * NS), home(ROBOT) - 0.005, velocity, np.zeros(3))
    return Request(1, 1, seen, start, None)


def test_rows_and_features_are_the_same(backends):
    inside, behind = backends
    for asked in (request(), request(ahead_s=0.5), request(speed=-0.2)):
        expected = inside.encode(asked.observation)
        features = behind.encode(asked.observation)
        rows = behind.act(asked, features)
        np.testing.assert_allclose(rows, inside.act(asked, expected), atol=1e-6)
        np.testing.assert_allclose(features, expected, atol=1e-6)
    assert np.abs(rows - behind.act(request(), np.zeros_like(features))).max() > 1e-3
    drawn = behind.sample(asked, features, 3)
    np.testing.assert_array_equal(drawn[0], rows)
    assert np.ptp(drawn[:, -1], axis=0).max() > 1e-3


def test_its_flow_is_the_same(backends):
    inside, behind = backends
    assert inside.declared.flow
    assert isinstance(behind, FlowField)
    asked = request()
    noisy = home(ROBOT) + 0.1 * np.random.default_rng(3).standard_normal(SHAPE)
    embedding = inside.encode(asked.observation)
    for time in (0.0, 0.6):
        expected = inside.velocity(asked, embedding, noisy, time)
        found = behind.velocity(asked, np.zeros_like(embedding), noisy, time)
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_what_is_no_artifact_is_said(path):
    path.write_text("no tensors")
    with pytest.raises(DemoPolicyError, match=r"no safetensors file.*`aura train`"):
        load("demo", path)
    save_file(demo_tensors.tensors(), path, {"format": "other"})
    with pytest.raises(DemoPolicyError, match="no artifact of the demo policy: it names no robot"):
        load("demo", path)
