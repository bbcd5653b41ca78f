"""The plan is one of its chunk: what the fuser makes passes, what was put in its place does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chain_values import Cell, at, chunk, home, moving_plan, stamp, toy, wave
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import FINGER, every_kind

from aura_ros.guard.checks.fidelity import ENTRY, OPTIONS, sliding
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.entry import Setup
from aura_ros.types import Decision, Plan, Proposal, Provenance

ROBOT = toy()
TOLERANCE = OPTIONS.defaults["tolerance"]
FAR = TOLERANCE * ROBOT.limits.velocity
REST = home(ROBOT)
KNOTS = 30


def check(robot=ROBOT, **options):
    return ENTRY.make(Setup(robot, GuardConfig, OPTIONS.defaults | options, Decision.REFUSE))


def judged(plan, value, committed=None, robot=ROBOT, **options):
    context = Context(at(0.1), robot, GuardConfig(), value, plan, committed)
    return check(robot, **options)(context)


def still(value, place=REST, robot=ROBOT, knots=KNOTS):
    """A plan that stays at ``place`` and says that it is of the chunk ``value``."""
    position = np.repeat(np.asarray(place)[None], knots, axis=0)
    zero = np.zeros_like(position)
    values = (stamp(0.0), robot.knot_period_ns, position, zero, zero, robot.joints)
    return Plan(*values, value.digest, provenance=value.provenance)


def staying(place=REST, robot=ROBOT):
    return chunk(robot, 0.0, rows=np.repeat(np.asarray(place)[None], robot.horizon, axis=0))


def with_knot(plan, k, step):
    position = np.array(plan.position)
    position[k] += step
    return replace(plan, position=position)


def test_a_plan_on_its_rows_has_no_distance():
    value = staying()
    found = judged(still(value), value)
    assert (found.name, found.passed, found.value, found.limit) == ("fidelity", True, 0, TOLERANCE)


@pytest.mark.parametrize("k", [1, 9, KNOTS - ROBOT.stop_knots - 1])
@pytest.mark.parametrize("joint", [0, 1, 2])
@pytest.mark.parametrize("side", [-1, 1])
def test_the_tolerance_is_its_boundary_at_every_knot_before_the_tail(k, joint, side):
    value = staying()
    step = side * FAR * (np.arange(3) == joint)
    assert judged(with_knot(still(value), k, (1 - 1e-9) * step), value).passed
    found = judged(with_knot(still(value), k, 1.001 * step), value)
    assert (found.passed, found.decision) == (False, Decision.REFUSE)
    assert found.value == pytest.approx(1.001 * TOLERANCE)
    assert ROBOT.joints[joint] in found.detail


def test_the_tail_is_the_stops_own():
    value = staying()
    assert judged(with_knot(still(value), KNOTS - ROBOT.stop_knots, 3 * FAR), value).passed


def test_rows_far_in_time_are_no_neighbours():
    """Rows from 0.4 s on are elsewhere: a plan that is there before 0.3 s does not follow them."""
    rows = np.repeat(REST[None], ROBOT.horizon, axis=0)
    rows[8:, 0] += 1.0
    value = chunk(ROBOT, 0.0, rows=rows)
    early = still(value)
    for k, passed in ((14, False), (15, True)):
        found = judged(with_knot(early, k, np.array([1.0, 0.0, 0.0])), value)
        assert found.passed is passed, k


def test_a_plan_may_lag_by_the_time_of_a_stop():
    rows = np.repeat(REST[None], ROBOT.horizon, axis=0)
    rows[8:, 0] += 1.0
    value = chunk(ROBOT, 0.0, rows=rows)
    there = REST + np.array([1.0, 0.0, 0.0])
    committed = still(value, there)
    for until, passed in ((36, True), (40, False)):
        late = np.where(np.arange(60)[:, None] < until, REST, there)
        plan = replace(still(value, knots=60), position=late)
        assert judged(plan, value, committed).passed is passed


def test_the_way_from_the_committed_motion_to_the_rows_is_between_them():
    aim = REST + np.array([1.0, 0.0, 0.0])
    value = staying(aim)
    committed = replace(still(value), chunk_digest="before")
    for share in (0.0, 0.5, 1.0):
        assert judged(still(value, REST + share * (aim - REST)), value, committed).passed
    assert not judged(still(value, REST - 2 * FAR), value, committed).passed
    # Before a first plan motion goes from where it begins.
    assert judged(with_knot(still(value), 5, [0.5, 0.0, 0.0]), value).passed


def test_another_chunk_or_provenance_is_refused():
    value = staying()
    for changes in (
        {"chunk_digest": "another"},
        {"provenance": Provenance(model="another")},
    ):
        found = judged(replace(still(value), **changes), value)
        assert (found.passed, np.isnan(found.value)) == (False, True)
    said = replace(value, provenance=Provenance("a", "b", "c", "d"))
    assert judged(still(said), said).passed


def test_a_plan_of_other_joints_is_refused_not_raised():
    value = staying()
    plan = still(value)
    narrow = replace(plan, position=plan.position[:, :2])
    assert judged(narrow, value).decision == Decision.REFUSE


def test_what_is_not_a_number_never_passes():
    value = staying()
    assert not judged(with_knot(still(value), 3, [0.0, np.nan, 0.0]), value).passed


def test_discrete_grippers_go_to_their_own_ends_and_turns_are_equal():
    robot = every_kind()
    place = home(robot)
    rows = place + np.where(robot.continuous, 6 * np.pi, 0.0)
    value = staying(rows, robot)
    step = np.zeros(len(robot.joints))
    step[FINGER] = 10.0
    found = judged(with_knot(still(value, place, robot), 4, step), value, None, robot)
    assert found.passed
    assert found.value < 1e-9


# Waves that differ in size and place, each chunk late by up to 0.3 s.
CHUNKS = st.lists(
    st.tuples(st.floats(0.0, 0.3), st.floats(-0.05, 0.05), st.floats(0.02, 0.3)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=30)
@given(CHUNKS)
def test_what_the_fuser_plans_passes(chunks):
    cell, proposed = Cell(ROBOT), []
    cell.run(0.1)
    for sequence, (late, offset, size) in enumerate(chunks):
        begin = cell.seconds - late
        rows = wave(ROBOT, begin, size=size) + offset * np.array([1.0, 1.0, 0.0])
        value = chunk(ROBOT, begin, sequence + 1, rows)
        committed = cell.commitments[-1] if cell.commitments else None
        said = cell.tell(value)
        proposed += [(s.plan, value, committed) for s in said if isinstance(s, Proposal)]
        cell.run(0.2)
    assert proposed
    for plan, value, committed in proposed:
        found = judged(plan, value, committed)
        assert found.passed, found
        assert found.value < TOLERANCE / 2, found


def test_a_plan_that_goes_elsewhere_is_refused():
    """Smooth, within every limit, named after its chunk: and not what that said."""
    value = staying()
    elsewhere = moving_plan(ROBOT, knots=40, jerk=None, chunk_digest=value.digest)
    away = np.abs(elsewhere.position - REST)[:-12] / ROBOT.limits.velocity
    assert away.max() > TOLERANCE
    assert not judged(elsewhere, value).passed


@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 2**31))
def test_windows_that_overlap_are_windows(size, more, seed):
    rows = np.random.default_rng(seed).standard_normal((size + more, 2))
    for reduce in (np.minimum, np.maximum):
        expected = [reduce.reduce(rows[k : k + size]) for k in range(more + 1)]
        np.testing.assert_array_equal(sliding(reduce, rows, size), expected)


def test_rows_without_time_between_them_take_none():
    value = replace(staying(), row_period_ns=1)
    assert judged(still(value), value).passed


def test_the_entry_refuses_and_is_on():
    assert (ENTRY.name, ENTRY.automatic, ENTRY.decision) == (
        "fidelity", True, Decision.REFUSE)  # fmt: skip
