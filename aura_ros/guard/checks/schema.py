"""The chunk has the robot's joints in order, two to 1000 finite rows, a positive period."""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import failed, passed
from aura_ros.types import NS, Check, Decision

# No robot's horizon is longer; looking at much more would keep the guard from its heartbeat.
MOST_ROWS, MOST_ALTERNATIVES = 1000, 64
# Stamps beyond this are none [ns].
LONGEST_NS = 3600 * NS


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
    elif len(chunk.rows) > MOST_ROWS or len(chunk.alternatives) > MOST_ALTERNATIVES:
        sizes = f"{len(chunk.rows)} rows, {len(chunk.alternatives)} alternatives"
        faults.append(f"{sizes}: {MOST_ROWS} and {MOST_ALTERNATIVES} at most")
    if not np.isfinite(chunk.rows).all():
        faults.append("not finite")
    if len(chunk.alternatives) and chunk.alternatives.shape[1:] != chunk.rows.shape:
        faults.append(f"alternatives of shape {chunk.alternatives.shape[1:]}, not as the rows")
    elif not np.isfinite(chunk.alternatives).all():
        faults.append("alternatives are not finite")
    if not 0 < chunk.row_period_ns <= LONGEST_NS:
        faults.append(f"row period {chunk.row_period_ns} ns is not positive, or over an hour")
    if abs(chunk.start_ns - chunk.observation_stamp_ns) > LONGEST_NS:
        faults.append("rows begin more than an hour from their observation")
    return faults
