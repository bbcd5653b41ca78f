"""Starvation, and when it is excused, against rates and arrivals made by hand."""

import numpy as np
import pytest

from aura_ros.bench.execution.record import Arrival, Record
from aura_ros.bench.fuser.starvation import (
    Bound,
    inside_bound,
    starvation,
    starved_inside_s,
    usable,
)

MS = 1_000_000
TIMES = 4 * MS * np.arange(1000, dtype=np.int64)  # 4 s
BOUND = Bound(guard_ns=60 * MS, tail_ns=360 * MS, least_ns=60 * MS, max_age_ns=1500 * MS)


def arrival(sequence, asked, arrived, end):
    """A chunk, times in ms."""
    return Arrival(sequence, asked * MS, arrived * MS, asked * MS, end * MS)


def record(arrivals, starved=(), due=()):
    rates = np.ones(len(TIMES))
    for begin, end, rate in starved:
        rates[(begin * MS <= TIMES) & (end * MS > TIMES)] = rate
    return Record(TIMES, np.zeros((len(TIMES), 1)), rates, tuple(arrivals), due)


def test_time_below_full_rate_is_starved():
    figures = starvation(record((), [(400, 800, 0.0), (1000, 1200, 0.9), (3960, 4000, 0.0)]))
    assert figures["starved"] == pytest.approx(0.64 / 4)
    assert figures["starved_longest"] == pytest.approx(0.4)
    assert figures["starved_count"] == 3


def test_nothing_starved_is_nothing():
    figures = starvation(record(()))
    assert set(figures.values()) == {0.0}


# Rows for 1600 ms from arrival: the next chunk must arrive within 1600 - 60 - 360 = 1180 ms.
IN_TIME = [arrival(1, 0, 400, 2000), arrival(2, 400, 1580, 4000)]
TOO_LATE = [arrival(1, 0, 400, 2000), arrival(2, 400, 1581, 4000)]


def ticks(begin, end):
    return (begin * MS <= TIMES) & (end * MS > TIMES)


def test_the_ticks_between_two_chunks_are_inside_if_the_next_was_in_time():
    inside = inside_bound(record(IN_TIME), BOUND)
    assert not inside[ticks(0, 460)].any()
    assert inside[ticks(460, 1640)].all()
    inside = inside_bound(record(TOO_LATE), BOUND)
    assert not inside[ticks(460, 1641)].any()


def test_the_last_gap_is_judged_by_what_was_on_its_way():
    last = ticks(1640, 4000)
    assert not inside_bound(record(IN_TIME), BOUND)[last].any()
    # Rows to 5000 ms from 1580 ms: the next must arrive by 4580 ms.
    chunks = [IN_TIME[0], arrival(2, 400, 1580, 5000)]
    soon, late = arrival(3, 4000, 4580, 6000), arrival(3, 4000, 4581, 6000)
    assert inside_bound(record(chunks, due=(soon,)), BOUND)[last].all()
    assert not inside_bound(record(chunks, due=(late,)), BOUND)[last].any()


def test_starvation_counts_only_inside():
    starved = [(0, 500, 0.0), (1000, 1100, 0.5), (2000, 2400, 0.0)]
    assert starved_inside_s(record(IN_TIME, starved), BOUND) == pytest.approx(0.14)
    assert starved_inside_s(record(TOO_LATE, starved), BOUND) == 0.0
    assert starved_inside_s(record((), starved), BOUND) == 0.0


def test_chunks_that_nobody_could_follow_are_no_chunks():
    first = arrival(2, 0, 400, 2000)
    useless = [
        arrival(1, 0, 500, 4000),  # overtaken
        arrival(2, 0, 600, 2000),  # again
        arrival(3, 0, 1501, 4000),  # too old
        arrival(4, 1500, 1600, 1719),  # too few rows left after the guard
    ]
    assert usable([first, *useless], BOUND) == [first]
    good = arrival(5, 1500, 1700, 4000)
    assert usable([first, *useless, good], BOUND) == [first, good]


def test_a_useless_chunk_does_not_close_a_gap():
    useless = arrival(1, 0, 1000, 4000)
    chunks = [arrival(1, 0, 400, 2000), useless, arrival(2, 400, 1700, 4000)]
    assert not inside_bound(record(chunks), BOUND)[ticks(460, 1760)].any()
