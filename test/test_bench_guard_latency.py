"""What is timed is what the guard does for a chunk and its plan, and all of it moves."""

import pytest

pytest.importorskip("mujoco", reason="the bench needs the embedded robot")
pytest.importorskip("pinocchio", reason="distances and the humanoid's URDF need pin")

from aura_ros.bench.guard import latency
from aura_ros.bench.guard.gates import NoGate
from aura_ros.bench.guard.stream import ROWS, Stream, two_arms


def test_the_robot_has_fourteen_joints_and_fifty_rows():
    robot = two_arms()
    assert (len(robot.joints), robot.horizon, ROWS) == (14, 50, 50)
    assert len(robot.limits.velocity) == 14


def test_every_turn_of_the_stream_is_allowed_and_timed():
    stream = Stream(two_arms(), NoGate())
    stream.run(10)
    assert stream.allowed == len(stream.guard.taken) == len(stream.baseline) == 10
    assert min(stream.guard.taken) > 0


def test_the_figures_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(latency, "QUICK_TURNS", 25)
    monkeypatch.setattr(latency, "RECORDED", 9)
    found = latency.measured(tmp_path, True, str)
    wanted = {"latency_p99_ms", "latency_geometry_p99_ms", "session_risk_p99_us"}
    assert wanted <= set(found)
    assert found["latency_turns_allowed"] == found["latency_geometry_turns_allowed"] == 25
    assert found["latency_no_gate_p50_ms"] < found["latency_p50_ms"]
    assert found["latency_p50_ms"] < found["latency_geometry_p50_ms"]
    pairs = {frozenset(pair.split(" / ")) for pair in found["latency_geometry_pairs"].split(", ")}
    links = set(latency.shipped_self_collision()["links"])
    arms = {name for name in links if name.startswith(("left", "right"))}
    assert set().union(*pairs) == links | {"in_front"}
    assert {next(iter(pair - {"in_front"})) for pair in pairs if "in_front" in pair} == arms
    assert {"left_hand_palm_link", "torso_link"} in pairs
    assert {"left_hand_palm_link", "right_hand_palm_link"} in pairs
