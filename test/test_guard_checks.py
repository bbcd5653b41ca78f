"""Every check fails once, passes at its boundary, and lets no NaN through."""

import inspect
from dataclasses import fields, replace

import numpy as np
import pytest
from chain_values import at, chunk, home, joints_at, moving_plan, ns, stamp, toy
from hypothesis import given
from hypothesis import strategies as st
from kinds import every_kind

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.lattice import below, join, passed
from aura_ros.guard.rules.built import build
from aura_ros.guard.running import run_checks
from aura_ros.motion.jerk import sample
from aura_ros.motion.stop import at_rest
from aura_ros.robot.description import Limits
from aura_ros.types import NS, Check, Decision

ROBOT = toy()
LIMITS = ROBOT.limits
TOOL = every_kind()
BUILT = build(ROBOT, GuardConfig)
# Those that are functions alone; what is made from options has a test file of its own.
CHECKS = {
    name: check
    for name, check in (*BUILT.chunk, *BUILT.plan)
    if inspect.isfunction(check) and check.__name__ == "check" and name != "plan_freshness"
}

# The committed motion, and a plan that takes it up at its fifth knot.
COMMITTED = moving_plan(ROBOT, 0.0)
SEAM = sample(COMMITTED, COMMITTED.start_ns + 5 * COMMITTED.knot_period_ns)


def following(**changes):
    knots = {f: getattr(COMMITTED, f)[5:] for f in ("position", "velocity", "acceleration")}
    plan = replace(COMMITTED, start_ns=SEAM.time_ns, base_digest="base", **knots)
    return replace(plan, **changes)


PLANNED = following()


def context(**changes):
    values = {
        "now": at(0.05),
        "robot": ROBOT,
        "config": GuardConfig(),
        "chunk": chunk(ROBOT, sequence=5),
        "plan": PLANNED,
        "committed": COMMITTED,
        "measured": joints_at(0.05, home(ROBOT)),
        "last_order": (1, 1, 4),
    }
    return Context(**values | changes)


def with_rows(change):
    rows = np.array(context().chunk.rows)
    change(rows)
    return {"chunk": chunk(ROBOT, sequence=5, rows=rows)}


def with_knot(field, index, value, plan=PLANNED):
    knots = np.array(getattr(plan, field))
    knots[index] = value
    return {"plan": replace(plan, **{field: knots})}


def limited(**scales):
    """The robot with some of its limits scaled."""
    values = {f.name: getattr(LIMITS, f.name) * scales.get(f.name, 1.0) for f in fields(Limits)}
    return replace(ROBOT, limits=Limits(**values))


def step_rows(rows):
    rows[8:, 0] += 0.05 * LIMITS.velocity[0] * 1.2


def kink_rows(rows):
    rows[8, 0] += 0.05**2 * LIMITS.acceleration[0]


def high_rows(rows):
    rows[:, 1] += LIMITS.upper[1]


FAILS = {
    "schema": {"chunk": replace(chunk(ROBOT, sequence=5), joint_names=("a", "b", "c"))},
    "sequence": {"last_order": (1, 1, 5)},
    "freshness": {"now": at(2.0)},
    "row_position": with_rows(high_rows),
    "row_velocity": with_rows(step_rows),
    "row_acceleration": with_rows(kink_rows),
    "integrity": with_knot("position", 3, 0.5),
    "timing": {"now": at(0.5)},
    "continuity": {"plan": replace(PLANNED, position=PLANNED.position + 1e-4)},
    "plan_position": {"robot": limited(lower=0.0, upper=0.1)},
    "plan_velocity": {"robot": limited(velocity=0.01)},
    "plan_acceleration": {"robot": limited(acceleration=0.01)},
    "plan_jerk": {"robot": limited(jerk=0.001)},
    "braking": {"robot": limited(jerk=0.001)},
    "caution": {"share": 0.01},
    "rotation": {
        "robot": TOOL,
        "chunk": chunk(TOOL, rows=np.full((4, 12), 3.0)),
        "plan": moving_plan(TOOL, jerk=np.zeros((4, 12))),
    },
}


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_passes_what_is_good(name):
    result = CHECKS[name](context())
    assert (result.name, result.passed, result.decision) == (name, True, Decision.ALLOW)
    assert np.isfinite(result.value)
    assert np.isfinite(result.limit)


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_fails_once(name):
    result = CHECKS[name](context(**FAILS[name]))
    assert not result.passed
    assert result.decision == (Decision.SLOW if name == "caution" else Decision.REFUSE)
    assert result.detail
    assert not result.value <= result.limit or name in ("freshness", "sequence", "timing")


