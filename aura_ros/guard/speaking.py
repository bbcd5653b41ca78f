"""What a guard says: verdicts, leases, questions, its status and health, and what it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from aura_ros.guard.lattice import join
from aura_ros.guard.mode import OPTIONS, State
from aura_ros.guard.rules.built import Checks
from aura_ros.types import (
    ActionChunk,
    Check,
    Decision,
    GuardStatus,
    Health,
    Lease,
    Level,
    Mode,
    Now,
    Plan,
    Question,
    Verdict,
)

LEVELS = {Mode.ARMED: Level.OK, Mode.ACTIVE: Level.OK, Mode.STOP_LATCHED: Level.ERROR}


class Speaker:
    """Says things for one guard of process ``session`` that judges by ``rules``."""

    def __init__(self, rules: Checks, session: int) -> None:
        self._rules, self._session = rules, session
        self._beats = self._allowed = self._questions = 0
        self._refused: Counter[str] = Counter()

    def forget_refusals(self) -> None:
        """Count refusals anew."""
        self._refused.clear()

    def verdict(
        self,
        chunk: ActionChunk,
        plan: Plan | None,
        checks: tuple[Check, ...],
        now: Now,
        corrected: tuple[Decision, ActionChunk] | None = None,
    ) -> Verdict:
        """The join of ``checks``; milder only where a correction comes with it, which is judged
        in turn."""
        decision, reason = join(checks)
        if corrected is not None:
            decision = corrected[0]
            self._refused["corrected"] += 1
        elif decision != Decision.ALLOW:
            self._refused[reason] += 1
        else:
            self._allowed += 1
        return Verdict(
            now.ros_ns,
            chunk.digest,
            plan.digest if plan else "",
            decision,
            reason,
            checks,
            self._rules.digest,
            chunk.provenance,
            None if corrected is None else corrected[1],
        )

    def lease(self, state: State, reason: str, duration_ns: int, now: Now) -> Lease:
        """Granted for ``duration_ns`` where the state lets motion be."""
        self._beats += 1
        granted = state.moving
        return Lease(
            self._session, self._beats, now.ros_ns, granted, duration_ns if granted else 0,
            state.mode, "" if granted else reason,
        )  # fmt: skip

    def question(self, words: str, now: Now) -> Question:
        """What a person is asked; without words, that nothing is asked any more."""
        if not words:
            return Question(now.ros_ns, 0, "", ())
        self._questions += 1
        return Question(now.ros_ns, self._questions, words, OPTIONS)

    def status(self, state: State, reason: str, checks: tuple[Check, ...], now: Now) -> GuardStatus:
        """Mode, reason, checks and counters."""
        return GuardStatus(
            now.ros_ns,
            state.mode,
            reason,
            checks,
            self._allowed,
            dict(self._refused),
            state.asking,
            state.recovering,
            self._rules.off,
            self._rules.digest,
        )

    def health(self, state: State, reason: str, checks: Iterable[Check]) -> Health:
        """The mode and what it is for."""
        values = {check.name: f"{check.value:.3f} of {check.limit:.3f}" for check in checks}
        values |= {"mode": state.mode.name, "allowed": str(self._allowed)}
        values |= {f"refused_{name}": str(n) for name, n in self._refused.items()}
        values |= {"off": "; ".join(self._rules.off)} if self._rules.off else {}
        words = f"{state.mode.name}: {reason}"
        return Health(LEVELS.get(state.mode, Level.WARN), words, values)
