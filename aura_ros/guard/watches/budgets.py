"""Budgets: how much may happen within a minute, and how careful motion is after a HOLD.

Survivability-Aware Execution (arXiv:2603.10092): what each step allows may still be too much in
sum.
"""

from __future__ import annotations

from collections import deque
from types import MappingProxyType
from typing import Any

import numpy as np

from aura_ros.guard.entry import Entry, Setup, Stage, Unavailable
from aura_ros.guard.lattice import below
from aura_ros.guard.mode import MODE
from aura_ros.guard.watch import Judged, Turn, Watch
from aura_ros.motion.jerk import sample
from aura_ros.robot.description import Robot
from aura_ros.robot.spec import Field, Number, Table
from aura_ros.types import (
    NS,
    Array,
    Check,
    ClockJump,
    Commitment,
    Decision,
    Lease,
    Now,
    Plan,
    Reset,
    Tick,
)

WINDOW_S = 60.0
# Further back than this share of its way a gripper counts as open again.
OPEN_SHARE, CLOSED_SHARE = 0.6, 0.4

# What is refused for these is refused because motion is held already.
HELD = (MODE, "budget_refusals")

_COUNT = Number(1, 1e6, whole=True)
OPTIONS = Table(
    {
        "path_length": Field(
            Number(0.0, above=True), "longest way of any joint in a minute [rad or m]", None
        ),
        "moves": Field(_COUNT, "most plans of chunks committed in a minute", None),
        "refusals": Field(_COUNT, "most chunks and plans refused in a minute", None),
        "closings": Field(_COUNT, "most closings of grippers in a minute", None),
        "cooldown": Field(
            Number(0.0, 3600.0, above=True), "motion is slow for so long after a HOLD [s]", None
        ),
    }
)
UNITS = MappingProxyType({
    "path_length": "rad or m", "moves": "plans", "refusals": "refusals", "closings": "closings",
})  # fmt: skip


class Budgets(Watch):
    """One check a budget that is set, ``budget_<name>``: value: what was used within the last
    minute; limit: the budget. HOLD (or what the rules say) until the minute has passed. Plans that
    come while motion is held are refused for that: they are no refusals, or a HOLD would never end.

    ``budget_cooldown``: value: the part of the cooldown that is left [s]; limit 0; SLOW.
    """

    name = "budgets"

    def __init__(self, setup: Setup) -> None:
        self._budgets = {name: v for name, v in setup.options.items() if v is not None}
        if not self._budgets:
            raise Unavailable(f"no budget is set; there are {', '.join(OPTIONS.fields)}")
        self._decision, self._robot = setup.decision, setup.robot
        self._closed = closed_positions(self._robot)
        self._forget()

    def _forget(self) -> None:
        self._spent: dict[str, Spent] = {name: Spent() for name in UNITS}
        self._committed: Plan | None = None
        self._chunk = ""
        self._place: Array | None = None
        self._open = np.zeros(len(self._closed[0]), dtype=bool)
        self._held_ns: int | None = None

    def hear(self, value: Any, now: Now) -> None:
        """What is judged, committed and executed."""
        if isinstance(value, Turn):
            is_held = any(check.name in HELD and not check.passed for check in value.checks)
            self._judged(value.checks, not (value.allowed or is_held), now)
        elif isinstance(value, Judged):
            self._judged(value.checks, not all(check.passed for check in value.checks), now)
        elif isinstance(value, Lease) and not value.granted:
            self._held_ns = now.steady_ns
        elif isinstance(value, Commitment):
            self._commit(value.plan, now)
        elif isinstance(value, Tick):
            self._move(now)
        elif isinstance(value, ClockJump | Reset):
            self._forget()

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check a budget."""
        return tuple(self._check(name, now) for name in self._budgets)

    def _check(self, name: str, now: Now) -> Check:
        if name == "cooldown":
            return self._cooldown(now)
        spent, limit = self._spent[name].within(now), self._budgets[name]
        words = f"{spent:g} {UNITS[name]} within a minute"
        return below(f"budget_{name}", spent, limit, words, self._decision)

    def _cooldown(self, now: Now) -> Check:
        left = 0.0
        if self._held_ns is not None:
            left = max(self._budgets["cooldown"] - (now.steady_ns - self._held_ns) / NS, 0.0)
        words = f"motion was held: slow for another {left:.1f} s"
        return below("budget_cooldown", left, 0.0, words, Decision.SLOW)

    def _judged(self, checks: tuple[Check, ...], refused: bool, now: Now) -> None:
        if refused:
            self._spent["refusals"].add(1.0, now)
        if any(not check.passed and check.decision >= Decision.HOLD for check in checks):
            self._held_ns = now.steady_ns

    def _commit(self, plan: Plan, now: Now) -> None:
        """A motion was committed: its stops and its rests are no moves of their own."""
        if plan.chunk_digest and plan.chunk_digest != self._chunk:
            self._spent["moves"].add(1.0, now)
        self._chunk = plan.chunk_digest or self._chunk
        self._committed = plan

    def _move(self, now: Now) -> None:
        """How far the committed motion went since the last tick, and which grippers closed."""
        if self._committed is None:
            return
        place, before = sample(self._committed, now.ros_ns).position, self._place
        self._place = place
        if before is not None:
            way = np.abs(self._robot.difference(place, before))
            self._spent["path_length"].add(way, now)
        columns, closed, way_open = self._closed
        share = (place[columns] - closed) / way_open
        self._spent["closings"].add(float((self._open & (share < CLOSED_SHARE)).sum()), now)
        self._open = np.where(share > OPEN_SHARE, True, self._open & (share >= CLOSED_SHARE))


class Spent:
    """What was spent within the last minute of the steady clock; of vectors the worst entry."""

    def __init__(self) -> None:
        self._entries: deque[tuple[int, Any]] = deque()
        self._sum: Any = 0.0

    def add(self, amount: Any, now: Now) -> None:
        """Spend ``amount``: a number, or one a joint (n,)."""
        if np.any(amount):
            self._entries.append((now.steady_ns, amount))
            self._sum = self._sum + amount

    def within(self, now: Now) -> float:
        """What was spent within the last minute."""
        while self._entries and now.steady_ns - self._entries[0][0] >= WINDOW_S * NS:
            self._sum = self._sum - self._entries.popleft()[1]
        return float(np.max(self._sum)) if self._entries else 0.0


def closed_positions(robot: Robot) -> tuple[Array, Array, Array]:
    """Columns of grippers that can be told open or closed, where each is closed, and its way
    (signed) from there to open."""
    columns, closed, opened = [], [], []
    for group in robot.groups:
        for column in robot.group_indices(group.name) if group.kind == "gripper" else ():
            switching = group.switching
            ends = (robot.limits.lower[column], robot.limits.upper[column])
            low, high = (switching.closed, switching.opened) if switching else ends
            if np.isfinite([low, high]).all() and low != high:
                columns.append(column)
                closed.append(low)
                opened.append(high)
    return np.array(columns, dtype=np.intp), np.array(closed), np.array(opened) - np.array(closed)


ENTRY = Entry(Budgets.name, Stage.WORLD, Budgets, Decision.HOLD, OPTIONS)
