"""How near to the hard limits rows and plans came: worst value over limit, per joint."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

import numpy as np

from aura_ros.motion.bounds import position_ratio, ratios, row_rates
from aura_ros.robot.description import Robot
from aura_ros.types import NS, ActionChunk, Array, Decision, Now, Plan, Proposal, Verdict

QUANTITIES = ("position", "velocity", "acceleration")


class Touched:
    """Takes every decision. ``rows`` are of all chunks, ``plans`` of those that were allowed;
    both map position, velocity and acceleration to worst ratios (n,)."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._proposed: Plan | None = None
        nothing = np.zeros(len(robot.joints))
        self.rows: dict[str, Array] = dict.fromkeys(QUANTITIES, nothing)
        self.plans: dict[str, Array] = dict.fromkeys(QUANTITIES, nothing)

    @singledispatchmethod
    def take(self, value: Any, now: Now) -> None:
        """Look at one decision; only motion matters."""

    @take.register
    def _(self, value: ActionChunk, now: Now) -> None:
        if value.joint_names != self._robot.joints or value.rows.ndim != 2:
            return
        limits = self._robot.limits
        velocity, acceleration = row_rates(value.rows, value.row_period_ns / NS)
        _raise(self.rows, "position", position_ratio(value.rows, limits))
        _raise(self.rows, "velocity", np.abs(velocity) / limits.velocity)
        _raise(self.rows, "acceleration", np.abs(acceleration) / limits.acceleration)

    @take.register
    def _(self, value: Proposal, now: Now) -> None:
        self._proposed = value.plan

    @take.register
    def _(self, value: Verdict, now: Now) -> None:
        plan = self._proposed
        allowed = value.decision == Decision.ALLOW
        if plan is None or not allowed or plan.digest != value.plan_digest:
            return
        h = plan.knot_period_ns / NS
        used = ratios(plan.position, plan.velocity, plan.acceleration, h, self._robot.limits)
        for name in QUANTITIES:
            _raise(self.plans, name, getattr(used, name)[None, :])

    def by_group(self, worst: dict[str, Array]) -> dict[tuple[str, str], float]:
        """Worst ratio of any joint by (quantity, group)."""
        return {
            (name, group.name): float(worst[name][self._robot.group_indices(group.name)].max())
            for name in QUANTITIES
            for group in self._robot.groups
        }


def _raise(worst: dict[str, Array], name: str, ratio: Array) -> None:
    """Take the ratios (rows, n) into the worst ones. NaN counts as infinite."""
    if len(ratio):
        highest = np.where(np.isnan(ratio), np.inf, ratio).max(axis=0)
        worst[name] = np.maximum(worst[name], highest)