def test_no_check_is_left_out():
    assert set(FAILS) == set(CHECKS)


def all_pass(name, **changes):
    return CHECKS[name](context(**changes)).passed


# --- boundaries -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "good"),
    [(1.5, True), (1.5 + 1e-9, False), (-0.05, True), (-0.05 - 1e-9, False), (0.0, True)],
)
def test_freshness_at_its_boundaries(age, good):
    value = replace(context().chunk, observation_stamp_ns=at(0.05).ros_ns - round(age * NS))
    assert all_pass("freshness", chunk=value) is good


@pytest.mark.parametrize(
    ("last", "good"),
    [(None, True), ((1, 1, 4), True), ((1, 1, 5), False), ((1, 2, 0), False), ((0, 9, 9), True)],
)
def test_sequence_at_its_boundaries(last, good):
    assert all_pass("sequence", last_order=last) is good


@pytest.mark.parametrize(
    "change",
    [
        {"joint_names": ("joint_1", "joint_0", "finger")},
        {"rows": np.zeros((1, 3))},
        {"rows": np.zeros(3)},
        {"rows": np.zeros((4, 2))},
        {"rows": np.full((4, 3), np.nan)},
        {"rows": np.full((4, 3), np.inf)},
        {"rows": np.zeros((1001, 3))},
        {"alternatives": np.zeros((65, ROBOT.horizon, 3))},
        {"row_period_ns": 0},
        {"row_period_ns": 2**62},
        {"start_ns": 2**63 - 1},
        {"start_ns": -(2**63)},
    ],
)
def test_every_fault_of_a_schema_is_named(change):
    result = CHECKS["schema"](context(chunk=replace(context().chunk, **change)))
    assert not result.passed
    assert result.value >= 1
    assert result.detail


def test_rows_on_the_limits_pass_and_beyond_do_not():
    edge = np.repeat([LIMITS.upper, LIMITS.lower], 2, axis=0)
    assert all_pass("row_position", chunk=chunk(ROBOT, rows=edge))
    assert not all_pass("row_position", chunk=chunk(ROBOT, rows=edge * (1 + 1e-6)))


@pytest.mark.parametrize(("scale", "good"), [(1.0, True), (1.0 + 1e-6, False)])
def test_rates_of_rows_at_their_boundaries(scale, good):
    steady = np.arange(4)[:, None] * 0.05 * LIMITS.velocity * scale * [1, 1, 0.1]
    assert all_pass("row_velocity", chunk=chunk(ROBOT, rows=steady)) is good
    bend = np.zeros((3, 3))
    bend[2, 1] = 0.05**2 * LIMITS.acceleration[1] * scale
    assert all_pass("row_acceleration", chunk=chunk(ROBOT, rows=bend)) is good


def test_two_rows_have_no_acceleration():
    assert all_pass("row_acceleration", chunk=chunk(ROBOT, rows=np.zeros((2, 3))))


@pytest.mark.parametrize("kind", ["velocity", "acceleration", "position"])
@pytest.mark.parametrize(("scale", "good"), [(1 + 1e-7, True), (1 - 1e-6, False)])
def test_plans_at_their_boundaries(kind, scale, good):
    used = CHECKS[f"plan_{kind}"](context()).value
    if kind == "position":
        middle = home(ROBOT)
        reach = (LIMITS.upper - middle) * used * scale
        robot = replace(ROBOT, limits=replace(LIMITS, lower=middle - reach, upper=middle + reach))
    else:
        robot = limited(**{kind: used * scale})
    assert all_pass(f"plan_{kind}", robot=robot) is good


