"""Use of limits, against signals whose derivatives are known."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import moving_plan, toy

from aura_ros.bench.execution.record import Record
from aura_ros.bench.fuser.limits import motion_figures, track_violations, use_of
from aura_ros.bench.fuser.robot import bench_robot
from aura_ros.bench.fuser.scenario import CELLS, START_NS, TICK_NS
from aura_ros.motion.jerk import integrate
from aura_ros.types import NS, KinematicState, Plan

ROBOT = bench_robot(CELLS["centre"])
TIMES = START_NS + TICK_NS * np.arange(500, dtype=np.int64)
T = (TIMES - START_NS) / NS
DT = TICK_NS / NS


def record(first_joint, robot=ROBOT):
    commands = np.zeros((len(TIMES), len(robot.joints)))
    commands[:, 0] = first_joint
    return Record(TIMES, commands, np.ones(len(TIMES)), ())


def test_constant_velocity_uses_the_velocity_limit_only():
    figures = motion_figures(record(-1.4 + 1.4 * T), ROBOT)
    assert figures["worst_velocity"] == pytest.approx(0.7)
    assert figures["worst_acceleration"] < 1e-6
    assert figures["step_position"] == pytest.approx(1.4 * DT)
    assert all(figures[f"over_{name}"] == 0 for name in ("velocity", "acceleration", "jerk"))


def test_too_much_acceleration_is_seen_at_every_tick():
    figures = motion_figures(record(6.0 * T**2 - 12.0 * T), ROBOT)
    assert figures["worst_acceleration"] == pytest.approx(1.2)
    assert figures["over_acceleration"] == 1.0
    assert figures["step_velocity"] == pytest.approx(12.0 * DT)


def test_jerk_is_that_of_a_cubic():
    figures = motion_figures(record(100.0 * T**3 / 6 - 50.0), ROBOT)
    assert figures["worst_jerk"] == pytest.approx(0.5)
    assert figures["rms_jerk"] == pytest.approx(100.0 / np.sqrt(7), rel=1e-6)
    assert figures["step_acceleration"] == pytest.approx(100.0 * DT)


def test_a_step_of_one_tick_is_a_share_of_time():
    step = np.where(T >= 1.0, 0.1, 0.0)
    figures = motion_figures(record(step), ROBOT)
    assert figures["step_position"] == pytest.approx(0.1)
    assert figures["worst_velocity"] == pytest.approx(0.1 / DT / 2)
    assert figures["over_velocity"] == pytest.approx(1 / 499)
    assert figures["over_acceleration"] == pytest.approx(2 / 498)


def test_limits_may_be_used_up_but_not_passed():
    exact = record(2.0 * T - 2.0)
    assert use_of(exact, ROBOT).violations() == 0
    assert use_of(record(2.0001 * T - 2.0), ROBOT).violations() == len(T) - 1


def test_leaving_the_range_is_a_violation():
    leaving = 2.7 + 0.11 * T
    use = use_of(record(leaving), ROBOT)
    assert use.worst()["position"] == pytest.approx(leaving[-1] / 2.8)
    assert use.shares()["position"] == pytest.approx((leaving > 2.8).mean())


def test_an_angle_that_turns_goes_the_short_way():
    turning = bench_robot(CELLS["turning"])
    wrapped = (T + 2.5 + np.pi) % (2 * np.pi) - np.pi
    assert motion_figures(record(wrapped, turning), turning)["worst_velocity"] == pytest.approx(0.5)
    assert motion_figures(record(wrapped), ROBOT)["worst_velocity"] > 100


# --- planned motion ---------------------------------------------------------------------------

TOY = toy()


def plan_of(jerk, velocity=0.0, acceleration=0.0):
    n = len(TOY.joints)
    full = np.full((len(jerk), n), 0.0)
    full[:, 0] = jerk
    first = np.zeros((3, n))
    first[1:, 0] = velocity, acceleration
    h = TOY.knot_period_ns / NS
    knots = integrate(KinematicState(START_NS, *first), full, h)
    return Plan(START_NS, TOY.knot_period_ns, *knots, TOY.joints)


def violations(plan, robot=TOY):
    return track_violations([(plan.start_ns, plan)], plan.end_ns, robot)


def test_a_sound_plan_has_none():
    plan = moving_plan(TOY)
    assert violations(plan) == 0
    tight = replace(TOY, limits=replace(TOY.limits, velocity=TOY.limits.velocity / 100))
    assert violations(plan, tight) > 0


def test_a_speed_that_peaks_between_knots_is_seen():
    # From 1.99 rad/s up to 1.99 + a^2 / 2 j = 2.00125 in the middle of a piece, and back.
    between = plan_of([-200.0], velocity=1.9995, acceleration=2.0)
    assert np.abs(between.velocity).max() < 2.0
    assert violations(between) == 1
    assert violations(plan_of([-200.0], velocity=1.98, acceleration=2.0)) == 0


def test_a_range_that_is_left_between_knots_is_seen():
    # Turns round 0.5 mrad beyond where it begins and ends.
    n = len(TOY.joints)
    turning = plan_of([0.0], velocity=0.1, acceleration=-10.0)
    reach = turning.position[:, 0].max() + 0.0002
    limits = replace(TOY.limits, upper=np.full(n, reach), lower=np.full(n, -1.0))
    assert turning.position[:, 0].max() < reach
    assert violations(turning, replace(TOY, limits=limits)) == 1
    wider = replace(limits, upper=np.full(n, 0.0006))
    assert violations(turning, replace(TOY, limits=wider)) == 0


def test_only_what_was_followed_counts():
    bad_end = plan_of([0.0] * 10 + [1e4])
    h = TOY.knot_period_ns
    assert track_violations([(START_NS, bad_end)], START_NS + 10 * h, TOY) == 0
    assert track_violations([(START_NS, bad_end)], START_NS + 10 * h + 1, TOY) > 0


def test_a_change_of_track_must_be_smooth():
    plan = moving_plan(TOY)
    switch = plan.start_ns + 5 * plan.knot_period_ns
    assert track_violations([(plan.start_ns, plan), (switch, plan)], plan.end_ns, TOY) == 0
    for name in ("position", "velocity", "acceleration"):
        moved = replace(plan, **{name: getattr(plan, name) + 1e-4})
        tracks = [(plan.start_ns, plan), (switch, moved)]
        assert track_violations(tracks, switch, TOY) == 1
