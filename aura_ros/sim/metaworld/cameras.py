"""Pictures of MetaWorld: its own cameras, cropped to where hands and objects are, upright."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from aura_ros.sim.gl import make_context
from aura_ros.sim.render import Pixels, SensorNoise

PIXELS = 96
"""What the policy is trained on."""
_MOST_GEOMS = 1000


@dataclass(frozen=True)
class Crop:
    """The part of a camera's square view that is rendered: ``x``, ``y`` of its middle, to the
    right and up, and ``half`` its width, all as shares of half the view."""

    x: float
    y: float
    half: float


CROPS = {"corner": Crop(-0.055, 0.055, 0.45), "corner2": Crop(-0.05, 0.08, 0.305)}
"""Two cameras at right angles, so that two pictures tell a place in space; the crops hold x
-0.13 .. 0.13, y 0.42 .. 0.92, z 0 .. 0.33 m."""


class Cameras:
    """Renders ``model`` at ``pixels`` x ``pixels``. Make, use and close it in one thread.

    Without shadows, reflections and oversampling, which take ten times as long in software.
    """

    def __init__(self, model: mujoco.MjModel, pixels: int) -> None:
        self._model, self._pixels = model, pixels
        model.vis.quality.shadowsize = 0
        model.vis.quality.offsamples = 0
        model.vis.global_.offwidth = model.vis.global_.offheight = pixels
        self._gl = make_context(pixels, pixels)
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=_MOST_GEOMS)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            self._scene.flags[flag] = 0
        self._option, self._camera = mujoco.MjvOption(), mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._rect = mujoco.MjrRect(0, 0, pixels, pixels)
        self._image: Pixels = np.empty((pixels, pixels, 3), np.uint8)
        self.renew_noise(0)

    def render(self, data: mujoco.MjData) -> dict[str, Pixels]:
        """Images (pixels, pixels, 3), RGB, of ``data``, whose kinematics are up to date."""
        self._gl.make_current()  # another renderer of this thread may have been
        return {name: self._seen_by(name, crop, data) for name, crop in CROPS.items()}

    def renew_noise(self, seed: int) -> None:
        """Begin the sensor's noise anew, so that a run of pictures can be repeated."""
        self._noise = SensorNoise(self._pixels, self._pixels, seed)

    def _seen_by(self, name: str, crop: Crop, data: mujoco.MjData) -> Pixels:
        self._camera.fixedcamid = self._model.camera(name).id
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(
            self._model, data, self._option, None, self._camera, everything, self._scene
        )
        for eye in self._scene.camera:
            half = eye.frustum_top
            eye.frustum_center = crop.x * half
            eye.frustum_width = crop.half * half
            eye.frustum_bottom = (crop.y - crop.half) * half
            eye.frustum_top = (crop.y + crop.half) * half
        mujoco.mjr_render(self._rect, self._scene, self._context)
        mujoco.mjr_readPixels(self._image, None, self._rect, self._context)
        # Read from the bottom up, and both cameras hang upside down.
        return self._noise.apply(self._image[:, ::-1])

    def close(self) -> None:
        """Free the context, in the thread that made it."""
        self._gl.make_current()
        self._context.free()
        self._gl.free()
