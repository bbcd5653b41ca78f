"""The simulated robot and its surroundings, one 2 ms step at a time. Not thread-safe."""

from __future__ import annotations

import mujoco
import numpy as np

from aura_ros.sim.model import CUBE, CUBE_HALF, HOME, JOINTS, STEP_NS, TOOL, build_model
from aura_ros.sim.render import Pixels, Pose, Renderer
from aura_ros.sim.tasks import LIFT_HEIGHT, Placement, Situation, find_task
from aura_ros.types import Array

_GRIP, _SLIP = 1.0, 0.02
_SLIP_ABOVE = 0.06


class World:
    """The Panda with one cube and one goal.

    ``slippery`` lets the cube slide out of the gripper as soon as it is off the table.
    """

    def __init__(self, task: str, seed: int = 0) -> None:
        self.task = find_task(task)
        self.model = build_model(self.task.goal_shape)
        self.slippery = False
        self._data = mujoco.MjData(self.model)
        self._dofs = np.array([self.model.joint(name).qposadr[0] for name in JOINTS])
        self._mirror = self.model.joint("panda_finger_joint2").qposadr[0]
        self._cube_qpos = int(self.model.joint(CUBE).qposadr[0])
        self._cube_dof = int(self.model.joint(CUBE).dofadr[0])
        self._cube_geom, self._tool = self.model.geom(CUBE).id, self.model.body(TOOL).id
        self._renderer: Renderer | None = None
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Robot at home and at rest, objects placed by ``seed``."""
        mujoco.mj_resetData(self.model, self._data)
        self._data.qpos[self._dofs] = HOME
        self._data.qpos[self._mirror] = HOME[-1]
        self._data.ctrl[:] = HOME
        mujoco.mj_forward(self.model, self._data)
        self.new_episode(seed)

    def new_episode(self, seed: int) -> None:
        """Objects placed by ``seed``; the robot stays as it is, and empty-handed."""
        rng = np.random.default_rng(seed)
        self._put(self.task.place(rng, self.tool_position))
        self._lifted = False
        mujoco.mj_forward(self.model, self._data)

    def _put(self, placement: Placement) -> None:
        half = placement.cube_yaw / 2
        cube = slice(self._cube_qpos, self._cube_qpos + 7)
        self._data.qpos[cube] = [*placement.cube, np.cos(half), 0.0, 0.0, np.sin(half)]
        self._data.qvel[self._cube_dof : self._cube_dof + 6] = 0.0
        self._data.mocap_pos[0], self._data.mocap_quat[0] = placement.goal, (1.0, 0.0, 0.0, 0.0)

    def step(self, target: Array) -> None:
        """Advance 2 ms with position targets of shape (8,) [rad, finger m]."""
        self._data.ctrl[:] = target
        slips = self.slippery and self._cube_height > _SLIP_ABOVE
        self.model.geom_friction[self._cube_geom, 0] = _SLIP if slips else _GRIP
        mujoco.mj_step(self.model, self._data)
        self._lifted = self._lifted or self._cube_height >= CUBE_HALF + LIFT_HEIGHT

    @property
    def _cube_height(self) -> float:
        return float(self._data.qpos[self._cube_qpos + 2])

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
        """Cube and goal in the base frame, shape (2, 7): x y z [m], quaternion x y z w."""
        cube = self._data.qpos[self._cube_qpos : self._cube_qpos + 7]
        goal = np.concatenate([self._data.mocap_pos[0], self._data.mocap_quat[0]])
        return np.stack([cube, goal])[:, [0, 1, 2, 4, 5, 6, 3]]

    @property
    def success(self) -> bool:
        """Whether the task is done at this moment."""
        cube, goal = self.object_poses()[:, :3]
        finger = float(self.joint_position[-1])
        return self.task.succeeded(Situation(self.tool_position, cube, goal, finger, self._lifted))

    @property
    def time_ns(self) -> int:
        """Simulated time since the last reset [ns]."""
        return round(self._data.time * 1e9 / STEP_NS) * STEP_NS

    def pose(self) -> Pose:
        """A copy of what a picture shows; a Renderer in another thread may draw it."""
        data = self._data
        return Pose(data.qpos.copy(), data.mocap_pos[0].copy(), data.mocap_quat[0].copy())

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
