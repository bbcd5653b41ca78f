"""Whether the robot is in contact, told from its grippers: what they do, and what they did."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aura_ros.fuser.executed import Executed
from aura_ros.fuser.gripper import Gripper, grippers_of
from aura_ros.robot.description import Robot
from aura_ros.types import Array, Now, Plan

# A gripper that will move within this time is in transition already [ns].
AHEAD_NS = 300_000_000
# One that moved within this time still is [ns]: fingers and objects settle.
SETTLE_NS = 100_000_000
# Shares of the way from closed to opened: what counts as movement in these times, as having
# opened or closed, as stopped short of the target.
MOVED = 0.1
TRAVELLED = 0.2
SHORT = 0.1


class Contact(enum.Enum):
    """FREE: open, and not about to close. TRANSITION: closing or opening. HOLDING: closed, or
    stopped by something in between."""

    FREE = "free"
    TRANSITION = "transition"
    HOLDING = "holding"


@dataclass(frozen=True)
class Hands:
    """The grippers of a robot and what each did last: ``closed`` after it closed by a fifth of
    its way, until it opens by as much from ``extreme``, its utmost share since."""

    grippers: tuple[Gripper, ...]
    closed: tuple[bool, ...] = ()
    extreme: tuple[float, ...] = ()
    seen_ns: int = -1

    @staticmethod
    def of(robot: Robot) -> Hands:
        """The hands of ``robot``, of which nothing is known yet."""
        return Hands(grippers_of(robot))

    def watched(self, executed: Executed) -> Hands:
        """With what ``executed`` holds that was not seen yet."""
        plan = executed.plan
        if not self.grippers or plan.end_ns <= self.seen_ns:
            return self
        new = max((self.seen_ns - plan.start_ns) // plan.knot_period_ns + 1, 0)
        hands = self if self.seen_ns >= plan.start_ns - plan.knot_period_ns else self._anew(plan)
        for place in plan.position[new:]:
            hands = hands._moved([float(g.share(place)) for g in self.grippers])
        return replace(hands, seen_ns=plan.end_ns)

    def _anew(self, plan: Plan) -> Hands:
        """Nothing was seen before: closed is what is nearer to closed."""
        shares = tuple(float(g.share(plan.position[0])) for g in self.grippers)
        return replace(self, closed=tuple(s < 0.5 for s in shares), extreme=shares)

    def _moved(self, shares: list[float]) -> Hands:
        closed, extreme = [], []
        for was_closed, utmost, share in zip(self.closed, self.extreme, shares, strict=True):
            turned = share > utmost + TRAVELLED if was_closed else share < utmost - TRAVELLED
            is_closed = was_closed != turned
            farther = min(utmost, share) if is_closed else max(utmost, share)
            closed.append(is_closed)
            extreme.append(share if turned else farther)
        return replace(self, closed=tuple(closed), extreme=tuple(extreme))

    @property
    def holds(self) -> bool:
        """Some hand is closed."""
        return any(self.closed)

    def contact(self, executed: Executed, motion: Plan, now: Now) -> Contact:
        """The contact phase at ``now``: TRANSITION if any hand is, else HOLDING if any is.

        ``motion`` is what will move; a robot without grippers is FREE.
        """
        ahead = _ahead(executed.plan, motion, now.ros_ns + AHEAD_NS)
        found = {self._contact_of(k, executed, ahead) for k in range(len(self.closed))}
        for phase in (Contact.TRANSITION, Contact.HOLDING):
            if phase in found:
                return phase
        return Contact.FREE

    def _contact_of(self, k: int, executed: Executed, ahead: Array) -> Contact:
        gripper, plan, measured = self.grippers[k], executed.plan, executed.measured
        settle = SETTLE_NS // plan.knot_period_ns + 1
        planned = gripper.share(np.concatenate([plan.position[-settle:], ahead]))
        felt = gripper.share(measured[-settle:])
        if np.ptp(planned) > MOVED or np.ptp(felt) > MOVED / 2:
            return Contact.TRANSITION
        if self.closed[k] or felt[-1] - gripper.share(plan.position[-1]) > SHORT:
            return Contact.HOLDING
        return Contact.FREE

    def quiet(self, executed: Executed) -> NDArray[np.bool_]:
        """At which knots of ``executed`` (K,) no hand had moved for the settling time."""
        plan, measured = executed.plan, executed.measured
        settle = SETTLE_NS // plan.knot_period_ns + 1
        quiet = np.ones(len(plan.position), dtype=bool)
        for gripper in self.grippers:
            for path in (gripper.share(plan.position), gripper.share(measured)):
                padded = np.concatenate([np.full(settle - 1, path[0]), path])
                windows = np.lib.stride_tricks.sliding_window_view(padded, settle)
                quiet &= ~(np.ptp(windows, axis=1) > MOVED / 2)
        return quiet


def _ahead(past: Plan, motion: Plan, until_ns: int) -> Array:
    """Knots of ``motion`` after ``past`` and up to ``until_ns``, (K, n); at least one."""
    count = max((until_ns - past.end_ns) // past.knot_period_ns, 1)
    k = (past.end_ns - motion.start_ns) // motion.knot_period_ns + 1 + np.arange(count)
    return motion.position[np.clip(k, 0, len(motion.position) - 1)]
