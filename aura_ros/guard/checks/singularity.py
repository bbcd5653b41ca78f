"""Where the tool can hardly move in some direction, the plan is slow; near a singularity it does
not go. Limits are those of MoveIt Servo (lower_singularity_threshold, hard_stop_...)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.guard.context import Context
from aura_ros.guard.entry import Entry, Setup, Stage, Unavailable
from aura_ros.guard.geometry.along import finite
from aura_ros.guard.geometry.chain import Chain, Places
from aura_ros.guard.geometry.model import Model, model_of
from aura_ros.guard.geometry.options import MODEL, NAME
from aura_ros.guard.geometry.tree import Frame
from aura_ros.guard.lattice import below, failed, passed, unknown
from aura_ros.robot.problems import closest
from aura_ros.robot.spec import Field, MapOf, Number, Table
from aura_ros.types import Array, Check, Decision

# No joint turns farther than this between two configurations that are looked at [rad or m].
STEP = 0.05

OPTIONS = Table(
    {
        "home": MODEL["home"],
        "tools": Field(MapOf(NAME, NAME), "the link of the tool, by group of joints"),
        "slow_above": Field(
            Number(1.0, above=True), "condition number above which motion is slow", 17.0
        ),
        "refuse_above": Field(
            Number(1.0, above=True), "condition number that is not approached", 30.0
        ),
        "slow_share": Field(
            Number(0.0, 1.0), "share of the velocity limits that slow motion uses", 0.25
        ),
    }
)


@dataclass(frozen=True)
class Tool:
    """A group's tool: its ``frame``, the group's ``columns`` (m,) of the robot, and how far each
    joint of the chain goes with them, ``share`` (J, m)."""

    group: str
    frame: Frame
    columns: NDArray[np.intp]
    share: Array


class Singularity:
    """Value: largest condition number of a tool's Jacobian (m and rad) along the plan; limit
    ``refuse_above``, beyond which it is REFUSE. Limit ``slow_above`` where the plan is fast: SLOW.

    A plan that begins beyond a limit may leave: what is no worse than all before does not count.
    Looked at every ``STEP`` of any joint.
    """

    def __init__(self, setup: Setup, model: Model, tools: tuple[Tool, ...]) -> None:
        self._along, self._tools, self._options = model.along, tools, setup.options
        self._decision = setup.decision

    def __call__(self, context: Context) -> Check:
        """One check."""
        plan = context.plan
        assert plan is not None
        if not finite(plan):
            return unknown(NAME_OF_CHECK, "the plan is not finite", self._decision)
        knots = _apart(plan.position)
        _, places = self._along.of(plan)
        looked = Places(places.pose[:, knots])
        speed = np.abs(plan.velocity[knots]) / context.robot.limits.velocity
        found = [self._tool(tool, looked, speed[:, tool.columns].max(axis=1))
                 for tool in self._tools]  # fmt: skip
        return max(found, key=lambda check: (not check.passed, check.decision, check.value))

    def _tool(self, tool: Tool, places: Places, speed: Array) -> Check:
        condition = conditions(self._along.chain, places, tool)
        nearer = condition > np.minimum.accumulate(condition) * (1 + 1e-9)
        condition = np.where(nearer, condition, 1.0)
        worst, limit = float(condition.max()), self._options["refuse_above"]
        words = f"{tool.group} comes near a singularity"
        if not worst <= limit:
            return failed(NAME_OF_CHECK, worst, limit, self._decision, words)
        fast = float(np.where(speed > self._options["slow_share"], condition, 1.0).max())
        if fast <= self._options["slow_above"]:
            return passed(NAME_OF_CHECK, worst, limit)
        words += f" faster than {self._options['slow_share']:.0%} of its velocity limits"
        return below(NAME_OF_CHECK, fast, self._options["slow_above"], words, Decision.SLOW)


def conditions(chain: Chain, places: Places, tool: Tool) -> Array:
    """Condition number (M,) of a tool's Jacobian in the root's frame; infinite if singular."""
    axis, place = chain.directions(places), np.array([tool.frame.place])
    away = places.points(place, tool.frame.origin[None]) - places.origin[1:].transpose(1, 0, 2)
    turning = chain.turning[:, None]
    linear = np.where(turning, np.cross(axis, away), axis)
    rows = np.concatenate([linear, np.where(turning, axis, 0.0)], axis=2)
    rows = rows * chain.supports[tool.frame.place][:, None]
    jacobian = rows.transpose(0, 2, 1) @ tool.share
    values = np.linalg.svd(jacobian, compute_uv=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(values[:, 0] / values[:, -1], nan=np.inf, posinf=np.inf)


def _apart(position: Array) -> NDArray[np.intp]:
    """Knots of positions (K + 1, n) at least so dense that no joint goes on by over ``STEP``."""
    way = np.concatenate([[0.0], np.abs(np.diff(position, axis=0)).max(axis=1).cumsum()])
    step = np.floor(way / STEP)
    return np.flatnonzero((np.diff(step, prepend=-1.0) > 0) | (np.arange(len(way)) == len(way) - 1))


def make(setup: Setup) -> Singularity:
    """The check of the tools that the options name. Raises Unavailable."""
    model = model_of(setup)
    tools = tuple(_made(setup, model, *item) for item in setup.options["tools"].items())
    return Singularity(setup, model, tools)


def _made(setup: Setup, model: Model, group: str, link: str) -> Tool:
    robot, chain = setup.robot, model.chain
    names = [one.name for one in robot.groups]
    if group not in names:
        raise Unavailable(f"tools: the robot has no group {group!r}, {closest(group, names)}")
    frame, columns = model.frame(link, f"tools.{group}"), robot.group_indices(group)
    share = (chain.columns[:, None] == columns) * chain.scale[:, None]
    moved = (share != 0).any(axis=1) & chain.supports[frame.place]
    if not moved.any():
        raise Unavailable(f"tools: no joint of {group} moves {link!r}; name the group's own tool")
    return Tool(group, frame, columns, share)


NAME_OF_CHECK = "singularity"
# It needs the name of a tool, which no configuration of a robot holds.
ENTRY = Entry(NAME_OF_CHECK, Stage.PLAN, make, Decision.REFUSE, OPTIONS, automatic=False)
