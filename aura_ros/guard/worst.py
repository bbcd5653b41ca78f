"""From ratios per joint to one check that names the worst joint and its group."""

import numpy as np

from aura_ros.guard.lattice import below
from aura_ros.motion.bounds import TOLERANCE
from aura_ros.robot.description import Robot
from aura_ros.types import Array, Check


def worst_joint(name: str, ratio: Array, robot: Robot) -> Check:
    """Passes where every joint's ratio, shape (n,), is at most 1."""
    # NaN is worst: it must not hide behind a number.
    column = int(np.argmax(np.where(np.isnan(ratio), np.inf, ratio)))
    value = float(ratio[column])
    group = robot.group_of(column)
    detail = f"{group.name}: {robot.joints[column]} at {value:.3f} of its limit"
    return below(name, value if value > 1 + TOLERANCE else min(value, 1.0), 1.0, detail)
