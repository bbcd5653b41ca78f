"""What a new instruction does to the motion in flight, by the contact phase of the hands.

FREE: it is dropped, the stop tail begins at the next knot. HOLDING: it is kept to its end, since
a load is carried best as it was meant to be. TRANSITION: half a grasp is undone by retracing the
executed path to before it began.
"""

from __future__ import annotations

import enum

import numpy as np

from aura_ros.fuser.contact import SETTLE_NS, Contact, Hands
from aura_ros.fuser.episodes import Episodes
from aura_ros.fuser.executed import Executed, recorded
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.retrace import chunk_of, way_back
from aura_ros.motion.jerk import knot_at_or_after, slice_from, splice
from aura_ros.types import NS, ActionChunk, Instruction, Now, Plan


class Outcome(enum.Enum):
    """What was done with the motion in flight; NONE: nothing moved."""

    NONE = ""
    DROPPED = "dropped"
    KEPT = "kept"
    ROLLED_BACK = "rolled_back"


class TaskSwitch:
    """Which task one robot is at. Watches what is executed and what the hands do, and says what
    becomes of the motion in flight when another task is given."""

    def __init__(self, moving: Moving) -> None:
        self._robot, self._moving = moving.robot, moving
        self.episodes = Episodes()
        self.forget()

    def forget(self) -> None:
        """Nothing was executed, no chunk was taken; the last instruction is known."""
        self.reset()
        self.outcome = Outcome.NONE
        self._way_back = ""
        self._executed: Executed | None = None
        self._hands = Hands.of(self._robot)

    def reset(self) -> None:
        """No episode is over."""
        self.episodes = Episodes(self.episodes.told)

    def told(self, instruction: Instruction, now: Now) -> bool:
        """Whether ``instruction`` gives another task."""
        over, self.episodes = self.episodes.over, self.episodes.heard(instruction.text, now)
        return self.episodes.over != over

    def took(self, chunk: ActionChunk, now: Now) -> None:
        """A chunk was accepted."""
        self.episodes = self.episodes.took(chunk, now)

    def forgot(self, chunk: ActionChunk, newest: ActionChunk | None) -> None:
        """The guard refused ``chunk`` as such; ``newest`` is the last one that was taken."""
        self.episodes = self.episodes.forgot(chunk, newest)

    def corrected(self, digest: str, chunk: ActionChunk) -> None:
        """The guard put ``chunk`` in the place of that of ``digest``."""
        if self.is_way_back(digest):
            self._way_back = chunk.digest

    def is_way_back(self, digest: str) -> bool:
        """Whether the chunk of ``digest`` is the way back that was last made here."""
        return bool(digest) and digest == self._way_back

    def watch(self, now: Now) -> None:
        """Time has passed."""
        moving, motion = self._moving, self._moving.plan(now)
        if motion is None:
            return
        measured = moving.measured[1].position if moving.measured else None
        keep_ns = int(moving.config.rollback * NS) + SETTLE_NS
        # Before its first knot motion rests there.
        until_ns = max(now.ros_ns, motion.start_ns) if self._executed is None else now.ros_ns
        self._executed = recorded(self._executed, motion, measured, until_ns, keep_ns)
        if self._executed is not None:
            self._hands = self._hands.watched(self._executed)

    def contact(self, now: Now) -> Contact:
        """The contact phase at ``now``, as far as it was watched."""
        motion = self._moving.plan(now)
        if motion is None or self._executed is None:
            return Contact.FREE
        return self._hands.contact(self._executed, motion, now)

    def switch(self, newest: ActionChunk | None, now: Now) -> ActionChunk | None:
        """Decide on the motion in flight; the way back where it is rolled back.

        ``newest`` is the last chunk that was taken.
        """
        self.watch(now)
        self.outcome = Outcome.NONE
        motion = self._moving.plan(now)
        if motion is None or motion.end_ns <= now.ros_ns or not self._moving.is_allowed(now):
            return None
        contact, longest_ns = self.contact(now), int(self._moving.config.rollback * NS)
        if contact == Contact.FREE:
            self.outcome = Outcome.DROPPED
        elif contact == Contact.HOLDING or not longest_ns or newest is None:
            self.outcome = Outcome.KEPT
        else:
            return self._undo(motion, newest, longest_ns, now)
        return None

    def look_after(self, newest: ActionChunk | None, is_judged: bool) -> None:
        """Where the way back is neither judged nor committed, the motion before it was kept."""
        if newest is None or not self.is_way_back(newest.digest) or is_judged:
            return
        leased = self._moving.leased
        if leased is None or leased.committed.chunk_digest != self._way_back:
            self.outcome = Outcome.KEPT

    def _undo(
        self, motion: Plan, newest: ActionChunk, longest_ns: int, now: Now
    ) -> ActionChunk | None:
        executed, period_ns = self._executed, self._robot.knot_period_ns
        assert executed is not None
        back_to_ns = before_transition(self._hands, executed, longest_ns)
        if back_to_ns is None:
            # It has not begun: the hands are as they were before it.
            self.outcome = Outcome.KEPT if self._hands.holds else Outcome.DROPPED
            return None
        delay_ns = int(self._moving.config.commit_delay * NS)
        start_ns = knot_at_or_after(now.ros_ns + delay_ns, period_ns)
        path = splice(executed.plan, slice_from(motion, executed.plan.end_ns))
        rows = way_back(path, back_to_ns, start_ns, self._robot.limits)
        back = chunk_of(rows, newest, start_ns, now, self._robot)
        self.outcome, self._way_back = Outcome.ROLLED_BACK, back.digest
        return back


def before_transition(hands: Hands, executed: Executed, longest_ns: int) -> int | None:
    """When the hands were last at rest [ns], at most ``longest_ns`` before the newest knot; None
    if they still are, and there is nothing to undo."""
    plan = executed.plan
    k = int(np.flatnonzero(hands.quiet(executed))[-1])
    if k == len(plan.position) - 1:
        return None
    return max(plan.start_ns + k * plan.knot_period_ns, plan.end_ns - longest_ns)
