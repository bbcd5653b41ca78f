"""The fuser as a deterministic core: values in with their times, values out.

In: chunks, verdicts, leases, measured joints, instructions, failure risk, the word to retreat,
ticks. Out: proposals, commitments, the track that may move, the way back out of half a grasp or
to where all was well, status. It reads no clock and commands nothing itself (see ``loop``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import singledispatchmethod
from typing import Any

from aura_ros.fuser.acted import Trust
from aura_ros.fuser.admission import Admission, Refusal, refuse
from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.judged import Allowed, Corrected, Judged, Step
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.phase import Phase
from aura_ros.fuser.propose import Proposer
from aura_ros.fuser.report import health_of, status_of
from aura_ros.fuser.retreat import WayHome
from aura_ros.fuser.switching import Outcome, TaskSwitch
from aura_ros.fuser.taken import Taken
from aura_ros.fuser.track import MAX_LEASE_NS
from aura_ros.robot.description import Robot
from aura_ros.settings import validated
from aura_ros.types import (
    NS,
    ActionChunk,
    ClockJump,
    Configure,
    Decision,
    Diverged,
    FailureRisk,
    FuserStatus,
    Health,
    Instruction,
    JointState,
    Lease,
    Now,
    Reset,
    Retreat,
    SetEnabled,
    Tick,
    Tripped,
    Verdict,
    WayBack,
)

# Checks of the guard that may fail because it has missed what was committed: that a plan continues
# it, and that motion is not held, as where the robot is far from where it is thought to be. Unless
# the guard is told again it refuses every plan to come.
MISSED = ("continuity", "mode")


class Fuser:
    """One robot's fuser. ``handle`` is its only entry; the order of calls is its only input."""

    def __init__(self, robot: Robot, config: FuserConfig | None = None) -> None:
        self._robot = robot
        self._moving = Moving(robot, config or FuserConfig())
        self._proposer = Proposer(robot, self._moving)
        self._tasks, self._trust = TaskSwitch(self._moving), Trust(self._moving)
        self._judged = Judged(self._proposer, self._moving, self._trust)
        self._home = WayHome(self._moving)
        self._enabled = True
        self._tripped = ""
        self._start_anew()

    def _start_anew(self) -> None:
        self._moving.forget()
        self._proposer.forget()
        self._tasks.forget()
        self._trust.forget()
        self._home.forget()
        self._taken = Taken()
        self._judged.forget()
        self._phase: Phase | None = None
        self._last_lease = (-1, -1)
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
        self._moving.measure(value, now)
        return []

    @handle.register
    def _(self, value: ActionChunk, now: Now) -> list[Any]:
        refusal = (
            self._closed()
            or self._tasks.episodes.refuse(value)
            or refuse(value, self._taken.newest, now, self._robot, self._admission())
        )
        if refusal is not None:
            return self._refuse(refusal, now)
        newest = self._taken.newest
        if newest is not None and value.order[:2] != newest.order[:2]:
            self._proposer.forget()
        self._taken.take(value)
        self._tasks.took(value, now)
        acted = self._trust.acted_on(value, now)
        self._proposer.hear(acted, now)
        return self._follow(self._judged.bring(acted, now), now)

    @handle.register
    def _(self, value: Instruction, now: Now) -> list[Any]:
        if not self._tasks.told(value, now):
            return []
        self._judged.forget()
        return [*self._switch_task(now), self.status(now)]

    @handle.register
    def _(self, value: FailureRisk, now: Now) -> list[Any]:
        refusal = self._trust.hear(value, now)
        return [] if refusal is None else self._refuse(refusal, now)

    @handle.register
    def _(self, value: Verdict, now: Now) -> list[Any]:
        out = self._follow(self._judged.hear(value, now), now)
        self._tasks.look_after(self._taken.newest, bool(self._judged))
        if not value.plan_digest and value.decision != Decision.ALLOW:
            self._forget_chunk(value.chunk_digest)
        if any(check.name in MISSED and not check.passed for check in value.checks):
            out += self._moving.say_again()
        return [*out, *self._follow(self._judged.next(now), now)]

    @handle.register
    def _(self, value: Retreat, now: Now) -> list[Any]:
        closed = self._closed()
        if closed is not None:
            return self._refuse(closed, now)
        self._judged.forget()
        out = self._moving.drop(now)
        back = self._home.back(value, self._taken.newest, now)
        if isinstance(back, Refusal):
            return [*out, *self._refuse(back, now)]
        return [*out, *self._go_back(back, now), self.status(now)]

    @handle.register
    def _(self, value: Lease, now: Now) -> list[Any]:
        order = (value.session, value.sequence)
        if not value.granted:
            # Whatever its order: the word to stop is never too old to obey, and leases that were
            # granted before it are over.
            self._last_lease = max(order, self._last_lease)
            return self._stop(now)
        if order <= self._last_lease:
            return self._refuse(Refusal("lease_out_of_order", "an old lease came again"), now)
        age_ns = now.ros_ns - value.stamp_ns
        if age_ns > MAX_LEASE_NS:
            words = f"a lease was {age_ns / NS:.3f} s on its way: it is over"
            return self._refuse(Refusal("lease_stale", words), now)
        if -age_ns > self._moving.config.clock_tolerance * NS:
            words = f"a lease is stamped {-age_ns / NS:.3f} s ahead of the clock"
            return self._refuse(Refusal("lease_future", words), now)
        self._last_lease = order
        return [] if self._tripped else self._moving.renew(value.duration_ns, now)

    @handle.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        out = self._moving.settle(now)
        self._tasks.watch(now)
        self._home.watch(now)
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
        self._tasks.reset()
        if self._tripped:
            out += self._end_trip(now)
        return [*out, self.status(now)]

    @handle.register
    def _(self, value: Tripped, now: Now) -> list[Any]:
        self._tripped = value.check
        return [*self._stop(now), self.status(now)]

    @handle.register
    def _(self, value: Diverged, now: Now) -> list[Any]:
        words = "a plan or lease took so long that motion had stopped: is the machine overloaded?"
        out = self._moving.diverged(value.plan, now)
        return [*out, *self._refuse(Refusal("diverged", words), now)]

    @handle.register
    def _(self, value: SetEnabled, now: Now) -> list[Any]:
        self._enabled = value.enabled
        return [*([] if value.enabled else self._stop(now)), self.status(now)]

    @handle.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._moving.config = validated(FuserConfig, value.values)
        self._proposer.configured()
        return []

    # --- decisions ------------------------------------------------------------------------

    def _admission(self) -> Admission:
        config = self._moving.config
        return Admission(
            int(config.max_age * NS), int(config.clock_tolerance * NS), config.min_knots
        )

    def _closed(self) -> Refusal | None:
        """Why no chunk at all is taken."""
        if not self._enabled:
            return Refusal("disabled", "the fuser is disabled: call ~/set_enabled")
        if self._tripped:
            words = f"a command failed the last-mile check ({self._tripped}): call ~/reset"
            return Refusal("tripped", words)
        return None

    def _follow(self, steps: list[Step], now: Now) -> list[Any]:
        """Refusals are counted, corrections too; plans that are allowed are committed, proposals
        go out."""
        out: list[Any] = []
        for step in steps:
            if isinstance(step, Refusal):
                out += self._refuse(step, now)
            elif isinstance(step, Allowed):
                self._committed += 1
                self._phase = step.proposed.phase
                out += self._moving.commit(step.proposed.plan, now)
            elif isinstance(step, Corrected):
                self._taken.correct(step.of, step.chunk)
                self._tasks.corrected(step.of, step.chunk)
                self._home.corrected(step.of, step.chunk)
                out += self._refuse(step.refusal, now)
            else:
                out.append(step)
        return out

    def _switch_task(self, now: Now) -> list[Any]:
        """Another task was given: the motion in flight is dropped, kept or rolled back."""
        if self._closed() is not None:
            return []  # what moves is a stop tail
        back = self._tasks.switch(self._taken.newest, now)
        if self._tasks.outcome == Outcome.DROPPED:
            self._phase = None
            return self._moving.drop(now)
        if back is None:
            return []
        self._taken.take(back)
        self._home.note(back)
        out = self._go_back(back, now)
        self._tasks.look_after(back, bool(self._judged))
        return out

    def _go_back(self, back: ActionChunk, now: Now) -> list[Any]:
        """The way back, and the plan of it that goes to the guard."""
        self._proposer.forget()
        self._proposer.hear(back, now)
        return [WayBack(back), *self._follow([self._judged.propose(back, now)], now)]

    def _forget_chunk(self, digest: str) -> None:
        """The guard refused a chunk as such: it was never taken, and older ones are new again."""
        chunk = self._taken.forget(digest)
        if chunk is not None:
            self._tasks.forgot(chunk, self._taken.newest)

    def _stop(self, now: Now) -> list[Any]:
        self._judged.forget()
        return self._moving.stop(now)

    def _end_trip(self, now: Now) -> list[Any]:
        out = self._moving.begin_anew(now)
        if isinstance(out, Refusal):
            return self._refuse(out, now)
        self._tripped = ""
        return out

    def _refuse(self, refusal: Refusal, now: Now) -> list[Any]:
        self._refused[refusal.code] += 1
        self._last_refusal = refusal.words
        return [self.status(now)]

    # --- status ---------------------------------------------------------------------------

    def status(self, now: Now) -> FuserStatus:
        """What the fuser does at ``now``."""
        status = status_of(
            self._moving, self._committed, self._refused, self._last_refusal, self._tripped, now
        )
        is_back = status.state == "moving" and self._home.is_taken(now)
        state = "retreating" if is_back else status.state
        return replace(status, state=state, task_switch=self._tasks.outcome.value)

    def phase_rate(self, now: Now) -> float:
        """How fast the committed motion goes along its rows: 1 as recorded, 0 at its end."""
        return 0.0 if self._phase is None else self._phase.rate(now.ros_ns)

    def health(self, now: Now) -> Health:
        """The state, and what was refused last."""
        health = health_of(self.status(now), self._enabled, self._tripped)
        seen = {
            "task_switch": self._tasks.outcome.value,
            "contact": self._tasks.contact(now).value,
            "trust": f"{self._trust.share(now):.2f}",
            "retraceable_s": f"{self._home.remembered_s:.1f}",
        }
        return replace(health, values={**health.values, **seen})
