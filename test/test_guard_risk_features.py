"""A turn in numbers."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, lease, moving_plan, ns, toy, wave
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
    Commitment,
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


def read(*values):
    """What a reader makes of values 0.1 s apart; turns are those of chunks at their time."""
    reader = Reader(ROBOT)
    return [reader.read(value, at(0.1 * i)) for i, value in enumerate(values)]


def stopped(end, chunk_digest="moving"):
    """The motion of a chunk is committed, up to ``end`` knots."""
    plan = moving_plan(ROBOT, 0.0, jerk=np.zeros((end, 3)))
    return Commitment(replace(plan, chunk_digest=chunk_digest))


def test_a_chunk_counts_once_and_only_if_it_moved_the_robot():
    refused, held, first, again, second = read(
        turn(1, allowed=False), turn(2, allowed=False, moving=False), turn(3), turn(3), turn(4)
    )
    assert (refused, held, again) == (None, None, None)
    assert np.isnan(first.disagreement).all()
    assert np.isfinite(second.disagreement).all()


def test_the_way_back_is_no_work_of_the_policy():
    *_, back, late, first, second = read(
        turn(1), turn(2, source=ROLLBACK), turn(1), turn(5), turn(6)
    )
    assert back is None
    assert late is None  # asked for before it
    assert np.isnan(first.disagreement).all()
    assert np.isfinite(second.disagreement).all()


GIVEN_UP = [
    pytest.param([stopped(40), stopped(20)], id="dropped"),
    pytest.param([stopped(40), stopped(20, "")], id="at rest"),
    pytest.param([Tick(), lease(1, False)], id="held"),
    pytest.param([Tick(), ClockJump()], id="jumped"),
]


@pytest.mark.parametrize("by", GIVEN_UP)
def test_what_was_asked_for_before_the_motion_was_given_up_is_no_evidence(by):
    """Boundary: seen 0.05 s after it at 0.3 s."""
    *_, late, on_time, next_one = read(turn(1), Tick(), *by, turn(3.5), turn(3.51), turn(4.5))
    assert late is None
    assert np.isnan(on_time.disagreement).all()
    assert np.isfinite(next_one.disagreement).all()


GOES_ON = [
    pytest.param([stopped(40), stopped(40)], id="said again"),
    pytest.param([stopped(40), stopped(20, "another chunk")], id="another chunk"),
    pytest.param([Tick(), lease(1)], id="leased"),
    pytest.param([Tick(), Instruction("the same as before")], id="told"),
    pytest.param([Tick(), turn(2, source=ROLLBACK, allowed=False)], id="a way back refused"),
]


@pytest.mark.parametrize("by", GOES_ON)
def test_motion_that_goes_on_is_not_given_up(by):
    *_, found = read(turn(1), Tick(), *by, turn(2))
    assert np.isfinite(found.disagreement).all()


def test_a_commitment_that_comes_again_late_gives_nothing_up():
    later = Commitment(replace(moving_plan(ROBOT, 0.4), chunk_digest="next"))
    *_, found = read(turn(1), stopped(40), later, stopped(40), stopped(20), turn(2))
    assert np.isfinite(found.disagreement).all()


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
