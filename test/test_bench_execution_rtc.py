"""Real-time chunking: weights and what they blend."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_methods import HORIZON, Loop, marked, setup

from aura_ros.bench.execution.rtc import RealTimeChunking, inpainted, prefix_weights


def paper(i, horizon, delay, executed):
    """Equation 5 of the paper."""
    if i < delay:
        return 1.0
    if i >= horizon - executed:
        return 0.0
    c = (horizon - executed - i) / (horizon - executed - delay + 1)
    return c * (np.exp(c) - 1) / (np.e - 1)


@settings(deadline=None)
@given(st.integers(1, 50), st.data())
def test_weights_are_those_of_the_paper(horizon, data):
    executed = data.draw(st.integers(0, horizon))
    delay = data.draw(st.integers(0, horizon - executed))
    found = prefix_weights(delay, horizon - executed, horizon)
    expected = [paper(i, horizon, delay, executed) for i in range(horizon)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_rows_beyond_the_old_chunk_are_the_policys_own():
    found = inpainted(np.ones((6, 2)), np.zeros((4, 2)), 2)
    np.testing.assert_array_equal(found[:2], 0.0)
    np.testing.assert_array_equal(found[4:], 1.0)
    assert 0 < found[2, 0] < found[3, 0] < 1


@pytest.mark.parametrize("latency", [1, 2, 3])
def test_frozen_rows_are_executed_as_the_old_chunk_has_them(latency):
    level = {1: 0.0}
    loop = Loop(
        RealTimeChunking(setup()),
        lambda _: latency,
        lambda k, _: np.full((HORIZON, 2), level.get(k, 1.0)),
    )
    found = loop.run(3 * latency + 2)
    assert loop.asked[:3] == [0, latency, 2 * latency]
    # From the arrival of chunk 2 on, the rows it shares with chunk 1 are drawn to it.
    np.testing.assert_array_equal(found[latency : 2 * latency], 0.0)
    weights = prefix_weights(latency, HORIZON - latency, HORIZON)
    np.testing.assert_allclose(found[2 * latency], 1.0 - weights[latency])


def test_the_largest_recent_delay_is_expected():
    latency = {1: 2, 2: 4}
    method = RealTimeChunking(setup())
    loop = Loop(method, lambda k: latency.get(k, 2), lambda k, _: np.full((HORIZON, 2), k))
    loop.run(11)
    assert loop.asked == [0, 2, 6, 8, 10]
    # Chunk 4 was asked for while 4 was the largest delay, of 6 rows left of chunk 3 (2 frozen).
    weights = prefix_weights(4, HORIZON - 2, HORIZON)
    chunk_3 = inpainted(np.full((HORIZON, 2), 3.0), loop_left(loop, 2), 4)
    expected = weights[2] * chunk_3[4, 0] + (1 - weights[2]) * 4.0
    np.testing.assert_allclose(loop.rows[10][0], expected)
    np.testing.assert_allclose(weights[2], 1.0)


def loop_left(loop, number):
    """Rows of chunk ``number``, asked for at 2, from period 6 on."""
    old = np.full((HORIZON, 2), 1.0)[2:]
    return inpainted(np.full((HORIZON, 2), float(number)), old, 2)[4:]


def test_a_late_chunk_is_switched_to_at_once_and_only_then():
    latency = {1: 1, 2: 5}
    method = RealTimeChunking(setup())
    found = Loop(method, lambda k: latency.get(k)).run(10)
    np.testing.assert_allclose(found[1:6], marked(1)[1:6, 0])
    weights = prefix_weights(1, HORIZON - 1, HORIZON)
    expected = weights[5] * marked(1)[6, 0] + (1 - weights[5]) * marked(2)[5, 0]
    np.testing.assert_allclose(found[6], expected)
    np.testing.assert_allclose(found[8:], marked(2)[7, 0])


def test_the_last_row_is_held_when_none_are_left():
    loop = Loop(RealTimeChunking(setup()), lambda k: 1 if k == 1 else None)
    found = loop.run(HORIZON + 3)
    np.testing.assert_allclose(found[HORIZON:], marked(1)[-1, 0])
    assert loop.rates[HORIZON - 1 :] == [1.0, 0.0, 0.0, 0.0]
