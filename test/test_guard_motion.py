"""Only motion that the guard allowed is committed, or else motion is held until that is over."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import Cell, at, chunk, home, joints_at, moving_plan, stamp, toy, wave
from guarded_rig import Wired
from hypothesis import given, settings
from hypothesis import strategies as st
from test_guard_guard import active

from aura_ros.guard.motion import Motion
from aura_ros.motion.jerk import knot_at_or_after, slice_from, splice
from aura_ros.motion.stop import at_rest, cut
from aura_ros.types import ClockJump, Commitment, Decision, Mode, Now, Verdict

ROBOT = toy()
TOLERANCE_S = 0.05
REST = at_rest(home(ROBOT), stamp(0.0), ROBOT.knot_period_ns, ROBOT.joints)
PLAN = moving_plan(ROBOT, 0.1, chunk_digest="a")
ALL = splice(REST, PLAN)


def motion(*allowed):
    """What a guard knows that heard of rest, and allowed these plans."""
    made = Motion(ROBOT)
    assert take(made, REST, 0.0) == (True, None)
    for plan in allowed:
        made.allow(plan)
    return made


def take(made, plan, seconds):
    return made.take(plan, at(seconds), TOLERANCE_S)


def strays(made, plan, seconds=0.05):
    is_news, stray = take(made, plan, seconds)
    assert is_news
    return stray is not None


def stopped(plan, seconds):
    return cut(plan, stamp(seconds), ROBOT.stop_knots)


# --- what was allowed -------------------------------------------------------------------------


def test_allowed_motion_its_stops_and_rest_are_no_strays():
    made = motion(PLAN)
    assert not strays(made, ALL)
    assert not strays(made, slice_from(ALL, stamp(0.2)))
    for begins in (0.22, 0.3, 0.4):
        assert not strays(motion(PLAN), stopped(ALL, begins))
    assert not strays(motion(), replace(REST, start_ns=stamp(3.0), position=REST.position + 1), 3.0)


def test_what_was_never_allowed_is_a_stray_until_it_rests():
    made = motion()
    is_news, stray = take(made, ALL, 0.05)
    assert is_news
    assert stray.until_ns == ALL.end_ns
    assert "not allowed" in stray.words
    # Its stop is no better.
    assert take(made, stopped(ALL, 0.3), 0.1)[1].until_ns == stopped(ALL, 0.3).end_ns
    # What is past cannot be held any more.
    assert take(made, replace(ALL, start_ns=ALL.start_ns), ALL.end_ns / 1e9)[1] is None


@pytest.mark.parametrize("knot", [7, 20, -3])
@pytest.mark.parametrize("name", ["position", "velocity", "acceleration"])
def test_one_knot_beside_what_was_allowed_is_a_stray(knot, name):
    moved = np.array(getattr(PLAN, name))
    moved[knot, 1] += 1e-4
    assert strays(motion(PLAN), splice(REST, replace(PLAN, **{name: moved})))
    moved[knot, 1] -= 1e-4 - 1e-9
    assert not strays(motion(PLAN), splice(REST, replace(PLAN, **{name: moved})))


def test_allowed_motion_at_another_time_is_a_stray():
    assert strays(motion(PLAN), replace(PLAN, start_ns=PLAN.start_ns + ROBOT.knot_period_ns))


def test_motion_on_from_the_end_of_a_stop_is_a_stray():
    stop = stopped(ALL, 0.3)
    on = moving_plan(ROBOT)
    on = replace(on, start_ns=stop.end_ns, position=on.position - home(ROBOT) + stop.position[-1])
    for allowed in (True, False):
        made = motion(PLAN, *[on] * allowed)
        assert not strays(made, stop)
        assert strays(made, splice(stop, on)) is not allowed


def test_what_a_guard_before_this_one_allowed_is_not_known():
    assert take(Motion(ROBOT), ALL, 0.3) == (True, None)
    made = motion()
    made.forget()
    assert take(made, ALL, 0.3) == (True, None)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["chunk", "chunk", "drop", "lapse", "still"]), st.floats(0.02, 0.5)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_nothing_that_a_fuser_commits_is_a_stray(events):
    cell, made = Cell(ROBOT), Motion(ROBOT)
    cell.run(0.1)
    heard = plans = 0
    for kind, wait in events:
        cell.beating = kind != "lapse"
        if kind == "chunk":
            cell.chunk(wave(ROBOT, cell.seconds, size=0.05 + wait))
        elif kind == "drop":
            cell.beat(granted=False)
        cell.run(wait)
        for plan in cell.proposals[plans:]:
            made.allow(plan)
        for plan in cell.commitments[heard:]:
            is_news, stray = made.take(plan, Now(plan.start_ns, 0), TOLERANCE_S)
            assert is_news
            assert stray is None
        heard, plans = len(cell.commitments), len(cell.proposals)
    assert heard


# --- which motion is known --------------------------------------------------------------------


def test_what_was_committed_before_comes_again_and_is_no_news():
    made = motion(PLAN)
    later = slice_from(ALL, stamp(0.3))
    assert take(made, ALL, 0.1)[0]
    assert take(made, later, 0.3)[0]
    assert take(made, ALL, 0.3) == (False, None)
    assert made.committed is later


@pytest.mark.parametrize("ahead_ns", [200_000_000, 3600 * 10**9, 2**62])
def test_motion_of_another_time_does_not_shut_out_motion_of_now(ahead_ns):
    """ROS time went back, and a word from before comes after that."""
    made = motion()
    ahead_ns -= (REST.start_ns + ahead_ns) % ROBOT.knot_period_ns
    is_news, stray = take(made, replace(REST, start_ns=REST.start_ns + ahead_ns), 0.1)
    assert is_news is (ahead_ns < 10**9) is (stray is None)
    now = replace(REST, start_ns=stamp(0.12))
    assert take(made, now, 0.12) == (True, None)
    assert made.committed is now


NOT_FINITE = np.full(PLAN.position.shape, np.nan)


@pytest.mark.parametrize(
    "changes",
    [
        {"position": PLAN.position[:, :2]},
        {"position": PLAN.position[:0], "velocity": PLAN.velocity[:0]},
        {"velocity": NOT_FINITE},
        {"joint_names": ("ä", "b", "c")},
        {"start_ns": PLAN.start_ns + 1},
        {"knot_period_ns": 1},
        {"velocity": PLAN.velocity + 1.0},
    ],
)
def test_what_is_no_motion_is_known_by_nobody(changes):
    made = motion()
    is_news, stray = take(made, replace(PLAN, **changes), 0.1)
    assert not is_news
    assert stray.until_ns == stamp(1.1)
    assert "no motion" in stray.words
    assert made.committed is REST


# --- the guard --------------------------------------------------------------------------------


def committed(watch, plan):
    return watch.tell(Commitment(plan))


def test_the_guard_holds_motion_that_it_did_not_allow_until_that_rests():
    watch = active()
    rest = at_rest(home(ROBOT), at(watch.seconds).ros_ns, ROBOT.knot_period_ns, ROBOT.joints)
    assert committed(watch, rest) == []
    plan = moving_plan(ROBOT, watch.seconds + 0.1, knots=8)
    lease, status = committed(watch, splice(rest, plan))
    assert (lease.granted, status.mode) == (False, Mode.HOLD)
    assert "motion that was not allowed" in watch.reason
    watch.position = plan.position[-1]
    watch.run(0.45)
    assert watch.mode == Mode.HOLD
    watch.run(0.45)
    assert watch.mode == Mode.ARMED


def test_words_that_are_no_motion_hold_for_a_second_or_until_there_is_motion_again():
    watch = active()
    rest = at_rest(home(ROBOT), at(watch.seconds).ros_ns, ROBOT.knot_period_ns, ROBOT.joints)
    committed(watch, rest)
    committed(watch, replace(rest, position=rest.position[:, :2]))
    assert watch.run(0.95).mode == Mode.HOLD
    assert "expected (1 to inf, 3)" in watch.reason
    assert watch.run(0.3).mode == Mode.ARMED
    committed(watch, replace(rest, position=rest.position[:, :2]))
    assert watch.run(0.2).mode == Mode.HOLD
    anew = knot_at_or_after(at(watch.seconds).ros_ns, ROBOT.knot_period_ns)
    committed(watch, replace(rest, start_ns=anew))
    assert watch.run(0.3).mode == Mode.ARMED


def test_no_watch_hears_of_motion_that_is_no_news():
    watch = active()
    rest = at_rest(home(ROBOT), at(watch.seconds).ros_ns, ROBOT.knot_period_ns, ROBOT.joints)
    away = replace(rest, start_ns=at(0.0).ros_ns, position=rest.position + 0.5)
    committed(watch, rest)
    committed(watch, away)
    watch.tell(joints_at(watch.seconds, watch.position))
    assert watch.run(0.3).mode == Mode.ACTIVE
    committed(watch, replace(away, start_ns=at(watch.seconds).ros_ns))
    assert "far from its plan" in watch.run(0.1).reason


def test_a_clock_jump_ends_a_stray():
    watch = active()
    committed(watch, replace(REST, position=REST.position[:, :2]))
    watch.tell(ClockJump())
    assert watch.run(0.4).mode == Mode.ARMED


def test_a_verdict_that_somebody_else_wrote_holds_what_it_let_move():
    made = Wired().run(0.3)
    made.chunk("good", 0.3)
    made.run(0.1)
    assert made.guard.mode == Mode.ACTIVE
    other = chunk(ROBOT, made.seconds, 2, made.position + 0.2 * (wave(ROBOT, 0.0) - home(ROBOT)))
    (proposal,) = made.fuser.handle(other, made.now)
    forged = Verdict(made.now.ros_ns, other.digest, proposal.plan.digest, Decision.ALLOW, "", ())
    made.proposals[proposal.plan.digest] = proposal.plan
    made._fused(forged, made.now)
    made.deliver()
    assert made.guard.mode == Mode.HOLD
    assert "not allowed" in made.guard.status(made.now).reason
    made.run(1.0)
    assert not made.states[-1][1].velocity.any()
    made.chunk("restarted", 0.3)
    made.run(0.2)
    assert made.guard.mode == Mode.ACTIVE
