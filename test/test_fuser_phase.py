"""How fast a plan goes along its rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.phase import Phase
from aura_ros.types import NS

START = 10**18


def at(seconds):
    return START + round(seconds * NS)


def test_rows_are_followed_as_recorded_until_their_last_part():
    phase = Phase.of(START, 1.6, 0.24)
    assert phase.rate(at(0.0)) == phase.rate(at(1.3)) == 1.0
    assert 0 < phase.rate(at(1.6)) < 1
    assert phase.rate(at(1.9)) == 0.0


def test_the_rows_are_used_up_where_the_plan_ends():
    phase = Phase.of(START, 1.6, 0.24)
    assert phase.content(np.array([phase.end]))[0] == pytest.approx(1.6)
    assert phase.content(np.array([9.0]))[0] == pytest.approx(1.6)


@given(st.floats(0.02, 5), st.floats(0.02, 1))
def test_the_phase_is_smooth_and_slower_than_the_rows(left, stop):
    phase = Phase.of(START, left, stop)
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
