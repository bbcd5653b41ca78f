"""MetaWorld's robot and a task of it, one step of 12.5 ms at a time. Not thread-safe.

A set-point (7,) is the place of the tool [m], its rotation vector [rad], which MetaWorld ignores,
and the opening of the gripper [m]: the columns of ``config/robots/metaworld_sawyer.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mujoco
import numpy as np

from aura_ros.sim.metaworld.tasks import Task, environment
from aura_ros.types import Array

STEP_NS = 12_500_000
STEP_S = STEP_NS / 1_000_000_000
COLUMNS = 7
PLACE, ROTATION, GRIPPER = slice(0, 3), slice(3, 6), 6
WIDE_OPEN = 0.1
"""Opening [m] that MetaWorld's observation calls 1; efforts of -1 and 1 open and close."""
# What MetaWorld's action of 1 moves the hand by in a step [m].
_STRIDE = 0.01
_OBSERVATION = 39
# The weld gives way to the arm's weight: the tool is the point that rests at its set-point [m].
_SAG = np.array([0.0, 0.0, 0.0038])
# MetaWorld leaves the hand in motion; after so many steps more it rests within a millimetre.
_SETTLE_STEPS = 40
# Where goals and objects may be: centre and spread [m].
_CENTRE, _SPREAD = np.array([0.0, 0.75, 0.12]), np.array([0.07, 0.12, 0.1])
# An object below the table, or this far from where the hand can go [m], is lost.
_FALLEN, _AWAY = -0.05, 0.05


class World:
    """One task. ``reset`` comes first."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._env = environment(task)
        self.model: mujoco.MjModel = self._env.model
        self._scratch = mujoco.MjData(self.model)
        size = mujoco.mj_stateSize(self.model, mujoco.mjtState.mjSTATE_INTEGRATION)
        self._state = np.empty(size)
        self._home: Array = np.array(self._env.hand_init_pos, dtype=np.float64)
        self.success = False

    @property
    def data(self) -> mujoco.MjData:
        """The state of MuJoCo: the real one or, within ``imagined``, the copy."""
        data: mujoco.MjData = self._env.data
        return data

    @property
    def rest(self) -> Array:
        """The set-point (7,) at which episodes begin."""
        return np.array([*self._home, 0.0, 0.0, 0.0, WIDE_OPEN])

    def reset(self, seed: int, place: Array | None = None) -> None:
        """Objects and goal as MetaWorld draws them for ``seed``; the hand open and at rest at
        ``place`` (3,), by default where MetaWorld has it."""
        self._env.hand_init_pos = self._home if place is None else np.array(place)
        self._env.seed(seed)
        self._env.reset()
        # MetaWorld moves boxes without telling what is fixed to them.
        mujoco.mj_forward(self.model, self.data)
        begun = self.rest
        begun[PLACE] = self._env.hand_init_pos
        for _ in range(_SETTLE_STEPS):
            self.advance(begun)
        self.success = False
        self._before = self.position

    def step(self, set_point: Array) -> None:
        """Advance by 12.5 ms."""
        self._before = self.position
        # The limit of steps would end episodes; those who run them have their own.
        self._env.curr_path_length = 0
        info = self._env.step(self.action(set_point))[-1]
        self.success = bool(info["success"])

    def act(self, action: Array) -> None:
        """Advance by 12.5 ms with MetaWorld's own action (4,)."""
        self._env.curr_path_length = 0
        self.success = bool(self._env.step(action)[-1]["success"])

    def action(self, set_point: Array) -> Array:
        """MetaWorld's action (4,) that moves on to a set-point, at 0.8 m/s at most."""
        way = (set_point[PLACE] - self.data.mocap_pos[0]) / _STRIDE
        effort = 1.0 - 2.0 * set_point[GRIPPER] / WIDE_OPEN
        return np.clip(np.array([*way, effort]), -1.0, 1.0)

    @contextmanager
    def imagined(self) -> Iterator[None]:
        """Within it everything happens to a copy of the state."""
        real = self._env.data
        everything = mujoco.mjtState.mjSTATE_INTEGRATION
        mujoco.mj_getState(self.model, real, self._state, everything)
        mujoco.mj_setState(self.model, self._scratch, self._state, everything)
        mujoco.mj_forward(self.model, self._scratch)
        self._env.data = self._scratch
        try:
            yield
        finally:
            self._env.data = real

    def advance(self, set_point: Array) -> None:
        """As ``step``, without asking for success: for what is only imagined."""
        action = self.action(set_point)
        self._env.set_xyz_action(action[:3])
        self._env.do_simulation([action[3], -action[3]], self._env.frame_skip)
        mujoco.mj_forward(self.model, self.data)

    @property
    def position(self) -> Array:
        """Measured (7,). MetaWorld measures no rotation: the weld holds it."""
        opening = WIDE_OPEN * self._opening
        return np.array([*(self._env.get_endeff_pos() + _SAG), 0.0, 0.0, 0.0, opening])

    @property
    def velocity(self) -> Array:
        """Measured (7,) over the last step, per second."""
        return (self.position - self._before) / STEP_S

    @property
    def _opening(self) -> float:
        fingers = self.data.body("rightclaw").xpos - self.data.body("leftclaw").xpos
        return min(float(np.linalg.norm(fingers)) / WIDE_OPEN, 1.0)

    @property
    def observation(self) -> Array:
        """What MetaWorld's experts read of its observation (39,): hand, gripper, object, goal."""
        seen = np.zeros(_OBSERVATION)
        seen[:3], seen[3] = self._env.get_endeff_pos(), self._opening
        seen[4:7], seen[-3:] = self.item, self._env._get_pos_goal()
        return seen

    @property
    def item(self) -> Array:
        """Place of the object (3,) [m]."""
        return np.asarray(self._env._get_pos_objects(), dtype=np.float64)[:3]

    @property
    def layout(self) -> Array:
        """Where the object and the goal are, (6,), centred and scaled."""
        places = np.stack([self.item, self._env._get_pos_goal()])
        return np.asarray((places - _CENTRE) / _SPREAD).ravel()

    @property
    def lost(self) -> bool:
        """Whether the object is where no hand can get."""
        low, high = self._env.hand_low - _AWAY, self._env.hand_high + _AWAY
        item = self.item
        return bool(item[2] < _FALLEN or (item < low)[:2].any() or (item > high)[:2].any())
