"""Naive asynchronous execution: the newest chunk replaces the one before."""

import numpy as np
from row_methods import HORIZON, Loop, marked, setup

from aura_ros.bench.execution.newest import Newest


def test_rows_are_indexed_by_the_time_since_the_observation():
    loop = Loop(Newest(setup()), lambda _: 3)
    found = loop.run(10)
    expected = [-1.0, -1.0, -1.0, 1.03, 1.04, 1.05, 2.03, 2.04, 2.05, 3.03]
    np.testing.assert_allclose(found, expected)
    assert loop.asked == [0, 3, 6, 9]


def test_as_many_requests_are_in_flight_as_may_be():
    loop = Loop(Newest(setup(in_flight=3)), lambda _: 3, in_flight=3)
    found = loop.run(8)
    assert loop.asked == list(range(8))
    np.testing.assert_allclose(found[3:], [1.03, 2.03, 3.03, 4.03, 5.03])


def test_a_late_chunk_is_entered_late_and_its_end_held():
    loop = Loop(Newest(setup()), lambda number: 2 if number == 1 else 20)
    found = loop.run(2 + 20 + 3)
    np.testing.assert_allclose(found[2:HORIZON], marked(1)[2:, 0])
    np.testing.assert_allclose(found[HORIZON:], marked(1)[-1, 0])
    assert loop.rates[HORIZON - 1] == 1.0
    assert not any(loop.rates[HORIZON:])


def test_an_overtaken_chunk_replaces_nothing():
    latency = {1: 5, 2: 2}
    loop = Loop(Newest(setup(in_flight=2)), lambda k: latency.get(k), in_flight=2)
    found = loop.run(7)
    np.testing.assert_allclose(found[3:7], [2.02, 2.03, 2.04, 2.05])
