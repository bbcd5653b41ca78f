"""How fast a plan goes along its rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.phase import HABIT, Gaps, phase_of
from aura_ros.types import NS

START = 10**18


def at(seconds):
    return START + round(seconds * NS)


def test_rows_are_followed_as_recorded_until_their_last_part():
    phase = phase_of(START, 1.6, 0.24, next_s=0.5)
    assert phase.rate(at(0.0)) == phase.rate(at(1.3)) == 1.0
    assert 0 < phase.rate(at(1.6)) < 1
    assert phase.rate(at(1.9)) == 0.0


def test_the_rows_are_used_up_where_the_plan_ends():
    phase = phase_of(START, 1.6, 0.24, next_s=0.5)
    assert phase.content(np.array([phase.end]))[0] == pytest.approx(1.6)
    assert phase.content(np.array([9.0]))[0] == pytest.approx(1.6)


def test_where_chunks_come_too_late_the_motion_slows_down_and_does_not_stop():
    phase = phase_of(START, 1.0, 0.24, next_s=1.3)
    assert phase.rate(at(0.0)) == 1.0
    assert 0.4 < phase.rate(at(1.29)) < 1.0
    assert phase.content(np.array([1.3]))[0] == pytest.approx(1.0)


def test_it_never_goes_backwards_however_late_chunks_are():
    phase = phase_of(START, 1.0, 0.24, next_s=9.0)
    assert phase.rate(at(1.99)) == pytest.approx(0.0, abs=0.01)
    assert phase.end == 2.0


@given(st.floats(0.02, 5), st.floats(0.02, 1), st.floats(0, 10))
def test_the_phase_is_smooth_and_slower_than_the_rows(left, stop, gap):
    phase = phase_of(START, left, stop, gap)
    t = np.linspace(0, phase.end + 0.1, 500)
    content = phase.content(t)
    rates = np.array([phase.rate(at(x)) for x in t])
    assert (rates <= 1.0).all()
    assert (rates >= 0.0).all()
    assert (np.diff(content) >= -1e-12).all()
    assert (content <= t + 1e-9).all()
    assert content[-1] == pytest.approx(left)
    inside = t[1:] < phase.end
    slope = np.diff(content) / np.diff(t)
    assert (slope[inside] <= rates[:-1][inside] + 1e-6).all()
    assert (slope[inside] >= rates[1:][inside] - 1e-6).all()


def test_gaps_are_a_habit_only_after_some():
    gaps = Gaps()
    for k in range(HABIT):
        gaps.heard(at(0.5 * k))
        assert gaps.least_s == 0.0
    gaps.heard(at(0.5 * HABIT))
    assert gaps.least_s == 0.5
    gaps.heard(at(0.5 * HABIT + 0.2))
    assert gaps.least_s == pytest.approx(0.2)
    gaps.clear()
    assert gaps.least_s == 0.0
