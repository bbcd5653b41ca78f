"""Row periods, requests and the last command."""

import numpy as np
import pytest
from row_methods import PERIOD_NS, chunk, marked, setup

from aura_ros.bench.execution.rows import Commanded, Requests, RowClock
from aura_ros.types import NS


def test_periods_are_counted_from_the_first_time_to_the_nearest():
    clock = RowClock(PERIOD_NS)
    assert clock.step(5 * NS) == 0
    assert clock.step(5 * NS + 3 * PERIOD_NS + PERIOD_NS // 3) == 3
    assert clock.step(5 * NS + 3 * PERIOD_NS - PERIOD_NS // 3) == 3


def test_answers_are_matched_by_number_whatever_their_stamps_say():
    requests = Requests()
    for step in (0, 4, 9):
        requests.add(step)
    assert requests.of(chunk(2, marked(2), start_ns=77 * NS)) == 4
    assert requests.is_last(chunk(3, marked(3)))
    assert not requests.is_last(chunk(2, marked(2)))


@pytest.mark.parametrize("number", [0, 2])
def test_an_answer_without_a_request_is_named(number):
    requests = Requests()
    requests.add(0)
    with pytest.raises(ValueError, match=f"chunk {number} answers no request: 1 were made"):
        requests.of(chunk(number, marked(1)))


def test_a_policy_is_told_the_last_row_and_the_velocity_between_the_last_two():
    commanded = Commanded(setup())
    np.testing.assert_array_equal(commanded.state(3).velocity, [0.0, 0.0])
    commanded.add(np.array([0.5, 1.0]))
    commanded.add(np.array([0.7, 1.0]))
    state = commanded.state(NS)
    assert state.time_ns == NS
    np.testing.assert_allclose(state.position, [0.7, 1.0])
    np.testing.assert_allclose(state.velocity, [2.0, 0.0])
    commanded.hold()
    np.testing.assert_array_equal(commanded.state(NS).velocity, [0.0, 0.0])
