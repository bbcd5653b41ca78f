"""The monitor: chunks in, risk out; what it does not know is UNKNOWN, never OK."""

import math
from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, toy

from aura_ros.monitor.calibration import Calibration
from aura_ros.monitor.monitor import SCORE_NAMES, Monitor, MonitorConfig
from aura_ros.settings import SettingError
from aura_ros.types import ROLLBACK, ClockJump, Configure, Level, Reset, RiskLevel, SetEnabled, Tick

ROBOT = toy()
NOW = at(0.0)
# Scaled scores are the raw ones; elapsed time alone decides.
CALIBRATION = Calibration(
    "robot", SCORE_NAMES, (0.0, 0.0), (1.0, 1.0), 0.1, 20, alarm=3.0, warn=2.0, source="x"
)


def risk(monitor, begin_s, sequence, **changes):
    out = monitor.handle(chunk(ROBOT, begin_s, sequence, **changes), NOW)
    return out[0] if out else None


def test_without_calibration_it_scores_but_knows_nothing():
    monitor = Monitor()
    first, second = risk(monitor, 0.0, 1), risk(monitor, 0.1, 2)
    assert first.score_names == ("chunk_overlap", "elapsed_time")
    assert math.isnan(first.scores[0])
    assert first.scores[1] == 0.0
    assert second.scores[0] < 0.01
    for value in (first, second):
        assert value.level == RiskLevel.UNKNOWN
        assert math.isnan(value.score)
    assert "aura calibrate" in monitor.health(NOW).summary


@pytest.mark.parametrize(
    ("elapsed", "level"),
    [
        (2.0, RiskLevel.OK),
        (2.1, RiskLevel.WARN),
        (3.0, RiskLevel.WARN),
        (3.1, RiskLevel.ALARM),
    ],
)
def test_levels_begin_above_their_thresholds(elapsed, level):
    monitor = Monitor(CALIBRATION)
    risk(monitor, 0.0, 1)
    value = risk(monitor, elapsed, 2)
    assert (value.level, value.threshold) == (level, 3.0)
    assert value.score == pytest.approx(elapsed)
    assert (value.sequence, value.stamp_ns) == (2, at(elapsed).ros_ns)
    health = monitor.health(NOW).level
    assert health == (Level.ERROR if level == RiskLevel.ALARM else Level.OK)


def test_chunks_that_contradict_each_other_raise_the_alarm():
    monitor = Monitor(CALIBRATION)
    risk(monitor, 0.0, 1)
    other = np.array(chunk(ROBOT, 0.1).rows) + 5.0
    assert risk(monitor, 0.1, 2, rows=other).level == RiskLevel.ALARM


@pytest.mark.parametrize("change", [{"episode": 2}, {"session": 2}])
def test_scores_begin_anew_with_each_episode(change):
    monitor = Monitor(CALIBRATION)
    risk(monitor, 0.0, 1)
    assert risk(monitor, 9.0, 2).level == RiskLevel.ALARM
    value = risk(monitor, 9.1, 3, **change)
    assert value.scores[1] == 0.0
    assert math.isnan(value.scores[0])


@pytest.mark.parametrize("value", [Reset(), ClockJump()])
def test_a_reset_begins_anew(value):
    monitor = Monitor(CALIBRATION)
    risk(monitor, 0.0, 9)
    assert monitor.handle(value, NOW) == []
    assert risk(monitor, 5.0, 1).scores[1] == 0.0


BAD = {
    "duplicate": {"sequence": 1},
    "old": {"sequence": 0},
    "not finite": {"rows": np.full((4, 3), np.nan)},
    "another width": {"rows": np.zeros((4, 5))},
    "one row": {"rows": np.zeros((1, 3))},
    "flat": {"rows": np.zeros(3)},
    "no period": {"row_period_ns": 0},
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_chunks_are_not_scored_and_do_not_spoil_the_next(fault):
    monitor, clean = Monitor(CALIBRATION), Monitor(CALIBRATION)
    risk(monitor, 0.0, 1)
    risk(clean, 0.0, 1)
    bad = replace(chunk(ROBOT, 0.05, 2), **BAD[fault])
    assert monitor.handle(bad, NOW) == []
    assert risk(monitor, 0.1, 3) == risk(clean, 0.1, 3)


def test_trust_falls_with_the_risk_and_follows_its_setting():
    monitor = Monitor(CALIBRATION, MonitorConfig(least_trust=0.5))
    assert risk(Monitor(), 0.0, 1).trust == 1.0
    assert risk(monitor, 0.0, 1).trust == 1.0
    assert risk(monitor, 2.5, 2).trust == pytest.approx(0.75)
    monitor.handle(Configure({"least_trust": 0.2}), NOW)
    assert risk(monitor, 3.5, 3).trust == 0.2
    assert monitor.health(NOW).values["trust"] == "0.20"
    with pytest.raises(SettingError, match="from 0 to 1"):
        monitor.handle(Configure({"least_trust": 1.5}), NOW)


def test_a_retraced_path_is_not_scored_as_the_policys():
    monitor, clean = Monitor(CALIBRATION), Monitor(CALIBRATION)
    risk(monitor, 0.0, 1)
    risk(clean, 0.0, 1)
    back = chunk(ROBOT, 0.05, 2**32 - 1, source=ROLLBACK)
    assert monitor.handle(back, NOW) == []
    assert risk(monitor, 0.1, 2) == risk(clean, 0.1, 2)


def test_too_few_episodes_are_said():
    monitor = Monitor(replace(CALIBRATION, alarm=math.inf, warn=math.inf))
    assert risk(monitor, 0.0, 1).level == RiskLevel.OK
    assert "too few episodes" in monitor.health(NOW).summary


def test_disabled_it_predicts_nothing_and_says_so():
    monitor = Monitor(CALIBRATION)
    monitor.handle(SetEnabled(False), NOW)
    assert risk(monitor, 0.0, 1) is None
    assert monitor.health(NOW).level == Level.WARN
    monitor.handle(SetEnabled(True), NOW)
    assert risk(monitor, 0.0, 1) is not None


def test_time_alone_says_nothing_and_unknown_settings_are_refused():
    monitor = Monitor(CALIBRATION)
    assert monitor.handle(Tick(), NOW) == []
    assert "waits" in monitor.health(NOW).summary
    assert monitor.handle(Configure({}), NOW) == []
    with pytest.raises(SettingError, match="alarm is no setting"):
        monitor.handle(Configure({"alarm": 2.0}), NOW)
    with pytest.raises(TypeError, match="str"):
        monitor.handle("x", NOW)
