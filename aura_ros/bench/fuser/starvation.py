"""Time without rows to follow, and whether it could have been avoided.

An executor starves while it goes slower along the rows than they were recorded. It is excused
where the next usable chunk came too late for any executor that must stop by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aura_ros.bench.execution.record import Arrival, Record
from aura_ros.types import NS

# Slower than this share counts; the rest is rounding.
FULL_RATE = 1.0 - 1e-9


@dataclass(frozen=True)
class Bound:
    """What an executor needs [ns]: ``guard_ns`` from a chunk's arrival to its first motion,
    ``tail_ns`` to come to rest, rows left for ``least_ns``, observations up to ``max_age_ns``.
    """

    guard_ns: int
    tail_ns: int
    least_ns: int
    max_age_ns: int


def starvation(record: Record) -> dict[str, float]:
    """Share of time with a rate below 1, the longest such time [s] and how many there are."""
    starved = record.rates < FULL_RATE
    period = float(record.times_ns[1] - record.times_ns[0]) / NS
    edges = np.flatnonzero(np.diff(np.concatenate([[False], starved, [False]])))
    lengths = (edges[1::2] - edges[::2]) * period
    return {
        "starved": float(starved.mean()),
        "starved_longest": float(lengths.max(initial=0.0)),
        "starved_count": float(len(lengths)),
    }


def usable(arrivals: Sequence[Arrival], bound: Bound) -> list[Arrival]:
    """Arrivals that could be followed: newer than all before, fresh, with rows left.

    Judged from what arrived alone, so that refusing a good chunk is no excuse.
    """
    kept: list[Arrival] = []
    newest = 0
    for arrival in arrivals:
        if arrival.sequence <= newest:
            continue
        newest = arrival.sequence
        ready_ns = arrival.arrived_ns + bound.guard_ns
        is_fresh = arrival.arrived_ns - arrival.asked_ns <= bound.max_age_ns
        if is_fresh and arrival.end_ns - ready_ns >= bound.least_ns:
            kept.append(arrival)
    return kept


def inside_bound(record: Record, bound: Bound) -> NDArray[np.bool_]:
    """Ticks (T,) at which no executor within ``bound`` has to starve.

    Usable chunk i arrives at A_i and its rows end at E_i. The ticks from A_i + guard (its first
    motion at the latest) to A_(i+1) + guard are inside if the realised gap A_(i+1) - A_i is at
    most the remaining rows less guard and tail, E_i - A_i - guard - tail. What was on its way
    when the record ended is the last A_(i+1); without it the last gap is not judged, nor is
    the time before the first chunk.
    """
    inside = np.zeros(len(record.times_ns), dtype=bool)
    for chunk, following in pairwise(usable((*record.arrivals, *record.due), bound)):
        gap_ns = following.arrived_ns - chunk.arrived_ns
        if gap_ns <= chunk.end_ns - chunk.arrived_ns - bound.guard_ns - bound.tail_ns:
            begin_ns, end_ns = (x.arrived_ns + bound.guard_ns for x in (chunk, following))
            inside |= (record.times_ns >= begin_ns) & (record.times_ns < end_ns)
    return inside


def starved_inside_s(record: Record, bound: Bound) -> float:
    """Seconds with a rate below 1 although no executor within ``bound`` had to starve."""
    period = float(record.times_ns[1] - record.times_ns[0]) / NS
    starved = (record.rates < FULL_RATE) & inside_bound(record, bound)
    return float(starved.sum() * period)
