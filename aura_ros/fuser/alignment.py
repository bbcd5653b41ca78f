"""Where a new chunk continues the present motion, as VLA-RAIL searches for it.

Zhao et al., "VLA-RAIL: A Real-Time Asynchronous Inference Linker for VLA Models and Robots"
(arXiv:2512.24673); Open-RAIL, ``client/core/inter_chunk_fuser.py`` (``_search_smooth_action``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import Array

# Slower joints [per s] have no direction.
MOVING = 5e-3


def aligned_row(
    rows: Array, position: Array, velocity: Array, joints: NDArray[np.bool_] | None = None
) -> int:
    """Index of the first of ``rows`` (m, n) that most moving joints reach by moving on.

    A joint agrees with a row that lies ahead of its ``position`` (n,) in the direction of its
    ``velocity`` (n,). ``joints`` (n,): columns that vote, all by default; grippers should not.
    0 if nothing moves.
    """
    moving = np.abs(velocity) > MOVING
    if joints is not None:
        moving &= joints
    ahead = (rows - position)[:, moving] * velocity[moving] > 0.0
    return int(ahead.sum(axis=1).argmax()) if len(rows) else 0