def test_braking_reads_the_tail_from_every_knot():
    # Within reach of the position limit at speed: the plan is inside, the stop is not.
    plan = moving_plan(ROBOT, jerk=np.full((6, 3), 100.0) * [1, 1, 0.05])
    fast = int(np.argmax(plan.velocity[:, 0]))
    upper = np.array(LIMITS.upper)
    upper[0] = plan.position[fast, 0] + 0.01
    robot = replace(ROBOT, limits=replace(LIMITS, upper=upper))
    part = replace(
        plan,
        position=plan.position[: fast + 1],
        velocity=plan.velocity[: fast + 1],
        acceleration=plan.acceleration[: fast + 1],
    )
    assert all_pass("plan_position", robot=robot, plan=part)
    result = CHECKS["braking"](context(robot=robot, plan=part))
    assert not result.passed
    assert "arm: joint_0" in result.detail


@pytest.mark.parametrize(
    ("start_s", "good"), [(0.06, True), (0.05, True), (0.04, False), (1.54, True), (1.56, False)]
)
def test_timing_at_its_boundaries(start_s, good):
    now = replace(at(0.05), ros_ns=stamp(0.05))
    assert all_pass("timing", now=now, plan=following(start_ns=stamp(start_s))) is good


def test_a_plan_is_judged_once():
    assert not all_pass("timing", seen=frozenset({PLANNED.digest}))


@pytest.mark.parametrize(("jump", "good"), [(0.9e-6, True), (1.1e-6, False)])
@pytest.mark.parametrize("field", ["position", "velocity", "acceleration"])
def test_continuity_at_its_boundary(field, jump, good):
    moved = getattr(PLANNED, field) + np.array([0, jump, 0])
    assert all_pass("continuity", plan=replace(PLANNED, **{field: moved})) is good


# --- the first motion -----------------------------------------------------------------------


def test_a_first_plan_begins_at_rest_where_the_robot_is():
    first = moving_plan(ROBOT, 0.1)
    near = joints_at(0.05, first.position[0] + [0.049, 0, 0])
    far = joints_at(0.05, first.position[0] + [0.051, 0, 0])
    ended = at_rest(first.position[0], 0, first.knot_period_ns, first.joint_names)
    for committed in (None, ended):
        assert all_pass("continuity", plan=first, committed=committed, measured=near)
        assert not all_pass("continuity", plan=first, committed=committed, measured=far)
    assert not all_pass("continuity", plan=first, committed=None, measured=None)
    assert not all_pass("continuity", plan=first, committed=COMMITTED, measured=near)
    moving = replace(PLANNED, base_digest="")
    assert not all_pass("continuity", plan=moving, committed=None)


def test_a_plan_that_continues_nothing_known_is_judged_as_a_first_one():
    assert not all_pass("continuity", committed=None)


# --- forgeries ------------------------------------------------------------------------------

FORGED = {
    "one knot of position": with_knot("position", (4, 1), 0.26),
    "one knot of velocity": with_knot("velocity", (4, 1), 0.01),
    "one knot of acceleration": with_knot("acceleration", (4, 1), 9.0),
    "other joints": {"plan": replace(PLANNED, joint_names=("joint_1", "joint_0", "finger"))},
    "off the grid": {"plan": replace(PLANNED, start_ns=PLANNED.start_ns + 1)},
    "another grid": {"plan": replace(PLANNED, knot_period_ns=ns(0.01))},
    "not at rest at the end": with_knot("velocity", -1, 1e-9),
    "accelerated at the end": with_knot("acceleration", -1, 1e-9),
    "one knot": {
        "plan": replace(
            PLANNED,
            position=np.zeros((1, 3)),
            velocity=np.zeros((1, 3)),
            acceleration=np.zeros((1, 3)),
        )
    },
    "another width": {
        "plan": replace(
            PLANNED,
            position=np.zeros((4, 2)),
            velocity=np.zeros((4, 2)),
            acceleration=np.zeros((4, 2)),
        )
    },
    "shapes that differ": {"plan": replace(PLANNED, velocity=PLANNED.velocity[:-1])},
    "flat": {"plan": replace(PLANNED, position=np.zeros(3), velocity=np.zeros(3))},
    "no knots": {"plan": replace(PLANNED, position=np.zeros((0, 3)))},
}


