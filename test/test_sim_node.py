"""The node over real ROS 2: what it publishes, what it takes, how it fails and how it ends."""

import signal
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from sim_client import DOMAINS, FRONT, PATIENCE_S, Client, pixels, stamp_ns, start_sim, stop_sim
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger

from aura_ros.sim import gl
from aura_ros.sim.model import HOME, JOINTS

pytestmark = pytest.mark.skipif(not gl.backends(), reason=f"no OpenGL here: {gl.REMEDY}")


@pytest.fixture(scope="module")
def sim():
    process = start_sim(DOMAINS[0])
    yield process
    assert stop_sim(process)[0] == 0


@pytest.fixture(scope="module")
def client(sim):
    client = Client(DOMAINS[0])
    yield client
    client.close()


@pytest.fixture
def healthy(client):
    """The client, with all faults cleared afterwards."""
    yield client
    cleared = {"camera_front": "none", "drop_joint_states": False, "latency_s": 0.0}
    assert client.set(**cleared, joint_noise=0.0, slip=False).successful


def test_joint_states_come_at_100_hz_in_joint_order(client):
    states = client.fresh("joint_states", 100)
    assert all(tuple(state.name) == JOINTS for state in states)
    assert all(len(state.position) == len(state.velocity) == 8 for state in states)
    assert np.median(np.diff([stamp_ns(state) for state in states])) == pytest.approx(1e7, rel=0.3)


@pytest.mark.parametrize("camera", ["front", "wrist"])
def test_images_are_live_and_stamped_with_wall_time(client, camera):
    images = client.fresh(f"camera/{camera}/image_raw", 5)
    for image in images:
        assert (image.encoding, image.header.frame_id) == ("rgb8", f"{camera}_camera")
        assert (image.height, image.width, image.step) == (48, 64, 192)
        assert pixels(image).mean() > 30
    assert len({bytes(image.data) for image in images}) == 5
    assert 0 <= time.time_ns() - stamp_ns(images[-1]) < 2e9


def test_objects_are_poses_in_the_base_frame(client):
    (objects,) = client.fresh("objects")
    assert objects.header.frame_id == "panda_link0"
    assert len(objects.poses) == 3
    assert 0.3 < objects.poses[0].position.x < 0.7


def test_instruction_and_success_are_latched(client):
    late = Client(DOMAINS[0])
    late.wait(lambda: late.heard["instruction"] and late.heard["success"])
    late.close()
    assert late.heard["instruction"][0].data == "push the red cube onto the green disc"
    assert late.heard["success"][0].data is False


def test_a_trajectory_is_followed_and_positions_take_over(client):
    first, second = HOME.copy(), HOME.copy()
    first[0], second[0], second[7] = 0.2, 0.19, 0.03
    client.follow(first, 0.5)
    client.arrive(first)
    client.positions.publish(Float64MultiArray(data=second.tolist()))
    client.arrive(second)


def test_a_refused_command_moves_nothing_and_is_reported(client):
    client.follow(HOME, 0.2)
    client.arrive(HOME)
    begin = len(client.heard["joint_states"])
    client.follow(HOME + 0.5, 0.2, names=[*JOINTS[:7], "elbow"])
    client.wait(lambda: "unknown joints ['elbow']" in client.diagnosed("sim: commands"))
    sentinel = HOME.copy()
    sentinel[6] += 0.05
    client.follow(sentinel, 0.3)
    client.arrive(sentinel)
    seen = np.array([state.position for state in client.heard["joint_states"][begin:]])
    assert np.abs(seen - HOME)[:, :6].max() < 0.01


def test_episodes_answer_with_their_seeds_and_repeat_the_instruction(client):
    told = len(client.heard["instruction"])
    before = client.fresh("objects")[0].poses
    answer = client.call(Trigger, "sim/new_episode", Trigger.Request())
    assert (answer.success, answer.message) == (True, "8")
    client.wait(lambda: client.heard["objects"][-1].poses != before)
    assert client.call(Trigger, "sim/reset", Trigger.Request()).message == "7"
    client.arrive(HOME)
    client.wait(lambda: len(client.heard["instruction"]) == told + 2)


def test_a_frozen_camera_repeats_its_frame_with_fresh_stamps(healthy):
    assert healthy.set(camera_front="frozen").successful
    healthy.fresh(FRONT, 2)
    images = healthy.fresh(FRONT, 4)
    assert len({bytes(image.data) for image in images}) == 1
    assert len({stamp_ns(image) for image in images}) == 4
    assert len({bytes(i.data) for i in healthy.fresh("camera/wrist/image_raw", 4)}) == 4


def test_a_black_camera_is_black(healthy):
    assert healthy.set(camera_front="black").successful
    healthy.wait(lambda: not pixels(healthy.heard[FRONT][-1]).any())


def test_dropped_joint_states_stop_and_return(healthy):
    assert healthy.set(drop_joint_states=True).successful
    healthy.fresh(FRONT, 2)
    before = len(healthy.heard["joint_states"])
    healthy.fresh(FRONT, 5)
    assert len(healthy.heard["joint_states"]) == before
    assert healthy.set(drop_joint_states=False).successful
    healthy.fresh("joint_states", 5)


def test_latency_delays_observations_but_not_their_stamps(healthy):
    assert healthy.set(latency_s=0.4).successful
    healthy.fresh("joint_states", 60)
    for topic in ("joint_states", FRONT, "objects"):
        (message,) = healthy.fresh(topic)
        assert time.time_ns() - stamp_ns(message) >= 0.39e9


def test_noise_shakes_the_measured_positions(healthy):
    assert healthy.set(joint_noise=0.01).successful
    healthy.fresh("joint_states", 10)
    states = np.array([state.position for state in healthy.fresh("joint_states", 50)])
    assert 0.005 < states.std(axis=0).mean() < 0.02


@pytest.mark.parametrize(
    ("fault", "reason"),
    [({"camera_front": "dusty"}, "none, frozen, black"), ({"latency_s": -1.0}, "out of range")],
)
def test_a_fault_that_does_not_exist_is_refused(client, fault, reason):
    result = client.set(**fault)
    assert not result.successful
    assert reason in result.reason


def test_simulated_time_runs_at_its_factor():
    process = start_sim(DOMAINS[1], simulated_time=True, real_time_factor=4.0)
    client = Client(DOMAINS[1])
    begin, wall = client.fresh("/clock")[0].clock, time.monotonic()
    clocks = client.fresh("/clock", 1000)
    passed = clocks[-1].clock.sec - begin.sec + 1e-9 * (clocks[-1].clock.nanosec - begin.nanosec)
    # A busy machine may fall behind, but never runs ahead.
    assert 1.0 < passed / (time.monotonic() - wall) < 4.2
    (state,) = client.fresh("joint_states")
    assert stamp_ns(state) < 600 * 10**9
    client.close()
    assert stop_sim(process)[0] == 0


def test_sigterm_ends_the_node_cleanly():
    process = start_sim(DOMAINS[2])
    Client(DOMAINS[2]).close()
    code, errors = stop_sim(process, signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("task", "pour", "choose one of reach, push, pick_place, drawer"),
        ("target", "both", "choose one of first, second, alternate"),
        ("camera_rate", 0.0, "camera_rate out of range"),
        ("real_time_factor", 2.0, "needs simulated_time"),
    ],
)
def test_a_wrong_parameter_ends_the_node_with_its_name(parameter, value, reason):
    process = start_sim(DOMAINS[3], **{parameter: value})
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert reason in errors
    assert "Traceback" not in errors
