"""The retreat: back along the executed path, judged by the guard, and no farther than is safe."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import NS, at, chunk, home, joints_at
from test_fuser_switching import ROBOT, Rig, rig, sway

from aura_ros.fuser.contact import MOVED
from aura_ros.fuser.reference import MAX_KNOTS_BACK
from aura_ros.fuser.retreat import PATIENCE_NS
from aura_ros.motion.bounds import row_rates
from aura_ros.types import (
    ROLLBACK,
    Answer,
    ClockJump,
    Commitment,
    Decision,
    FailureRisk,
    Instruction,
    Proposal,
    Reset,
    Retreat,
    RiskLevel,
    SetEnabled,
    Tick,
    Tripped,
    Verdict,
    WayBack,
)


def ros(seconds):
    return at(seconds).ros_ns


def alarmed(made, until_s=2.0, rest_s=0.5):
    """``made`` held at ``until_s``, and at rest."""
    made.run(until_s)
    level = RiskLevel.ALARM
    made.tell(FailureRisk(ros(made.seconds), 1, level, 2.0, 1.0, (), ()))
    made.asks = False
    made.run(made.seconds + rest_s)
    assert not made.states[-1].velocity.any()
    return made


def recovering(made):
    """The guard lets the way back move, and nothing else; its own word to retreat is not heard."""
    made.tell(FailureRisk(ros(made.seconds), 1, RiskLevel.OK, 0.0, 1.0, (), ()))
    made.run(made.seconds + 0.3)
    assert made.guard.mode.name in ("ARMED", "ACTIVE")
    return made


def retreat(made, until_s, **changes):
    word = Retreat(ros(made.seconds), ros(until_s), "test")
    return made.tell(replace(word, **changes))


def held(until_s=2.0, **config):
    return recovering(alarmed(rig(**config), until_s))


def backs(made):
    return [value.chunk for value in made.of(WayBack)]


def place_at(made, seconds):
    return next(s.position for s in made.states if s.time_ns >= ros(seconds))


# --- there and back -----------------------------------------------------------------------------


def test_it_leads_along_the_path_to_where_the_robot_was():
    made = held()
    path = np.array([state.position for state in made.states])
    said = retreat(made, 1.0)
    assert [v.decision for v in said if isinstance(v, Verdict)] == [Decision.ALLOW]
    assert made.status.state == "retreating"
    begun = len(made.states)
    made.run(made.seconds + made.status.remaining_s + 0.1)
    assert np.abs(made.position - place_at(made, 1.0))[:2].max() < 0.01
    for state in made.states[begun:]:
        assert np.abs(path - state.position)[:, :2].max(axis=1).min() < 0.01
    assert made.status.state != "retreating"
    assert made.status.refused == {}
    made.assert_sound()


def test_it_is_a_chunk_of_its_own_at_rest_at_both_ends_and_slow():
    made = held()
    retreat(made, 1.0)
    (back,) = backs(made)
    assert back.source == ROLLBACK
    assert back.start_ns >= ros(made.seconds)
    np.testing.assert_array_equal(back.rows[0], made.position)
    velocity, acceleration = row_rates(back.rows, back.row_period_ns / NS)
    assert (np.abs(velocity) <= 0.45 * ROBOT.limits.velocity).all()
    assert (np.abs(acceleration) <= 0.5 * ROBOT.limits.acceleration).all()
    assert np.abs(velocity[[0, -1]]).max() < 0.05


def test_the_time_that_a_person_takes_is_not_time_on_the_path():
    made = alarmed(rig(), 2.0, rest_s=15.0)
    retreat(recovering(made), 1.0)
    assert backs(made)
    made.run(made.seconds + made.status.remaining_s + 0.1)
    assert np.abs(made.position - place_at(made, 1.0))[:2].max() < 0.01


def test_it_begins_where_a_stop_that_still_runs_will_end():
    made = rig().run(2.0)
    made.asks = False
    said = retreat(made, 1.0)
    stopped = next(value.plan for value in said if isinstance(value, Commitment))
    (back,) = backs(made)
    assert made.states[-1].velocity.any()
    assert back.start_ns >= stopped.end_ns
    np.testing.assert_allclose(back.rows[0], stopped.position[-1])
    made.run(made.seconds + made.status.remaining_s + 0.1)
    assert np.abs(made.position - place_at(made, 1.0))[:2].max() < 0.01
    made.assert_sound()


def test_no_farther_than_is_remembered():
    made = held(3.0, retreat=1.0)
    retreat(made, 0.0)
    (back,) = backs(made)
    # One second of motion, the stop included: 200 commands.
    moved = [state.position for state in made.states if state.velocity.any()]
    assert np.abs(back.rows[-1] - moved[-200])[:2].max() < 0.02


def test_a_way_longer_than_one_plan_ends_where_that_ends():
    made = Rig(lambda t: sway(3.0 * t), lambda t: True, retreat=60.0)
    made.run(16.0)
    alarmed(made, 16.0)
    retreat(recovering(made), 0.2)
    (back,) = backs(made)
    assert len(back.rows) <= MAX_KNOTS_BACK
    assert len(back.rows) > 0.8 * MAX_KNOTS_BACK
    assert made.status.remaining_s > 10.0
    velocity, _ = row_rates(back.rows, back.row_period_ns / NS)
    assert np.abs(velocity[[0, -1]]).max() < 0.05


def test_a_person_lets_it_go_back_where_the_policy_failed():
    made = alarmed(rig(), 2.0)
    said = made.tell(Answer("retreat"))
    (word,) = [value for value in said if isinstance(value, Retreat)]
    assert made.status.state == "retreating"
    made.run(made.seconds + made.status.remaining_s + 0.2)
    then = next(s.position for s in made.states if s.time_ns >= word.until_ns)
    assert np.abs(made.position - then)[:2].max() < 0.01
    assert made.guard.status(at(made.seconds)).asking
    made.assert_sound()


# --- hands --------------------------------------------------------------------------------------


def test_it_ends_where_a_hand_closed_last():
    made = recovering(alarmed(rig(closes_s=1.0), 2.0))
    load = made.share
    retreat(made, 0.3)
    made.run(made.seconds + made.status.remaining_s + 0.1)
    assert made.share == pytest.approx(load, abs=1e-3)
    (back,) = backs(made)
    assert np.ptp(back.rows[:, 2]) == 0.0
    end = np.abs(np.array([s.position for s in made.states]) - made.position)[:, :2].max(axis=1)
    shares = np.array([s.position[2] for s in made.states])
    closed = abs(shares[int(np.argmin(end))] - shares[-1]) / 0.05
    assert closed <= MOVED + 0.05
    assert np.abs(made.position - place_at(made, 1.9))[:2].max() > 0.1


def test_behind_a_hand_that_has_just_opened_there_is_no_way_back():
    made = rig(begins_open=False, opens_s=1.4)
    made.arm = lambda seconds: sway(min(seconds, 1.0))
    made = recovering(alarmed(made, 2.2))
    retreat(made, 0.3)
    assert not backs(made)
    assert made.status.refused == {"no_way_back": 1}
    assert "hand opened or closed" in made.status.last_refusal


# --- nothing moves ------------------------------------------------------------------------------


def assert_refused(made, said, code):
    assert not [v for v in said if isinstance(v, WayBack | Proposal)]
    assert made.status.refused[code] == 1
    assert made.status.last_refusal


def test_what_never_moved_has_no_way_back():
    made = rig()
    made.asks = False
    made.run(0.5)
    assert_refused(made, retreat(made, 0.0), "no_way_back")


def test_where_nothing_happened_since_there_is_none():
    made = held()
    assert_refused(made, retreat(made, made.seconds), "no_way_back")


def test_switched_off_there_is_none():
    made = held(retreat=0.0)
    assert_refused(made, retreat(made, 1.0), "no_way_back")


def test_a_word_that_was_long_on_its_way_is_void():
    made = held()
    stale = ros(made.seconds) - PATIENCE_NS - 1
    assert_refused(made, retreat(made, 1.0, stamp_ns=stale), "retreat_stale")
    assert backs(made) == []
    retreat(made, 1.0, stamp_ns=stale + 1)
    assert backs(made)


@pytest.mark.parametrize(
    ("stop", "code"), [(SetEnabled(False), "disabled"), (Tripped("step"), "tripped")]
)
def test_a_fuser_that_takes_no_chunks_takes_no_way_back(stop, code):
    made = held()
    made.person(stop)
    assert_refused(made, retreat(made, 1.0), code)


def test_after_a_jump_of_the_clock_nothing_is_remembered():
    made = held()
    made.person(ClockJump())
    assert_refused(made, retreat(made, 1.0), "no_way_back")


def test_a_robot_that_was_moved_by_hand_does_not_go_back_from_there():
    made = held()
    now = at(made.seconds)
    made.fuser.handle(Reset(), now)
    made.fuser.handle(joints_at(made.seconds, made.position + np.array([0.3, 0.3, 0.0])), now)
    (anchored,) = [v for v in made.fuser.handle(Tick(), now) if isinstance(v, Commitment)]
    assert anchored.plan.position[0, 0] == made.position[0] + 0.3
    assert_refused(made, retreat(made, 1.0), "no_way_back")


# --- what comes after ---------------------------------------------------------------------------


def broken_off(until_s=1.0):
    """A retreat that is stopped on its way."""
    made = held()
    retreat(made, until_s)
    made.run(made.seconds + 0.6)
    level = RiskLevel.ALARM
    assert np.abs(made.states[-1].velocity).max() > 0.05
    made.tell(FailureRisk(ros(made.seconds), 2, level, 2.0, 1.0, (), ()))
    made.run(made.seconds + 0.5)
    assert not made.states[-1].velocity.any()
    return recovering(made)


def test_what_is_gone_back_is_not_gone_forth_again():
    made = broken_off()
    here = made.position
    retreat(made, 0.5)
    assert len(backs(made)) == 2
    made.run(made.seconds + made.status.remaining_s + 0.1)
    assert np.abs(made.position - place_at(made, 0.5))[:2].max() < 0.01
    # Straight on: never back towards where it came from.
    rows = backs(made)[1].rows
    np.testing.assert_allclose(rows[0], here)
    assert np.abs(np.diff(rows, axis=0)).max() < 0.02
    made.assert_sound()


def test_after_it_ended_there_is_nothing_more_to_go_back_to_that_place():
    made = held()
    retreat(made, 1.0)
    made.run(made.seconds + made.status.remaining_s + 0.2)
    said = retreat(made, 1.0)
    assert_refused(made, said, "no_way_back")


def test_motion_after_it_is_a_path_of_its_own():
    made = held()
    retreat(made, 1.0)
    made.run(made.seconds + made.status.remaining_s + 0.2)
    turned = made.seconds
    start = made.position
    made.arm = lambda seconds: start[:2] + 0.3 * np.sin(max(seconds - turned, 0.0)) * np.ones(2)
    made.asks = True
    made.run(turned + 1.5)
    made.asks = False
    made.run(made.seconds + 1.5)
    retreat(made, 0.0)
    made.run(made.seconds + made.status.remaining_s + 0.2)
    assert np.abs(made.position - start)[:2].max() < 0.02
    made.assert_sound()


def test_chunks_of_the_same_episode_are_taken_after_it():
    made = held()
    before = made.status.committed
    retreat(made, 1.0)
    made.run(made.seconds + made.status.remaining_s + 0.2)
    start = made.position
    made.arm = lambda seconds: start[:2]
    made.chunk()
    assert made.status.refused == {}
    assert made.status.committed == before + 2


def test_a_new_task_goes_on_from_the_way_back():
    made = rig().run(0.3)
    made.instruct("first")
    made = recovering(alarmed(made))
    retreat(made, 1.0)
    made.run(made.seconds + 0.5)
    made.tell(Instruction("another"))
    assert made.status.task_switch == "dropped"
    made.run(made.seconds + 0.5)
    assert not made.states[-1].velocity.any()
    made.assert_sound()


def test_a_slower_way_back_is_one_too():
    made = held()
    plain = made.fuser._chunks.judged
    word = Retreat(ros(made.seconds), ros(1.0), "test")
    said = made.fuser.handle(word, at(made.seconds))
    plan = next(value.plan for value in said if isinstance(value, Proposal))
    back = next(value.chunk for value in said if isinstance(value, WayBack))
    slower = replace(back, row_period_ns=2 * back.row_period_ns)
    verdict = Verdict(
        ros(made.seconds), back.digest, plan.digest, Decision.SLOW, "caution", (),
        correction=slower,
    )  # fmt: skip
    said = made.fuser.handle(verdict, at(made.seconds))
    plan = next(value.plan for value in said if isinstance(value, Proposal))
    allowed = Verdict(ros(made.seconds), slower.digest, plan.digest, Decision.ALLOW, "", ())
    made.fuser.handle(allowed, at(made.seconds))
    assert not plain
    assert made.status.state == "retreating"
    assert made.status.refused == {"corrected": 1}


def test_chunks_stay_chunks():
    """A way back is none of the policy's: it is not the newest of what the policy sent."""
    made = held()
    newest = made.fuser._chunks.taken.newest
    retreat(made, 1.0)
    assert made.fuser._chunks.taken.newest is newest
    assert chunk(ROBOT, 0.0, 1, np.tile(home(ROBOT), (4, 1))).source == "policy"
