"""The demo policy without torch: what it sees, what it answers, what it refuses."""

import json
from concurrent.futures import ThreadPoolExecutor

import cv2
import demo_tensors
import numpy as np
import pytest
from chain_values import home, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.policy.backend import BackendError, FlowField, Sampler
from aura_ros.policy.demo import DemoBackend, load_demo
from aura_ros.policy.demo_artifact import DemoPolicyError
from aura_ros.policy.demo_network import buckets_of
from aura_ros.robot.description import Camera
from aura_ros.types import NS, Image, JointState, KinematicState, Observation, Request

CAMERAS = (Camera("front", "front"), Camera("wrist", "wrist"))
ROBOT = toy(cameras=CAMERAS)
RED, BLUE = demo_tensors.INSTRUCTIONS
SIZE = demo_tensors.SIZE


def backend(seed=0):
    return DemoBackend(demo_tensors.tensors(seed), demo_tensors.metadata(ROBOT), ROBOT)


def pixels(seed=0, height=SIZE, width=SIZE):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def image(name, array, encoding="rgb8"):
    return Image(name, 0, encoding, *array.shape[:2], array.tobytes())


def observation(instruction=RED, front=None, wrist=None, names=("front", "wrist")):
    arrays = (pixels(1) if front is None else front, pixels(2) if wrist is None else wrist)
    images = {name: image(name, array) for name, array in zip(names, arrays, strict=True)}
    return Observation(0, images, JointState(0, home(ROBOT), np.zeros(3)), instruction)


def request(seen=None, position=None, velocity=(0.0, 0.0, 0.0), ahead_s=0.2, sequence=1):
    place = home(ROBOT) if position is None else position
    told = KinematicState(round(ahead_s * NS), place, np.array(velocity), np.zeros(3))
    return Request(sequence, 1, seen or observation(), told, None)


def rows(policy, asked):
    return policy.act(asked, policy.encode(asked.observation))


def saved(path, tensors=None, **changes):
    save_file = pytest.importorskip("safetensors.numpy").save_file
    save_file(tensors or demo_tensors.tensors(), path, demo_tensors.metadata(ROBOT) | changes)
    return path


# --- answers --------------------------------------------------------------------------------


def test_the_first_row_is_the_told_state():
    told = home(ROBOT) + np.array([0.1, -0.1, 0.01])
    found = rows(backend(), request(position=told))
    assert found.shape == (demo_tensors.HORIZON, 3)
    np.testing.assert_allclose(found[0], told, atol=1e-6)


@given(st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3), st.integers(0, 50))
def test_rows_stay_inside_the_limits(velocity, seed):
    policy = backend(seed)
    found = rows(policy, request(velocity=velocity))
    assert (found >= ROBOT.limits.lower).all()
    assert (found <= ROBOT.limits.upper).all()
    assert np.isfinite(found).all()


def test_the_same_question_has_the_same_answer_in_any_thread():
    policy = backend()
    first = rows(policy, request())
    with ThreadPoolExecutor(4) as threads:
        for found in threads.map(lambda _: rows(policy, request()), range(8)):
            np.testing.assert_array_equal(found, first)


@pytest.mark.parametrize(
    "other",
    [
        request(observation(BLUE)),
        request(observation(front=pixels(3))),
        request(observation(wrist=pixels(3))),
        request(velocity=(0.1, 0.0, 0.0)),
        request(ahead_s=0.5),
    ],
    ids=["instruction", "front", "wrist", "velocity", "ahead"],
)
def test_the_answer_depends_on_all_that_is_known(other):
    policy = backend()
    assert np.abs(rows(policy, other) - rows(policy, request())).max() > 1e-6


def test_samples_differ_and_are_repeated_for_the_same_request():
    policy = backend()
    assert isinstance(policy, Sampler)
    asked = request(sequence=7)
    seen = policy.encode(asked.observation)
    found = policy.sample(asked, seen, 5)
    assert found.shape == (5, demo_tensors.HORIZON, 3)
    assert (np.ptp(found[:, 1:], axis=0) > 0).any()
    np.testing.assert_array_equal(policy.sample(asked, seen, 5), found)
    assert not np.array_equal(policy.sample(request(sequence=8), seen, 5), found)


def test_following_the_flow_leads_to_the_answer():
    """Euler steps along ``velocity`` in rows are those that ``act`` makes in control points."""
    policy = backend()
    assert isinstance(policy, FlowField)
    asked = request(velocity=(0.05, 0.0, -0.05))
    seen = policy.encode(asked.observation)
    steps = 6
    noise = np.random.default_rng(0).standard_normal((1, 15), dtype=np.float32)
    now = policy._network.rows(noise, asked.start.position, asked.start.velocity)[0]
    for step in range(steps):
        now = now + policy.velocity(asked, seen, now, step / steps) / steps
    within = np.clip(now, ROBOT.limits.lower, ROBOT.limits.upper)
    np.testing.assert_allclose(within, policy.act(asked, seen), atol=1e-3)


@pytest.mark.parametrize("time", [-0.1, 1.0, float("nan")])
def test_the_flow_has_no_time_outside_of_its_own(time):
    policy = backend()
    asked = request()
    with pytest.raises(BackendError, match="flow time"):
        policy.velocity(asked, policy.encode(asked.observation), np.zeros((12, 3)), time)


# --- inputs ---------------------------------------------------------------------------------


