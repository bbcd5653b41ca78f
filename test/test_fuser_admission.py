"""Every refusal of a chunk, once; and what is taken at the boundary of each rule."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, ns, stamp, toy

from aura_ros.fuser.admission import Admission, refuse
from aura_ros.types import NS

ROBOT = toy()
RULES = Admission(ns(1.5), ns(0.05), 3)
GOOD = chunk(ROBOT, sequence=5)


def rows_with(value):
    rows = np.array(GOOD.rows)
    rows[3, 1] = value
    return rows


BAD = {
    "joints": (replace(GOOD, joint_names=("joint_0", "elbow", "finger")), "joint_1"),
    "shape": (replace(GOOD, rows=np.zeros((4, 2))), "(4, 2)"),
    "not_finite": (replace(GOOD, rows=rows_with(np.inf)), "row 3, joint joint_1"),
    "row_period": (replace(GOOD, row_period_ns=0), "0 ns"),
    "duplicate": (replace(GOOD, sequence=4), "(1, 1, 4)"),
    "out_of_order": (replace(GOOD, sequence=3), "(1, 1, 3)"),
    "future": (replace(GOOD, observation_stamp_ns=stamp(0.2)), "ahead of the clock"),
    "stale": (replace(GOOD, observation_stamp_ns=stamp(-2.0)), "2.100 s old"),
    "expired": (replace(GOOD, start_ns=stamp(-0.6)), "knots left"),
}


NEWEST = replace(GOOD, sequence=4)


def judged(value, newest=NEWEST, seconds=0.1):
    return refuse(value, newest, at(seconds), ROBOT, RULES)


def test_a_good_chunk_is_taken():
    assert judged(GOOD) is None
    assert judged(GOOD, newest=None) is None


@pytest.mark.parametrize("code", BAD)
def test_each_refusal_has_its_code_and_names_the_thing(code):
    value, words = BAD[code]
    refusal = judged(value)
    assert refusal.code == code
    assert words in refusal.words


@pytest.mark.parametrize("names", [("joint_1", "joint_0", "finger"), ("joint_0", "finger")])
def test_joints_in_another_order_or_too_few_are_refused(names):
    assert judged(replace(GOOD, joint_names=names)).code == "joints"


@pytest.mark.parametrize("shape", [(1, 3), (0, 3), (3,), (4, 4)])
def test_rows_of_another_shape_are_refused(shape):
    assert judged(replace(GOOD, rows=np.zeros(shape))).code == "shape"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_refused(value):
    assert judged(replace(GOOD, rows=rows_with(value))).code == "not_finite"


@pytest.mark.parametrize("order", [(1, 1, 5), (1, 2, 0), (2, 0, 0)])
def test_a_later_session_or_episode_is_newer_whatever_its_sequence(order):
    session, episode, sequence = order
    value = replace(GOOD, session=session, episode=episode, sequence=sequence)
    assert judged(value) is None


def test_ages_are_allowed_to_their_limits_and_not_beyond():
    now = at(0.1).ros_ns
    for age, code in [(1.5, None), (1.5 + 1e-9, "stale"), (-0.05, None), (-0.05 - 1e-9, "future")]:
        refusal = judged(replace(GOOD, observation_stamp_ns=now - round(age * NS)))
        assert (refusal and refusal.code) == code


def test_rows_that_begin_far_ahead_are_refused():
    # Else the motion to their first row would begin now, and its plan have no end.
    assert judged(replace(GOOD, start_ns=stamp(1.6))) is None
    refusal = judged(replace(GOOD, start_ns=stamp(3600)))
    assert refusal.code == "future"
    assert "rows begin in" in refusal.words


def test_enough_knots_must_be_left():
    end = GOOD.end_ns
    for left, code in [(3, None), (2, "expired")]:
        seconds = (end - left * ROBOT.knot_period_ns - stamp(0)) / NS
        refusal = judged(GOOD, seconds=seconds)
        assert (refusal and refusal.code) == code
