"""The chunk begins where the robot is planned to be: a policy's rows start from its state."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import below, passed, unknown
from aura_ros.motion.jerk import sample
from aura_ros.robot.spec import Field, Number, Table
from aura_ros.types import Array, Check, ClockJump, Commitment, Now, Plan

# Committed motions that are kept: chunks begin at most max_age ago, and each holds some past.
PAST = 16

OPTIONS = Table(
    {
        "reach": Field(
            Number(0.0, 10.0, above=True),
            "how far row 0 may be from the motion: what the velocity limit covers so long [s]",
            0.25,
        ),
        "distance": Field(
            Number(0.0, above=True), "and no farther than this [rad or m], whatever its speed", None
        ),
    }
)


class RowStart:
    """Value: worst distance of row 0 from the motion that was committed for its time (before a
    first plan: from the measured joints), over the velocity limit [s]; limit: ``reach``. A
    ``distance`` counts as so many seconds as it needs to be the same limit.

    Grippers are left out: their rows jump by nature.
    """

    def __init__(self, setup: Setup) -> None:
        self._reach, self._decision = float(setup.options["reach"]), setup.decision
        self._robot = robot = setup.robot
        distance = setup.options["distance"]
        slow = robot.limits.velocity
        if distance is not None:
            slow = np.minimum(slow, distance / self._reach)
        self._scale = 1.0 / slow
        self._past: deque[Plan] = deque(maxlen=PAST)

    def hear(self, value: Any, now: Now) -> None:
        """The motion that is committed."""
        if isinstance(value, Commitment):
            self._past.append(value.plan)
        elif isinstance(value, ClockJump):
            self._past.clear()

    def __call__(self, context: Context) -> Check:
        """Compare."""
        robot = self._robot
        place = self._place(context)
        if place is None:
            return unknown("row_start", "no joint states to compare with", self._decision)
        columns = robot.averaged & np.isfinite(place)
        if not columns.any():
            return passed("row_start", 0.0, self._reach)
        away = np.abs(robot.difference(context.chunk.rows[0], place)) * self._scale
        late = np.where(columns, away, 0.0)
        worst = int(np.argmax(late))
        words = f"row 0 of {robot.joints[worst]} is {away[worst]:.3f} s from the planned motion"
        return below("row_start", float(late[worst]), self._reach, words, self._decision)

    def _place(self, context: Context) -> Array | None:
        """Where the robot was planned to be when the chunk begins (n,); NaN: nobody knows."""
        start_ns, committed = context.chunk.start_ns, context.committed
        if committed is None:
            if context.measured is None:
                return None
            measured = context.measured.position
            return np.where(self._robot.measured, measured, np.nan)
        if start_ns < committed.start_ns:
            known = (plan for plan in reversed(self._past) if plan.start_ns <= start_ns)
            committed = next(known, committed)
        return sample(committed, start_ns).position


ENTRY = Entry("row_start", Stage.PLAN, RowStart, options=OPTIONS)
