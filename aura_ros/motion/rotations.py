"""Rotations: quaternions (x y z w), rotation vectors in a chart, 6D, Euler angles.

A chart is centred on a reference orientation: the rotation vector v stands for the orientation
``reference * exp(v)``. It is smooth up to a turn of 2 pi, where the exponential map is singular.
scipy is imported where it is used: a process that only needs velocities does not load it.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aura_ros.types import Array

# Short of the chart's end [rad]: beyond, a small turn is a large change of the rotation vector.
CHART_ANGLE = 6.0
# Below these a vector has no direction: it is no rotation that a policy meant.
_MIN_NORM, _MIN_SINE = 0.1, 0.02
_EULER = {
    f"{kind}{''.join(axes)}"
    for kind in "sr"
    for axes in itertools.product("xyz", repeat=3)
    if axes[0] != axes[1] != axes[2]
}
# v @ _SKEW, as (..., 3, 3), is the matrix of the cross product with v.
_SKEW = np.zeros((3, 3, 3))
_SKEW[[0, 1, 2], [2, 0, 1], [1, 2, 0]] = 1.0
_SKEW[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = -1.0


class RotationError(ValueError):
    """Numbers that stand for no rotation, or for one outside of the chart."""


def normalised(q: ArrayLike) -> Array:
    """Quaternions, or other vectors (..., k), of length one. RotationError for one of about 0."""
    vectors = np.asarray(q, dtype=np.float64)
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    bad = np.argwhere(~(norm >= _MIN_NORM))
    if len(bad):
        row = f"row {bad[0][-2]}: " if vectors.ndim > 1 else ""
        raise RotationError(
            f"{row}a rotation of norm {float(norm[tuple(bad[0])]):.3g}, at least {_MIN_NORM} "
            "needed: do the rows have another layout?"
        )
    return np.asarray(vectors / norm)


def from_quaternion(q: ArrayLike, reference: ArrayLike) -> Array:
    """Rotation vectors (..., 3) [rad] of ``reference^-1 * q`` for ``q`` (..., 4), of any norm.

    Along the last but one axis a sequence stays continuous: from the short way round of its
    first quaternion on, each is taken on the hemisphere of the one before. RotationError where
    that turns by more than ``CHART_ANGLE`` or leaps past the chart's end, or where a
    quaternion is about zero.
    """
    turn = _rotation(reference).inv() * _rotation(q)
    relative = np.asarray(turn.as_quat()).reshape(*np.shape(q)[:-1], 4)
    is_long = _same_hemisphere(relative)[..., 3:] < 0
    short = np.asarray(turn.as_rotvec()).reshape(*np.shape(q)[:-1], 3)
    angle = np.linalg.norm(short, axis=-1, keepdims=True)
    # The long way round is the other way round the same axis.
    vector = np.where(is_long, short * (1 - 2 * np.pi / np.maximum(angle, 1e-9)), short)
    _check_chart(vector, np.where(is_long, 2 * np.pi - angle, angle)[..., 0])
    return vector


def to_quaternion(v: ArrayLike, reference: ArrayLike) -> Array:
    """Unit quaternions (..., 4) of ``reference * exp(v)`` for ``v`` (..., 3) [rad]."""
    turn = _rotation(reference) * _kind().from_rotvec(np.reshape(v, (-1, 3)))
    return np.asarray(turn.as_quat()).reshape(*np.shape(v)[:-1], 4)


def angular_velocity(v: ArrayLike, rate: ArrayLike, reference: ArrayLike) -> Array:
    """True angular velocity (..., 3) [rad/s], in the frame in which ``reference`` is given.

    ``v`` (..., 3) changes by ``rate`` (..., 3) per second; the left Jacobian of SO(3) (Chirikjian
    2012, Stochastic Models 2, eq. 10.86) turns it. Never larger than ``rate``: a limit on the
    rate of the rotation vector holds for the angular velocity too.
    """
    skew = (np.asarray(v, dtype=np.float64) @ _SKEW.reshape(3, 9)).reshape(*np.shape(v), 3)
    angle = np.linalg.norm(v, axis=-1)[..., None, None]
    # (1 - cos t) / t^2 and (t - sin t) / t^3; the latter loses its digits near zero.
    first = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    small = angle < 0.02
    square = np.where(small, 1.0, angle) ** 2
    second = np.where(small, 1 / 6 - angle**2 / 120, (1 - np.sinc(angle / np.pi)) / square)
    turned = (np.eye(3) + first * skew + second * skew @ skew) @ np.asarray(rate)[..., None]
    return np.asarray((_matrix(reference) @ turned)[..., 0])


def multiply(a: ArrayLike, b: ArrayLike) -> Array:
    """Quaternions (..., 4) of first turning by ``b``, then by ``a``; either may be one for all."""
    shape = np.broadcast_shapes(np.shape(a), np.shape(b))
    return np.asarray((_rotation(a) * _rotation(b)).as_quat()).reshape(shape)


def turned(v: ArrayLike, q: ArrayLike) -> Array:
    """Vectors (..., 3) turned by one quaternion ``q`` (4,)."""
    return np.asarray(_rotation(q).apply(np.reshape(v, (-1, 3)))).reshape(np.shape(v))


def from_vector(v: ArrayLike) -> Array:
    """Unit quaternions (..., 4) of rotation vectors (..., 3) [rad]."""
    return to_quaternion(v, (0.0, 0.0, 0.0, 1.0))


def from_euler(angles: ArrayLike, axes: str) -> Array:
    """Unit quaternions (..., 4) of Euler angles (..., 3) [rad], ``axes`` as transforms3d's.

    ``sxyz``: about the fixed axes x, y, z in turn; ``rxyz``: about the turned ones.
    """
    check_euler(axes)
    sequence = axes[1:] if axes[0] == "s" else axes[1:].upper()
    turn = _kind().from_euler(sequence, np.reshape(angles, (-1, 3)))
    return np.asarray(turn.as_quat()).reshape(*np.shape(angles)[:-1], 4)


def check_euler(axes: str) -> None:
    """Raise RotationError if ``axes`` is no axes string of transforms3d."""
    if axes not in _EULER:
        raise RotationError(
            f"Euler axes {axes!r}: s (fixed) or r (turned) and three of x, y, z are needed, "
            "no two neighbours equal, such as sxyz"
        )


def from_6d(columns: ArrayLike) -> Array:
    """Unit quaternions (..., 4) of the first two columns of rotation matrices, (..., 6).

    Columns that are neither of length one nor perpendicular are made so by Gram-Schmidt (Zhou
    et al. 2019, arXiv:1812.07035). RotationError where they span no plane.
    """
    pairs = np.asarray(columns, dtype=np.float64).reshape(-1, 2, 3)
    first = normalised(pairs[:, 0])
    second = normalised(pairs[:, 1])
    across = second - np.sum(first * second, axis=-1, keepdims=True) * first
    sine = np.linalg.norm(across, axis=-1, keepdims=True)
    if (sine < _MIN_SINE).any():
        raise RotationError(f"the columns of row {int(sine.argmin())} are parallel")
    second = across / sine
    matrix = np.stack([first, second, np.cross(first, second)], axis=-1)
    quaternion = _kind().from_matrix(matrix).as_quat()
    return np.asarray(quaternion).reshape(*np.shape(columns)[:-1], 4)


def to_6d(q: ArrayLike) -> Array:
    """First two columns (..., 6) of the rotation matrices of quaternions (..., 4)."""
    matrix = np.asarray(_rotation(q).as_matrix())
    return matrix[..., :2].swapaxes(-1, -2).reshape(*np.shape(q)[:-1], 6)


def _kind() -> Any:
    from scipy.spatial.transform import Rotation

    return Rotation


def _rotation(q: ArrayLike) -> Any:
    """scipy's rotations of quaternions (..., 4), as one list; of a single one, one rotation."""
    unit = normalised(q)
    return _kind().from_quat(unit if unit.ndim == 1 else unit.reshape(-1, 4))


