"""The moving part of a robot from its URDF: its chain of joints, and a body for every link."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.guard.entry import Setup, Unavailable
from aura_ros.guard.geometry.along import Along
from aura_ros.guard.geometry.bodies import Body, body, capsule, coal, corners, hull
from aura_ros.guard.geometry.chain import Chain
from aura_ros.guard.geometry.tree import Frame, chain_of, followed_of, frames_of, reduced_of
from aura_ros.guard.geometry.urdf_files import collision_urdf, mesh_folders
from aura_ros.motion.kinematics import KinematicsError, pinocchio
from aura_ros.robot.description import JointGroup
from aura_ros.robot.problems import RobotConfigError, closest
from aura_ros.types import Array

# Share of a range next to its ends: links fold up there.
_EDGE = 0.05


@dataclass(frozen=True)
class Model:
    """What geometry is made of. ``bare`` are links without a collision shape: nobody sees them.

    ``gripping`` (J,) are joints of grippers.
    """

    along: Along
    frames: Mapping[str, Frame]
    bodies: tuple[Body, ...]
    bare: tuple[str, ...]
    gripping: NDArray[np.bool_]

    @property
    def chain(self) -> Chain:
        """Its joints that move."""
        return self.along.chain

    def frame(self, link: str, option: str) -> Frame:
        """The frame of ``link``, empty for the root. Raises Unavailable."""
        if link and link not in self.frames:
            raise Unavailable(
                f"{option}: no link {link!r} in the URDF, {closest(link, self.frames)}"
            )
        return self.frames[link] if link else Frame(0, np.eye(3), np.zeros(3))


def model_of(setup: Setup) -> Model:
    """The model for a check's options ``home`` and ``link_radius``; checks share it.

    Joints of the URDF that the robot does not name stay at ``home``, or at zero. Raises
    Unavailable, which says what is missing and the remedy.
    """
    if setup.urdf is None:
        raise Unavailable("it needs the robot's URDF: name one under urdf in its configuration")
    told = (setup.options.get("home") or {}).items()
    home = tuple(sorted(one for one in told if one[0] not in setup.robot.joints))
    radii = tuple(sorted((setup.options.get("link_radius") or {}).items()))
    try:
        return _made(setup.urdf(), setup.robot.groups, home, radii)
    except (KinematicsError, RobotConfigError) as error:
        raise Unavailable(str(error)) from None


def home_of(setup: Setup) -> Array:
    """The configuration (n,) [rad or m] in which nothing collides: as the option ``home`` tells,
    else zero, or the middle of a range that has no zero well inside."""
    limits, told = setup.robot.limits, setup.options.get("home") or {}
    bounded = np.isfinite(limits.upper - limits.lower)
    lower, upper = np.where(bounded, limits.lower, -1.0), np.where(bounded, limits.upper, 1.0)
    edge = _EDGE * (upper - lower)
    inside = (lower + edge < 0) & (upper - edge > 0)
    neutral = np.where(inside, 0.0, (lower + upper) / 2)
    return np.array([told.get(name, neutral[k]) for k, name in enumerate(setup.robot.joints)])


@functools.lru_cache(maxsize=4)
def _made(
    urdf: bytes,
    groups: tuple[JointGroup, ...],
    home: tuple[tuple[str, float], ...],
    radii: tuple[tuple[str, float], ...],
) -> Model:
    pin = pinocchio()
    text, bare = collision_urdf(urdf, frozenset(dict(radii)), mesh_folders())
    try:
        full = pin.buildModelFromXML(text)
        shapes = pin.buildGeomFromUrdfString(full, text, pin.GeometryType.COLLISION)
    except ValueError as error:
        raise Unavailable(f"pinocchio cannot read the URDF: {error}") from None
    followed = followed_of(full, urdf, groups)
    reduced, shapes = reduced_of(pin, full, shapes, set(followed), dict(home))
    chain = chain_of(reduced, [followed[name] for name in list(reduced.names)[1:]])
    frames = frames_of(pin, full, reduced)
    unknown = [name for name in dict(radii) if name not in frames]
    if unknown:
        words = closest(unknown[0], frames)
        raise Unavailable(f"link_radius: no link {unknown[0]!r} in the URDF, {words}")
    bodies = _bodies(shapes, frames)
    bodies += [part for link, r in radii for part in _drawn(link, r, reduced, frames)]
    gripping = _gripping(groups)[chain.columns]
    bare = [link for link in bare if link not in dict(radii)]
    return Model(Along(chain), frames, tuple(bodies), tuple(bare), gripping)


def _bodies(shapes: Any, frames: Mapping[str, Frame]) -> list[Body]:
    """One hull of all meshes and boxes of a link; other shapes as they are."""
    made, corner_points = [], dict[str, list[Array]]()
    for item in shapes.geometryObjects:
        link = item.name.rsplit("_", 1)[0]
        rotation, origin = item.placement.rotation, item.placement.translation
        points = _points(item.geometry)
        if points is None:
            made.append(body(link, int(item.parentJoint), item.geometry, rotation, origin))
        else:
            corner_points.setdefault(link, []).append(points @ rotation.T + origin)
    made += [
        hull(link, frames[link].place, np.concatenate(points))
        for link, points in corner_points.items()
    ]
    return made


def _points(shape: Any) -> Array | None:
    """Points (V, 3) [m] whose hull holds the shape, None if it is round."""
    if isinstance(shape, coal().BVHModelBase):
        return np.array(shape.vertices())
    if isinstance(shape, coal().Box):
        return corners(np.array(shape.halfSide))
    return None


def _drawn(link: str, radius: float, model: Any, frames: Mapping[str, Frame]) -> list[Body]:
    """Capsules from a link's frame to every joint that it carries."""
    frame = frames[link]
    carried = [
        np.array(model.jointPlacements[index].translation)
        for index in range(1, model.njoints)
        if model.parents[index] == frame.place
    ] or [frame.origin]
    return [capsule(link, frame.place, (frame.origin, end), radius) for end in carried]


def _gripping(groups: tuple[JointGroup, ...]) -> NDArray[np.bool_]:
    return np.array([group.kind == "gripper" for group in groups for _ in group.joints])