def test_an_instruction_that_was_not_trained_is_named_with_those_that_were():
    with pytest.raises(BackendError, match=r"'open the door'.*red cube; pick the blue"):
        backend().encode(observation("open the door"))


def test_the_order_of_words_counts():
    assert sorted(buckets_of("red on blue")) != sorted(buckets_of("blue on red"))


def test_a_camera_that_is_missing_is_named_with_those_it_was_trained_on():
    with pytest.raises(BackendError, match=r"no image of camera wrist; .*front, wrist"):
        backend().encode(observation(names=("front", "side")))


def test_wide_images_are_cut_to_their_middle_and_shrunk():
    middle = pixels(5, 2 * SIZE, 2 * SIZE)
    wide = np.concatenate([pixels(6, 2 * SIZE, 8), middle, pixels(7, 2 * SIZE, 8)], axis=1)
    small = cv2.resize(middle, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    policy = backend()
    np.testing.assert_array_equal(
        policy.encode(observation(front=wide)), policy.encode(observation(front=small))
    )


def test_another_encoding_is_converted():
    policy, seen = backend(), observation()
    turned = image("front", pixels(1)[..., ::-1], "bgr8")
    other = Observation(0, {**seen.images, "front": turned}, seen.joints, RED)
    np.testing.assert_array_equal(policy.encode(other), policy.encode(seen))


@pytest.mark.parametrize(("height", "width"), [(SIZE - 1, SIZE), (2 * SIZE, SIZE)])
def test_images_that_show_too_little_are_refused(height, width):
    with pytest.raises(BackendError, match=f"front sends {width} x {height} pixels"):
        backend().encode(observation(front=pixels(1, height, width)))


# --- frozen, and made for something ---------------------------------------------------------


def test_weights_stay_as_they_are():
    policy = backend()
    before = policy.digest
    assert before == policy.declared.weights_digest
    rows(policy, request())
    assert policy.digest == before
    assert backend(1).digest != before


def test_its_normalisation_has_a_digest_of_its_own():
    def declared(name):
        tensors = dict(demo_tensors.tensors())
        if name:
            tensors[name] = tensors[name] * np.float32(1.5)
        return DemoBackend(tensors, demo_tensors.metadata(ROBOT), ROBOT).declared

    first, weights, numbers = (declared(n) for n in ("", "trunk.0.weight", "position_scale"))
    assert len({first.weights_digest, weights.weights_digest, numbers.weights_digest}) == 3
    assert first.normalisation_digest == weights.normalisation_digest
    assert first.normalisation_digest != numbers.normalisation_digest


def test_nobody_can_write_to_the_weights():
    with pytest.raises(ValueError, match="read-only"):
        backend()._network._t["lead"][0] = 1.0


def test_a_file_is_loaded_as_it_was_saved(tmp_path):
    policy = load_demo(saved(tmp_path / "a.safetensors"), ROBOT)
    assert policy.digest == backend().digest
    assert policy.instructions == (RED, BLUE)
    assert policy.declared.horizon == demo_tensors.HORIZON
    assert [camera.key for camera in policy.declared.cameras] == ["front", "wrist"]


@pytest.mark.parametrize(
    ("robot", "named"),
    [
        (toy(4, cameras=CAMERAS), "moves 3 joints, .* has 4"),
        (toy(cameras=CAMERAS[:1]), "other joints, limits, cameras"),
        (toy(cameras=CAMERAS, row_period_ns=NS // 10), "time between rows"),
    ],
)
def test_an_artifact_for_something_else_is_refused(robot, named, tmp_path):
    path = saved(tmp_path / "a.safetensors")
    with pytest.raises(DemoPolicyError, match=named):
        load_demo(path, robot)


def test_what_is_no_artifact_is_refused(tmp_path):
    with pytest.raises(DemoPolicyError, match=r"does not exist: .* `aura train` makes"):
        load_demo(tmp_path / "none.safetensors", ROBOT)
    with pytest.raises(DemoPolicyError, match=r"is no file: .* `aura train` makes"):
        load_demo(tmp_path, ROBOT)
    (tmp_path / "text.safetensors").write_text("no such file")
    with pytest.raises(DemoPolicyError, match="is no safetensors file"):
        load_demo(tmp_path / "text.safetensors", ROBOT)
    with pytest.raises(DemoPolicyError, match="format is 'something'"):
        load_demo(saved(tmp_path / "b.safetensors", format="something"), ROBOT)
    with pytest.raises(DemoPolicyError, match="is incomplete"):
        load_demo(saved(tmp_path / "c.safetensors", instructions="[broken"), ROBOT)
    few = demo_tensors.tensors()
    del few["basis"]
    with pytest.raises(DemoPolicyError, match="is incomplete"):
        load_demo(saved(tmp_path / "d.safetensors", few), ROBOT)


def test_joints_of_another_robot_in_the_metadata_are_refused(tmp_path):
    path = saved(tmp_path / "a.safetensors", joints=json.dumps(["a", "b"]))
    with pytest.raises(DemoPolicyError, match="moves 2 joints"):
        load_demo(path, ROBOT)


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    broken = demo_tensors.tensors()
    broken["lead"][3] = np.nan
    with pytest.raises(DemoPolicyError, match="lead is not finite"):
        load_demo(saved(tmp_path / "a.safetensors", broken), ROBOT)
