"""Scripted experts: chunks of joint targets that solve the tasks. Stateless.

What was done already is read from geometry: ``predict`` says how things will be when the chunk
begins, ``stages`` which stops of the tool are still ahead, and the stops are joined smoothly.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aura_ros.sim.arm import Arm
from aura_ros.sim.drawer import drawer, predict_knob
from aura_ros.sim.profile import Bounds, Motion, chain, follow
from aura_ros.sim.scene import Scene, predict
from aura_ros.sim.stages import pick_place, push, reach
from aura_ros.sim.stops import Stop
from aura_ros.sim.tasks import check_target, find_task
from aura_ros.types import Array

Predict = Callable[[Array, Array, Array], Scene]
Stages = Callable[[Scene], list[Stop]]
PLANS: dict[str, tuple[Predict, Stages]] = {
    "reach": (predict, reach),
    "push": (predict, push),
    "pick_place": (predict, pick_place),
    "drawer": (predict_knob, drawer),
}
"""For each task, how things will be and which stops are ahead then."""

TASK_BOUNDS = Bounds(
    velocity=np.array([0.25, 0.25, 0.25, 0.8, 0.09]),
    acceleration=np.array([0.8, 0.8, 0.8, 2.0, 0.9]),
    jerk=np.array([8.0, 8.0, 8.0, 20.0, 20.0]),
)
"""Limits in task coordinates: x y z [m], yaw [rad], finger [m]."""

JOINT_BOUNDS = Bounds(
    velocity=np.array([0.98] * 7 + [0.098]),
    acceleration=np.array([4.8] * 7 + [0.98]),
    jerk=np.array([300.0] * 7 + [60.0]),
)
"""Limits of the rows: below 1 rad/s and 5 rad/s^2, fingers 0.1 m/s and 1 m/s^2."""

_PROBE_S = 1e-3


class Expert:
    """The expert of one task with one target. Keeps scratch space: one instance a thread."""

    def __init__(self, task: str, target: int = 0) -> None:
        chosen = find_task(task)
        self._predict, self._stages = PLANS[chosen.name]
        self._pair = list(chosen.pairs[check_target(target)])
        self._arm = Arm()

    def plan(
        self,
        measured: Array,
        objects: Array,
        start: tuple[Array, Array, Array],
        horizon: int,
        row_period_s: float,
    ) -> Array:
        """Joint targets of shape (horizon, 8) [rad, finger m]; row 0 is the start itself.

        ``measured`` (8,) and ``objects`` (m, 7) belong to the time of the observation, ``start``
        (position, velocity, acceleration, each (8,)) is the planned state where row 0 will be
        executed, later by the policy's latency.
        """
        begin = Motion(*(np.asarray(values, dtype=np.float64) for values in start))
        tool = self._tool_motion(begin)
        seen = objects[self._pair]
        scene = self._predict(self._arm.task_of(measured), seen, tool.position)
        times: Array = np.arange(horizon, dtype=np.float64) * row_period_s
        stops = [(stop.point, _slowed(stop.speed)) for stop in self._stages(scene)]
        path = chain(tool, stops, times)
        targets = self._joint_motions(path, begin.position, row_period_s)
        return follow(begin, targets, row_period_s, JOINT_BOUNDS)

    def _tool_motion(self, joints: Motion) -> Motion:
        """Motion of the tool that goes with a motion of the joints, by central differences."""
        drift = joints.velocity * _PROBE_S
        bend = 0.5 * joints.acceleration * _PROBE_S**2
        before = self._arm.task_of(joints.position - drift + bend)
        now = self._arm.task_of(joints.position)
        after = self._arm.task_of(joints.position + drift + bend)
        velocity = (after - before) / (2 * _PROBE_S)
        return Motion(now, velocity, (after - 2 * now + before) / _PROBE_S**2)

    def _joint_motions(self, path: list[Motion], seed: Array, period_s: float) -> list[Motion]:
        """Joint motions that carry the tool along ``path``."""
        rows, rates = np.empty((2, len(path), len(seed)))
        for index, point in enumerate(path):
            rows[index] = seed = self._arm.joints_of(point.position, seed)
            rates[index] = self._arm.rates_of(seed, point.velocity)
        changes = np.gradient(rates, period_s, axis=0)
        return [Motion(*values) for values in zip(rows, rates, changes, strict=True)]


def _slowed(speed: float) -> Bounds:
    velocity = TASK_BOUNDS.velocity.copy()
    velocity[:3] *= speed
    return Bounds(velocity, TASK_BOUNDS.acceleration, TASK_BOUNDS.jerk)
