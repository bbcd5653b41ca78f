"""The fuser as a deterministic core: values in with their times, values out.

In: chunks, verdicts, leases, measured joints, ticks. Out: proposals, commitments, the track
that may move, status. It reads no clock and commands nothing itself (see ``loop``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import singledispatchmethod
from typing import Any

import numpy as np

from aura_ros.fuser.admission import Admission, Refusal, refuse
from aura_ros.fuser.reference import knots_left, reference
from aura_ros.fuser.rest import rest_position
from aura_ros.fuser.solve import Grid, solve
from aura_ros.fuser.track import MAX_LEASE_NS, Leased
from aura_ros.motion.jerk import integrate, knot_at_or_after, sample
from aura_ros.motion.stop import at_rest
from aura_ros.robot.description import Robot
from aura_ros.settings import setting, validated
from aura_ros.types import (
    NS,
    ActionChunk,
    Array,
    ClockJump,
    Commitment,
    Configure,
    Decision,
    FuserStatus,
    Health,
    JointState,
    KinematicState,
    Lease,
    Level,
    Now,
    Plan,
    Proposal,
    Reset,
    SetEnabled,
    Tick,
    Track,
    Tripped,
    Verdict,
)

# The guard's check that a plan starts after now: a later start may pass it.
LATE = "timing"


@dataclass(frozen=True)
class FuserConfig:
    """Settings of the fuser."""

    commit_delay: float = setting(
        0.04, "time a proposal has to be vetted before it starts [s]", 0.0, 1.0
    )
    smoothing: tuple[float, ...] = setting(
        (0.04, 0.06, 0.1, 0.16, 0.25, 0.4), "time constants tried in order [s]", 0.001, 2.0
    )
    max_age: float = setting(1.5, "oldest observation behind a chunk [s]", 0.0, 60.0)
    clock_tolerance: float = setting(0.05, "how far stamps may be ahead of the clock [s]", 0.0, 1.0)
    min_knots: int = setting(3, "fewest knots that a chunk must still cover", 1, 100)
    joints_timeout: float = setting(
        0.3, "oldest joint state that motion may begin from [s]", 0.01, 10.0
    )
    anchor_tolerance: float = setting(
        0.1,
        "a resting robot farther from its plan than this begins anew there [rad or m]",
        0.0,
        10.0,
    )
    rest_speed: float = setting(
        0.2, "measured speed up to which a robot is at rest [per s]", 0.0, 10.0
    )
    attempts: int = setting(3, "proposals of one chunk before late verdicts refuse it", 1, 10)


@dataclass(frozen=True)
class Pending:
    """A proposal without verdict, the chunk it was made of, and how often it was tried."""

    plan: Plan
    chunk: ActionChunk
    attempt: int


class Fuser:
    """One robot's fuser. ``handle`` is its only entry; the order of calls is its only input."""

    def __init__(self, robot: Robot, config: FuserConfig | None = None) -> None:
        self._robot = robot
        self._grid = Grid(robot.knot_period_ns, robot.stop_knots, robot.limits)
        self._enabled = True
        self._tripped = ""
        self._configure(config or FuserConfig())
        self._start_anew()

    def _configure(self, config: FuserConfig) -> None:
        self._config = config
        self._admission = Admission(
            int(config.max_age * NS), int(config.clock_tolerance * NS), config.min_knots
        )

    def _start_anew(self) -> None:
        self._newest: ActionChunk | None = None
        self._pending: Pending | None = None
        self._leased: Leased | None = None
        self._rest: Plan | None = None
        self._lease: Lease | None = None
        self._lease_until_ns = 0
        self._measured: tuple[Now, JointState] | None = None
        self._committed = 0
        self._refused: Counter[str] = Counter()
        self._last_refusal = ""

    # --- inputs ---------------------------------------------------------------------------

    @singledispatchmethod
    def handle(self, value: Any, now: Now) -> list[Any]:
        """Take one value that arrived at ``now``; return what follows from it, in order."""
        raise TypeError(f"the fuser takes no {type(value).__name__}")

    @handle.register
    def _(self, value: JointState, now: Now) -> list[Any]:
        # Not finite is not measured: the last good ones age until they are too old.
        if np.isfinite(value.position).all() and np.isfinite(value.velocity).all():
            self._measured = (now, value)
        return []

    @handle.register
    def _(self, value: ActionChunk, now: Now) -> list[Any]:
        refusal = self._closed() or refuse(value, self._newest, now, self._robot, self._admission)
        if refusal is not None:
            return self._refuse(refusal, now)
        self._newest = value
        return self._propose(value, now, attempt=1)

    @handle.register
    def _(self, value: Verdict, now: Now) -> list[Any]:
        pending = self._pending
        if pending is None or value.plan_digest != pending.plan.digest:
            return []
        self._pending = None
        if value.reason == LATE and pending.attempt < self._config.attempts:
            return self._propose(pending.chunk, now, pending.attempt + 1)
        if value.decision != Decision.ALLOW:
            return self._refuse(Refusal(f"guard_{value.reason}", f"guard: {value.reason}"), now)
        if not self._may_move(now):
            return self._refuse(Refusal("no_lease", "no lease holds: is the guard armed?"), now)
        if self._is_too_late(pending.plan, now):
            if pending.attempt < self._config.attempts:
                return self._propose(pending.chunk, now, pending.attempt + 1)
            words = "verdicts arrive after the plan's start: raise commit_delay"
            return self._refuse(Refusal("late_verdict", words), now)
        return self._commit(pending.plan, now)

    @handle.register
    def _(self, value: Lease, now: Now) -> list[Any]:
        last = self._lease
        if last is not None and (value.session, value.sequence) <= (last.session, last.sequence):
            return self._refuse(Refusal("lease_out_of_order", "an old lease came again"), now)
        self._lease = value
        if not value.granted:
            return self._stop(now)
        self._lease_until_ns = now.steady_ns + min(value.duration_ns, MAX_LEASE_NS)
        if self._leased is None or self._tripped:
            return []
        out = [] if self._leased.holds(now) else self._settle(now)
        self._leased = self._leased.renewed(now, value.duration_ns)
        return [*out, self._leased.track]

    @handle.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        out: list[Any] = []
        if self._leased is None:
            out = self._say_rest(now)
        elif not self._leased.holds(now):
            out = self._settle(now)
        return [*out, self.status(now)]

    @handle.register
    def _(self, value: ClockJump, now: Now) -> list[Any]:
        self._start_anew()
        return [self.status(now)]

    @handle.register
    def _(self, value: Reset, now: Now) -> list[Any]:
        out = self._stop(now)
        self._refused.clear()
        self._last_refusal = ""
        if self._tripped:
            out += self._end_trip(now)
        return [*out, self.status(now)]

    @handle.register
    def _(self, value: Tripped, now: Now) -> list[Any]:
        self._tripped = value.check
        return [*self._stop(now), self.status(now)]

    @handle.register
    def _(self, value: SetEnabled, now: Now) -> list[Any]:
        self._enabled = value.enabled
        return [*([] if value.enabled else self._stop(now)), self.status(now)]

    @handle.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._configure(validated(FuserConfig, value.values))
        return []

    # --- planning -------------------------------------------------------------------------

    def _propose(self, chunk: ActionChunk, now: Now, attempt: int) -> list[Any]:
        # A verdict that came too late once needs more time, not the same again.
        delay = int(self._config.commit_delay * attempt * NS)
        start = knot_at_or_after(now.ros_ns + delay, self._grid.period_ns)
        if knots_left(chunk, start, self._grid.period_ns) < self._config.min_knots:
            return self._refuse(Refusal("expired", "the chunk ends before it could start"), now)
        state = self._base(start, now)
        if isinstance(state, Refusal):
            return self._refuse(state, now)
        rows = reference(chunk, start, self._grid.period_ns, self._robot.limits)
        old = self._leased.motion(now) if self._leased else None
        jerk = solve(state, rows, old, self._grid, self._config.smoothing)
        position, velocity, acceleration = integrate(state, jerk, self._grid.h)
        velocity[-1] = 0.0
        acceleration[-1] = 0.0
        plan = Plan(
            start,
            self._grid.period_ns,
            position,
            velocity,
            acceleration,
            self._robot.joints,
            chunk.digest,
            self._leased.identity if self._leased else "",
        )
        self._pending = Pending(plan, chunk, attempt)
        return [Proposal(plan)]

    def _closed(self) -> Refusal | None:
        """Why no chunk at all is taken."""
        if not self._enabled:
            return Refusal("disabled", "the fuser is disabled: call ~/set_enabled")
        if self._tripped:
            words = f"a command failed the last-mile check ({self._tripped}): call ~/reset"
            return Refusal("tripped", words)
        return None

    def _base(self, start_ns: int, now: Now) -> KinematicState | Refusal:
        """The state in which the next plan begins: planned, or at rest where nothing moves."""
        if self._leased is not None:
            return sample(self._leased.motion(now), start_ns)
        here = self._rest_here(now)
        if isinstance(here, Refusal):
            return here
        rest = np.zeros_like(here)
        return KinematicState(start_ns, here, rest, rest)

    def _rest_here(self, now: Now) -> Array | Refusal:
        config = self._config
        return rest_position(
            self._measured, now, self._robot, config.joints_timeout, config.rest_speed
        )

    def _may_move(self, now: Now) -> bool:
        """A lease holds, and the motion that a plan would continue is not in its stop tail."""
        if self._leased is not None:
            return self._leased.holds(now)
        return now.steady_ns <= self._lease_until_ns

    def _is_too_late(self, plan: Plan, now: Now) -> bool:
        identity = self._leased.identity if self._leased else ""
        return plan.start_ns < now.ros_ns or plan.base_digest != identity

    def _commit(self, plan: Plan, now: Now) -> list[Any]:
        if self._leased is None:
            rest = at_rest(plan.position[0], plan.start_ns, plan.knot_period_ns, plan.joint_names)
            nothing = Leased(rest, rest.digest, now.ros_ns, now.steady_ns, self._robot.stop_knots)
            self._leased = nothing.renewed(now, self._lease_until_ns - now.steady_ns)
        self._leased = self._leased.with_plan(plan)
        self._committed += 1
        return [Commitment(self._leased.committed), self._leased.track]

    # --- stopping -------------------------------------------------------------------------

    def _stop(self, now: Now) -> list[Any]:
        """No permission: the committed motion ends in its stop tail."""
        self._pending = None
        self._lease_until_ns = min(self._lease_until_ns, now.steady_ns - 1)
        if self._leased is None or not self._leased.holds(now):
            return []
        self._leased = self._leased.revoked(now)
        return [Commitment(self._leased.committed), self._leased.track]

    def _settle(self, now: Now) -> list[Any]:
        """Without lease: make the stop the commitment; at rest, notice a robot moved by hand."""
        assert self._leased is not None
        stopped = self._leased.expired()
        out: list[Any] = []
        if stopped.identity != self._leased.identity:
            out = [Commitment(stopped.committed)]
        self._leased = stopped
        if self._measured is not None and self._measured[1].stamp_ns > stopped.committed.end_ns:
            here = self._rest_here(now)
            if not isinstance(here, Refusal) and self._was_moved(here, stopped.committed):
                out += self._anchor_at(here, now)
        return out

    def _say_rest(self, now: Now) -> list[Any]:
        """Before the first plan the commitment is rest: a dead predecessor's motion is void."""
        here = self._rest_here(now)
        if isinstance(here, Refusal):
            return []
        if self._rest is not None and not self._was_moved(here, self._rest):
            return []
        self._rest = self._resting(here, now)
        return [Commitment(self._rest)]

    def _resting(self, here: Array, now: Now) -> Plan:
        start = knot_at_or_after(now.ros_ns, self._grid.period_ns)
        return at_rest(here, start, self._grid.period_ns, self._robot.joints)

    def _was_moved(self, here: Array, stopped: Plan) -> bool:
        away = np.abs(here - stopped.position[-1]).max()
        return bool(away > self._config.anchor_tolerance)

    def _anchor_at(self, here: Array, now: Now) -> list[Any]:
        """A robot that was moved while at rest goes on from where it is, not with a jerk back."""
        assert self._leased is not None
        rest = self._resting(here, now)
        self._leased = replace(self._leased, committed=rest, identity=rest.digest)
        return [Commitment(rest), Track(rest, anchored=True)]

    def _end_trip(self, now: Now) -> list[Any]:
        """Motion begins anew where the robot is: its plan went on without it."""
        here = self._rest_here(now)
        if isinstance(here, Refusal):
            return self._refuse(here, now)
        self._tripped = ""
        return [] if self._leased is None else self._anchor_at(here, now)

    def _refuse(self, refusal: Refusal, now: Now) -> list[Any]:
        self._refused[refusal.code] += 1
        self._last_refusal = refusal.words
        return [self.status(now)]

    # --- status ---------------------------------------------------------------------------

    def status(self, now: Now) -> FuserStatus:
        """What the fuser does at ``now``."""
        remaining, deviation, state = 0.0, float("nan"), "idle"
        if self._leased is not None:
            holds = self._leased.holds(now)
            plan = self._leased.motion(now)
            remaining = max(plan.end_ns - now.ros_ns, 0) / NS
            state = "stopping" if not holds else "moving"
            if remaining == 0.0:
                state = "starved" if holds else "idle"
            if self._measured is not None:
                planned = sample(plan, self._measured[1].stamp_ns).position
                deviation = float(np.abs(planned - self._measured[1].position).max())
        state = "tripped" if self._tripped else state
        return FuserStatus(
            now.ros_ns,
            state,
            remaining,
            self._committed,
            dict(self._refused),
            self._last_refusal,
            deviation,
            bool(self._tripped),
        )

    def health(self, now: Now) -> Health:
        """The state, and what was refused last."""
        status = self.status(now)
        values = {"state": status.state, "committed": str(status.committed)}
        values |= {f"refused_{reason}": str(n) for reason, n in status.refused.items()}
        if not self._enabled:
            return Health(Level.WARN, "disabled: no chunk is taken", values)
        if self._tripped:
            return Health(Level.ERROR, f"last-mile check: {self._tripped}; call ~/reset", values)
        if status.state == "starved":
            return Health(
                Level.WARN, f"no usable chunk: {status.last_refusal or 'none came'}", values
            )
        return Health(Level.OK, status.state, values)
