"""Faults do what they are named after."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim.faults import CameraFault, DelayLine, Faults, noisy
from aura_ros.types import NS


def frames(count):
    return [np.full((2, 2, 3), value, np.uint8) for value in range(1, count + 1)]


def test_a_healthy_camera_passes_frames_on():
    camera, (first, second) = CameraFault(), frames(2)
    assert camera.apply(first, "none") is first
    assert camera.apply(second, "none") is second


def test_a_frozen_camera_repeats_its_last_frame_until_it_thaws():
    camera, (first, second, third) = CameraFault(), frames(3)
    camera.apply(first, "none")
    assert camera.apply(second, "frozen") is first
    assert camera.apply(third, "frozen") is first
    assert camera.apply(third, "none") is third


def test_a_camera_that_is_frozen_from_the_start_repeats_its_first_frame():
    camera, (first, second) = CameraFault(), frames(2)
    assert camera.apply(first, "frozen") is first
    assert camera.apply(second, "frozen") is first


def test_a_black_camera_is_black():
    assert not CameraFault().apply(frames(1)[0], "black").any()


def test_noise_has_the_deviation_asked_for_and_none_is_none():
    position = np.zeros(10_000)
    rng = np.random.default_rng(0)
    assert 0.009 < noisy(position, 0.01, rng).std() < 0.011
    assert noisy(position, 0.0, rng) is position


def test_delayed_items_come_when_due_and_in_order():
    line = DelayLine()
    line.push("late", 0, 2.0)
    line.push("first", 0, 1.0)
    line.push("second", 0, 1.0)
    assert line.pop_due(NS - 1) == []
    assert line.pop_due(NS) == ["first", "second"]
    assert line.pop_due(3 * NS) == ["late"]
    assert line.pop_due(9 * NS) == []


def test_active_faults_are_named():
    assert Faults(cameras={"front": "none"}).active() == ()
    many = Faults(cameras={"front": "black", "wrist": "none"}, latency_s=0.1, slip=True)
    assert many.active() == ("camera_front=black", "latency_s", "slip")
