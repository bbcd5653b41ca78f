"""A chunk as it is acted on: as far as it is trusted, its discrete grippers decided."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.gripper import decided
from aura_ros.fuser.moving import Moving
from aura_ros.motion.jerk import knot_at_or_after
from aura_ros.motion.stop import at_rest
from aura_ros.robot.description import Robot
from aura_ros.types import NS, ROLLBACK, ActionChunk, Array, FailureRisk, Now, Plan


@dataclass(frozen=True)
class Acted(ActionChunk):
    """Rows made of those of a chunk. Its digest is that of the chunk, ``of``: what is planned
    from these rows is judged together with that."""

    of: str = ""

    @cached_property
    def digest(self) -> str:
        """Identity of the chunk that this was made of."""
        return self.of


class Trust:
    """How much of a chunk the monitor trusts, and the rows that follow from it."""

    def __init__(self, moving: Moving) -> None:
        self._moving = moving
        self.forget()

    def forget(self) -> None:
        """Nothing was heard of the monitor."""
        self._risk: tuple[Now, float] | None = None

    def hear(self, risk: FailureRisk, now: Now) -> Refusal | None:
        """The monitor's word, or why it is not taken."""
        if not 0.0 <= risk.trust <= 1.0:
            words = f"trust is {risk.trust}; it must be from 0 to 1: see the monitor"
            return Refusal("risk", words)
        self._risk = (now, risk.trust)
        return None

    def share(self, now: Now) -> float:
        """The share of a chunk to act on; all of it where the monitor was not heard lately."""
        if self._risk is None:
            return 1.0
        heard, trust = self._risk
        is_old = now.steady_ns - heard.steady_ns > self._moving.config.max_age * NS
        return 1.0 if is_old else trust

    def acted_on(self, chunk: ActionChunk, now: Now) -> ActionChunk:
        """As much of ``chunk`` as is trusted, at least what every attempt needs to start."""
        moving, config, robot = self._moving, self._moving.config, self._moving.robot
        period_ns = robot.knot_period_ns
        delay_ns = int(config.commit_delay * config.attempts * NS)
        start_ns = knot_at_or_after(now.ros_ns + delay_ns, period_ns)
        motion, place = moving.plan(now), moving.place(chunk.start_ns, now)
        if motion is None and place is not None:
            motion = at_rest(place, chunk.start_ns, period_ns, robot.joints)
        needed_ns = start_ns + config.min_knots * period_ns
        return acted_on(chunk, self.share(now), needed_ns, motion, robot)


def acted_on(
    chunk: ActionChunk, trust: float, needed_ns: int, motion: Plan | None, robot: Robot
) -> ActionChunk:
    """``chunk`` with the first ``trust`` of its rows, at least those up to ``needed_ns``.

    Discrete grippers are decided on all rows, from their state in the committed ``motion``. What
    retraces executed motion is left as it is: it passes between open and closed.
    """
    if chunk.source == ROLLBACK:
        return chunk
    if motion is None:
        motion = at_rest(chunk.rows[0], chunk.start_ns, robot.knot_period_ns, robot.joints)
    rows = decided(chunk.rows, chunk.row_period_ns, motion, chunk.start_ns, robot)
    return _with_rows(chunk, rows[: trusted_rows(chunk, trust, needed_ns)])


def trusted_rows(chunk: ActionChunk, trust: float, needed_ns: int) -> int:
    """How many rows of ``chunk`` to act on: ``trust`` of its time, and up to ``needed_ns``."""
    periods = len(chunk.rows) - 1
    trusted = math.ceil(np.clip(trust, 0.0, 1.0) * periods)
    needed = -((chunk.start_ns - needed_ns) // chunk.row_period_ns)
    return min(max(trusted, needed, 1), periods) + 1


def _with_rows(chunk: ActionChunk, rows: Array) -> ActionChunk:
    if rows is chunk.rows:
        return chunk
    same = {f.name: getattr(chunk, f.name) for f in fields(ActionChunk) if f.name != "rows"}
    return Acted(**same, rows=rows, of=chunk.digest)
