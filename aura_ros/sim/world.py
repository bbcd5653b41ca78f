"""The simulated robot and its surroundings, one 2 ms step at a time. Not thread-safe."""

from __future__ import annotations

import mujoco
import numpy as np

from aura_ros.sim.furniture import CUBE_HALF, CUBES, KNOBS
from aura_ros.sim.model import HAND, HOME, JOINTS, STEP_NS, TOOL, build_model
from aura_ros.sim.placement import Place, Placement
from aura_ros.sim.render import Pixels, Pose, Renderer
from aura_ros.sim.tasks import LIFTED, Situation, check_target, find_task
from aura_ros.types import Array

_GRIP, _SLIP = 1.0, 0.02
_SLIP_ABOVE = 0.06
# A cube below the table's top by this much [m] has fallen off, and nobody can fetch it.
_FALLEN = -0.05


class World:
    """The Panda and the two objects of a task, of which the instruction names the ``target``.

    ``slippery`` lets a cube slide out of the gripper as soon as it is off the table.
    """

    def __init__(self, task: str, seed: int = 0, target: int = 0) -> None:
        self.task = find_task(task)
        self.model = build_model(self.task.scene)
        self.slippery = False
        self._data = mujoco.MjData(self.model)
        self._dofs = np.array([self.model.joint(name).qposadr[0] for name in JOINTS])
        self._mirror = self.model.joint("panda_finger_joint2").qposadr[0]
        self._objects = np.array([self.model.body(name).id for name in self.task.objects])
        cubes = [name for name in self.task.objects if name in CUBES]
        self._drawers = [name for name in self.task.objects if name in KNOBS]
        self._cubes = np.array([self.model.body(name).id for name in cubes], dtype=np.intp)
        self._cube_geoms = self.model.body_geomadr[self._cubes]
        self._items = self._objects[[item for item, _ in self.task.pairs]]
        self._tool, self._hand = self.model.body(TOOL).id, self.model.body(HAND).id
        self._renderer: Renderer | None = None
        self.reset(seed, target)

    def reset(self, seed: int, target: int | None = None, joints: Array = HOME) -> None:
        """Robot at ``joints`` (8,) and at rest, objects placed by ``seed``.

        ``target`` names the other object (0 or 1) from now on.
        """
        mujoco.mj_resetData(self.model, self._data)
        self._data.qpos[self._dofs] = joints
        self._data.qpos[self._mirror] = joints[-1]
        self._data.ctrl[:] = joints
        mujoco.mj_forward(self.model, self._data)
        self.new_episode(seed, target)

    def new_episode(self, seed: int, target: int | None = None) -> None:
        """Objects placed by ``seed``; the robot stays as it is, and empty-handed."""
        if target is not None:
            self.target = check_target(target)
        rng = np.random.default_rng(seed)
        self._put(self.task.place(rng, self.tool_position))
        self._lifted = np.zeros(2, dtype=np.bool_)
        mujoco.mj_forward(self.model, self._data)

    @property
    def instruction(self) -> str:
        """What is asked for in this episode."""
        return self.task.instructions[self.target]

    def _put(self, placement: Placement) -> None:
        for name, place in placement.items():
            marker = self.model.body(name).mocapid[0]
            if marker >= 0:
                self._data.mocap_pos[marker] = place.position
                self._data.mocap_quat[marker] = _quaternion(place)
            else:
                joint = self._data.joint(name)
                joint.qpos = [*place.position, *_quaternion(place)]
                joint.qvel = 0.0
        for name in self._drawers:
            self._data.joint(name).qpos = self._data.joint(name).qvel = 0.0

    @property
    def data(self) -> mujoco.MjData:
        """MuJoCo's state, for who looks on; only this class writes to it."""
        return self._data

    def push(self, force: Array) -> None:
        """A force (3,) [N], in the base frame, acts on the hand from now on."""
        self._data.xfrc_applied[self._hand, :3] = force

    def step(self, target: Array) -> None:
        """Advance 2 ms with position targets of shape (8,) [rad, finger m]."""
        self._data.ctrl[:] = target
        slips = self.slippery & (self._data.xpos[self._cubes, 2] > _SLIP_ABOVE)
        self.model.geom_friction[self._cube_geoms, 0] = np.where(slips, _SLIP, _GRIP)
        mujoco.mj_step(self.model, self._data)
        self._lifted |= self._data.xpos[self._items, 2] >= CUBE_HALF + LIFTED

    @property
    def joint_position(self) -> Array:
        """Measured positions, shape (8,) [rad, finger m]; a copy."""
        return self._data.qpos[self._dofs]

    @property
    def joint_velocity(self) -> Array:
        """Measured velocities, shape (8,) [rad/s, m/s]; a copy."""
        return self._data.qvel[self._dofs]

    @property
    def tool_position(self) -> Array:
        """Centre between the fingertips in the base frame, shape (3,) [m]; a copy."""
        return self._data.xpos[self._tool].copy()

    def object_poses(self) -> Array:
        """Poses of ``task.objects`` in the base frame, shape (m, 7): x y z [m], quaternion
        x y z w."""
        positions, quaternions = self._data.xpos[self._objects], self._data.xquat[self._objects]
        return np.hstack([positions, quaternions[:, [1, 2, 3, 0]]])

    @property
    def success(self) -> bool:
        """Whether the task is done at this moment, with the object that is named."""
        return self.done_with(self.target)

    def done_with(self, target: int) -> bool:
        """Whether the task is done at this moment with object 0 or 1, named or not."""
        item, goal = self.object_poses()[list(self.task.pairs[check_target(target)]), :3]
        finger, lifted = float(self.joint_position[-1]), bool(self._lifted[target])
        return self.task.succeeded(Situation(self.tool_position, item, goal, finger, lifted))

    @property
    def lost(self) -> bool:
        """Whether the named object has fallen off the table."""
        return bool(self._data.xpos[self._items[self.target], 2] < _FALLEN)

    @property
    def time_ns(self) -> int:
        """Simulated time since the last reset [ns]."""
        return round(self._data.time * 1e9 / STEP_NS) * STEP_NS

    def pose(self) -> Pose:
        """A copy of what a picture shows; a Renderer in another thread may draw it."""
        data = self._data
        return Pose(data.qpos.copy(), data.mocap_pos.copy(), data.mocap_quat.copy())

    def render(self, camera: str, width: int = 224, height: int = 224) -> Pixels:
        """Image (height, width, 3), RGB, of camera ``front`` or ``wrist``; in one thread only."""
        if self._renderer is None or self._renderer.size != (width, height):
            self.close()
            self._renderer = Renderer(self.model, width, height)
        return self._renderer.render(self.pose(), camera)

    def close(self) -> None:
        """Free the renderer, in the thread that rendered."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _quaternion(place: Place) -> Array:
    """Of a turn about the vertical, w x y z."""
    return np.array([np.cos(place.yaw / 2), 0.0, 0.0, np.sin(place.yaw / 2)])
