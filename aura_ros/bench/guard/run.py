"""How one episode went."""

from __future__ import annotations

from dataclasses import dataclass

CAUGHT, ABSORBED, MISSED, IDLE = "caught", "absorbed", "missed", "idle"


@dataclass(frozen=True)
class Run:
    """How an episode went; times from its beginning [s].

    ``began_s``: when the fault first changed something, None if it never could. ``caught_s``: the
    first decision other than ALLOW, or mode that does not move, after that; ``decision``, ``by``:
    which, and the check that made it; ``steps``: chunks that left the policy until then.
    ``harm_s``, ``harm``: the first harm after the fault began, its kind. ``blocked_s``, ``blocks``,
    ``first_block``: every such decision of the episode, whatever it was for. ``actions``: chunks
    and plans that were judged. ``done_s``: when the task was done; ``moved_again``: whether motion
    was allowed again after the last block.
    """

    began_s: float | None = None
    caught_s: float | None = None
    decision: str = ""
    by: str = ""
    steps: int = 0
    harm_s: float | None = None
    harm: str = ""
    blocks: int = 0
    first_block: str = ""
    actions: int = 0
    done_s: float | None = None
    moved_again: bool = False
    misled: bool = False

    @property
    def came_to(self) -> str:
        """What the fault came to. A catch from which harm followed all the same is a miss."""
        if self.began_s is None:
            return IDLE
        if self.harm_s is not None:
            return MISSED
        return ABSORBED if self.caught_s is None else CAUGHT
