"""Backends without a network: recorded commands, and a scripted expert that is handed in."""

import threading
import time

import numpy as np
import pytest
from chain_values import home, joints_at, picture, stamp, toy

from aura_ros.policy.backend import BackendError, plain_embedding, raw_pixels
from aura_ros.policy.recorded import RecordedBackend
from aura_ros.policy.scripted import ScriptedBackend
from aura_ros.types import Image, KinematicState, Objects, Observation, Request

ROBOT = toy()
PERIOD = ROBOT.row_period_ns
TIMES = stamp(0.0) + PERIOD * np.arange(10)
POSITIONS = np.arange(10.0)[:, None] * [1.0, 2.0, 3.0]


def request(start_s=0.0, sequence=1, objects=True, instruction="pick"):
    poses = Objects(stamp(0), np.zeros((2, 7))) if objects else None
    seen = Observation(
        stamp(0), {"front": picture(0.0)}, joints_at(0.0, home(ROBOT)), instruction, poses
    )
    zero = np.zeros(3)
    return Request(sequence, 1, seen, KinematicState(stamp(start_s), zero, zero, zero), None)


# --- recorded -------------------------------------------------------------------------------


def recorded(horizon=4):
    return RecordedBackend(TIMES, POSITIONS, horizon, PERIOD)


def rows(start_s, horizon=4):
    return recorded(horizon).act(request(start_s), np.zeros(3))


def test_rows_are_the_recorded_commands_from_the_start_on():
    np.testing.assert_allclose(rows(0.1), POSITIONS[2:6])


def test_between_recorded_commands_rows_are_interpolated():
    np.testing.assert_allclose(rows(0.125), (POSITIONS[2:6] + POSITIONS[3:7]) / 2)


def test_the_last_command_is_held_and_so_is_the_first():
    np.testing.assert_allclose(rows(0.4), POSITIONS[[8, 9, 9, 9]])
    np.testing.assert_allclose(rows(-0.1), POSITIONS[[0, 0, 0, 1]])


@pytest.mark.parametrize("start_s", [0.46, -0.2])
def test_where_the_recording_has_nothing_there_is_no_answer(start_s):
    with pytest.raises(BackendError, match="no command at this time"):
        rows(start_s)


def test_a_recording_needs_two_commands():
    with pytest.raises(BackendError, match="1 recorded commands; at least 2"):
        RecordedBackend(TIMES[:1], POSITIONS[:1], 4, PERIOD)


def test_the_embedding_is_the_measured_joints():
    np.testing.assert_array_equal(recorded().encode(request().observation), home(ROBOT))


# --- scripted -------------------------------------------------------------------------------


class Expert:
    """Goes from the start in steps of a tenth; remembers what it was told."""

    def __init__(self, instruction):
        self.instruction, self.calls = instruction, []

    def plan(self, measured, objects, start, horizon, row_period_s):
        self.calls.append((measured, objects, start, horizon, row_period_s))
        return start[0] + 0.1 * np.arange(horizon)[:, None]


def scripted(**options):
    made = []

    def expert(instruction):
        made.append(Expert(instruction))
        return made[-1]

    return ScriptedBackend(expert, 8, 0.05, **options), made


def test_the_expert_plans_from_joints_objects_and_start():
    backend, made = scripted()
    found = backend.act(request(), np.zeros(1))
    np.testing.assert_allclose(found, 0.1 * np.arange(8)[:, None] + np.zeros(3))
    measured, objects, start, horizon, period = made[0].calls[0]
    np.testing.assert_array_equal(measured, home(ROBOT))
    assert objects.shape == (2, 7)
    assert (len(start), horizon, period) == (3, 8, 0.05)


def test_each_instruction_has_an_expert_of_its_own():
    backend, made = scripted()
    for instruction in ("pick", "push", "pick"):
        backend.act(request(instruction=instruction), np.zeros(1))
    assert [expert.instruction for expert in made] == ["pick", "push"]


def test_each_thread_has_an_expert_of_its_own():
    """Experts keep scratch space, and several requests may be in flight."""
    backend, made = scripted()
    for _ in range(2):
        thread = threading.Thread(target=backend.act, args=(request(), np.zeros(1)))
        thread.start()
        thread.join()
    assert len(made) == 2


def test_without_objects_there_is_no_answer():
    backend, _ = scripted()
    with pytest.raises(BackendError, match="needs object poses"):
        backend.act(request(objects=False), np.zeros(1))


@pytest.mark.parametrize("busy", [False, True])
def test_answers_take_at_least_the_latency(busy):
    backend, _ = scripted(latency_s=0.1, busy=busy)
    began = time.monotonic()
    backend.act(request(), np.zeros(1))
    assert time.monotonic() - began >= 0.1


def test_noise_is_a_bias_per_chunk_that_the_seed_decides():
    plain = scripted()[0].act(request(), np.zeros(1))

    def bias(seed, sequence):
        backend, _ = scripted(noise=0.01, seed=seed)
        return backend.act(request(sequence=sequence), np.zeros(1)) - plain

    np.testing.assert_array_equal(bias(3, 1), bias(3, 1))
    assert not np.allclose(bias(3, 1), bias(3, 2))
    assert not np.allclose(bias(3, 1), bias(4, 1))
    grows = np.abs(bias(3, 1))
    assert not grows[0].any()
    assert (np.diff(grows, axis=0) > 0).all()
    last = np.array([bias(0, k)[-1] for k in range(200)]) / (1 - np.exp(-7 / 8))
    assert 0.008 < last.std() < 0.012


def test_rows_stay_inside_the_limits():
    backend, _ = scripted(lower=np.full(3, 0.15), upper=np.full(3, 0.4))
    found = backend.act(request(), np.zeros(1))
    assert (found.min(), found.max()) == (0.15, 0.4)


def test_the_embedding_is_joints_and_colours_of_raw_pictures_only():
    backend, _ = scripted()
    seen = request().observation
    assert backend.encode(seen).shape == (3 + 48,)
    packed = Image("front", 0, "jpeg", 0, 0, b"..", compressed=True)
    other = Observation(0, {"front": packed}, seen.joints, "x")
    assert backend.encode(other).shape == (3,)


def test_colours_are_means_of_a_grid_in_the_order_of_names():
    seen = request().observation
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    found = plain_embedding(seen, {"b": white, "a": black})
    np.testing.assert_array_equal(found[3:], [0.0] * 48 + [1.0] * 48)


def test_raw_pixels_are_every_fourth():
    data = np.arange(16 * 20 * 3, dtype=np.uint16).astype(np.uint8).reshape(16, 20, 3)
    image = Image("front", 0, "rgb8", 16, 20, data.tobytes())
    np.testing.assert_array_equal(raw_pixels(image), data[::4, ::4])


def test_small_pictures_have_colours_too():
    backend, _ = scripted()
    assert np.isfinite(backend.encode(request().observation)).all()
