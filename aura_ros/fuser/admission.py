"""Which chunks may become plans. A refusal has a code for counting and words for people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aura_ros.fuser.config import FuserConfig
from aura_ros.robot.description import Robot
from aura_ros.types import NS, ROLLBACK, ActionChunk, Now


@dataclass(frozen=True)
class Admission:
    """Limits on what a chunk may be: age of its observation, clock tolerance, rows left."""

    max_age_ns: int
    clock_tolerance_ns: int
    min_knots: int

    @classmethod
    def of(cls, config: FuserConfig) -> Admission:
        """The limits that ``config`` sets."""
        tolerance_ns = int(config.clock_tolerance * NS)
        return cls(int(config.max_age * NS), tolerance_ns, config.min_knots)


@dataclass(frozen=True)
class Refusal:
    """Why a chunk or plan is not taken: a code that is counted, and words."""

    code: str
    words: str


def refuse(
    chunk: ActionChunk, newest: ActionChunk | None, now: Now, robot: Robot, rules: Admission
) -> Refusal | None:
    """The first reason against ``chunk``, or None."""
    return (
        malformed(chunk, robot)
        or _out_of_order(chunk, newest)
        or _untimely(chunk, now, robot, rules)
    )


def malformed(chunk: ActionChunk, robot: Robot) -> Refusal | None:
    """Why ``chunk`` is none for ``robot``, or None."""
    if chunk.joint_names != robot.joints:
        missing = sorted(set(robot.joints) - set(chunk.joint_names))
        words = f"joints {missing} missing" if missing else "joints in another order"
        return Refusal("joints", f"{words}: is the policy configured for {robot.name}?")
    if chunk.rows.ndim != 2 or chunk.rows.shape[1] != len(robot.joints) or len(chunk.rows) < 2:
        return Refusal(
            "shape",
            f"rows have shape {chunk.rows.shape}; 2 or more rows of {len(robot.joints)} needed",
        )
    if not np.isfinite(chunk.rows).all():
        row, column = np.argwhere(~np.isfinite(chunk.rows))[0]
        return Refusal("not_finite", f"row {row}, joint {robot.joints[column]} is not finite")
    if chunk.row_period_ns <= 0:
        return Refusal("row_period", f"row period {chunk.row_period_ns} ns must be positive")
    return None


def unlike(correction: ActionChunk, chunk: ActionChunk, robot: Robot) -> Refusal | None:
    """Why ``correction`` cannot stand for ``chunk``, or None.

    It has the chunk's place among chunks, and the way back stays one: rows of a policy that
    passed for it would not have their grippers decided.
    """
    is_alike = (correction.source == ROLLBACK) == (chunk.source == ROLLBACK)
    if correction.order != chunk.order or not is_alike:
        words = (
            f"the guard corrected chunk {chunk.order} of {chunk.source!r} by one of "
            f"{correction.order} of {correction.source!r}"
        )
        return Refusal("correction", words)
    fault = malformed(correction, robot)
    return fault and Refusal("correction", f"the guard's correction: {fault.words}")


def _out_of_order(chunk: ActionChunk, newest: ActionChunk | None) -> Refusal | None:
    if newest is None or chunk.order > newest.order:
        return None
    code = "duplicate" if chunk.order == newest.order else "out_of_order"
    return Refusal(code, f"chunk {chunk.order} is not newer than {newest.order}")


def _untimely(chunk: ActionChunk, now: Now, robot: Robot, rules: Admission) -> Refusal | None:
    age = now.ros_ns - chunk.observation_stamp_ns
    if age < -rules.clock_tolerance_ns:
        return Refusal("future", f"observation is {-age / NS:.3f} s ahead of the clock")
    if age > rules.max_age_ns:
        return Refusal(
            "stale", f"observation is {age / NS:.3f} s old, {rules.max_age_ns / NS} s allowed"
        )
    ahead = chunk.start_ns - now.ros_ns
    if ahead > rules.max_age_ns:
        return Refusal(
            "future", f"rows begin in {ahead / NS:.3f} s, {rules.max_age_ns / NS} s allowed"
        )
    left = (chunk.end_ns - now.ros_ns) // robot.knot_period_ns
    if left < rules.min_knots:
        return Refusal("expired", f"{max(left, 0)} knots left, {rules.min_knots} needed")
    return None
