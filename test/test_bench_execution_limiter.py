"""The jerk limiter that published methods share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_methods import TICK_NS, setup

from aura_ros.bench.execution.limiter import Limited
from aura_ros.types import NS

TICK_S = TICK_NS / NS


class Recorded:
    """An executor of given commands; the last one is held."""

    rate = 0.25

    def __init__(self, commands):
        self._commands = [np.array(command, dtype=float) for command in commands]

    def wants(self, now_ns, in_flight):
        return now_ns == 1 and in_flight == 2

    def asked(self, now_ns):
        return ("told", now_ns)

    def receive(self, chunk, now_ns):
        self.received = chunk, now_ns

    def command(self, now_ns):
        return self._commands.pop(0) if len(self._commands) > 1 else self._commands[0]


def run(commands, ticks, **limits):
    limited = Limited(Recorded(commands), setup(**limits))
    return np.array([limited.command(k * TICK_NS) for k in range(ticks)])


def rates(positions):
    """Velocity, acceleration and jerk by differences, which no limit can hide from."""
    begin = np.repeat(setup().rest[None], 3, axis=0)
    motion = np.concatenate([begin, positions])
    found = []
    for _ in range(3):
        motion = np.diff(motion, axis=0) / TICK_S
        found.append(motion)
    return found


targets = st.lists(
    st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.integers(1, 30)), min_size=1, max_size=8
)


@settings(max_examples=40, deadline=None)
@given(targets)
def test_no_command_takes_it_beyond_a_limit(steps):
    commands = [(a, b) for a, b, count in steps for _ in range(count)]
    found = run(commands, len(commands) + 20, lower=-2.5, upper=1.5)
    for rate, limit in zip(rates(found), (2.0, 10.0, 200.0), strict=True):
        assert np.abs(rate).max() <= limit * (1 + 1e-6)
    assert found.min() >= -2.5 - 1e-7
    assert found.max() <= 1.5 + 1e-7


def test_it_comes_to_rest_at_a_command_that_stays():
    found = run([(0.8, 0.3)], 400)
    np.testing.assert_allclose(found[-20:], np.tile([0.8, 0.3], (20, 1)), atol=1e-9)


def test_it_is_as_fast_as_the_limits_let_it():
    velocity, acceleration, jerk = rates(run([(2.9, 0.0)], 150))
    for rate, limit in ((velocity, 2.0), (acceleration, 10.0), (jerk, 200.0)):
        assert np.abs(rate[:, 0]).max() == pytest.approx(limit, rel=1e-3)


def test_a_joint_does_not_wait_for_another():
    alone = run([(-1.0, 0.3)], 150)[:, 1]
    np.testing.assert_allclose(run([(2.9, 0.3)], 150)[:, 1], alone, atol=1e-9)


def test_a_command_beyond_the_range_is_followed_to_its_end():
    found = run([(9.0, -9.0)], 400, lower=-2.5, upper=1.5)
    np.testing.assert_allclose(found[-1], [1.5, -2.5], atol=1e-7)
    assert found.max() <= 1.5 + 1e-7
    assert found.min() >= -2.5 - 1e-7


def test_a_command_that_cannot_be_planned_leaves_the_last_plan():
    moving = [(1.0, 0.0)] * 20
    found = run([*moving, (np.nan, np.nan)], 400)
    np.testing.assert_allclose(found, run(moving, 400), atol=1e-3)
    assert found[-1, 0] == pytest.approx(1.0)


def test_it_plans_without_limits_too():
    found = run([(2.0, 0.5)], 50, velocity=np.inf, acceleration=np.inf, jerk=np.inf)
    np.testing.assert_allclose(found[-1], [2.0, 0.5], atol=1e-6)


def test_all_but_the_command_is_the_methods_own():
    inside = Recorded([(0.0, 0.0)])
    limited = Limited(inside, setup())
    assert limited.wants(1, 2)
    assert not limited.wants(1, 0)
    assert limited.asked(7) == ("told", 7)
    limited.receive("chunk", 9)
    assert inside.received == ("chunk", 9)
    assert limited.rate == 0.25
