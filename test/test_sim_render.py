"""Pictures: what the cameras show, and the error where there is no OpenGL."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim import gl
from aura_ros.sim.model import CAMERAS
from aura_ros.sim.render import SensorNoise
from aura_ros.sim.world import World

needs_gl = pytest.mark.skipif(not gl.backends(), reason=f"no OpenGL here: {gl.REMEDY}")


@pytest.fixture(scope="module")
def world():
    with World("push", seed=1) as world:
        yield world


def seen(image, colour):
    """How many pixels have one of the colours of the scenes."""
    red, green, blue = np.moveaxis(image.astype(int), 2, 0)
    return {
        "red": (red > 2 * green) & (red > 2 * blue) & (red > 60),
        "blue": (blue > 1.8 * red) & (blue > 1.5 * green),
        "green": (green > 1.3 * red) & (green > 1.2 * blue),
        "yellow": (green > 2 * blue) & (red > 2 * blue) & (green > 0.6 * red),
    }[colour].sum()


@needs_gl
@pytest.mark.parametrize("size", [96, 224])
@pytest.mark.parametrize("camera", ["front", "wrist"])
def test_cameras_see_the_cubes_and_the_goal(world, camera, size):
    world.reset(1)
    image = world.render(camera, size, size)
    assert image.shape == (size, size, 3)
    for colour in ("red", "blue", "green"):
        assert seen(image, colour) > 1e-3 * size**2
    assert 60 < image.mean() < 200


@needs_gl
@pytest.mark.parametrize(
    ("task", "colours"), [("reach", ("green", "yellow")), ("drawer", ("red", "blue"))]
)
def test_the_front_camera_sees_both_objects_wherever_they_are(task, colours):
    with World(task) as world:
        for seed in range(10):
            world.reset(seed)
            image = world.render("front", 96, 96)
            for colour in colours:
                assert seen(image, colour) >= 8


@needs_gl
def test_all_cameras_at_once_see_what_each_sees(world):
    world.reset(1)
    world.render("front", 96, 96)
    renderer, pose = world._renderer, world.pose()
    renderer.renew_noise(3)
    one_by_one = {camera: renderer.render(pose, camera) for camera in CAMERAS}
    front, wrist = (one_by_one[camera].astype(int) for camera in CAMERAS)
    assert np.abs(front - wrist).mean() > 10
    renderer.renew_noise(3)
    for camera, image in renderer.render_all(pose).items():
        np.testing.assert_array_equal(image, one_by_one.pop(camera))
    assert not one_by_one


@needs_gl
def test_no_two_frames_of_a_still_scene_are_equal(world):
    world.reset(1)
    frames = {world.render("front", 64, 64).tobytes() for _ in range(100)}
    assert len(frames) == 100


@needs_gl
def test_the_size_may_change(world):
    assert world.render("front", 64, 48).shape == (48, 64, 3)
    assert world.render("front", 320, 240).shape == (240, 320, 3)


def test_noise_is_small_and_free_of_bias():
    grey = np.full((224, 224, 3), 100, np.uint8)
    difference = SensorNoise(224, 224, seed=0).apply(grey).astype(int) - 100
    assert 1.5 < difference.std() < 2.5
    assert abs(difference.mean()) < 0.1
    assert np.abs(difference).max() <= 6


def test_noise_does_not_wrap_around():
    noise = SensorNoise(64, 64, seed=0)
    assert noise.apply(np.zeros((64, 64, 3), np.uint8)).max() <= 6
    assert noise.apply(np.full((64, 64, 3), 255, np.uint8)).min() >= 249


def test_without_opengl_the_error_names_the_packages(monkeypatch):
    monkeypatch.setattr(gl.ctypes.util, "find_library", lambda name: None)
    with pytest.raises(gl.RenderingUnavailableError, match=r"libegl1.*libosmesa6"):
        gl.make_context(64, 64)


def test_a_backend_that_fails_is_named(monkeypatch):
    def fail(name, width, height):
        raise AttributeError("eglQueryDevicesEXT")

    monkeypatch.setattr(gl.ctypes.util, "find_library", lambda name: "lib.so")
    monkeypatch.setattr(gl, "_create", fail)
    with pytest.raises(gl.RenderingUnavailableError, match="egl: eglQueryDevicesEXT"):
        gl.make_context(64, 64)
