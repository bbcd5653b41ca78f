"""The plan that a chunk becomes: it continues the committed motion and ends at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.ensemble import Ensemble, Weighting
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.phase import Gaps, Phase, phase_of
from aura_ros.fuser.reference import interpolated, knots_left, near, resampled
from aura_ros.fuser.solve import Grid, Solver
from aura_ros.motion.jerk import integrate, knot_at_or_after
from aura_ros.robot.description import Robot
from aura_ros.types import NS, ActionChunk, Array, KinematicState, Now, Plan


@dataclass(frozen=True)
class Proposed:
    """A plan, the chunk it was made of, how often that was tried, and how fast it goes."""

    plan: Plan
    chunk: ActionChunk
    attempt: int
    phase: Phase


class Proposer:
    """Makes plans of the chunks it has heard, newest first."""

    def __init__(self, robot: Robot, moving: Moving) -> None:
        self._robot, self._moving = robot, moving
        self._ensemble = Ensemble(robot)
        self._gaps = Gaps()
        self.configured()

    def configured(self) -> None:
        """Settings have changed."""
        robot, config = self._robot, self._moving.config
        self._grid = Grid(robot.knot_period_ns, robot.stop_knots, robot.limits)
        self._solver = Solver(self._grid, config.smoothing)

    def forget(self) -> None:
        """What was heard belongs to another episode."""
        self._ensemble.clear()
        self._gaps.clear()

    def hear(self, chunk: ActionChunk, now: Now) -> None:
        """A chunk was accepted."""
        place = self._moving.place(chunk.start_ns, now)
        rows = near(chunk.rows, chunk.rows[0] if place is None else place, self._robot)
        self._ensemble.add(chunk.observation_stamp_ns, resampled(chunk, rows, self._robot))
        self._gaps.heard(now.ros_ns)

    def propose(self, chunk: ActionChunk, attempt: int, now: Now) -> Proposed | Refusal:
        """The plan of ``chunk``, the newest heard, from the first knot at which it can still be
        vetted, or why there is none."""
        moving, period_ns = self._moving, self._grid.period_ns
        # A verdict that came too late once needs more time, not the same again.
        delay_ns = int(moving.config.commit_delay * attempt * NS)
        start_ns = knot_at_or_after(now.ros_ns + delay_ns, period_ns)
        count = knots_left(chunk.end_ns, start_ns, period_ns)
        if count < moving.config.min_knots:
            return Refusal("expired", "the chunk ends before it could start")
        state = moving.base(start_ns, now)
        if isinstance(state, Refusal):
            return state
        phase = self._phase(start_ns, count)
        rows = self._rows(start_ns, count, phase)
        plan = self._plan(state, rows, chunk, now)
        return Proposed(plan, chunk, attempt, phase)

    def _phase(self, start_ns: int, count: int) -> Phase:
        h, delay = self._grid.h, self._moving.config.commit_delay
        gap = self._gaps.least_s
        return phase_of(start_ns, count * h, self._robot.stop_knots * h, gap + delay if gap else 0)

    def _rows(self, start_ns: int, count: int, phase: Phase) -> Array:
        """The reference (K, n) at the plan's knots, along the rows as fast as ``phase`` says."""
        config, h = self._moving.config, self._grid.h
        weighting = Weighting(config.agreement, config.agreement_reach, config.foresight)
        fused = self._ensemble.fused(start_ns + self._grid.period_ns, count, weighting)
        knots = h * np.arange(1.0, round(phase.end / h) + 1)
        return interpolated(fused, phase.content(knots) / h - 1, self._robot.averaged)

    def _plan(self, state: KinematicState, rows: Array, chunk: ActionChunk, now: Now) -> Plan:
        moving, grid = self._moving, self._grid
        jerk = self._solver.solve(state, rows, moving.plan(now))
        position, velocity, acceleration = integrate(state, jerk, grid.h)
        # The end conditions hold to rounding; rest is exact.
        velocity[-1] = 0.0
        acceleration[-1] = 0.0
        return Plan(
            state.time_ns,
            grid.period_ns,
            position,
            velocity,
            acceleration,
            self._robot.joints,
            chunk.digest,
            moving.identity,
        )
