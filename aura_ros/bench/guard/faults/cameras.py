"""Faults of cameras: they repeat their last frame under fresh stamps, or turn black."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.replay import changes
from aura_ros.types import Image, Now

WHICH = (("wrist",), ("front",), ("front", "wrist"))


class CameraFault(Fault):
    """Some cameras' images are others."""

    def sensed(self, values: list[Any], now: Now) -> list[Any]:
        """What leaves the sensors."""
        return [self._image(v, now) if isinstance(v, Image) else v for v in values]

    def _image(self, image: Image, now: Now) -> Image:
        if image.source not in WHICH[self.severity]:
            return image
        return self.changed(image, now)

    def changed(self, image: Image, now: Now) -> Image:
        """What the camera sends in place of ``image``."""
        raise NotImplementedError


class Frozen(CameraFault):
    """As ``changes.Frozen``."""

    def prepare(self) -> None:
        """Nothing was seen."""
        self._frozen = changes.Frozen()

    def changed(self, image: Image, now: Now) -> Image:
        """As ``CameraFault.changed``."""
        return self._frozen.of(image, self.strikes(now))


class Black(CameraFault):
    """The picture is black, with the noise of a sensor in the dark."""

    def changed(self, image: Image, now: Now) -> Image:
        """As ``CameraFault.changed``."""
        if not self.strikes(now):
            return image
        dark = (self.rng.random(len(image.data)) < 0.01).astype("uint8").tobytes()
        return replace(image, data=dark, fingerprint=zlib.crc32(dark), black=True)