def _same_hemisphere(q: Array) -> Array:
    """``q`` (..., 4) with signs by which neighbours of a sequence are near, the first w >= 0."""
    if q.ndim == 1:
        return q if q[3] >= 0 else -q
    flips = np.sum(q[..., 1:, :] * q[..., :-1, :], axis=-1, keepdims=True) < 0
    first = q[..., :1, 3:] < 0
    signs = np.where(np.concatenate([first, flips], axis=-2), -1.0, 1.0)
    return np.asarray(q * np.cumprod(signs, axis=-2))


def _check_chart(vector: Array, angle: Array) -> None:
    """Raise RotationError if ``vector`` (..., 3), turns by ``angle`` (...), leaves the chart."""
    outside = angle > CHART_ANGLE
    if vector.ndim > 1:
        # So far apart are only rows on two sides of the end.
        outside[..., 1:] |= np.linalg.norm(np.diff(vector, axis=-2), axis=-1) > 2 * np.pi
    found = np.argwhere(outside)
    if len(found):
        raise RotationError(
            f"row {found[0][-1]} turns by {float(angle[tuple(found[0])]):.2f} rad from the "
            f"reference orientation; {CHART_ANGLE:g} rad, in small steps, are allowed: "
            "choose a nearer reference"
        )


def _matrix(q: ArrayLike) -> Array:
    """Rotation matrix (3, 3) of the unit quaternion ``q`` (4,)."""
    x, y, z, w = np.asarray(q, dtype=np.float64)
    skew = (np.array([x, y, z]) @ _SKEW.reshape(3, 9)).reshape(3, 3)
    return np.asarray(np.eye(3) + 2 * w * skew + 2 * skew @ skew)
