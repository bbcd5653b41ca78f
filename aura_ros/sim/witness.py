"""What a simulator sees that a robot does not: contacts and their forces, distances, speeds.

A second model of the robot alone, posed as the first one, is measured against a box nobody may
enter and against a person; neither is drawn or touched, so that looking on changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from aura_ros.sim.furniture import CUBES, ROBOT_BIT
from aura_ros.sim.model import HAND, JOINTS, robot_spec
from aura_ros.sim.world import World
from aura_ros.types import Array

FINGERS = ("panda_leftfinger", "panda_rightfinger")
_MIRROR = "panda_finger_joint2"
# Links as near in the chain as this touch by construction: the wrist's hulls overlap.
_APART = 2
_FAR = 10.0
_PERSON_RADIUS, _PERSON_HALF = 0.2, 0.7


@dataclass(frozen=True)
class Box:
    """A box nobody may enter: centre (3,) and full size (3,) [m], along the base frame's axes."""

    center: tuple[float, float, float]
    size: tuple[float, float, float]


class Witness:
    """Looks on at one ``world`` and measures its robot against ``box`` and a person."""

    def __init__(self, world: World, box: Box) -> None:
        self._world = world
        self._model = shadow_model(box)
        self._data = mujoco.MjData(self._model)
        self._joints = [self._model.joint(name).qposadr[0] for name in (*JOINTS, _MIRROR)]
        self._box, self._person = (self._model.geom(name).id for name in ("box", "person"))
        self._links = [g for g in range(self._model.ngeom) if is_link(self._model, g)]
        self._pairs = _far_apart(self._model, self._links)
        self._before: tuple[int, Array] | None = None
        self._speed = 0.0
        self._is_robot = (world.model.geom_contype & ROBOT_BIT).astype(bool)
        cubes = [world.model.body(name).id for name in world.task.objects if name in CUBES]
        self._is_cube = np.isin(world.model.geom_bodyid, cubes)
        self._hand = [world.model.body(name).id for name in (HAND, *FINGERS)]
        self._force = np.zeros(6)

    def look(self, person: Array | None = None) -> None:
        """See the world as it is now, with a person at ``person`` (3,) [m], or nobody."""
        position = self._world.joint_position
        self._data.qpos[self._joints] = [*position, position[-1]]
        self._data.mocap_pos[0] = (0.0, 0.0, -100.0) if person is None else person
        mujoco.mj_kinematics(self._model, self._data)
        places, time_ns = self._data.geom_xpos[self._links].copy(), self._world.time_ns
        if self._before is not None and time_ns > self._before[0]:
            moved = np.linalg.norm(places - self._before[1], axis=1).max()
            self._speed = float(moved) / (time_ns - self._before[0]) * 1e9
        self._before = time_ns, places

    def forget(self) -> None:
        """The world was reset."""
        self._before, self._speed = None, 0.0

    @property
    def speed(self) -> float:
        """Speed of the fastest link between the last two looks [m/s]."""
        return self._speed

    def to_box(self) -> float:
        """Least distance of the moving links from the box [m]; negative inside."""
        return self._nearest(self._box)

    def to_person(self) -> float:
        """Least distance of the moving links from the person [m]."""
        return self._nearest(self._person)

    def to_itself(self) -> float:
        """Least distance between links that are not neighbours [m]; negative where they meet."""
        return min(self._distance(a, b) for a, b in self._pairs)

    def _nearest(self, geom: int) -> float:
        return min(self._distance(link, geom) for link in self._links)

    def _distance(self, a: int, b: int) -> float:
        return float(mujoco.mj_geomDistance(self._model, self._data, a, b, _FAR, None))

    def contact(self) -> float:
        """Largest force between the robot and what stands still or is fixed: table, chests and
        drawers [N]; cubes may be gripped."""
        contacts = self._world.data.contact
        pairs: NDArray[np.int32] = contacts.geom
        if not len(pairs):
            return 0.0
        touches = self._is_robot[pairs].any(axis=1) & ~self._is_cube[pairs].any(axis=1)
        return max((self._normal(int(i)) for i in np.flatnonzero(touches)), default=0.0)

    def _normal(self, contact: int) -> float:
        mujoco.mj_contactForce(self._world.model, self._world.data, contact, self._force)
        return abs(float(self._force[0]))

    def wrench(self) -> tuple[Array, Array]:
        """Force (3,) [N] and torque (3,) [N m] on hand and fingers from outside, about the hand's
        origin, in the base frame: what a sensor in the wrist feels, its load compensated."""
        model, data = self._world.model, self._world.data
        mujoco.mj_rnePostConstraint(model, data)
        outside = data.cfrc_ext[self._hand].sum(axis=0)
        # About the centre of mass of the whole robot.
        arm = data.subtree_com[model.body_rootid[self._hand[0]]] - data.xpos[self._hand[0]]
        return outside[3:].copy(), outside[:3] + np.cross(arm, outside[3:])

    def fall(self) -> float:
        """Greatest downward speed of a cube [m/s]."""
        down = [self._world.data.joint(n).qvel[2] for n in self._world.task.objects if n in CUBES]
        return max((-float(speed) for speed in down), default=0.0)


def shadow_model(box: Box) -> mujoco.MjModel:
    """The robot alone with ``box`` and a person, to be posed as another robot is."""
    spec = robot_spec()
    person = spec.worldbody.add_body(name="person", mocap=True)
    size = (_PERSON_RADIUS, _PERSON_HALF, 0.0)
    person.add_geom(name="person", type=mujoco.mjtGeom.mjGEOM_CAPSULE, size=size)
    half = [side / 2 for side in box.size]
    spec.worldbody.add_geom(name="box", type=mujoco.mjtGeom.mjGEOM_BOX, pos=box.center, size=half)
    return spec.compile()


def is_link(model: mujoco.MjModel, geom: int) -> bool:
    """Whether it belongs to a link that moves."""
    return bool(model.body_weldid[model.geom_bodyid[geom]]) and model.geom(geom).name != "person"


def _far_apart(model: mujoco.MjModel, links: list[int]) -> list[tuple[int, int]]:
    """Pairs of geoms whose links are more than ``_APART`` joints apart."""
    depth = {geom: _joints_above(model, model.geom_bodyid[geom]) for geom in links}
    pairs = [(a, b) for a in links for b in links if a < b]
    return [(a, b) for a, b in pairs if abs(depth[a] - depth[b]) > _APART]


def _joints_above(model: mujoco.MjModel, body: int) -> int:
    count = 0
    while body:
        count += int(model.body_jntnum[body])
        body = int(model.body_parentid[body])
    return count
