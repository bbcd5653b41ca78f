"""Counts what a replay decides, as it goes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any

from aura_ros.types import (
    ActionChunk,
    Commitment,
    Decision,
    FailureRisk,
    FuserStatus,
    GuardStatus,
    MemoryState,
    Mode,
    Now,
    Request,
    Verdict,
)


@dataclass(frozen=True)
class ChunkRecord:
    """What became of a chunk that arrived at ``steady_ns``; no ``reason``: it was committed."""

    steady_ns: int
    reason: str


class Tally:
    """Takes every decision with its time. Times that it keeps are steady times [ns]."""

    def __init__(self) -> None:
        self.requests = self.holds = 0
        self.writes = self.written_bytes = 0
        self.risks: list[tuple[int, FailureRisk]] = []
        self.memories: list[tuple[int, MemoryState]] = []
        self._arrived: dict[str, int] = {}
        self._committed: set[str] = set()
        self._blame: dict[str, str] = {}
        self._newest = ""
        self._refused: Counter[str] = Counter()
        self._mode = Mode.INIT
        self.stands = ""
        """The guard's mode and why, as last said."""

    @property
    def chunks(self) -> list[ChunkRecord]:
        """Every chunk: committed, or blocked for a reason.

        Reasons are the guard's, or ``fuser_`` and the code of the fuser's own refusal.
        """
        return [
            ChunkRecord(
                at, "" if digest in self._committed else self._blame.get(digest, "undecided")
            )
            for digest, at in self._arrived.items()
        ]

    @singledispatchmethod
    def take(self, value: Any, now: Now) -> None:
        """Count one decision; most kinds are not counted."""

    @take.register
    def _(self, value: Request, now: Now) -> None:
        self.requests += 1

    @take.register
    def _(self, value: ActionChunk, now: Now) -> None:
        self._newest = value.digest
        self._arrived.setdefault(value.digest, now.steady_ns)

    @take.register
    def _(self, value: Verdict, now: Now) -> None:
        if value.decision != Decision.ALLOW:
            self._blame.setdefault(value.chunk_digest, value.reason)

    @take.register
    def _(self, value: Commitment, now: Now) -> None:
        self._committed.add(value.plan.chunk_digest)

    @take.register
    def _(self, value: FuserStatus, now: Now) -> None:
        for code, count in value.refused.items():
            # What the guard refused has its reason from the verdict.
            if count > self._refused[code] and not code.startswith("guard_"):
                self._blame.setdefault(self._newest, f"fuser_{code}")
        self._refused = Counter(value.refused)

    @take.register
    def _(self, value: GuardStatus, now: Now) -> None:
        self.holds += value.mode == Mode.HOLD and self._mode != Mode.HOLD
        self._mode = value.mode
        self.stands = f"{value.mode.name}: {value.reason}"

    @take.register
    def _(self, value: MemoryState, now: Now) -> None:
        self.writes += value.wrote
        self.written_bytes += value.wrote * value.state_bytes
        self.memories.append((now.steady_ns, value))

    @take.register
    def _(self, value: FailureRisk, now: Now) -> None:
        self.risks.append((now.steady_ns, value))
