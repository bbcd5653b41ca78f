"""The upsampler that published methods share."""

import numpy as np
from row_methods import PERIOD_NS, setup

from aura_ros.bench.execution.upsample import Upsampled
from aura_ros.types import NS, KinematicState


class Counting:
    """Row k is k + 1; notes what it is asked, and when."""

    rate = 1.0

    def __init__(self):
        self.rows, self.wanted, self.told = [], [], []

    def wants(self, now_ns, in_flight):
        self.wanted.append(now_ns)
        return True

    def asked(self, now_ns):
        self.told.append(now_ns)
        return KinematicState(now_ns, np.zeros(2), np.zeros(2), np.zeros(2))

    def row(self, now_ns):
        self.rows.append(now_ns)
        return np.full(2, float(len(self.rows)))


def test_rows_are_joined_by_straight_lines_and_reached_a_period_later():
    method, begin = Counting(), 5 * NS
    upsampled = Upsampled(method, setup())
    # Ticks that do not divide the row period.
    times = begin + np.arange(0, 5 * PERIOD_NS, 7_000_000)
    found = np.array([upsampled.command(int(t))[0] for t in times])
    knots = begin + PERIOD_NS * np.arange(6)
    np.testing.assert_allclose(found, np.interp(times, knots, [-1.0, 1, 2, 3, 4, 5]), atol=1e-12)
    np.testing.assert_array_equal(method.rows, knots[:5])


def test_a_method_is_consulted_once_a_period_and_rows_begin_on_its_grid():
    method, begin = Counting(), 5 * NS
    upsampled, wanted = Upsampled(method, setup()), []
    for now in range(begin, begin + 3 * PERIOD_NS, 7_000_000):
        if upsampled.wants(now, 0):
            wanted.append(now)
            upsampled.asked(now)
        upsampled.command(now)
    assert wanted == method.wanted == [begin, begin + 105_000_000, begin + 203_000_000]
    assert method.told == method.rows == [begin + k * PERIOD_NS for k in range(3)]


def test_periods_that_no_tick_fell_into_have_rows_too():
    method = Counting()
    upsampled = Upsampled(method, setup())
    upsampled.command(NS)
    assert upsampled.command(NS + 3 * PERIOD_NS)[0] == 3.0
    assert len(method.rows) == 4
