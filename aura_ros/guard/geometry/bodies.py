"""Convex bodies that are carried by the links of a robot, as coal tells their distances."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.motion.kinematics import pinocchio
from aura_ros.types import Array

# Stands for the radius of a half-space [m].
ENDLESS = 1e6


@dataclass(frozen=True)
class Body:
    """A convex ``shape`` of coal at ``local`` in the frame of a place of the Chain, within the
    ball of ``center`` (3,) [m] in that frame and ``radius`` [m]; ``name`` is its link's."""

    name: str
    place: int
    shape: Any
    local: Any
    center: Array
    radius: float


@dataclass(frozen=True)
class Bodies:
    """Bodies, and their balls side by side: ``place`` (B,), ``center`` (B, 3) and ``radius`` (B,)
    [m]."""

    items: tuple[Body, ...]
    place: NDArray[np.intp]
    center: Array
    radius: Array

    @staticmethod
    def of(items: Iterable[Body]) -> Bodies:
        """The bodies ``items``."""
        items = tuple(items)
        place = np.array([body.place for body in items], dtype=np.intp)
        center = np.array([body.center for body in items]).reshape(-1, 3)
        return Bodies(items, place, center, np.array([body.radius for body in items]))

    def some(self, chosen: NDArray[np.intp]) -> Bodies:
        """Only the bodies in columns ``chosen``."""
        items = tuple(self.items[column] for column in chosen.tolist())
        return Bodies(items, self.place[chosen], self.center[chosen], self.radius[chosen])


def coal() -> Any:
    """The module. Raises KinematicsError where it is absent: it comes with pinocchio."""
    pinocchio()
    return importlib.import_module("coal")


def body(name: str, place: int, shape: Any, rotation: Array, origin: Array) -> Body:
    """A body whose shape's frame has ``rotation`` (3, 3) and ``origin`` (3,) at its place."""
    local = coal().Transform3s(rotation, origin)
    shape.computeLocalAABB()
    middle = np.asarray(shape.aabb_center)
    return Body(name, place, shape, local, origin + rotation @ middle, float(shape.aabb_radius))


def hull(name: str, place: int, points: Array) -> Body:
    """The convex hull of points (V, 3) [m] in the frame of its place."""
    vertices = coal().StdVec_Vec3s()
    vertices.extend([np.array(point) for point in points])
    shape = coal().ConvexBase.convexHull(vertices, True, "Qt")
    made = body(name, place, shape, np.eye(3), np.zeros(3))
    # The ball about the middle of the box around the points, and no wider than they are.
    radius = float(np.linalg.norm(points - made.center, axis=1).max())
    return Body(name, place, shape, made.local, made.center, radius)


def capsule(name: str, place: int, ends: Sequence[Array], radius: float) -> Body:
    """All within ``radius`` [m] of the line between two points (3,), which may be the same."""
    first, last = ends
    middle, along = (first + last) / 2, last - first
    length = float(np.linalg.norm(along))
    if length < 1e-9:
        return body(name, place, coal().Sphere(radius), np.eye(3), middle)
    turn = pinocchio().Quaternion.FromTwoVectors(np.array([0.0, 0.0, 1.0]), along / length)
    return body(name, place, coal().Capsule(radius, length), turn.toRotationMatrix(), middle)


def corners(half: Array) -> Array:
    """Corners (8, 3) of a box of half sizes (3,)."""
    signs = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(signs * half)
