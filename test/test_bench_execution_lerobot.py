"""LeRobot's asynchronous inference: timesteps, refill and aggregation."""

import numpy as np
from row_methods import HORIZON, NS, Loop, chunk, marked, setup

from aura_ros.bench.execution.lerobot import LeRobotAsync

HALF = HORIZON // 2


def row(number, timestep, first):
    """What chunk ``number``, asked for at timestep ``first``, says for ``timestep``."""
    return marked(number)[timestep - first, 0]


def test_the_policy_is_asked_when_half_a_chunk_is_left():
    loop = Loop(LeRobotAsync(setup()), lambda _: 1)
    loop.run(HORIZON + 2)
    # Timesteps 0 to 3 are executed in periods 1 to 4; chunk 2 then adds 8 to 11.
    assert loop.asked == [0, 1 + HALF, 1 + 2 * HALF]


def test_the_overlap_is_three_tenths_old_and_seven_tenths_new():
    loop = Loop(LeRobotAsync(setup()), lambda _: 2)
    found = loop.run(12)
    # Rows 0 to 7 of chunk 1 are timesteps 0 to 7; the first is executed in period 2.
    np.testing.assert_allclose(found[2:8], [row(1, k, 0) for k in range(6)])
    first = loop.asked[1] - 2
    assert first == HALF
    mixed = [0.3 * row(1, k, 0) + 0.7 * row(2, k, first) for k in (6, 7)]
    np.testing.assert_allclose(found[8:10], mixed)
    np.testing.assert_allclose(found[10:12], [row(2, k, first) for k in (8, 9)])


def test_what_the_old_queue_held_beyond_the_new_chunk_is_lost():
    method = LeRobotAsync(setup())
    short = {1: marked(1), 2: marked(2, HALF)}
    loop = Loop(method, lambda k: 2 if k < 3 else None, lambda k, _: short[min(k, 2)])
    loop.run(9)
    # Chunk 2 was asked for at timestep 4 and ends with 7, as the old queue did.
    assert loop.run(1)[-1] == 0.3 * row(1, 7, 0) + 0.7 * row(2, 7, 4)
    assert loop.run(1)[-1] == loop.rows[-2][0]


def test_timesteps_stand_still_while_the_queue_is_empty():
    loop = Loop(LeRobotAsync(setup()), lambda k: 1 if k == 1 else 20)
    found = loop.run(40)
    stall = found[HORIZON + 1 : loop.asked[1] + 20]
    assert len(stall) > 5
    assert (stall == found[HORIZON]).all()
    assert not any(loop.rates[HORIZON + 1 : loop.asked[1] + 20])
    # The second chunk goes on where the timesteps stopped, whatever time has passed.
    assert loop.asked[1] == 1 + HALF
    np.testing.assert_allclose(found[loop.asked[1] + 20], row(2, HORIZON, HALF))


def test_a_late_chunk_replaces_the_queue_even_by_nothing():
    method = LeRobotAsync(setup())
    loop = Loop(method, lambda k: 1 if k < 3 else None)
    loop.run(9)
    assert loop.rates[-1] == 1.0
    method.receive(chunk(1, marked(1)), 2 * NS)
    held = loop.run(1)
    assert held[-1] == held[-2]
    assert loop.rates[-1] == 0.0


def test_one_request_at_a_time_since_the_server_has_one_policy():
    method = LeRobotAsync(setup(in_flight=4))
    assert method.wants(NS, 0)
    assert not method.wants(NS, 1)


def test_asked_without_a_queue_the_answer_begins_with_the_timestep_that_was_last():
    method = LeRobotAsync(setup())
    loop = Loop(method, lambda k: 1 if k != 2 else None)
    loop.run(5)
    # An empty queue, as above; timestep 3 was the last.
    method.receive(chunk(1, marked(1, 3)), 2 * NS)
    found = loop.run(3)
    assert loop.asked == [0, 5, 6]
    assert found[-3:].tolist() == [row(1, 3, 0), row(1, 3, 0), row(3, 4, 3)]


def test_a_lost_answer_does_not_end_it():
    loop = Loop(LeRobotAsync(setup()), lambda k: None if k == 2 else 1)
    found = loop.run(30)
    assert found[-1] > 2.0