@pytest.mark.parametrize("forgery", FORGED)
def test_forged_plans_are_refused(forgery):
    assert not CHECKS["integrity"](context(**FORGED[forgery])).passed
    decision, reason = join(run_checks(BUILT.plan, context(**FORGED[forgery])))
    assert decision >= Decision.REFUSE
    assert reason


def test_the_good_plan_passes_every_check():
    good = context(plan=replace(PLANNED, chunk_digest=context().chunk.digest))
    assert all(check.passed for check in run_checks((*BUILT.chunk, *BUILT.plan), good))


@given(
    st.sampled_from(["position", "velocity", "acceleration"]),
    st.integers(0, 26),
    st.integers(0, 2),
    st.sampled_from([np.nan, np.inf, -np.inf]),
)
def test_no_number_that_is_not_finite_passes_in_a_plan(field, knot, joint, value):
    bad = context(**with_knot(field, (knot, joint), value))
    with np.errstate(all="ignore"):
        assert join(run_checks(BUILT.plan, bad))[0] >= Decision.REFUSE


@given(st.integers(0, 15), st.integers(0, 2), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_no_number_that_is_not_finite_passes_in_rows(row, joint, value):
    rows = np.array(context().chunk.rows)
    rows[row, joint] = value
    bad = context(chunk=chunk(ROBOT, sequence=5, rows=rows))
    with np.errstate(all="ignore"):
        for name in ("schema", "row_position", "row_velocity", "row_acceleration"):
            assert not CHECKS[name](bad).passed


# --- how checks are run and joined ------------------------------------------------------------


def test_a_check_that_raises_gives_hold_and_names_itself():
    def check(context):
        raise RuntimeError("sensor of the check is gone")

    (result,) = run_checks((("novel", check),), context())
    assert (result.name, result.passed, result.decision) == ("novel", False, Decision.HOLD)
    assert "sensor of the check is gone" in result.detail


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_that_raises_gives_hold(name):
    (result,) = run_checks(((name, CHECKS[name]),), context(chunk=None, plan=None))
    if name in ("schema", "sequence", "freshness") or not result.passed:
        assert result.decision == Decision.HOLD
        assert result.name == name


def test_nan_is_never_below():
    assert not below("x", float("nan"), 1.0, "").passed
    assert not below("x", 1.0, float("nan"), "").passed
    assert below("x", 1.0, 1.0, "").passed


decisions = st.builds(
    lambda ok, d: passed("ok", 0, 0) if ok else Check("bad", False, 0, 0, d),
    st.booleans(),
    st.sampled_from(Decision),
)


@given(st.lists(decisions), st.lists(decisions))
def test_join_is_monotone_commutative_and_idempotent(some, others):
    together = join(some + others)[0]
    assert together == join(others + some)[0]
    assert together == join(some + others + some)[0]
    assert together == max(join(some)[0], join(others)[0])
    assert together >= join(some)[0]


def test_join_names_the_first_of_the_most_severe():
    bad = [
        Check("a", False, 0, 0, Decision.REFUSE),
        Check("b", False, 0, 0, Decision.HOLD),
        Check("c", False, 0, 0, Decision.HOLD),
    ]
    assert join(bad) == (Decision.HOLD, "b")
    assert join([]) == (Decision.ALLOW, "")
