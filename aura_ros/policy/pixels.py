"""Images as a policy takes them: RGB of the size and shape that it declares."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from aura_ros.policy.backend import BackendError
from aura_ros.policy.declared import CameraInput
from aura_ros.types import Image, Observation

Pixels = NDArray[np.uint8]

_RAW = {
    "rgb8": (3, None),
    "bgr8": (3, cv2.COLOR_BGR2RGB),
    "mono8": (1, cv2.COLOR_GRAY2RGB),
    "rgba8": (4, cv2.COLOR_RGBA2RGB),
    "bgra8": (4, cv2.COLOR_BGRA2RGB),
}
# What OpenCV decodes a file to, by its number of channels.
_DECODED = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}


def rgb_pixels(image: Image) -> Pixels:
    """An image as RGB (h, w, 3). Raises BackendError where it is none, such as a depth image."""
    return _decoded(image) if image.compressed else _converted(image)


def _converted(image: Image) -> Pixels:
    if image.encoding not in _RAW:
        raise BackendError(
            f"camera {image.source} has encoding {image.encoding!r}, which is no colour image of "
            f"8 bits; one of {', '.join(_RAW)} is needed: convert it with image_proc"
        )
    channels, code = _RAW[image.encoding]
    wanted = image.height * image.width * channels
    if len(image.data) != wanted or not wanted:
        raise BackendError(
            f"camera {image.source}: {len(image.data)} bytes, but {image.width} x {image.height} "
            f"{image.encoding} has {wanted}"
        )
    array = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, channels)
    return array if code is None else np.asarray(cv2.cvtColor(array, code))


def _decoded(image: Image) -> Pixels:
    # Unchanged: 16 bits would else become 8 without a word, and EXIF would turn the image.
    data = np.frombuffer(image.data, np.uint8)
    array: NDArray[Any] | None = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if array is None:
        raise BackendError(f"camera {image.source} sent a file ({image.encoding}) that is no image")
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or channels not in _DECODED:
        raise BackendError(
            f"camera {image.source} sent a file ({image.encoding}) of {channels} channels of "
            f"{array.dtype}; a colour image of 8 bits is needed: choose another topic"
        )
    return np.asarray(cv2.cvtColor(array, _DECODED[channels]))


def fitted(pixels: Pixels, camera: CameraInput) -> Pixels:
    """RGB (h, w, 3) in the size that ``camera`` declares; (3, h, w) if channels come first."""
    height, width = camera.height or pixels.shape[0], camera.width or pixels.shape[1]
    if pixels.shape[:2] != (height, width):
        resize = _padded if camera.fit == "pad" else _resized
        pixels = resize(pixels, height, width)
    if camera.channels_first:
        pixels = pixels.transpose(2, 0, 1)
    return np.ascontiguousarray(pixels)


def _resized(pixels: Pixels, height: int, width: int) -> Pixels:
    # Areas: a smaller image without them is made of single pixels.
    is_smaller = height * width < pixels.shape[0] * pixels.shape[1]
    method = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=method))


def _padded(pixels: Pixels, height: int, width: int) -> Pixels:
    """The geometry of resize_with_pad in openpi-client 0.1.2."""
    ratio = max(pixels.shape[1] / width, pixels.shape[0] / height)
    rows, columns = int(pixels.shape[0] / ratio), int(pixels.shape[1] / ratio)
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - rows) // 2, (width - columns) // 2
    canvas[top : top + rows, left : left + columns] = _resized(pixels, rows, columns)
    return canvas


def thumbnails(observation: Observation) -> dict[str, Pixels]:
    """Every fourth row and column of each image, all of a small one: for a plain embedding."""
    return {name: _thumbnail(rgb_pixels(image)) for name, image in observation.images.items()}


def _thumbnail(pixels: Pixels) -> Pixels:
    step = 4 if min(pixels.shape[:2]) >= 16 else 1
    return pixels[::step, ::step]
