"""Requests that wait for their answers: when the next may follow, and which answers count.

With m requests in flight a new one follows every m-th part of the latency, so that answers come
evenly. Their order is that of the requests: an answer that a newer one overtook is not used.
"""

from __future__ import annotations

from dataclasses import dataclass

from aura_ros.policy.latency import LatencyEstimate
from aura_ros.types import NS, Now, Request


@dataclass(frozen=True)
class Asked:
    """A request and when it was asked."""

    now: Now
    request: Request


class Outstanding:
    """The requests of one policy, by sequence. ``latency`` learns from their answers.

    ``next_ns`` [steady]: the next request is about inputs that arrived from then on.
    ``timed_out`` and ``overtaken`` count requests without a use.
    """

    def __init__(self, latency: LatencyEstimate) -> None:
        self._latency = latency
        self._asked: dict[int, Asked] = {}
        self._warm_ns: int | None = None
        self._newest_answer = 0
        self.next_ns = 0
        self.timed_out = 0
        self.overtaken = 0

    def __len__(self) -> int:
        return len(self._asked)

    def drop(self) -> None:
        """Nothing that was asked is answered any more."""
        self._asked.clear()

    def may_ask(self, now: Now, in_flight: int) -> bool:
        """There is room for one more, and the one before was long enough ago."""
        return len(self._asked) < in_flight and now.steady_ns >= self.next_ns

    def ask(self, request: Request, now: Now, period_ns: int, in_flight: int) -> None:
        """``request`` is on its way; at least ``period_ns`` to the next one.

        A single request needs no spacing by the latency: the next one waits for its answer.
        """
        self._asked[request.sequence] = Asked(now, request)
        apart_ns = self._latency.p95_ns // in_flight if in_flight > 1 else 0
        self.next_ns = now.steady_ns + max(period_ns, apart_ns)

    def answer(self, sequence: int, now: Now, in_flight: int) -> Asked | None:
        """The request that was answered; None if nothing waits for this answer."""
        was_full = len(self._asked) >= in_flight
        asked = self._asked.pop(sequence, None)
        if asked is not None and was_full:
            # The next request had to wait: it waits for inputs newer than this answer.
            self.next_ns = max(self.next_ns, now.steady_ns)
        return asked

    def accept(self, asked: Asked, now: Now) -> bool:
        """Take a good answer: learn its latency. False if a newer one came before it."""
        # What was asked before the first answer waited for loading and compiling.
        if self._warm_ns is None or asked.now.steady_ns >= self._warm_ns:
            self._latency.add(now.steady_ns - asked.now.steady_ns)
        if self._warm_ns is None:
            self._warm_ns = now.steady_ns
        if asked.request.sequence < self._newest_answer:
            self.overtaken += 1
            return False
        self._newest_answer = asked.request.sequence
        return True

    def expire(self, now: Now, timeout_s: float) -> float:
        """Drop requests older than ``timeout_s``; the longest time that one waited [s], or 0."""
        waited = {n: (now.steady_ns - a.now.steady_ns) / NS for n, a in self._asked.items()}
        late = {sequence: age for sequence, age in waited.items() if age > timeout_s}
        for sequence in late:
            del self._asked[sequence]
        self.timed_out += len(late)
        return max(late.values(), default=0.0)
