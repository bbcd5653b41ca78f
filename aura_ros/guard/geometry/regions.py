"""Regions that links must keep out of or stay in, as convex bodies to keep out of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aura_ros.guard.entry import Unavailable
from aura_ros.guard.geometry.bodies import ENDLESS, Body, body, coal
from aura_ros.guard.geometry.tree import Frame
from aura_ros.motion.kinematics import pinocchio
from aura_ros.types import Array


def region_bodies(regions: tuple[Mapping[str, Any], ...], frame: Frame) -> list[Body]:
    """Bodies of the regions, given in ``frame``. To stay in a box is to keep out of the six
    half-spaces around it. Raises Unavailable for a region that cannot be."""
    if len({region["name"] for region in regions}) < len(regions):
        raise Unavailable("regions: two of them have one name; rename one")
    return [made for region in regions for made in _region(region, frame)]


def _region(region: Mapping[str, Any], frame: Frame) -> list[Body]:
    name, inside = region["name"], region["keep"] == "in"
    if (region["box"] is None) == (region["half_space"] is None):
        raise Unavailable(f"regions: {name!r} needs either box or half_space; keep one of them")
    if region["half_space"] is not None:
        normal = np.array(region["half_space"]["normal"])
        length = float(np.linalg.norm(normal))
        if length < 1e-6:
            raise Unavailable(f"regions: the normal of {name!r} has no length; give a direction")
        offset = region["half_space"]["offset"]
        sign = -1.0 if inside else 1.0
        return [_half_space(name, sign * normal / length, sign * offset, frame)]
    center, half, turn = _box(name, region["box"])
    if not inside:
        rotation, origin = frame.rotation @ turn, frame.origin + frame.rotation @ center
        return [body(name, frame.place, coal().Box(*(2 * half)), rotation, origin)]
    return [
        _half_space(name, -sign * turn[:, k], -(sign * turn[:, k] @ center + half[k]), frame)
        for k in range(3)
        for sign in (-1.0, 1.0)
    ]


def _box(name: str, box: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    """Center (3,) [m], half sizes (3,) [m] and rotation (3, 3) of a box."""
    quaternion = np.array(box["rotation"])
    if abs(np.linalg.norm(quaternion) - 1.0) > 1e-3:
        raise Unavailable(
            f"regions: the rotation of {name!r} must be a quaternion x y z w of length 1, "
            f"got {quaternion.tolist()}; correct it"
        )
    turn = pinocchio().Quaternion(quaternion / np.linalg.norm(quaternion)).toRotationMatrix()
    return np.array(box["center"]), np.array(box["size"]) / 2, np.asarray(turn)


def _half_space(name: str, normal: Array, offset: float, frame: Frame) -> Body:
    """All points x with normal x <= offset. Its ball touches the plane from within."""
    made = coal().Halfspace(normal, offset)
    local = coal().Transform3s(frame.rotation, frame.origin)
    center = frame.origin + frame.rotation @ (normal * (offset - ENDLESS))
    return Body(name, frame.place, made, local, center, ENDLESS)
