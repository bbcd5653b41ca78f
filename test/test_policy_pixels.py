"""Images as policies take them: colour order, size, and what is refused by name."""

import cv2
import numpy as np
import pytest

from aura_ros.policy.backend import BackendError
from aura_ros.policy.declared import CameraInput
from aura_ros.policy.pixels import fitted, rgb_pixels
from aura_ros.types import Image

# Smooth, so that JPEG keeps it; no two channels alike.
ROWS, COLUMNS = np.mgrid[0:32, 0:48]
RGB = np.stack([4 * COLUMNS, 5 * ROWS, 200 - 3 * COLUMNS], axis=-1).astype(np.uint8)


def raw(encoding, pixels):
    return Image("front", 0, encoding, *pixels.shape[:2], pixels.tobytes())


def file(extension, pixels, name="jpeg"):
    return Image("front", 0, name, 0, 0, cv2.imencode(extension, pixels)[1].tobytes(), True)


OPAQUE = np.full((32, 48, 1), 255, np.uint8)


@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        ("rgb8", RGB),
        ("bgr8", RGB[..., ::-1]),
        ("rgba8", np.dstack([RGB, OPAQUE])),
        ("bgra8", np.dstack([RGB[..., ::-1], OPAQUE])),
    ],
)
def test_every_encoding_becomes_the_same_picture(encoding, pixels):
    np.testing.assert_array_equal(rgb_pixels(raw(encoding, pixels)), RGB)


def test_grey_is_grey_in_every_channel():
    grey = RGB[..., 0]
    np.testing.assert_array_equal(rgb_pixels(raw("mono8", grey)), np.dstack([grey] * 3))
    np.testing.assert_array_equal(rgb_pixels(file(".png", grey)), np.dstack([grey] * 3))


def test_files_become_the_same_picture():
    bgr = np.ascontiguousarray(RGB[..., ::-1])
    np.testing.assert_array_equal(rgb_pixels(file(".png", bgr, "png")), RGB)
    close = np.abs(rgb_pixels(file(".jpg", bgr)).astype(int) - RGB)
    assert close.max() < 16


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (raw("16UC1", RGB[..., 0]), "camera front has encoding '16UC1'.*convert it"),
        (raw("rgb8", RGB[..., 0]), "1536 bytes, but 48 x 32 rgb8 has 4608"),
        (Image("front", 0, "rgb8", 0, 0, b""), "0 bytes, but 0 x 0"),
        (file(".png", np.zeros((4, 4), np.uint16), "png"), "1 channels of uint16; a colour image"),
        (Image("front", 0, "jpeg", 0, 0, b"no image", True), r"file \(jpeg\) that is no image"),
        (Image("front", 0, "jpeg", 0, 0, b"", True), r"file \(jpeg\) that is no image"),
    ],
)
def test_what_is_no_colour_image_is_named(image, words):
    with pytest.raises(BackendError, match=words):
        rgb_pixels(image)


def test_an_image_of_the_right_size_is_not_touched():
    np.testing.assert_array_equal(fitted(RGB, CameraInput("a", 32, 48)), RGB)
    np.testing.assert_array_equal(fitted(RGB, CameraInput("a")), RGB)


@pytest.mark.parametrize(
    ("size", "place"),
    [
        ((224, 224), (slice(37, 186), slice(0, 224))),
        ((24, 24), (slice(4, 20), slice(0, 24))),
        ((40, 200), (slice(0, 40), slice(70, 130))),
    ],
)
def test_bars_are_where_openpi_puts_them(size, place):
    """resize_with_pad of openpi-client 0.1.2 with images of 32 x 48."""
    white = np.full((32, 48, 3), 255, np.uint8)
    found = fitted(white, CameraInput("a", *size))
    expected = np.zeros((*size, 3), np.uint8)
    expected[place] = 255
    np.testing.assert_array_equal(found, expected)


def test_a_stretched_image_fills_its_size_and_keeps_its_colours():
    found = fitted(RGB, CameraInput("a", 16, 16, "stretch"))
    assert found.shape == (16, 16, 3)
    # Halves and thirds: every pixel is the mean of those that it stands for.
    means = RGB.reshape(16, 2, 16, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(found, means, atol=1)


def test_channels_may_come_first():
    found = fitted(RGB, CameraInput("a", channels_first=True))
    np.testing.assert_array_equal(found, RGB.transpose(2, 0, 1))
    assert found.flags.c_contiguous
