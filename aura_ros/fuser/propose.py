"""The plan that a chunk becomes: it continues the committed motion and ends at rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.alignment import aligned_row
from aura_ros.fuser.ensemble import Ensemble, Member, Weighting
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.phase import Phase
from aura_ros.fuser.reference import (
    Reference,
    interpolated,
    knots_left,
    most_knots,
    near,
    resampled,
)
from aura_ros.fuser.smoother import smoothed
from aura_ros.fuser.solve import Grid, Solver
from aura_ros.motion.jerk import integrate, knot_at_or_after
from aura_ros.robot.description import Robot
from aura_ros.types import NS, ActionChunk, Array, KinematicState, Now, Plan


@dataclass(frozen=True)
class Proposed:
    """A plan, the chunk it was made of, how often that was tried, and how fast it goes.

    ``corrections``: how often the guard has corrected that chunk.
    """

    plan: Plan
    chunk: ActionChunk
    attempt: int
    phase: Phase
    corrections: int = 0


class Proposer:
    """Makes plans of the chunks it has heard, newest first."""

    def __init__(self, robot: Robot, moving: Moving) -> None:
        self._robot, self._moving = robot, moving
        self._ensemble = Ensemble(robot)
        self.configured()

    def configured(self) -> None:
        """Settings have changed."""
        robot, config = self._robot, self._moving.config
        self._grid = Grid(robot.knot_period_ns, robot.stop_knots, robot.limits)
        self._solver = Solver(self._grid, config.smoothing)
        self._weighting = Weighting(config.agreement, config.agreement_reach, config.foresight)

    def forget(self) -> None:
        """What was heard belongs to another episode."""
        self._ensemble.clear()

    def hear(self, chunk: ActionChunk, now: Now) -> None:
        """A chunk was accepted."""
        place = self._moving.place(chunk.start_ns, now)
        rows = near(chunk.rows, chunk.rows[0] if place is None else place, self._robot)
        degree = self._moving.config.smoother_degree
        if degree:
            rows = smoothed(rows, degree, self._robot.averaged)
        reference = self._aligned(resampled(chunk, rows, self._robot), now)
        if not self._moving.is_allowed(now):
            # Nothing of what they answer to was executed.
            self._ensemble.clear()
        member = Member(chunk.digest, chunk.observation_stamp_ns, reference)
        self._ensemble.add(member, self._weighting)

    def knows(self, chunk: ActionChunk) -> bool:
        """Whether ``chunk`` was heard and not given up since."""
        return chunk.digest in self._ensemble

    def discard(self, chunk: ActionChunk) -> None:
        """``chunk`` will not be executed."""
        self._ensemble.discard(chunk.digest)

    def _aligned(self, reference: Reference, now: Now) -> Reference:
        """``reference``, on request shifted to where it goes on in the direction of motion."""
        config, period_ns = self._moving.config, self._grid.period_ns
        knots = int(config.alignment_search * NS) // period_ns
        start_ns = self._start_ns(1, now)
        state = self._moving.base(start_ns, now)
        if not knots or isinstance(state, Refusal):
            return reference
        ahead = reference.at(start_ns, knots)
        row = aligned_row(ahead, state.position, state.velocity, self._robot.averaged)
        return replace(reference, start_ns=reference.start_ns - row * period_ns)

    def _start_ns(self, attempt: int, now: Now) -> int:
        """The first knot at which a plan can still be vetted."""
        # A verdict that came too late once needs more time, not the same again.
        delay_ns = int(self._moving.config.commit_delay * attempt * NS)
        return knot_at_or_after(now.ros_ns + delay_ns, self._grid.period_ns)

    def propose(self, chunk: ActionChunk, attempt: int, now: Now) -> Proposed | Refusal:
        """The plan of ``chunk``, the newest heard, from the first knot at which it can still be
        vetted, or why there is none."""
        moving, period_ns = self._moving, self._grid.period_ns
        if not self.knows(chunk):
            return Refusal("given_up", "the chunk was given up before it was proposed again")
        start_ns = self._start_ns(attempt, now)
        count = knots_left(self._ensemble.last_ns, start_ns, period_ns, most_knots(chunk))
        if count < moving.config.min_knots:
            return Refusal("expired", "the chunk ends before it could start")
        state = moving.base(start_ns, now)
        if isinstance(state, Refusal):
            return state
        phase = Phase.of(start_ns, count * self._grid.h, self._robot.stop_knots * self._grid.h)
        rows = self._rows(start_ns, count, phase)
        plan = self._plan(state, rows, chunk, now)
        return Proposed(plan, chunk, attempt, phase)

    def _rows(self, start_ns: int, count: int, phase: Phase) -> Array:
        """The reference (K, n) at the plan's knots, along the rows as fast as ``phase`` says."""
        h = self._grid.h
        fused = self._ensemble.fused(start_ns + self._grid.period_ns, count, self._weighting)
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
            chunk.provenance,
        )
