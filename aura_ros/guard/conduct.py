"""Whether a robot may move: the state of its guard, why, and what follows when that changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aura_ros.guard import mode as machine
from aura_ros.guard import standing as stands
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.judge import Judge
from aura_ros.guard.lattice import join
from aura_ros.guard.mode import State
from aura_ros.guard.retreat import Retreats
from aura_ros.guard.speaking import Speaker
from aura_ros.guard.standing import Standing
from aura_ros.guard.watch import About
from aura_ros.types import (
    NS,
    ROLLBACK,
    ActionChunk,
    Check,
    Commitment,
    Decision,
    GuardStatus,
    Lease,
    Mode,
    Now,
    Question,
    Retreat,
    Verdict,
)


class Conduct:
    """One guard's state, with the ``reason`` for it. ``missing`` says what the rules ask for and
    cannot be checked."""

    def __init__(
        self,
        standing: Standing,
        judge: Judge,
        speaker: Speaker,
        settings: Callable[[], GuardConfig],
        missing: tuple[str, ...],
    ) -> None:
        self._standing, self._judge, self._speaker = standing, judge, speaker
        self._settings, self._missing = settings, "; ".join(missing)
        self.state = State(Mode.INIT)
        self.reason = "waiting for the first message of every source"
        self._healthy_since: int | None = None
        self._retreats = Retreats()
        self._is_asked = self._is_careful = False

    # --- people ---------------------------------------------------------------------------

    def arm(self, armed: bool, now: Now) -> list[Any]:
        """A person arms or disarms."""
        state, words = machine.after_arm(self.state, armed, self._missing)
        against = stands.causes(self.checks(now))
        if against and state.moving:
            # Straight into the HOLD: no lease is granted before a cause is looked at.
            state = machine.after_causes(state, join(against)[0], False, False)
            words = stands.named(against)
        return self.enter(state, words, now)

    def answer(self, option: str, now: Now) -> list[Any]:
        """A person says how to go on. What moves then is slow for a while."""
        state, words = machine.after_answer(self.state, option, self._standing.against_all(now))
        if state == self.state:
            return self.enter(state, words, now)
        self._is_careful, why = True, self.reason
        return [*self.enter(state, words, now), *self._begin_way_back(why, now)]

    def reset(self, now: Now) -> list[Any]:
        """A person ends a latched stop."""
        return self.enter(machine.after_reset(self.state), "reset by a person", now)

    # --- what is known --------------------------------------------------------------------

    def checks(self, now: Now) -> tuple[Check, ...]:
        """What counts now: on the way back the policy is out of it."""
        return self._standing.checks(now, About.WORLD if self.state.recovering else None)

    def update(self, now: Now) -> list[Any]:
        """Judge how things stand, and change the state if that says so."""
        against = stands.causes(self.checks(now))
        released = self._is_released(bool(against), now)
        auto_arm = self._settings().auto_arm and not self._missing
        state = self.state
        if state.mode == Mode.INIT and all(check.decision == Decision.ASK for check in against):
            # A person is asked once somebody has armed: a doubt alone keeps nothing from beginning.
            state = machine.after_init(auto_arm)
        state = machine.after_causes(state, join(against)[0], released, auto_arm)
        words = stands.named(against) or "every source is alive"
        is_waiting = state.mode == Mode.INIT or (state.mode == Mode.HOLD and not state.asking)
        if state == self.state and is_waiting:
            self.reason = words
        return self.enter(state, words, now) if state != self.state else []

    def obey(self, verdict: Verdict, chunk: ActionChunk, now: Now) -> list[Any]:
        """The state that follows from a verdict."""
        if verdict.decision == Decision.ALLOW and chunk.source != ROLLBACK:
            self._retreats.moved()
        state = machine.after_verdict(self.state, verdict.decision)
        if state == self.state:
            return []
        self._healthy_since = None
        return self.enter(state, verdict.reason or "a plan was allowed", now)

    def committed(self, value: Commitment, now: Now) -> list[Any]:
        """The fuser committed motion. What was not allowed is held."""
        is_news, stray = self._judge.motion.take(value.plan, now, self._settings().clock_tolerance)
        if is_news:
            self._standing.hear(value, now)
            self._retreats.committed(value.plan, self._judge)
        if stray is None:
            return []
        self._standing.hear(stray, now)
        return self.update(now)

    def _is_released(self, is_held: bool, now: Now) -> bool:
        """Whether nothing has stood against motion for long enough."""
        since = now.steady_ns if self._healthy_since is None else self._healthy_since
        self._healthy_since = None if is_held else since
        return not is_held and now.steady_ns - since >= self._settings().hold_release * NS

    # --- the way back ---------------------------------------------------------------------

    def go_back(self, now: Now) -> list[Any]:
        """Time has passed: a way back has ended, or one that needs no word begins."""
        words = self._retreats.ended(self.state.recovering, now)
        state = machine.after_way_back(self.state) if words else self.state
        over = self.enter(state, words, now) if state != self.state else []
        return [*over, *self._go_back_unasked(now)]

    def _begin_way_back(self, why: str, now: Now) -> list[Any]:
        if not self.state.recovering:
            return []
        self._retreats.begin(why, now)
        until = self._standing.calm_ns
        return [Retreat(now.ros_ns, now.ros_ns if until is None else until, why)]

    def _go_back_unasked(self, now: Now) -> list[Any]:
        """The retreat that comes before a person is asked, once the robot rests."""
        if not self._retreats.due:
            return []
        if self._standing.against_all(now):
            # Nothing may move at all: a person decides.
            self._retreats.give_up()
            return self._questions(now)
        committed = self._judge.motion.committed
        if committed is not None and now.ros_ns <= committed.end_ns:
            return []
        why = self.reason
        state, words = machine.after_answer(self.state, machine.RETREAT)
        return [*self.enter(state, words, now), *self._begin_way_back(why, now)]

    def _is_unasked(self, before: State, now: Now) -> bool:
        """Whether a retreat comes before the question that the new state asks."""
        if not (self.state.asking and self._settings().auto_retreat):
            return False
        if not self._retreats.is_due(before.asking):
            return False
        return before.asking or not self._standing.against_all(now)

    # --- changes --------------------------------------------------------------------------

    def enter(self, state: State, reason: str, now: Now) -> list[Any]:
        """Change the state; the lease follows at once, a HOLD does not wait for the heartbeat."""
        if state == self.state:
            # What put the guard here stays said beside what was asked of it since.
            return [replace(self.status(now), reason=f"{reason} ({self.reason})")]
        before, self.state, self.reason = self.state, state, reason
        self._retreats.due = self._is_unasked(before, now)
        if state.moving and self._is_careful:
            self._is_careful = False
            self._standing.be_cautious(now, self._settings().cautious_time)
        lease = self.lease(now)
        self._standing.hear(lease, now)  # who counts stops counts every one
        return [lease, self.status(now), *self._questions(now)]

    def _questions(self, now: Now) -> list[Question]:
        """What a person is asked, where that is another thing than before."""
        asks = self.state.asking and not self._retreats.due
        if asks == self._is_asked:
            return []
        self._is_asked = asks
        return [self._speaker.question(self.reason if asks else "", now)]

    def lease(self, now: Now) -> Lease:
        """The next lease."""
        duration_ns = int(self._settings().lease_duration * NS)
        return self._speaker.lease(self.state, self.reason, duration_ns, now)

    def status(self, now: Now) -> GuardStatus:
        """Mode, reason, checks and counters at ``now``."""
        return self._speaker.status(self.state, self.reason, self._standing.checks(now), now)
