"""What is committed, and how much of it the lease lets move."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aura_ros.motion.jerk import knot_at_or_after, slice_from, splice
from aura_ros.motion.stop import cut
from aura_ros.types import Now, Plan, Track

# Longer leases would let motion outlive a dead guard by more than the design allows.
MAX_LEASE_NS = 250_000_000
# Passed motion that is kept for a command loop that lags behind.
HISTORY_NS = 500_000_000


@dataclass(frozen=True)
class Leased:
    """The committed plan with the end of its lease on both clocks [ns].

    ``identity`` is the digest of what was last committed; a proposal names it as its base.
    ``before`` holds, by the time at which a plan takes over, the motion that it takes over from:
    stops that begin by then are cut from that. It may be a stop tail already, and a tail out of
    a tail would go farther than what was vetted.
    """

    committed: Plan
    identity: str
    until_ros_ns: int
    until_steady_ns: int
    stop_knots: int
    before: tuple[tuple[int, Plan], ...] = ()

    @property
    def track(self) -> Track:
        """The motion that may be commanded: it stops where the lease ends."""
        end = self.until_ros_ns
        motion = next((old for seam, old in self.before if end <= seam), self.committed)
        return Track(cut(motion, end, self.stop_knots))

    def holds(self, now: Now) -> bool:
        """The lease has ended on neither clock: simulated time may run ahead of the steady one."""
        return now.steady_ns <= self.until_steady_ns and now.ros_ns <= self.until_ros_ns

    def motion(self, now: Now) -> Plan:
        """What will move if nothing more is heard: all of it, or what the ended lease left."""
        return self.committed if self.holds(now) else self.track.plan

    def renewed(self, now: Now, duration_ns: int) -> Leased:
        """The lease runs for ``duration_ns`` from now, rounded down to a knot.

        On a knot, because there the stop tail begins: no part of it may run while a renewal
        could still take the motion back to the plan.
        """
        period = self.committed.knot_period_ns
        end = now.ros_ns + min(duration_ns, MAX_LEASE_NS)
        # A lease shorter than that still stops ahead: no tail begins in the past.
        end = max(end - end % period, knot_at_or_after(now.ros_ns, period))
        duration = end - now.ros_ns
        return replace(
            self,
            # Motion long passed is dropped, so that plans stay short; a late loop is not there yet.
            committed=slice_from(self.committed, now.ros_ns - HISTORY_NS),
            before=tuple((seam, old) for seam, old in self.before if seam >= now.ros_ns),
            until_ros_ns=now.ros_ns + duration,
            until_steady_ns=now.steady_ns + duration,
        )

    def expired(self) -> Leased:
        """The lease ran out: its stop is now what is committed, so motion never jumps ahead."""
        stop = self.track.plan
        return replace(self, committed=stop, identity=stop.digest, before=())

    def revoked(self, now: Now) -> Leased:
        """The lease is taken back: the stop tail begins at the next knot."""
        end = min(self.until_ros_ns, now.ros_ns + self.committed.knot_period_ns)
        return replace(self, until_ros_ns=end, until_steady_ns=now.steady_ns - 1).expired()

    def dropped(self, now: Now) -> Leased:
        """The plan is given up: its stop tail begins at the next knot. The lease goes on."""
        end = min(self.until_ros_ns, now.ros_ns + self.committed.knot_period_ns)
        stopped = replace(self, until_ros_ns=end).expired()
        return replace(stopped, until_ros_ns=self.until_ros_ns)

    def diverged(self, plan: Plan, now: Now) -> Leased:
        """Not what is committed moves but ``plan``, that was before: it stops at the next knot."""
        first = self.committed.start_ns
        since = slice_from(plan, first)
        end = now.ros_ns + plan.knot_period_ns
        # Motion that is over rests; committed motion never begins earlier than before.
        known = replace(since, start_ns=max(since.start_ns, first))
        stopped = replace(self, committed=known, before=(), until_ros_ns=end).expired()
        return replace(stopped, until_ros_ns=max(self.until_ros_ns, end))

    def with_plan(self, plan: Plan) -> Leased:
        """``plan`` committed: the old motion up to its start, then the plan."""
        earlier = tuple((seam, old) for seam, old in self.before if seam <= plan.start_ns)
        return replace(
            self,
            committed=splice(self.committed, plan),
            identity=plan.digest,
            before=(*earlier, (plan.start_ns, self.committed)),
        )
