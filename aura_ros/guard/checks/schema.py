"""The chunk has the robot's joints in order, two or more finite rows, a positive period."""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import failed, passed
from aura_ros.types import Check, Decision


def check(context: Context) -> Check:
    """Value: number of faults found; limit 0."""
    faults = _faults(context)
    if not faults:
        return passed("schema", 0, 0)
    return failed("schema", len(faults), 0, Decision.REFUSE, "; ".join(faults))


def _faults(context: Context) -> list[str]:
    chunk, robot = context.chunk, context.robot
    faults = []
    if chunk.joint_names != robot.joints:
        faults.append(f"joints are not those of {robot.name} in order")
    if chunk.rows.ndim != 2 or len(chunk.rows) < 2 or chunk.rows.shape[1] != len(robot.joints):
        faults.append(f"shape {chunk.rows.shape}, expected (2 or more, {len(robot.joints)})")
    if not np.isfinite(chunk.rows).all():
        faults.append("not finite")
    if len(chunk.alternatives) and chunk.alternatives.shape[1:] != chunk.rows.shape:
        faults.append(f"alternatives of shape {chunk.alternatives.shape[1:]}, not as the rows")
    elif not np.isfinite(chunk.alternatives).all():
        faults.append("alternatives are not finite")
    if chunk.row_period_ns <= 0:
        faults.append(f"row period {chunk.row_period_ns} ns is not positive")
    return faults
