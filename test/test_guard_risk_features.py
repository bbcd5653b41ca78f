"""A turn in numbers."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, moving_plan, ns, toy, wave
from risk_episodes import ROBOT, turn

from aura_ros.guard.lattice import passed, unknown
from aura_ros.guard.risk.features import difference, features_of
from aura_ros.guard.risk.session import Boundary, Reader
from aura_ros.motion.jerk import sample
from aura_ros.robot.description import JointGroup, Switching
from aura_ros.types import (
    ROLLBACK,
    Answer,
    ClockJump,
    FailureRisk,
    Instruction,
    Reset,
    RiskLevel,
    Tick,
)


def risk(score, threshold=2.0):
    return FailureRisk(at(0).ros_ns, 1, RiskLevel.OK, score, threshold, ("a",), (score,))


def test_uses_are_values_over_limits():
    checks = (passed("braking", 0.5, 1.0), passed("force", 20.0, 80.0), passed("mode", 3, 3))
    checks += (passed("audit", 0, 0), unknown("broken", "raised"), passed("freshness", 1, 2))
    found = features_of(replace(turn(1), checks=checks), None, None, ROBOT)
    assert found.uses == {"braking": 0.5, "force": 0.25}


def test_the_start_is_the_way_from_the_committed_state_to_the_first_row():
    committed = moving_plan(ROBOT)
    planned = sample(committed, committed.start_ns + ns(0.1)).position
    shift = np.array([0.02, -0.01, 0.001])
    value = chunk(ROBOT, rows=planned + np.zeros((16, 1)) + shift)
    value = replace(value, start_ns=committed.start_ns + ns(0.1))
    found = features_of(replace(turn(1), chunk=value, committed=committed), None, None, ROBOT)
    assert found.start == pytest.approx(shift, abs=1e-12)


def test_the_start_is_unknown_before_anything_was_committed():
    committed = moving_plan(ROBOT, 1.0)
    for changes in ({"committed": None}, {"committed": committed}):
        found = features_of(replace(turn(1), **changes), None, None, ROBOT)
        assert np.isnan(found.start).all()


@pytest.mark.parametrize("later", [0.0, 0.05, 0.07, 0.4])
def test_chunks_of_one_motion_agree_at_any_offset(later):
    old, new = chunk(ROBOT, 0.0), chunk(ROBOT, later)
    away = difference(new, old, ROBOT)
    assert len(away) == int((0.75 - later) / 0.05 + 1e-9) + 1
    assert np.abs(away).max() < 2e-4  # the wave between rows is not straight


def test_disagreement_has_a_sign():
    old = chunk(ROBOT, 0.0)
    new = chunk(ROBOT, 0.1, rows=wave(ROBOT, 0.1) + np.array([0.03, 0, 0]))
    found = features_of(replace(turn(1), chunk=new), old, None, ROBOT)
    assert found.disagreement == pytest.approx([0.03, 0.0, 0.0], abs=1e-9)


def test_disagreement_is_unknown_without_overlap():
    for later in (0.75, 0.751):
        assert len(difference(chunk(ROBOT, later), chunk(ROBOT, 0.0), ROBOT)) == (later < 0.751)
    found = features_of(turn(1), None, None, ROBOT)
    assert np.isnan(found.disagreement).all()


def test_grippers_that_switch_have_no_difference():
    groups = (*ROBOT.groups[:1], replace(ROBOT.groups[1], switching=Switching(0.0, 0.05)))
    robot = toy(groups=groups)
    value = chunk(robot, rows=wave(robot, 0.0) + 0.02)
    assert np.abs(difference(value, chunk(robot), robot)).max(axis=0) == pytest.approx(
        [0.02] * 2 + [0]
    )
    found = features_of(replace(turn(1), chunk=value), None, None, robot)
    assert found.start[2] == 0


def test_angles_that_turn_without_end_differ_the_short_way():
    robot = toy(continuous_joints=frozenset({"joint_0"}))
    assert isinstance(robot.groups[0], JointGroup)
    value = chunk(robot, rows=wave(robot, 0.0) + np.array([2 * np.pi, 0, 0]))
    assert np.abs(difference(value, chunk(robot), robot)).max() < 1e-9


@pytest.mark.parametrize("threshold", [0.0, np.inf, np.nan])
def test_a_monitor_without_threshold_says_nothing(threshold):
    assert features_of(turn(1), None, risk(1.0), ROBOT).monitor == 0.5
    assert np.isnan(features_of(turn(1), None, risk(1.0, threshold), ROBOT).monitor)


# --- which turns count, and where sessions begin ------------------------------------------------


def test_a_chunk_counts_once_and_only_while_it_could_move():
    reader = Reader(ROBOT)
    assert reader.read(turn(1, moving=False)) is None
    first, again, second = (reader.read(turn(k)) for k in (1, 1, 2))
    assert np.isnan(first.disagreement).all()
    assert again is None
    assert np.isfinite(second.disagreement).all()


def test_the_way_back_is_no_work_of_the_policy():
    reader = Reader(ROBOT)
    reader.read(turn(1))
    assert reader.read(turn(2, source=ROLLBACK)) is None
    assert np.isnan(reader.read(turn(3)).disagreement).all()


@pytest.mark.parametrize("value", [Reset(), ClockJump(), Answer("resume")])
def test_a_persons_word_begins_a_session(value):
    assert Boundary().crossed(value)


def test_what_begins_no_session():
    boundary = Boundary()
    assert boundary.crossed(Instruction("open"))
    quiet = [Instruction("open"), Tick(), Answer("retreat"), turn(1), turn(2)]
    assert not any(boundary.crossed(value) for value in quiet)
    assert not boundary.crossed(turn(3, source=ROLLBACK, episode=0))
    assert boundary.crossed(turn(1, episode=2))
    assert boundary.crossed(turn(1, episode=2, session=2))
    assert boundary.crossed(Instruction("close"))
