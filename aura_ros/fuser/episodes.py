"""Which chunks belong to the task that was last given."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aura_ros.fuser.admission import Refusal
from aura_ros.types import ActionChunk, Now

Episode = tuple[int, int]

# An instruction that comes this late after the first chunk of an episode began that episode:
# the two come on different topics. No policy answers a task that it has not heard.
LATE_NS = 1_000_000_000


@dataclass(frozen=True)
class Episodes:
    """``told``: the last instruction; ``over``: chunks up to this (session, episode) are refused;
    ``newest`` the episode of the last chunk taken, ``unexplained_ns`` when it began without a
    word that explained it [steady ns]."""

    told: str | None = None
    over: Episode | None = None
    newest: Episode | None = None
    unexplained_ns: int | None = None

    def heard(self, text: str, now: Now) -> Episodes:
        """After an instruction; the task is another one where ``over`` has changed.

        A repeated one changes nothing. The first that is heard changes the task only where the
        policy's episode is 0, before any instruction: else the policy knew it before.
        """
        if text == self.told:
            return self
        came_late = (
            self.unexplained_ns is not None and now.steady_ns - self.unexplained_ns <= LATE_NS
        )
        known = self.newest is not None and self.told is None and self.newest[1] > 0
        over = self.over if came_late or known else self.newest
        return replace(self, told=text, over=over, unexplained_ns=None)

    def took(self, chunk: ActionChunk, now: Now) -> Episodes:
        """After a chunk was accepted."""
        episode = chunk.order[:2]
        if episode == self.newest:
            return self
        # Episode 0 precedes every instruction; after a change of task the next one was announced.
        was_announced = self.newest is not None and self.newest == self.over
        explained = was_announced or episode[1] == 0
        return replace(self, newest=episode, unexplained_ns=None if explained else now.steady_ns)

    def forgot(self, chunk: ActionChunk, newest: ActionChunk | None) -> Episodes:
        """After ``chunk`` turned out to be none: ``newest`` is the last one that was taken."""
        before = None if newest is None else newest.order[:2]
        wrong = chunk.order[:2]
        return replace(
            self,
            newest=before if self.newest == wrong else self.newest,
            over=before if self.over == wrong else self.over,
        )

    def refuse(self, chunk: ActionChunk) -> Refusal | None:
        """Why ``chunk`` is not taken, if it belongs to a task that is over."""
        if self.over is None or chunk.order[:2] > self.over:
            return None
        words = f"chunk {chunk.order} belongs to the task before: count episodes by instructions"
        return Refusal("old_episode", words)
