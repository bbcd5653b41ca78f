"""Temporal rules over a run at its ticks, and over the plan that would continue it."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, home, joints_at, moving_plan, stamp, toy

from aura_ros.guard.checks import temporal as of_plans
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.entry import Setup
from aura_ros.guard.running import run_check
from aura_ros.guard.watches import temporal as of_run
from aura_ros.types import (
    ClockJump,
    Commitment,
    Decision,
    Distance,
    Reset,
    Tick,
    Wrench,
)

ROBOT = toy()
REST = np.zeros(3)


def setup(*formulas, decision=""):
    rules = tuple(
        {"name": f"rule_{k}", "formula": formula, "decision": decision}
        for k, formula in enumerate(formulas)
    )
    return Setup(ROBOT, GuardConfig, {"rules": rules})


class Told:
    """A watch and a check of plans that hear the same."""

    def __init__(self, *formulas, decision=""):
        both = setup(*formulas, decision=decision)
        self.watch, self.check = of_run.ENTRY.make(both), of_plans.ENTRY.make(both)
        self.now = at(0.0)

    def tell(self, seconds, *values):
        self.now = at(seconds)
        for value in values:
            self.watch.hear(value, self.now)
            self.check.hear(value, self.now)
        return self

    def tick(self, seconds, speed=0.0, *values):
        joints = joints_at(seconds, home(ROBOT), np.array([speed, 0.0, 0.0]))
        return self.tell(seconds, joints, *values, Tick())

    def run(self):
        return self.watch.checks(self.now)

    def plan(self, plan, committed=None):
        context = Context(self.now, ROBOT, GuardConfig(), chunk(ROBOT), plan, committed)
        return self.check(context)


def test_a_rule_fails_beyond_its_limit_and_holds_at_it():
    (check,) = Told("speed <= 0.5").tick(0.0, 0.5).run()
    assert (check.name, check.passed, check.value, check.limit) == ("temporal/rule_0", True, 0, 0)
    (check,) = Told("speed <= 0.5").tick(0.0, 0.75).run()
    assert (check.passed, check.value, check.decision) == (False, 0.25, Decision.HOLD)
    assert check.detail == "rule_0 does not hold: speed <= 0.5"


def test_each_rule_has_its_check_and_decision():
    told = Told("speed <= 0.5", "speed <= 1", decision="ask").tick(0.0, 0.75)
    failed, passed = told.run()
    assert (failed.name, failed.decision) == ("temporal/rule_0", Decision.ASK)
    assert (passed.name, passed.passed) == ("temporal/rule_1", True)


def test_the_past_counts_as_long_as_the_formula_says():
    told = Told("not once[0, 0.1] speed > 0.5").tick(0.0, 0.75)
    failing = [not told.tick(0.05 * k).run()[0].passed for k in range(1, 5)]
    assert failing == [True, True, False, False]


def test_before_the_first_tick_nothing_is_known():
    (check,) = Told("speed <= 0.5").run()
    assert (check.passed, check.decision) == (False, Decision.HOLD)
    assert "no sample was taken yet" in check.detail


@pytest.mark.parametrize("decision", ["slow", "ask"])
def test_what_was_never_heard_holds_and_is_named(decision):
    told = Told("force <= 20", decision=decision).tick(0.0)
    for check in (*told.run(), told.plan(moving_plan(ROBOT, 0.1))):
        assert not check.passed
        assert np.isnan(check.value)
        assert check.decision == (Decision.ASK if decision == "ask" else Decision.HOLD)
        assert "rule_0: force was never heard" in check.detail


def test_what_went_silent_holds():
    told = Told("human_distance >= 0.5").tick(0.0, 0.0, Distance(stamp(0.0), 2.0))
    assert told.run()[0].passed
    assert told.tick(0.3).run()[0].passed
    assert "went silent" in told.tick(0.35).run()[0].detail


def test_what_is_no_number_holds_and_does_not_stay():
    told = Told("historically force <= 20")
    told.tick(0.0, 0.0, Wrench(stamp(0.0), np.full(3, np.nan), REST))
    assert "force is not a number" in told.run()[0].detail
    told.tick(0.05, 0.0, Wrench(stamp(0.05), np.ones(3), REST))
    assert told.run()[0].passed


def test_a_tick_that_is_not_later_takes_no_sample():
    told = Told("previous speed <= 0.5").tick(0.0, 0.75).tick(0.0, 0.0)
    assert told.run()[0].passed
    assert not told.tick(0.05).run()[0].passed


@pytest.mark.parametrize("event", [Reset(), ClockJump()])
def test_the_past_begins_anew(event):
    told = Told("historically speed <= 0.5").tick(0.0, 0.75)
    assert not told.tick(0.05).run()[0].passed
    assert told.tell(0.1, event).tick(0.15).run()[0].passed


def test_after_a_clock_jump_the_motion_of_another_time_is_none():
    away = moving_plan(ROBOT)
    away = replace(away, position=away.position + 1.0)
    told = Told("tracking_error <= 0.5").tell(5.0, Commitment(away)).tick(5.0)
    assert not told.run()[0].passed
    assert told.tell(5.1, ClockJump()).tick(0.0).run()[0].passed


def test_after_a_clock_jump_stamps_may_be_earlier():
    told = Told("speed <= 0.5").tick(5.0, 0.75).tell(5.1, ClockJump())
    assert told.tick(0.0).run()[0].passed


# --- plans --------------------------------------------------------------------------------

PLAN = moving_plan(ROBOT, 0.1)
FASTEST = float(np.abs(PLAN.velocity[:, 0]).max())


def test_a_plan_fails_beyond_the_limit_and_holds_at_it():
    told = Told(f"abs(velocity[joint_0]) <= {FASTEST!r}").tick(0.05)
    check = told.plan(PLAN)
    assert (check.name, check.passed, check.value, check.limit) == ("plan_temporal", True, 0, 0)
    told = Told(f"abs(velocity[joint_0]) <= {FASTEST - 0.01!r}").tick(0.05)
    check = told.plan(PLAN)
    assert (check.passed, check.decision) == (False, Decision.HOLD)
    assert check.value == pytest.approx(0.01)
    knot = int(np.abs(PLAN.velocity[:, 0]).argmax())
    assert f"rule_0 does not hold {knot * 0.02:.2f} s into the plan" in check.detail


def test_the_tail_is_part_of_the_plan():
    last = f"position[joint_0] <= {float(PLAN.position[-1, 0]) - 1e-3!r}"
    at_end = Told(last).tick(0.05).plan(PLAN)
    assert at_end.value == pytest.approx(max(PLAN.position[:, 0]) - PLAN.position[-1, 0] + 1e-3)
    assert not at_end.passed


def test_a_plan_continues_the_run():
    rule = f"not (speed > {FASTEST / 2!r} and once[0, 1] force > 20)"
    pushed = Wrench(stamp(0.0), np.array([30.0, 0.0, 0.0]), REST)
    eased = Wrench(stamp(0.05), REST, REST)
    calm = Told(rule).tick(0.0, 0.0, eased).tick(0.05)
    assert calm.plan(PLAN).passed
    told = Told(rule).tick(0.0, 0.0, pushed).tick(0.05, 0.0, eased)
    assert told.run()[0].passed
    assert not told.plan(PLAN).passed
    # Judging it has not changed the run, nor did another plan.
    assert told.plan(PLAN) == told.plan(PLAN)
    assert told.tick(0.1, 0.0, eased).run()[0].passed


def test_what_is_not_of_the_motion_holds_its_last_value():
    rule = "historically[0, 0.2] human_distance < 1 implies speed <= 0.01"
    near = Told(rule).tick(0.05, 0.0, Distance(stamp(0.05), 0.5))
    assert not near.plan(PLAN).passed
    away = Told(rule).tick(0.05, 0.0, Distance(stamp(0.05), 1.5))
    assert away.plan(PLAN).passed


def test_the_committed_motion_goes_on_until_the_plan_begins():
    committed = moving_plan(ROBOT, 0.0)
    later = replace(PLAN, start_ns=committed.start_ns + 10 * committed.knot_period_ns)
    fastest = float(np.abs(committed.velocity[3:10, 0]).max())
    still = replace(later, velocity=0 * PLAN.velocity, acceleration=0 * PLAN.velocity)
    told = Told(f"abs(velocity[joint_0]) <= {fastest - 0.01!r}")
    told.tell(0.05, Commitment(committed)).tick(0.05)
    check = told.plan(still, committed)
    assert check.value == pytest.approx(0.01)
    assert told.plan(still).passed
    # What comes after the plan's start is not moved, and what was before the tick is past.
    told = Told(f"abs(velocity[joint_0]) <= {fastest!r}").tick(0.05)
    assert np.abs(committed.velocity[:, 0]).max() > fastest
    assert told.plan(still, committed).passed


def test_a_plan_that_ended_before_the_last_tick_is_the_run():
    told = Told("speed <= 0.5").tick(60.0, 0.1)
    assert told.plan(PLAN).value == pytest.approx(-0.4)


def test_a_plan_that_is_not_finite_is_refused():
    broken = np.array(PLAN.velocity)
    broken[3, 1] = np.nan
    check = Told("force <= 20").tick(0.05).plan(replace(PLAN, velocity=broken))
    assert (check.passed, check.decision) == (False, Decision.REFUSE)


def test_a_plan_of_other_joints_holds():
    told = Told("velocity[finger] <= 1").tick(0.05)
    narrow = {f: getattr(PLAN, f)[:, :2] for f in ("position", "velocity", "acceleration")}
    context = Context(told.now, ROBOT, GuardConfig(), chunk(ROBOT), replace(PLAN, **narrow))
    check = run_check("plan_temporal", told.check, context)
    assert (check.passed, check.decision) == (False, Decision.HOLD)


def test_the_most_severe_rule_decides():
    told = Told("speed <= 0.01", "force <= 20").tick(0.05)
    check = told.plan(PLAN)
    assert np.isnan(check.value)
    rules = [
        {"name": "gentle", "formula": "speed <= 0.01", "decision": "refuse"},
        {"name": "calm", "formula": "speed <= 0.02", "decision": "ask"},
        {"name": "fine", "formula": "speed <= 9", "decision": "stop"},
    ]
    check = of_plans.ENTRY.make(Setup(ROBOT, GuardConfig, {"rules": rules}))
    for value in (joints_at(0.05, home(ROBOT)), Tick()):
        check.hear(value, at(0.05))
    found = check(Context(at(0.05), ROBOT, GuardConfig(), chunk(ROBOT), PLAN))
    assert (found.passed, found.decision) == (False, Decision.ASK)
    assert found.detail.startswith("calm")
    assert found.value > 0.02


def test_without_rules_all_is_well():
    told = Told().tick(0.0)
    assert told.run() == ()
    assert told.plan(PLAN).passed


@pytest.mark.parametrize(("tick", "passed"), [(0.05, False), (0.06, True)])
def test_knots_up_to_the_last_tick_are_past(tick, passed):
    begun = moving_plan(ROBOT, 0.0)
    velocity = np.zeros_like(begun.velocity)
    velocity[3] = 1.0
    told = Told("command_speed[arm] <= 0.5").tick(tick)
    assert told.plan(replace(begun, velocity=velocity)).passed == passed
