"""Places of all links along a motion: forward kinematics of many configurations at once.

Pinocchio places one configuration a call; a plan has some 75, so the product of exponentials
(Lynch, Park 2017, Modern Robotics, ch. 4) is written out here over arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import Array


@dataclass(frozen=True)
class Places:
    """Where the root (0) and the frames behind every joint (1 ... J) are, in the root's frame:
    ``pose`` (J + 1, M, 3, 4), each a rotation beside an origin [m]."""

    pose: Array

    @property
    def rotation(self) -> Array:
        """Rotations (J + 1, M, 3, 3)."""
        return self.pose[..., :3]

    @property
    def origin(self) -> Array:
        """Origins (J + 1, M, 3) [m]."""
        return self.pose[..., 3]

    def points(self, place: NDArray[np.intp], local: Array) -> Array:
        """Points (M, B, 3) [m] in the root's frame of ``local`` (B, 3) at places (B,)."""
        homogeneous = np.concatenate([local, np.ones((len(local), 1))], axis=1)
        moved = np.matmul(self.pose[place], homogeneous[:, None, :, None])[..., 0]
        return np.asarray(moved.transpose(1, 0, 2))


class Chain:
    """A tree of J joints, parents before children.

    ``parents`` (J,) are places; ``rotation`` (J, 3, 3) and ``offset`` (J, 3) [m] the joint's frame
    in its parent's; ``axes`` (J, 3) in the joint's frame; ``turning`` (J,) is False for a joint
    that slides. Joint j is at ``scale * position[column] + shift`` [rad or m].
    """

    def __init__(
        self,
        parents: NDArray[np.intp],
        rotation: Array,
        offset: Array,
        axes: Array,
        turning: NDArray[np.bool_],
        columns: NDArray[np.intp],
        scale: Array,
        shift: Array,
    ) -> None:
        self.parents, self.axes, self.turning = parents, axes, turning
        self.lengths = np.linalg.norm(offset, axis=1)
        self.columns, self.scale, self._shift = columns, scale, shift
        cross = np.cross(np.eye(3)[None], axes[:, None])
        turns = turning[:, None, None]
        self._straight, self._offset = rotation[:, None], offset[:, None, :, None]
        self._sine = np.where(turns, rotation @ cross, 0.0)[:, None]
        self._versine = np.where(turns, rotation @ cross @ cross, 0.0)[:, None]
        self._slide = np.where(turns, 0.0, np.matmul(rotation, axes[:, :, None]))[:, None]
        self.supports = self._supports()

    def _supports(self) -> NDArray[np.bool_]:
        """Which joints (J,) move which place: (J + 1, J)."""
        count = len(self.parents)
        supports = np.zeros((count + 1, count), dtype=bool)
        for joint, parent in enumerate(self.parents):
            supports[joint + 1] = supports[parent]
            supports[joint + 1, joint] = True
        return supports

    def joints(self, position: Array) -> Array:
        """Positions (..., J) of the chain's joints at the robot's (..., n)."""
        return np.asarray(position[..., self.columns] * self.scale + self._shift)

    def spread(self, extent: Array) -> Array:
        """Extents (..., J) >= 0 of the chain's joints for those of the robot's (..., n)."""
        return np.asarray(extent[..., self.columns] * np.abs(self.scale))

    def place(self, position: Array) -> Places:
        """Places at the robot's positions (M, n) [rad or m]."""
        joints = np.ascontiguousarray(self.joints(position).T)[..., None, None]
        local = np.empty((*joints.shape[:2], 3, 4))
        sine, versine = np.sin(joints), 1.0 - np.cos(joints)
        local[..., :3] = self._straight + sine * self._sine + versine * self._versine
        local[..., 3:] = self._offset + joints * self._slide
        pose = np.empty((len(local) + 1, *local.shape[1:]))
        pose[0] = np.eye(3, 4)
        for joint, parent in enumerate(self.parents):
            np.matmul(pose[parent, ..., :3], local[joint], out=pose[joint + 1])
            pose[joint + 1, ..., 3] += pose[parent, ..., 3]
        return Places(pose)

    def directions(self, places: Places) -> Array:
        """Axes (M, J, 3) of the joints in the root's frame."""
        turned = np.matmul(places.rotation[1:], self.axes[:, None, :, None])[..., 0]
        return np.asarray(turned.transpose(1, 0, 2))

    def reach(self, places: Places, center: Array, radius: Array) -> Array:
        """Largest distance (M, J, B) of balls (M, B, 3), (B,) from the joints' axes [m].

        So far a turn by 1 rad moves a point of the ball at most; 1 for joints that slide.
        """
        origin, axis = places.origin[1:].transpose(1, 0, 2), self.directions(places)
        flat = center.transpose(0, 2, 1)
        along = np.matmul(axis, flat) - (axis * origin).sum(axis=2)[..., None]
        square = (center**2).sum(axis=2)[:, None] + (origin**2).sum(axis=2)[..., None]
        square -= 2 * np.matmul(origin, flat) + along**2
        reach = np.sqrt(np.maximum(square, 0.0)) + radius
        reach[:, ~self.turning] = 1.0
        return np.asarray(reach)
