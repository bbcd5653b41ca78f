"""Thresholds hold their false-alarm rate, and files of something else are refused."""

import json
import math

import chain_values  # noqa: F401  its profile has no deadline
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.monitor.calibration import (
    CalibrationError,
    calibrate,
    load_calibration,
    threshold,
)

NAMES = ("a", "b")


def episodes(count, generator=None, steps=20):
    generator = generator or np.random.default_rng(0)
    return [np.abs(generator.standard_normal((steps, 2))) for _ in range(count)]


@pytest.mark.parametrize(
    ("count", "alpha", "rank"),
    [(9, 0.1, 9), (19, 0.1, 18), (99, 0.05, 95), (3, 0.5, 2), (8, 0.1, None), (0, 0.5, None)],
)
def test_the_threshold_is_the_order_statistic_or_infinite(count, alpha, rank):
    maxima = list(np.random.default_rng(1).permutation(count) + 1.0)
    assert threshold(maxima, alpha) == (math.inf if rank is None else float(rank))


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=40), st.floats(0.02, 0.9))
def test_a_smaller_rate_never_lowers_the_threshold(maxima, alpha):
    assert threshold(maxima, alpha / 2) >= threshold(maxima, alpha)


def test_the_false_alarm_rate_holds_on_exchangeable_episodes():
    alpha, trials, alarms = 0.2, 800, 0
    generator = np.random.default_rng(5)
    for _ in range(trials):
        calibration = calibrate(episodes(20, generator, 5), NAMES, "robot", alpha)
        fresh = episodes(1, generator, 5)[0]
        alarms += max(calibration.fuse(row) for row in fresh) > calibration.alarm
    # 10 episodes set the threshold: alarms are binomial with rate 2 / 11, five sigma wide here.
    rate, wide = 2 / 11, 5 * math.sqrt(2 / 11 * 9 / 11 / trials)
    assert rate - wide < alarms / trials < rate + wide
    assert rate <= alpha


def test_too_few_episodes_never_alarm_and_too_few_to_scale_are_refused():
    assert math.isinf(calibrate(episodes(8), NAMES, "robot", 0.05).alarm)
    with pytest.raises(CalibrationError, match="3 successful episodes; at least 4"):
        calibrate(episodes(3), NAMES, "robot", 0.05)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_must_be_a_rate(alpha):
    with pytest.raises(CalibrationError, match="between 0 and 1"):
        calibrate(episodes(8), NAMES, "robot", alpha)


@pytest.mark.parametrize("empty", [np.full((3, 2), np.nan), np.zeros((0, 2))])
def test_an_episode_without_any_score_is_refused(empty):
    with pytest.raises(CalibrationError, match="no score at all"):
        calibrate([*episodes(7), empty], NAMES, "robot", 0.2)


def test_scores_are_scaled_robustly_and_fused_by_their_maximum():
    calibration = calibrate(episodes(20), NAMES, "robot", 0.2)
    centres, scales = np.array(calibration.centres), np.array(calibration.scales)
    assert calibration.fuse(centres) == pytest.approx(0.0)
    assert calibration.fuse(centres + scales * [1.0, 3.0]) == pytest.approx(3.0)
    assert calibration.fuse(np.array([np.nan, centres[1] + 2 * scales[1]])) == pytest.approx(2.0)
    assert math.isnan(calibration.fuse(np.array([np.nan, np.nan])))


def test_a_score_that_never_varies_does_not_divide_by_zero():
    constant = [np.column_stack([np.ones(5), np.arange(5.0)]) for _ in range(8)]
    assert np.isfinite(calibrate(constant, NAMES, "robot", 0.4).fuse(np.array([1.0, 2.0])))


def test_warnings_come_before_alarms():
    calibration = calibrate(episodes(60), NAMES, "robot", 0.1)
    assert calibration.warn <= calibration.alarm < math.inf


def saved(tmp_path, **changes):
    path = tmp_path / "calibration.json"
    calibrate(episodes(40), NAMES, "robot", 0.1).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


def test_a_file_comes_back_as_it_was(tmp_path):
    loaded = load_calibration(saved(tmp_path), "robot", NAMES)
    assert loaded == calibrate(episodes(40), NAMES, "robot", 0.1)


def test_infinite_thresholds_survive_the_file(tmp_path):
    path = tmp_path / "calibration.json"
    calibrate(episodes(8), NAMES, "robot", 0.01).save(path)
    assert math.isinf(load_calibration(path, "robot", NAMES).alarm)


def test_a_file_of_another_robot_or_of_other_scores_is_refused(tmp_path):
    path = saved(tmp_path)
    with pytest.raises(CalibrationError, match="another robot"):
        load_calibration(path, "other", NAMES)
    with pytest.raises(CalibrationError, match=r"calibrates \['a', 'b'\]"):
        load_calibration(path, "robot", ("a", "c"))


@pytest.mark.parametrize(
    "changes",
    [
        {"alarm": float("nan")},
        {"alarm": "high"},
        {"alarm": None},
        {"warn": float("nan")},
        {"scales": [1.0, 0.0]},
        {"scales": [1.0, -1.0]},
        {"scales": [1.0]},
        {"centres": [1.0, float("nan")]},
        {"centres": ["a", "b"]},
        {"centres": 3},
        {"extra": 1},
    ],
)
def test_a_file_that_could_never_alarm_is_refused(tmp_path, changes):
    with pytest.raises(CalibrationError, match="is no calibration file"):
        load_calibration(saved(tmp_path, **changes), "robot", NAMES)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", "\x00"])
def test_garbage_is_refused(tmp_path, content):
    path = tmp_path / "calibration.json"
    path.write_text(content)
    with pytest.raises(CalibrationError, match="is no calibration file"):
        load_calibration(path, "robot", NAMES)


def test_a_missing_file_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(CalibrationError, match="aura calibrate"):
        load_calibration(tmp_path / "none.json", "robot", NAMES)
