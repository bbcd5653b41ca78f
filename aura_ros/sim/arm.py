"""The Panda with its tool pointing down: five task coordinates to and from eight joints.

Task coordinates are x, y, z of the tool [m], yaw of the hand [rad] and finger travel [m], in the
base frame. Joint 3 is kept at zero, so that every reachable point has one solution.
"""

from __future__ import annotations

import mujoco
import numpy as np
from scipy.linalg.lapack import dposv

from aura_ros.sim.model import ARM_JOINTS, TOOL, robot_spec
from aura_ros.types import Array

YAW, FINGER = 3, 4
_FREE = np.array([0, 1, 3, 4, 5, 6])
_ITERATIONS, _DAMPING, _STEP = 30, 1e-4, 0.3
_TOLERANCE = 1e-6


class Arm:
    """Forward and inverse kinematics. Keeps scratch space: one instance a thread."""

    def __init__(self) -> None:
        self._model = robot_spec().compile()
        self._data = mujoco.MjData(self._model)
        self._tool = self._model.body(TOOL).id
        joints = [self._model.joint(name) for name in ARM_JOINTS]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._lower, self._upper = np.array([joint.range for joint in joints]).T
        self._jacobian = np.zeros((6, self._model.nv))

    def task_of(self, joints: Array) -> Array:
        """Task coordinates (5,) of joint positions (8,); a tilt of the tool is not in them."""
        self._forward(joints[:7])
        rotation = self._data.xmat[self._tool].reshape(3, 3)
        yaw = np.arctan2(rotation[1, 0], rotation[0, 0])
        return np.array([*self._data.xpos[self._tool], yaw, joints[7]])

    def joints_of(self, task: Array, seed: Array) -> Array:
        """Joint positions (8,) at task coordinates (5,), by damped least squares from ``seed``.

        Out of reach the nearest point found is returned.
        """
        joints = np.clip(seed[:7], self._lower, self._upper)
        joints[2] = 0.0
        target = _pointing_down(task[YAW])
        for _ in range(_ITERATIONS):
            self._forward(joints)
            error = self._error(task[:3], target)
            if np.abs(error).max() < _TOLERANCE:
                break
            change = self._solve(self._free_jacobian(), error)
            joints[_FREE] += np.clip(change, -_STEP, _STEP)
            joints = np.clip(joints, self._lower, self._upper)
        return np.append(joints, task[FINGER])

    def rates_of(self, joints: Array, task_rates: Array) -> Array:
        """Joint velocities (8,) at ``joints`` for task velocities (5,), joint 3 at rest."""
        self._forward(joints[:7])
        twist = np.array([*task_rates[:3], 0.0, 0.0, task_rates[YAW]])
        rates = np.zeros(8)
        rates[_FREE], rates[7] = self._solve(self._free_jacobian(), twist), task_rates[FINGER]
        return rates

    def _free_jacobian(self) -> Array:
        """Jacobian (6, 6) of the tool over the free joints, after ``_forward``."""
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_jacBody(
            self._model, self._data, self._jacobian[:3], self._jacobian[3:], self._tool
        )
        return self._jacobian[:, _FREE]

    @staticmethod
    def _solve(jacobian: Array, twist: Array) -> Array:
        """Damped least squares: finite near singular configurations too."""
        square = jacobian @ jacobian.T
        square.flat[::7] += _DAMPING**2
        # A good part of a plan's time goes here: six by six, numpy's own solver takes five times
        # as long.
        return np.asarray(jacobian.T @ dposv(square, twist)[1])

    def _forward(self, arm: Array) -> None:
        self._data.qpos[self._qpos] = arm
        mujoco.mj_kinematics(self._model, self._data)

    def _error(self, position: Array, rotation: Array) -> Array:
        """Position [m] and rotation vector [rad] from the tool's pose to the wanted one."""
        now = self._data.xmat[self._tool].reshape(3, 3)
        between = rotation @ now.T
        skew = between - between.T
        turn = (0.5 * skew[2, 1], 0.5 * skew[0, 2], 0.5 * skew[1, 0])
        return np.array([*(position - self._data.xpos[self._tool]), *turn])


def _pointing_down(yaw: float) -> Array:
    """Rotation of a hand whose z axis points down and whose x axis points to ``yaw``."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, s, 0.0], [s, -c, 0.0], [0.0, 0.0, -1.0]])
