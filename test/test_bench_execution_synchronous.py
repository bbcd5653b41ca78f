"""Synchronous execution, as openpi's ActionChunkBroker does it."""

import numpy as np
from row_methods import HORIZON, NS, Loop, chunk, marked, setup

from aura_ros.bench.execution.synchronous import Synchronous


def test_a_chunk_is_used_up_before_the_policy_is_asked_again():
    loop = Loop(Synchronous(setup()), lambda _: 2)
    found = loop.run(2 * (HORIZON + 2))
    first, second = marked(1)[:, 0], marked(2)[:, 0]
    expected = [-1.0, -1.0, *first, first[-1], first[-1], *second]
    np.testing.assert_allclose(found, expected)
    assert loop.asked == [0, HORIZON + 2]
    assert loop.rates == [0.0, 0.0, *[1.0] * HORIZON] * 2


def test_the_policy_is_told_the_last_command():
    loop = Loop(Synchronous(setup()), lambda _: 1)
    loop.run(HORIZON + 2)
    assert loop.told[0].position[0] == -1.0
    assert loop.told[1].position[0] == marked(1)[-1, 0]


def test_a_late_chunk_starts_with_its_first_row_whenever_it_comes():
    found = Loop(Synchronous(setup()), lambda _: 30).run(40)
    np.testing.assert_allclose(found[:30], -1.0)
    np.testing.assert_allclose(found[30:38], marked(1)[:, 0])


def test_a_copy_of_an_old_answer_is_not_the_answer():
    method = Synchronous(setup())
    loop = Loop(method, lambda _: 4)
    loop.run(HORIZON + 6)
    method.receive(chunk(1, marked(1)), 3 * NS)
    assert loop.run(1)[-1] == marked(1)[-1, 0]
    assert loop.rates[-1] == 0.0


def test_a_copy_during_execution_changes_nothing():
    method = Synchronous(setup())
    loop = Loop(method, lambda _: 2)
    loop.run(5)
    method.receive(chunk(1, marked(1)), 3 * NS)
    np.testing.assert_allclose(loop.run(1)[-1], marked(1)[3, 0])
