"""What is committed, what the lease lets move, and where motion may begin.

The state of motion behind the fuser's decisions: every method says what follows from it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.rest import rest_position
from aura_ros.fuser.track import MAX_LEASE_NS, Leased
from aura_ros.motion.jerk import knot_at_or_after, sample
from aura_ros.motion.stop import at_rest
from aura_ros.robot.description import Robot
from aura_ros.types import Array, Commitment, JointState, KinematicState, Now, Plan, Track


class Moving:
    """One robot's motion. ``leased`` is None before the first plan was committed."""

    def __init__(self, robot: Robot, config: FuserConfig) -> None:
        self.config = config
        self.robot = robot
        self.forget()

    def forget(self) -> None:
        """Nothing is committed, nothing was measured, no lease was heard."""
        self.leased: Leased | None = None
        self.measured: tuple[Now, JointState] | None = None
        self._rest: Plan | None = None
        self._lease_until_ns = 0

    # --- what holds -----------------------------------------------------------------------

    @property
    def identity(self) -> str:
        """Digest of what was last committed; empty before."""
        return self.leased.identity if self.leased else ""

    def plan(self, now: Now) -> Plan | None:
        """What will move if nothing more is heard; None before the first plan."""
        return self.leased.motion(now) if self.leased else None

    def is_allowed(self, now: Now) -> bool:
        """A lease holds, and the motion that a plan would continue is not in its stop tail."""
        if self.leased is not None:
            return self.leased.holds(now)
        return now.steady_ns <= self._lease_until_ns

    def base(self, start_ns: int, now: Now) -> KinematicState | Refusal:
        """The state in which the next plan begins: planned, or at rest where nothing moves."""
        if self.leased is not None:
            return sample(self.leased.motion(now), start_ns)
        here = self._rest_here(now)
        if isinstance(here, Refusal):
            return here
        rest = np.zeros_like(here)
        return KinematicState(start_ns, here, rest, rest)

    def place(self, time_ns: int, now: Now) -> Array | None:
        """Where the robot is planned to be (n,), or was measured; None where neither is known."""
        if self.leased is not None:
            return sample(self.leased.motion(now), time_ns).position
        return None if self.measured is None else self.measured[1].position

    # --- what is heard --------------------------------------------------------------------

    def measure(self, joints: JointState, now: Now) -> None:
        """Joints were measured. Not finite is not measured: the last good ones grow old."""
        if np.isfinite(joints.position).all() and np.isfinite(joints.velocity).all():
            self.measured = (now, joints)

    def commit(self, plan: Plan, now: Now) -> list[Any]:
        """A vetted plan follows the motion so far."""
        if self.leased is None:
            # From now on, not from the plan's start: the next plan may begin before that one, and
            # committed motion that begins earlier than what is known counts as old.
            rest = self._resting(plan.position[0], now)
            nothing = Leased(rest, rest.digest, now.ros_ns, now.steady_ns, self.robot.stop_knots)
            self.leased = nothing.renewed(now, self._lease_until_ns - now.steady_ns)
        self.leased = self.leased.with_plan(plan)
        return [Commitment(self.leased.committed), self.leased.track]

    def renew(self, duration_ns: int, now: Now) -> list[Any]:
        """The lease was granted anew."""
        self._lease_until_ns = now.steady_ns + min(duration_ns, MAX_LEASE_NS)
        if self.leased is None:
            return []
        out = [] if self.leased.holds(now) else self._settle(self.leased, now)
        self.leased = self.leased.renewed(now, duration_ns)
        return [*out, self.leased.track]

    def stop(self, now: Now) -> list[Any]:
        """No permission: the committed motion ends in its stop tail."""
        self._lease_until_ns = min(self._lease_until_ns, now.steady_ns - 1)
        if self.leased is None or not self.leased.holds(now):
            return []
        self.leased = self.leased.revoked(now)
        return [Commitment(self.leased.committed), self.leased.track]

    def drop(self, now: Now) -> list[Any]:
        """The committed motion is given up, not the permission to move."""
        if self.leased is None or not self.leased.holds(now):
            return []
        before = self.leased.identity
        self.leased = self.leased.dropped(now)
        if self.leased.identity == before:
            return []
        return [Commitment(self.leased.committed), self.leased.track]

    def diverged(self, plan: Plan, now: Now) -> list[Any]:
        """The command loop has kept to ``plan`` instead of what was committed since."""
        if self.leased is None:
            return []
        self.leased = self.leased.diverged(plan, now)
        return [Commitment(self.leased.committed), self.leased.track]

    def say_again(self) -> list[Any]:
        """What is committed, for who has missed it."""
        known = self._rest if self.leased is None else self.leased.committed
        return [] if known is None else [Commitment(known)]

    def settle(self, now: Now) -> list[Any]:
        """Time has passed: what stopped is said, and where a robot at rest is."""
        if self.leased is None:
            return self._say_rest(now)
        return [] if self.leased.holds(now) else self._settle(self.leased, now)

    def begin_anew(self, now: Now) -> list[Any] | Refusal:
        """After a trip motion begins where the robot is: its plan went on without it."""
        here = self._rest_here(now)
        if isinstance(here, Refusal):
            return here
        return [] if self.leased is None else self._anchor_at(self.leased, here, now)

    # --- rest -----------------------------------------------------------------------------

    def _settle(self, leased: Leased, now: Now) -> list[Any]:
        """Make the stop the commitment; at rest, notice a robot that was moved by hand."""
        stopped = leased.expired()
        out = [Commitment(stopped.committed)] if stopped.identity != leased.identity else []
        self.leased = stopped
        if self.measured is not None and self.measured[1].stamp_ns > stopped.committed.end_ns:
            here = self._rest_here(now)
            if not isinstance(here, Refusal) and self._was_moved(here, stopped.committed):
                return [*out, *self._anchor_at(stopped, here, now)]
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

    def _anchor_at(self, leased: Leased, here: Array, now: Now) -> list[Any]:
        """A robot that was moved while at rest goes on from where it is, not with a jerk back."""
        planned = sample(leased.motion(now), now.ros_ns).position
        # What a base has driven is known from the plan alone: nobody measures it.
        rest = self._resting(np.where(self.robot.measured, here, planned), now)
        self.leased = replace(leased, committed=rest, identity=rest.digest)
        return [Commitment(rest), Track(rest, anchored=True)]

    def _rest_here(self, now: Now) -> Array | Refusal:
        config = self.config
        return rest_position(
            self.measured, now, self.robot, config.joints_timeout, config.rest_speed
        )

    def _resting(self, here: Array, now: Now) -> Plan:
        period_ns = self.robot.knot_period_ns
        start = knot_at_or_after(now.ros_ns, period_ns)
        return at_rest(here, start, period_ns, self.robot.joints)

    def _was_moved(self, here: Array, stopped: Plan) -> bool:
        away = np.abs(self.robot.difference(here, stopped.position[-1])) * self.robot.measured
        return bool(away.max() > self.config.anchor_tolerance)
