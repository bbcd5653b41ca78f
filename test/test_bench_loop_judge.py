"""Stalls, limits and accelerations against motions made by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.bench.loop import judge
from aura_ros.robot.description import Limits

TICK_S = 0.004
ONE = np.ones(1)
LIMITS = Limits(-ONE, ONE, 2 * ONE, 10 * ONE, 200 * ONE, 0 * ONE)


def moving(*parts):
    """Positions (T, 1) of parts (seconds, velocity)."""
    speeds = np.concatenate([np.full(round(s / TICK_S), v) for s, v in parts])
    return np.concatenate([[0.0], np.cumsum(speeds) * TICK_S])[:, None]


def stalls(*parts):
    return judge.stalls(moving(*parts), TICK_S, LIMITS.velocity)


def test_a_rest_between_two_motions_is_a_stall_of_its_length():
    np.testing.assert_allclose(stalls((1, 0.5), (0.4, 0.0), (1, 0.5)), [0.4])


def test_a_rest_of_a_quarter_of_a_second_is_none():
    assert len(stalls((1, 0.5), (0.25, 0.0), (1, 0.5))) == 0
    assert len(stalls((1, 0.5), (0.256, 0.0), (1, 0.5))) == 1


def test_waiting_for_the_first_motion_is_none_and_a_rest_at_the_end_is_one():
    assert len(stalls((2, 0.0), (1, 0.5))) == 0
    np.testing.assert_allclose(stalls((2, 0.0), (1, 0.5), (3, 0.0)), [3.0])


def test_one_that_never_moves_has_no_stall():
    assert len(stalls((3, 0.0))) == 0
    assert len(judge.stalls(np.zeros((1, 1)), TICK_S, LIMITS.velocity)) == 0


def test_slower_than_one_percent_is_rest_and_faster_is_not():
    assert len(stalls((1, 0.5), (1, 0.019), (1, 0.5))) == 1
    assert len(stalls((1, 0.5), (1, 0.021), (1, 0.5))) == 0


def test_all_joints_must_rest():
    both = np.hstack([moving((1, 0.5), (1, 0.0), (1, 0.5)), moving((3, 0.5))])
    assert len(judge.stalls(both, TICK_S, np.array([2.0, 2.0]))) == 0


@given(st.lists(st.floats(-200, 200), min_size=1, max_size=60), st.floats(-0.5, 0.5))
def test_the_ratios_of_a_motion_never_exceed_those_of_its_derivatives(jerks, rest):
    """Commands sampled from constant jerk between ticks: divided differences are means."""
    p, v, a = rest, 0.0, 0.0
    positions, fastest, hardest = [], 0.0, 0.0
    for jerk in [0.0, *jerks]:
        p += v * TICK_S + a * TICK_S**2 / 2 + jerk * TICK_S**3 / 6
        v, a = v + a * TICK_S + jerk * TICK_S**2 / 2, a + jerk * TICK_S
        # Where the acceleration changes sign within a tick, velocity peaks inside of it.
        peak = abs(v) if not jerk else max(abs(v), abs(v - a**2 / (2 * jerk)))
        fastest, hardest = max(fastest, peak), max(hardest, abs(a))
        positions.append([p])
    worst = judge.worst_ratios(np.array(positions), np.array([rest]), TICK_S, LIMITS)
    slack = 1e-6
    assert worst["velocity"] <= fastest / 2 + slack
    assert worst["acceleration"] <= hardest / 10 + slack
    assert worst["jerk"] <= max(map(abs, jerks)) / 200 + slack


def violated(commands):
    worst = judge.worst_ratios(commands, np.zeros(1), TICK_S, LIMITS)
    return judge.violated(commands, worst, LIMITS)


def test_a_step_at_the_very_beginning_is_seen():
    assert violated(np.full((5, 1), 0.5)) == ("velocity", "acceleration", "jerk")
    assert violated(np.zeros((5, 1))) == ()


def test_each_limit_is_named_alone():
    time = TICK_S * np.arange(1, 400)[:, None]
    assert violated(199 * time[:12] ** 3 / 6) == ()
    assert violated(201 * time[:12] ** 3 / 6) == ("jerk",)

    def beyond(position):
        return judge.violated(np.array([[position]]), dict.fromkeys(judge.DERIVATIVES, 0.5), LIMITS)

    assert beyond(1.0) == beyond(-1.0) == ()
    assert beyond(1.01) == beyond(-1.01) == ("position",)


def test_infinite_limits_are_never_broken():
    free = Limits(*(np.full(1, v) for v in (-np.inf, np.inf, np.inf, np.inf, np.inf, 0.0)))
    worst = judge.worst_ratios(np.full((5, 1), 9.0), np.zeros(1), TICK_S, free)
    assert set(worst.values()) == {0.0}
    assert judge.violated(np.full((5, 1), 9.0), worst, free) == ()


def test_peak_acceleration_counts_the_first_step_from_rest():
    velocity = np.array([[0.1, 0.0], [0.1, -0.3]])
    assert judge.peak_acceleration(velocity, 0.002) == pytest.approx(150.0)
    assert judge.peak_acceleration(velocity[:1], 0.002) == pytest.approx(50.0)
