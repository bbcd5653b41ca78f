"""A chunk as it is acted on: as far as it is trusted, its discrete grippers decided."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from aura_ros.fuser.gripper import decided
from aura_ros.motion.stop import at_rest
from aura_ros.robot.description import Robot
from aura_ros.types import ROLLBACK, ActionChunk, Array, Plan


@dataclass(frozen=True)
class Acted(ActionChunk):
    """Rows made of those of a chunk. Its digest is that of the chunk, ``of``: what is planned
    from these rows is judged together with that."""

    of: str = ""

    @cached_property
    def digest(self) -> str:
        """Identity of the chunk that this was made of."""
        return self.of


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
    values = {f.name: getattr(chunk, f.name) for f in fields(chunk)}
    return replace(Acted(**values, of=chunk.digest), rows=rows)
