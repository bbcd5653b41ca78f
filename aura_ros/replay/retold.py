"""A recorded run as the guard heard it: what its watches were told, put together again.

Of a chunk that passed the guard says nothing, and that a plan was judged shows in its verdict. So
chunks, plans and verdicts are matched by their digests; in recordings they come on topics of
their own, in no certain order.
"""

from __future__ import annotations

from typing import Any, TypeVar

from aura_ros.guard.watch import Judged, Turn
from aura_ros.types import (
    ActionChunk,
    Commitment,
    Decision,
    Lease,
    Plan,
    Proposal,
    Verdict,
    WayBack,
)

# More chunks, plans and verdicts cannot be on their way to one another.
REMEMBERED = 256

V = TypeVar("V")


class Retold:
    """Hands on what watches hear. Chunks of the digests ``refused`` did not pass."""

    def __init__(self, refused: frozenset[str]) -> None:
        self._refused = refused
        self._committed: Plan | None = None
        self._lease: Lease | None = None
        self._chunks: dict[str, ActionChunk] = {}
        self._plans: dict[str, tuple[Plan, Plan | None]] = {}
        self._verdicts: list[Verdict] = []

    def told(self, value: Any) -> list[Any]:
        """What the watches heard with ``value``, or once it had come."""
        out: list[Any] = []
        if isinstance(value, ActionChunk):
            _keep(self._chunks, value.digest, value)
            out = [] if value.digest in self._refused else [Judged(value, ())]
        elif isinstance(value, WayBack):
            _keep(self._chunks, value.chunk.digest, value.chunk)
        elif isinstance(value, Proposal):
            _keep(self._plans, value.plan.digest, (value.plan, self._committed))
        elif isinstance(value, Commitment):
            if self._committed is None or value.plan.start_ns >= self._committed.start_ns:
                self._committed = value.plan
            out = [value]
        elif isinstance(value, Verdict):
            self._take(value)
        elif isinstance(value, Lease):
            return self._news(value)
        else:
            return [value]
        return [*out, *self._turns()]

    def _news(self, lease: Lease) -> list[Any]:
        """The lease, where it changes something: watches hear no others."""
        last, self._lease = self._lease, lease
        is_other = last is not None and (last.granted, last.mode) != (lease.granted, lease.mode)
        return [lease] if is_other else []

    def _take(self, verdict: Verdict) -> None:
        if verdict.correction is not None:
            _keep(self._chunks, verdict.correction.digest, verdict.correction)
        if verdict.plan_digest:
            self._verdicts = [*self._verdicts[-REMEMBERED:], verdict]

    def _turns(self) -> list[Turn]:
        """The verdicts whose chunk and plan are known by now."""
        turns, waiting = [], []
        for verdict in self._verdicts:
            chunk = self._chunks.get(verdict.chunk_digest)
            plan, committed = self._plans.get(verdict.plan_digest, (None, None))
            if chunk is None or plan is None:
                waiting.append(verdict)
                continue
            allowed = verdict.decision == Decision.ALLOW
            turns.append(Turn(chunk, plan, committed, None, verdict.checks, allowed))
        self._verdicts = waiting
        return turns


def refused_chunk(value: Any) -> str:
    """The digest of the chunk that a verdict refuses as such; empty for all else."""
    if not isinstance(value, Verdict) or value.plan_digest or value.decision == Decision.ALLOW:
        return ""
    return value.chunk_digest


def _keep(known: dict[str, V], digest: str, value: V) -> None:
    known[digest] = value
    while len(known) > REMEMBERED:
        known.pop(next(iter(known)))
