"""VLASH: the state at the switch, and the switch at its time."""

import numpy as np
from row_methods import HORIZON, NS, PERIOD_NS, Loop, chunk, marked, setup

from aura_ros.bench.execution.vlash import Vlash


def begin_of(step):
    return NS + step * PERIOD_NS


def test_the_policy_is_told_where_its_chunk_will_begin_and_when():
    loop = Loop(Vlash(setup()), lambda _: 3)
    found = loop.run(30)
    for state, asked in list(zip(loop.told, loop.asked, strict=True))[1:-1]:
        switch = asked + 3
        assert state.time_ns == begin_of(switch)
        assert state.position[0] == found[switch - 1]
        np.testing.assert_allclose(
            state.velocity[0], (found[switch - 1] - found[switch - 2]) / 0.1, atol=1e-9
        )


def test_the_next_chunk_begins_at_its_first_row_when_it_was_said_to():
    loop = Loop(Vlash(setup()), lambda _: 3)
    found = loop.run(30)
    for number, asked in list(enumerate(loop.asked, start=1))[1:-2]:
        np.testing.assert_allclose(found[asked + 3 : asked + 6], marked(number)[:3, 0])
    assert loop.rates == [0.0] * 3 + [1.0] * 27


def test_an_early_answer_waits_for_the_switch():
    latency = {1: 1, 2: 4, 3: 1}
    loop = Loop(Vlash(setup()), lambda k: latency.get(k, 4))
    found = loop.run(16)
    asked = loop.asked[2]
    np.testing.assert_allclose(found[asked : asked + 4], marked(2)[:4, 0])
    np.testing.assert_allclose(found[asked + 4], marked(3)[0, 0])
    assert loop.asked[3] == asked + 4


def test_a_late_chunk_blocks_the_loop_although_rows_are_left():
    latency = {1: 1, 2: 2, 3: 5}
    loop = Loop(Vlash(setup()), lambda k: latency.get(k, 2))
    found = loop.run(14)
    asked = loop.asked[2]
    np.testing.assert_allclose(found[asked : asked + 2], marked(2)[:2, 0])
    np.testing.assert_allclose(found[asked + 2 : asked + 5], marked(2)[1, 0])
    assert loop.rates[asked + 2 : asked + 5] == [0.0, 0.0, 0.0]
    np.testing.assert_allclose(found[asked + 5 : asked + 7], marked(3)[:2, 0])


def test_without_rows_the_state_is_that_of_now_and_the_answer_begins_when_it_comes():
    loop = Loop(Vlash(setup()), lambda _: 4)
    found = loop.run(6)
    assert loop.told[0].time_ns == begin_of(0)
    assert loop.told[0].position[0] == -1.0
    np.testing.assert_allclose(found, [-1.0] * 4 + [1.0, 1.01])


def test_the_state_is_rolled_forward_through_rows_only_as_far_as_there_are_rows():
    latency = {1: 1, 2: HORIZON + 4}
    loop = Loop(Vlash(setup()), lambda k: latency.get(k, HORIZON + 4))
    found = loop.run(6 * HORIZON)
    state, asked = loop.told[2], loop.asked[2]
    assert state.time_ns == begin_of(asked + HORIZON + 4)
    assert state.position[0] == marked(2)[-1, 0]
    assert state.velocity[0] == 0.0
    assert found[asked + HORIZON + 3] == marked(2)[-1, 0]


def test_a_lost_answer_is_asked_for_again_from_the_present_state():
    loop = Loop(Vlash(setup()), lambda k: None if k == 4 else 2)
    found = loop.run(24)
    lost, again = loop.asked[3], loop.asked[4]
    assert again == lost + 1
    state = loop.told[4]
    assert state.position[0] == found[(state.time_ns - NS) // PERIOD_NS - 1]
    assert found[-1] > 6.0


def test_the_answer_to_an_older_request_is_too_late():
    method = Vlash(setup())
    latency = {4: None, 5: 12}
    loop = Loop(method, lambda k: latency.get(k, 2))
    while len(loop.asked) < 5:
        loop.run(1)
    method.receive(chunk(4, np.full((HORIZON, 2), 99.0)), begin_of(len(loop.rows)))
    assert (loop.run(8) < 90.0).all()
