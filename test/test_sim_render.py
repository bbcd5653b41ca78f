"""Pictures: what the cameras show, and the error where there is no OpenGL."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim import gl
from aura_ros.sim.render import SensorNoise
from aura_ros.sim.world import World

needs_gl = pytest.mark.skipif(not gl.backends(), reason=f"no OpenGL here: {gl.REMEDY}")


@pytest.fixture(scope="module")
def world():
    with World("push", seed=1) as world:
        yield world


@needs_gl
@pytest.mark.parametrize("camera", ["front", "wrist"])
def test_cameras_see_the_cube_and_the_goal(world, camera):
    world.reset(1)
    image = world.render(camera, 128, 96).astype(int)
    assert image.shape == (96, 128, 3)
    red, green, blue = np.moveaxis(image, 2, 0)
    assert ((red > 2 * green) & (red > 2 * blue) & (red > 60)).sum() > 10
    assert ((green > 1.3 * red) & (green > 1.2 * blue)).sum() > 20
    assert 60 < image.mean() < 200


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
