"""Forward and inverse kinematics of a tool, on the URDF, by pinocchio (extra ``kinematics``)."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.motion.rotations import normalised
from aura_ros.robot.description import Robot
from aura_ros.robot.problems import closest
from aura_ros.types import Array

# A row is reached within these [m, rad]; the search goes on until its steps are that fine [rad].
REACHED_M, REACHED_RAD = 1e-3, 1e-2
_FINE = 1e-7
_MAX_STEPS = 100
_LONGEST_STEP = 0.5
# Damping: a share of the squared error (Sugihara 2011, IEEE T-RO 27(5)), and the least of it.
_DAMPING, _LEAST_DAMPING = 0.5, 1e-9


class KinematicsError(ValueError):
    """Kinematics that cannot be computed: names what is missing or wrong."""


class Unreachable(KinematicsError):
    """A pose that the joints do not reach within their limits."""


class Kinematics:
    """The tool of one group of joints. Keeps scratch space: one instance a thread.

    Poses are those of link ``tip`` in the frame of link ``base`` (default: the URDF's root), which
    the group must not move. The robot's other joints count as they are told, joints that it does
    not name as zero. Raises KinematicsError.
    """

    def __init__(self, urdf: bytes, robot: Robot, group: str, tip: str, base: str = "") -> None:
        self._pin = pinocchio()
        try:
            self._model = self._pin.buildModelFromXML(urdf.decode())
        except ValueError as error:
            raise KinematicsError(f"pinocchio cannot read the URDF: {error}") from None
        self._data = self._model.createData()
        self._tip, self._base = self._frame(tip), self._frame(base) if base else 0
        self._columns = robot.group_indices(group)
        self._rates = self._rates_of(robot, group)
        self._read_layout(robot)
        limits = robot.limits
        self._lower = (limits.lower + limits.margin)[self._columns]
        self._upper = (limits.upper - limits.margin)[self._columns]

    def forward(self, position: Array) -> tuple[Array, Array]:
        """Place (3,) [m] and quaternion x y z w (4,) of the tool; the robot's joints (n,)."""
        self._place(position)
        pose = self._pin.SE3ToXYZQUAT(self._pose(self._base).actInv(self._pose(self._tip)))
        return np.asarray(pose[:3]), np.asarray(pose[3:])

    def inverse(self, place: Array, quaternion: Array, position: Array) -> Array:
        """Joints (H, m) of the group that take the tool to poses (H, 3) [m], (H, 4).

        Damped least squares from one row to the next, beginning with the robot's joints (n,);
        what the pose leaves free stays near those. Raises Unreachable for a row that is missed
        by over ``REACHED_M`` or ``REACHED_RAD``.
        """
        self._place(position)
        base = self._pose(self._base).copy()
        wanted = np.hstack([place, normalised(quaternion)])
        joints, rows = position.copy(), np.empty((len(wanted), len(self._columns)))
        for index, row in enumerate(wanted):
            goal = base * self._pin.XYZQUATToSE3(row)
            rows[index] = self._reach(goal, joints, position[self._columns], index)
            joints[self._columns] = rows[index]
        return rows

    def _reach(self, goal: Any, joints: Array, home: Array, index: int) -> Array:
        """The group's joints (m,) at ``goal``, from ``joints`` (n,) on, near ``home`` (m,)."""
        joints = joints.copy()
        lower, upper = np.minimum(self._lower, home), np.maximum(self._upper, home)
        for _ in range(_MAX_STEPS):
            jacobian, error = self._look(goal, joints)
            here = joints[self._columns]
            step = _step(jacobian, error, home - here, lower - here, upper - here)
            longest = float(np.abs(step).max())
            if longest < _FINE:
                break
            joints[self._columns] = here + step * min(1.0, _LONGEST_STEP / longest)
        self._check_reached(goal, joints, index)
        return joints[self._columns]

    def _look(self, goal: Any, joints: Array) -> tuple[Array, Array]:
        """Jacobian (6, m) of the tool and its error (6,) from ``goal``, in the tool's frame."""
        self._place(joints)
        away = self._pose(self._tip).actInv(goal)
        frame = self._pin.ReferenceFrame.LOCAL
        jacobian = self._pin.getFrameJacobian(self._model, self._data, self._tip, frame)
        return jacobian[:, self._rates], self._pin.log6(away).vector

    def _check_reached(self, goal: Any, joints: Array, index: int) -> None:
        self._place(joints)
        away = self._pose(self._tip).actInv(goal)
        metres = float(np.linalg.norm(away.translation))
        radians = float(np.linalg.norm(self._pin.log3(away.rotation)))
        if not (metres <= REACHED_M and radians <= REACHED_RAD):
            raise Unreachable(
                f"the pose of row {index} is out of reach: the joints come as near as "
                f"{metres:.4f} m and {radians:.3f} rad, {REACHED_M} m and {REACHED_RAD} rad needed"
            )

    # --- the model ------------------------------------------------------------------------

    def _place(self, position: Array) -> None:
        """Put the model's joints where the robot's (n,) are."""
        angles = position[self._turning]
        self._q[self._straight_at] = position[self._straight]
        # A joint that turns without end is a point on the circle.
        self._q[self._turning_at], self._q[self._turning_at + 1] = np.cos(angles), np.sin(angles)
        self._pin.computeJointJacobians(self._model, self._data, self._q)

    def _pose(self, frame: int) -> Any:
        return self._pin.updateFramePlacement(self._model, self._data, frame)

    def _frame(self, link: str) -> int:
        links = [f.name for f in self._model.frames if f.type == self._pin.FrameType.BODY]
        if link not in links:
            raise KinematicsError(f"no link {link!r} in the URDF, {closest(link, links)}")
        return int(self._model.getFrameId(link, self._pin.FrameType.BODY))

    def _rates_of(self, robot: Robot, group: str) -> NDArray[np.intp]:
        """Columns (m,) of the group's joints in the Jacobian."""
        names = [robot.joints[column] for column in self._columns]
        missing = [name for name in names if not self._model.existJointName(name)]
        if missing:
            raise KinematicsError(f"no joint {missing[0]!r} in the URDF, {self._movable(missing)}")
        joints = {self._model.getJointId(name) for name in names}
        frames = self._model.frames
        if joints & set(self._model.supports[frames[self._base].parentJoint]):
            raise KinematicsError(
                f"group {group} moves link {frames[self._base].name!r}, which its poses are given "
                "in; choose a link before the group's first joint as base_link"
            )
        if not joints & set(self._model.supports[frames[self._tip].parentJoint]):
            raise KinematicsError(
                f"no joint of group {group} moves link {frames[self._tip].name!r}; choose its tool "
                "as tip_link"
            )
        ids = [self._model.getJointId(name) for name in names]
        return np.array([self._model.joints[joint].idx_v for joint in ids], dtype=np.intp)

    def _movable(self, missing: list[str]) -> str:
        return closest(missing[0], list(self._model.names)[1:])

    def _read_layout(self, robot: Robot) -> None:
        """Where the robot's joints are in the model's configuration."""
        self._q = self._pin.neutral(self._model)
        known = [k for k, name in enumerate(robot.joints) if self._model.existJointName(name)]
        joints = [self._model.joints[self._model.getJointId(robot.joints[k])] for k in known]
        at = np.array([joint.idx_q for joint in joints], dtype=np.intp)
        turns = np.array([joint.nq == 2 for joint in joints], dtype=bool)
        columns = np.array(known, dtype=np.intp)
        self._straight, self._straight_at = columns[~turns], at[~turns]
        self._turning, self._turning_at = columns[turns], at[turns]


def pinocchio() -> Any:
    """The module, imported when it is needed. Raises KinematicsError where it is absent."""
    try:
        return importlib.import_module("pinocchio")
    except ImportError as error:
        raise KinematicsError(
            f"poses of joints need pinocchio ({error}): pip install 'aura_ros[kinematics]', "
            "or pip install pin"
        ) from None


def _step(jacobian: Array, error: Array, pull: Array, low: Array, high: Array) -> Array:
    """Motion (m,) that takes away ``error`` (6,), and what is free of it along ``pull`` (m,).

    Joints that would leave ``low`` to ``high`` (m,) stop there, and the others do their part.
    """
    damping = (_DAMPING * float(error @ error) + _LEAST_DAMPING) * np.eye(len(error))
    step, free = np.zeros_like(pull), np.ones(len(pull), dtype=bool)
    while free.any():
        part = jacobian[:, free]
        left = error - jacobian @ step - part @ pull[free]
        trial = pull[free] + part.T @ np.linalg.solve(part @ part.T + damping, left)
        inside = (trial >= low[free]) & (trial <= high[free])
        step[free] = np.clip(trial, low[free], high[free])
        if inside.all():
            break
        stopped = np.flatnonzero(free)[~inside]
        free[stopped] = False
        step[free] = 0.0
    return step
