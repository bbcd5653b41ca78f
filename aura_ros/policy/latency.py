"""How long the policy takes: a windowed percentile that schedules requests, never places chunks."""

from __future__ import annotations

import math
from collections import deque

from aura_ros.types import NS

WINDOW = 20
# The first answer may include loading and compiling; one slower than this did.
WARM_UP = 1
LOADING_NS = 3 * NS


class LatencyEstimate:
    """95th percentile of the last answers [ns]; ``initial_ns`` until there is one.

    The first answer counts only until there is a second. Of few answers the percentile is the
    sample below it: one answer in twenty that is late must not move every start after it, since
    rows that begin too late leave a gap.
    """

    def __init__(self, initial_ns: int) -> None:
        self._warm_up_ns = initial_ns
        self._heard = 0
        self._samples: deque[int] = deque(maxlen=WINDOW)

    def add(self, latency_ns: int) -> None:
        """One answer took ``latency_ns``."""
        self._heard += 1
        if self._heard > WARM_UP:
            self._samples.append(latency_ns)
        elif latency_ns <= LOADING_NS:
            self._warm_up_ns = latency_ns

    @property
    def p95_ns(self) -> int:
        """The estimate [ns]."""
        if not self._samples:
            return self._warm_up_ns
        return sorted(self._samples)[math.floor(0.95 * (len(self._samples) - 1))]


def gap_free_ns(rows_ns: int, in_flight: int, is_ahead: bool) -> int:
    """Longest latency [ns] at which chunks of ``rows_ns`` follow each other without a gap.

    With m requests in flight a chunk arrives every m-th part of the latency d. Rows that begin
    at the capture stamp are used from d to d + d / m, so d <= H m / (m + 1); rows that begin
    where they are executed (``is_ahead``) last for d / m, so d <= H m.
    """
    return rows_ns * in_flight // (1 if is_ahead else in_flight + 1)


def too_slow(latency_ns: int, rows_ns: int, in_flight: int, is_ahead: bool) -> str:
    """Words if chunks of ``rows_ns`` leave gaps at this latency; empty if they do not."""
    allowed_ns = gap_free_ns(rows_ns, in_flight, is_ahead)
    if latency_ns <= allowed_ns:
        return ""
    return (
        f"answers take {latency_ns / NS:.2f} s; with in_flight {in_flight} chunks follow without "
        f"gaps up to {allowed_ns / NS:.2f} s: raise in_flight, or let the policy answer more rows"
    )
