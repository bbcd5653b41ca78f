"""Faults of sensors: they repeat what they said under fresh stamps, turn black, or fall silent."""

from __future__ import annotations

from itertools import cycle
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from aura_ros.conversions.sensors import ImageReader
from aura_ros.replay import changes
from aura_ros.replay.faults.fault import Fault, InjectError
from aura_ros.robot.problems import closest
from aura_ros.types import NS, Image, JointState, Now

JOINT_STATES = "joint_states"
# Different dark pictures, and their size in pixels.
NOISES, SHAPE = 8, (48, 64)


class SensorFault(Fault):
    """What one sensor says is other, for so long from the onset on [s]."""

    what, size = "SENSOR", "SECONDS"
    others: tuple[str, ...] = ()
    """What may be named beside cameras."""

    def prepare(self) -> None:
        """The sensor must be one of the robot's."""
        known = (*(camera.name for camera in self.robot.cameras), *self.others)
        name = self.injected.what
        if name not in known:
            hint = closest(name, known)
            raise InjectError(f"--inject: {self.robot.name} has no sensor {name!r}, {hint}")

    def sensed(self, value: Any, now: Now) -> Any:
        """What comes in place of ``value``."""
        if source_of(value) != self.injected.what:
            return value
        return self.changed(value) if self.strikes(now) and self.lasts(now) else self.kept(value)

    def lasts(self, now: Now) -> bool:
        """Whether it is not over yet."""
        return now.steady_ns < self.onset_ns + self.injected.size * NS

    def kept(self, value: Any) -> Any:
        """A value that nothing happens to."""
        return value

    def changed(self, value: Any) -> Any:
        """What comes in place of ``value``; None: nothing."""
        raise NotImplementedError


class Frozen(SensorFault):
    """As ``changes.Frozen``."""

    def prepare(self) -> None:
        """Nothing was seen."""
        super().prepare()
        self._frozen = changes.Frozen()

    def kept(self, value: Any) -> Any:
        """As ``SensorFault.kept``: it is remembered."""
        return self._frozen.of(value, False)

    def changed(self, value: Any) -> Any:
        """As ``SensorFault.changed``."""
        return self._frozen.of(value, True)


class Black(SensorFault):
    """The picture of a camera is dark, with the noise of a sensor: a new one in every frame.

    The chain's own reader says what it makes of it.
    """

    size = "LEVEL"

    def prepare(self) -> None:
        """The pictures, at the grey level (0 to 255) that was asked for."""
        super().prepare()
        noise = np.random.default_rng(0).normal(self.injected.size, 1.5, (NOISES, *SHAPE))
        pictures = np.clip(noise, 0, 255).astype(np.uint8)
        self._files = cycle([cv2.imencode(".png", picture)[1].tobytes() for picture in pictures])
        self._reader = ImageReader(self.injected.what, compressed=True, keep_pixels=False)

    def lasts(self, now: Now) -> bool:
        """As ``SensorFault.lasts``: the light stays off."""
        return True

    def changed(self, value: Any) -> Any:
        """As ``SensorFault.changed``."""
        sec, nanosec = divmod(value.stamp_ns, NS)
        header = SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec))
        return self._reader.read(
            SimpleNamespace(header=header, format="png", data=next(self._files))
        )


class Silent(SensorFault):
    """A camera or the joint states say nothing."""

    others = (JOINT_STATES,)

    def changed(self, value: Any) -> Any:
        """As ``SensorFault.changed``."""
        return None


def source_of(value: Any) -> str:
    """The sensor that said ``value``; empty: none."""
    if isinstance(value, Image):
        return value.source
    return JOINT_STATES if isinstance(value, JointState) else ""
