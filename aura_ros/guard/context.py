"""What checks of chunks and plans may look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.whole import fault_of
from aura_ros.motion.bounds import Ratios, ratios, row_rates
from aura_ros.robot.description import Robot
from aura_ros.types import NS, ActionChunk, Array, JointState, Now, Plan


@dataclass(frozen=True)
class Context:
    """One chunk, the plan made of it (or None), and what the guard knows of the past.

    ``seen`` are digests of plans already judged; ``last_order`` is the order of the last chunk
    before this one; ``committed`` the motion that the plan must continue; ``measured`` the robot;
    ``share`` of its velocity limits that the plan may use, for caution; ``newest_session`` the
    time [ns] after which no policy can have started yet (None: unknown).
    """

    now: Now
    robot: Robot
    config: GuardConfig
    chunk: ActionChunk
    plan: Plan | None = None
    committed: Plan | None = None
    measured: JointState | None = None
    last_order: tuple[int, int, int] | None = None
    seen: frozenset[str] = field(default_factory=frozenset)
    share: float = 1.0
    newest_session: int | None = None

    @cached_property
    def fault(self) -> str:
        """Why the plan is no motion of the robot; empty: it is one."""
        assert self.plan is not None
        return fault_of(self.plan, self.robot)

    @cached_property
    def ratios(self) -> Ratios:
        """Use of every limit by the plan; several checks read it."""
        assert self.plan is not None
        h = self.plan.knot_period_ns / NS
        plan = self.plan
        return ratios(plan.position, plan.velocity, plan.acceleration, h, self.robot.limits)

    @cached_property
    def row_rates(self) -> tuple[Array, Array]:
        """Velocity (H - 1, n) and acceleration (H - 2, n) between the rows; two checks read it.

        Angles of continuous joints go the short way round. Zero for discrete grippers: their
        rows jump by nature, and what moves is the plan, which has checks of its own.
        """
        rows, robot = self.chunk.rows, self.robot
        if robot.continuous.any() or robot.switched.any():
            rows = np.array(rows)
            rows[:, robot.continuous] = np.unwrap(rows[:, robot.continuous], axis=0)
            rows[:, robot.switched] = 0.0
        return row_rates(rows, self.chunk.row_period_ns / NS)
