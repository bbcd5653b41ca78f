"""What each step allows may be too much in sum: budgets end it until the minute has passed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, home, lease, moving_plan, stamp, toy
from hypothesis import given
from hypothesis import strategies as st
from kinds import FINGER, every_kind

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Setup, Unavailable
from aura_ros.guard.lattice import failed
from aura_ros.guard.watch import Judged, Turn
from aura_ros.guard.watches.budgets import ENTRY, OPTIONS, Budgets, Spent, closed_positions
from aura_ros.motion.stop import at_rest, cut
from aura_ros.types import Commitment, Decision, Plan, Reset, Tick

ROBOT = toy()
PLAN = moving_plan(ROBOT, chunk_digest="a")
BAD = failed("row_velocity", 2.0, 1.0, Decision.REFUSE, "too fast")
HELD = failed("mode", 4.0, 3.0, Decision.HOLD, "the guard is HOLD")


def watch(robot=ROBOT, decision=Decision.HOLD, **budgets):
    return Budgets(Setup(robot, GuardConfig, OPTIONS.defaults | budgets, decision))


def only(found, seconds):
    (check,) = found.checks(at(seconds))
    return check


def turn(allowed=True, *checks):
    return Turn(chunk(ROBOT), PLAN, None, None, checks, allowed)


def positioned(robot, *rows):
    """A motion of a knot each 20 ms through ``rows``, as far as a watch that samples it sees."""
    position = np.array(rows)
    zero = np.zeros_like(position)
    return Plan(stamp(0.0), robot.knot_period_ns, position, zero, zero, robot.joints, "a")


def tick_along(found, plan, seconds):
    """The motion is committed, then time passes in ticks of 50 ms."""
    found.hear(Commitment(plan), at(0.0))
    for k in range(round(seconds / 0.05) + 1):
        found.hear(Tick(), at(0.05 * k))


def test_without_a_budget_there_is_no_check():
    with pytest.raises(Unavailable, match="there are path_length, moves, refusals"):
        watch()


def test_moves_are_plans_of_chunks_not_their_stops():
    found = watch(moves=2)
    stop = cut(PLAN, PLAN.start_ns, ROBOT.stop_knots)
    rest = at_rest(home(ROBOT), stamp(0.0), ROBOT.knot_period_ns, ROBOT.joints)
    for plan in (PLAN, PLAN, stop, rest, replace(PLAN, chunk_digest="b")):
        found.hear(Commitment(plan), at(0.0))
    assert only(found, 0.0).passed
    assert only(found, 0.0).value == 2
    found.hear(Commitment(PLAN), at(10.0))
    check = only(found, 10.0)
    assert (check.name, check.passed, check.decision) == ("budget_moves", False, Decision.HOLD)
    assert (check.value, check.limit) == (3, 2)
    # After a minute the first two are forgotten.
    assert only(found, 59.9).value == 3
    assert only(found, 60.0).value == 1


def test_refusals_of_chunks_and_plans_count():
    found = watch(refusals=2)
    found.hear(Judged(chunk(ROBOT), (BAD,)), at(0.0))
    found.hear(Judged(chunk(ROBOT), ()), at(0.0))
    found.hear(turn(True), at(0.0))
    found.hear(turn(False, BAD), at(0.0))
    assert (only(found, 0.0).passed, only(found, 0.0).value) == (True, 2)
    found.hear(turn(False, BAD), at(0.0))
    assert not only(found, 0.0).passed
    found.hear(Reset(), at(1.0))
    assert only(found, 1.0).value == 0


SPENT = failed("budget_refusals", 3, 2, Decision.REFUSE, "3 refusals within a minute")


@pytest.mark.parametrize("why", [HELD, SPENT])
def test_what_is_refused_because_motion_is_held_does_not_hold_it_on(why):
    found = watch(refusals=2)
    for k in range(100):
        found.hear(turn(False, why, BAD), at(0.1 * k))
    assert only(found, 10.0).value == 0


def test_the_way_of_the_worst_joint_is_its_path():
    path = np.abs(np.diff(PLAN.position, axis=0)).sum(axis=0)
    found = watch(path_length=10.0)
    tick_along(found, PLAN, 1.0)
    # Sampled at ticks: at most the way that was gone.
    assert 0.8 * path.max() < only(found, 1.0).value <= path.max() + 1e-9
    for budget, passed in ((only(found, 1.0).value, True), (only(found, 1.0).value - 1e-9, False)):
        tight = watch(path_length=budget)
        tick_along(tight, PLAN, 1.0)
        assert only(tight, 1.0).passed is passed


def test_rest_goes_nowhere():
    found = watch(path_length=1e-9)
    rest = at_rest(home(ROBOT), stamp(0.0), ROBOT.knot_period_ns, ROBOT.joints)
    tick_along(found, rest, 5.0)
    assert only(found, 5.0).value == 0.0


def closing(robot, column, shares):
    """A gripper at these shares of its way to open, 100 ms each."""
    columns, closed, way = closed_positions(robot)
    k = list(columns).index(column)
    rows = np.repeat(home(robot)[None], 5 * len(shares), axis=0)
    rows[:, column] = np.repeat(closed[k] + way[k] * np.array(shares), 5)
    return positioned(robot, *rows)


@pytest.mark.parametrize(
    ("shares", "count"),
    [
        ([1.0, 0.0], 1),
        ([1.0, 0.0, 1.0, 0.0], 2),
        ([1.0, 0.5, 1.0, 0.5], 0),
        ([1.0, 0.41], 0),
        ([1.0, 0.39], 1),
        ([0.0, 0.5, 0.0], 0),
        ([1.0, 0.5, 0.3, 0.5, 0.3], 1),
    ],
)
@pytest.mark.parametrize("robot", [ROBOT, every_kind()], ids=["own range", "discrete"])
def test_closings_are_counted_with_hysteresis(shares, count, robot):
    column = FINGER if robot is not ROBOT else 2
    plan = closing(robot, column, shares)
    found = watch(robot, closings=10)
    tick_along(found, plan, 0.1 * len(shares))
    assert only(found, 1.0).value == count
    if count:
        tight = watch(robot, closings=count)
        tick_along(tight, plan, 0.1 * len(shares))
        assert only(tight, 1.0).passed


def test_too_many_closings_fail():
    found = watch(closings=1)
    tick_along(found, closing(ROBOT, 2, [1.0, 0.0, 1.0, 0.0]), 0.5)
    check = only(found, 0.5)
    assert (check.name, check.passed, check.value) == ("budget_closings", False, 2)


@pytest.mark.parametrize("hold", [turn(False, HELD), lease(1, granted=False)])
def test_motion_is_slow_after_a_hold(hold):
    found = watch(cooldown=2.0)
    assert only(found, 0.0).passed
    found.hear(hold, at(1.0))
    check = only(found, 2.9)
    assert (check.name, check.passed, check.decision) == ("budget_cooldown", False, Decision.SLOW)
    assert check.value == pytest.approx(0.1)
    assert only(found, 3.0).passed


def test_a_refusal_is_no_hold():
    found = watch(cooldown=2.0)
    found.hear(turn(False, BAD), at(1.0))
    found.hear(lease(1), at(1.0))
    assert only(found, 1.0).passed


def test_what_failing_means_is_the_rules_to_say():
    found = watch(decision=Decision.SLOW, moves=1)
    found.hear(Commitment(PLAN), at(0.0))
    found.hear(Commitment(replace(PLAN, chunk_digest="b")), at(0.0))
    assert only(found, 0.0).decision == Decision.SLOW


@given(st.lists(st.tuples(st.floats(0.0, 200.0), st.floats(0.0, 5.0)), max_size=30))
def test_what_is_spent_is_the_sum_of_the_last_minute(entries):
    spent, entries = Spent(), sorted(entries)
    for when, amount in entries:
        spent.add(amount, at(when))
    last = entries[-1][0] if entries else 0.0
    now = at(last).steady_ns
    expected = sum(a for w, a in entries if now - at(w).steady_ns < 60 * 10**9)
    assert spent.within(at(last)) == pytest.approx(expected, abs=1e-9)


def test_the_entry_is_on_where_a_budget_is_set():
    assert (ENTRY.name, ENTRY.automatic, ENTRY.decision) == ("budgets", True, Decision.HOLD)
