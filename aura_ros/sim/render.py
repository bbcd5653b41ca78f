"""Pictures of the scene: one renderer a thread, with the small noise of a real sensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import mujoco
import numpy as np
from numpy.typing import NDArray

from aura_ros.sim.gl import make_context
from aura_ros.sim.model import CAMERAS
from aura_ros.types import Array

Pixels: TypeAlias = NDArray[np.uint8]
_MARGIN = 61


@dataclass(frozen=True)
class Pose:
    """What a picture shows: generalised positions of the model, and where the k markers stand:
    positions (k, 3) and quaternions (k, 4), w x y z."""

    qpos: Array
    marker_positions: Array
    marker_quaternions: Array


class Renderer:
    """Renders ``model`` at one size. Make, use and close it in one thread."""

    def __init__(self, model: mujoco.MjModel, width: int, height: int, seed: int = 0) -> None:
        self._model, self._data = model, mujoco.MjData(model)
        model.vis.quality.shadowsize = 0
        model.vis.quality.offsamples = 0
        model.vis.global_.offwidth, model.vis.global_.offheight = width, height
        self._gl = make_context(width, height)
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=100)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            self._scene.flags[flag] = 0
        self._option, self._camera = mujoco.MjvOption(), mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._rect = mujoco.MjrRect(0, 0, width, height)
        self._pixels: Pixels = np.empty((height, width, 3), np.uint8)
        self._noise = SensorNoise(width, height, seed)
        self.size = (width, height)

    def render(self, pose: Pose, camera: str) -> Pixels:
        """Image of shape (height, width, 3), RGB, as ``camera`` sees ``pose``."""
        return self.render_all(pose, (camera,))[camera]

    def render_all(self, pose: Pose, cameras: Sequence[str] = CAMERAS) -> dict[str, Pixels]:
        """Images of the same moment by name of the camera, each as ``render`` makes it."""
        self._gl.make_current()  # another renderer of this thread may have been
        data = self._data
        data.qpos[:] = pose.qpos
        data.mocap_pos[:], data.mocap_quat[:] = pose.marker_positions, pose.marker_quaternions
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_camlight(self._model, data)
        return {camera: self._seen_by(camera) for camera in cameras}

    def renew_noise(self, seed: int) -> None:
        """Begin the sensor's noise anew, so that a run of pictures can be repeated."""
        self._noise = SensorNoise(*self.size, seed)

    def _seen_by(self, camera: str) -> Pixels:
        self._camera.fixedcamid = self._model.camera(camera).id
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(
            self._model, self._data, self._option, None, self._camera, everything, self._scene
        )
        mujoco.mjr_render(self._rect, self._scene, self._context)
        mujoco.mjr_readPixels(self._pixels, None, self._rect, self._context)
        return self._noise.apply(self._pixels[::-1])

    def close(self) -> None:
        """Free the context, in the thread that made it."""
        self._gl.make_current()
        self._context.free()
        self._gl.free()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SensorNoise:
    """Noise of about two grey levels, cut from one tile at a random offset.

    It makes every frame of a live camera differ from the one before, which is how a
    watchdog tells a live camera from a frozen one.
    """

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        shape = (height + _MARGIN, width + _MARGIN, 3)
        self._tile = np.clip(self._rng.normal(0.0, 2.0, shape), -6, 6).astype(np.int16)

    def apply(self, image: Pixels) -> Pixels:
        """A new image with noise added."""
        height, width = image.shape[:2]
        row, column = self._rng.integers(0, _MARGIN, 2)
        noisy = image + self._tile[row : row + height, column : column + width]
        return np.clip(noisy, 0, 255, out=noisy).astype(np.uint8)
