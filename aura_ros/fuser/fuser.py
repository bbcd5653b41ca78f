"""The fuser as a deterministic core: values in with their times, values out.

In: chunks, verdicts, leases, measured joints, instructions, failure risk, the word to retreat,
ticks. Out: proposals, commitments, the track that may move, the way back out of half a grasp or
to where all was well, status. It reads no clock and commands nothing itself (see ``loop``).
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatchmethod
from typing import Any

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.chunks import Chunks
from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.permission import Permission
from aura_ros.fuser.report import Tally, health_of, status_of
from aura_ros.robot.description import Robot
from aura_ros.settings import validated
from aura_ros.types import (
    ActionChunk,
    ClockJump,
    Configure,
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
)


class Fuser:
    """One robot's fuser. ``handle`` is its only entry; the order of calls is its only input."""

    def __init__(self, robot: Robot, config: FuserConfig | None = None) -> None:
        self._moving, self._tally = Moving(robot, config or FuserConfig()), Tally()
        self._permission, self._chunks = Permission(), Chunks(self._moving, self._tally)
        # Bound once: binding a dispatching method takes longer than most of its work.
        self._dispatch = self._take

    # --- inputs ---------------------------------------------------------------------------

    def handle(self, value: Any, now: Now) -> list[Any]:
        """Take one value that arrived at ``now``; return what follows from it, in order."""
        said = self._dispatch(value, now)
        refusals = [out for out in said if isinstance(out, Refusal)]
        if not refusals:
            return said
        for refusal in refusals:
            self._tally.refuse(refusal)
        status = self.status(now)  # says them all
        return [status if isinstance(out, Refusal | FuserStatus) else out for out in said]

    @singledispatchmethod
    def _take(self, value: Any, now: Now) -> list[Any]:
        raise TypeError(f"the fuser takes no {type(value).__name__}")

    @_take.register
    def _(self, value: JointState, now: Now) -> list[Any]:
        self._moving.measure(value, now)
        return []

    @_take.register
    def _(self, value: ActionChunk, now: Now) -> list[Any]:
        closed = self._permission.closed()
        return self._chunks.take(value, now) if closed is None else [closed]

    @_take.register
    def _(self, value: Instruction, now: Now) -> list[Any]:
        if not self._chunks.tasks.told(value, now):
            return []
        self._chunks.judged.forget()
        if self._permission.closed() is not None:
            return [self.status(now)]  # what moves is a stop tail
        return [*self._chunks.switch_task(now), self.status(now)]

    @_take.register
    def _(self, value: FailureRisk, now: Now) -> list[Any]:
        refusal = self._chunks.trust.hear(value, now)
        return [] if refusal is None else [refusal]

    @_take.register
    def _(self, value: Verdict, now: Now) -> list[Any]:
        return self._chunks.hear(value, now)

    @_take.register
    def _(self, value: Retreat, now: Now) -> list[Any]:
        closed = self._permission.closed()
        if closed is not None:
            return [closed]
        return [*self._chunks.retreat(value, now), self.status(now)]

    @_take.register
    def _(self, value: Lease, now: Now) -> list[Any]:
        if not value.granted:
            self._permission.revoke(value)
            return self._stop(now)
        refusal = self._permission.grant(value, now, self._moving.config)
        if refusal is not None:
            return [refusal]
        return [] if self._permission.tripped else self._moving.renew(value.duration_ns, now)

    @_take.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        out = self._moving.settle(now)
        self._chunks.watch(now)
        return [*out, self.status(now)]

    @_take.register
    def _(self, value: ClockJump, now: Now) -> list[Any]:
        for each in (self._moving, self._chunks, self._permission, self._tally):
            each.forget()
        return [self.status(now)]

    @_take.register
    def _(self, value: Reset, now: Now) -> list[Any]:
        out = self._stop(now)
        self._tally.forget_refusals()
        self._chunks.tasks.reset()
        return [*out, *self._end_trip(now), self.status(now)]

    @_take.register
    def _(self, value: Tripped, now: Now) -> list[Any]:
        self._permission.tripped = value.check
        return [*self._stop(now), self.status(now)]

    @_take.register
    def _(self, value: Diverged, now: Now) -> list[Any]:
        words = "a plan or lease took so long that motion had stopped: is the machine overloaded?"
        return [*self._moving.diverged(value.plan, now), Refusal("diverged", words)]

    @_take.register
    def _(self, value: SetEnabled, now: Now) -> list[Any]:
        self._permission.enabled = value.enabled
        return [*([] if value.enabled else self._stop(now)), self.status(now)]

    @_take.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._moving.config = validated(FuserConfig, value.values)
        self._chunks.proposer.configured()
        return []

    def _stop(self, now: Now) -> list[Any]:
        self._chunks.judged.forget()
        return self._moving.stop(now)

    def _end_trip(self, now: Now) -> list[Any]:
        if not self._permission.tripped:
            return []
        out = self._moving.begin_anew(now)
        if isinstance(out, Refusal):
            return [out]
        self._permission.tripped = ""
        return out

    # --- status ---------------------------------------------------------------------------

    def status(self, now: Now) -> FuserStatus:
        """What the fuser does at ``now``."""
        chunks, tripped = self._chunks, self._permission.tripped
        is_back, switch = chunks.home.is_taken(now), chunks.tasks.outcome.value
        return status_of(self._moving, self._tally, tripped, is_back, switch, now)

    def phase_rate(self, now: Now) -> float:
        """How fast the committed motion goes along its rows: 1 as recorded, 0 at its end."""
        phase = self._chunks.phase
        return 0.0 if phase is None else phase.rate(now.ros_ns)

    def health(self, now: Now) -> Health:
        """The state, and what was refused last."""
        health, chunks = health_of(self.status(now), self._permission), self._chunks
        seen = {
            "task_switch": chunks.tasks.outcome.value,
            "contact": chunks.tasks.contact(now).value,
            "trust": f"{chunks.trust.share(now):.2f}",
            "retraceable_s": f"{chunks.home.remembered_s:.1f}",
        }
        return replace(health, values={**health.values, **seen})
