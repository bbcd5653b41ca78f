"""Trust: all of a chunk while it is well, less the nearer the alarm, never less than the least."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.monitor.calibration import Calibration
from aura_ros.monitor.monitor import SCORE_NAMES, Monitor
from aura_ros.monitor.trust import trust_of
from aura_ros.types import RiskLevel

CALIBRATION = Calibration(
    "robot", SCORE_NAMES, (0.0, 0.0), (1.0, 1.0), 0.1, 20, alarm=4.0, warn=2.0, source="x"
)
SCORE = st.floats(-10, 10)
LEAST = st.floats(0, 1)


def trust(score, least=0.4, **thresholds):
    calibration = replace(CALIBRATION, **thresholds)
    return trust_of(Monitor(calibration)._level(score), score, calibration, least)


@pytest.mark.parametrize(
    ("score", "expected"), [(0.0, 1.0), (2.0, 1.0), (3.0, 0.7), (4.0, 0.4), (9.0, 0.4)]
)
def test_it_falls_linearly_between_the_thresholds(score, expected):
    assert trust(score) == pytest.approx(expected)


def test_what_is_not_known_says_nothing_against_a_chunk():
    assert trust(math.nan) == 1.0
    assert trust_of(RiskLevel.UNKNOWN, 9.0, CALIBRATION, 0.4) == 1.0


def test_without_an_alarm_threshold_all_is_trusted():
    assert trust(1e9, alarm=math.inf) == 1.0
    assert trust(math.inf, alarm=math.inf, warn=math.inf) == 1.0


def test_one_threshold_for_both_is_a_step():
    assert trust(2.0, alarm=2.0) == 1.0
    assert trust(2.1, alarm=2.0) == 0.4


@given(a=SCORE, b=SCORE, least=LEAST)
def test_it_stays_in_its_range_and_more_risk_never_means_more_trust(a, b, least):
    low, high = sorted((a, b))
    assert least - 1e-12 <= trust(high, least) <= trust(low, least) + 1e-12 <= 1 + 2e-12
