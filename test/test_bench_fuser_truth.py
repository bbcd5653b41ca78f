"""The benchmark's truth, and a policy that is off by exactly what its cell says."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.bench.fuser.draws import Purpose, normal, uniform
from aura_ros.bench.fuser.robot import bench_robot
from aura_ros.bench.fuser.scenario import (
    CELLS,
    CENTRE,
    KNOT_NS,
    ROW_NS,
    START_NS,
    TICK_NS,
    Cell,
    cell,
)
from aura_ros.bench.fuser.surrogate import GRIPPER_NOISE, Surrogate
from aura_ros.bench.fuser.truth import Truth
from aura_ros.types import NS, KinematicState

TICKS = START_NS + TICK_NS * np.arange(3000)
EXACT = replace(CENTRE, bias=0.0)
SEEDS = st.integers(0, 2000)


def state(seconds=3.0, position=0.0):
    at = np.full(7, position)
    return KinematicState(START_NS + round(seconds * NS), at, at, at)


def row_times(told, count):
    return told.time_ns + ROW_NS * np.arange(count)


def errors(made: Cell, index=1, told=None, seed=7):
    told = told or state()
    truth = Truth(made, seed)
    rows = Surrogate(truth).rows(index, told, told.time_ns)
    return rows - truth.arm(row_times(told, made.horizon))


@given(SEEDS)
def test_the_truth_stays_well_within_the_limits(seed):
    position = Truth(CENTRE, seed).arm(TICKS)
    velocity = np.diff(position, axis=0) / (TICK_NS / NS)
    acceleration = np.diff(velocity, axis=0) / (TICK_NS / NS)
    assert np.abs(position).max() < 1.5
    assert np.abs(velocity).max() < 1.01
    assert np.abs(acceleration).max() < 4.1
    # And it is worth following.
    assert (np.abs(velocity).max(axis=0) > 0.4).all()


def test_seeds_and_joints_differ():
    truth = Truth(CENTRE, 1).arm(TICKS[:1])
    assert len(np.unique(np.concatenate([truth, Truth(CENTRE, 2).arm(TICKS[:1])]))) == 14


def test_who_looked_before_the_event_knows_nothing_of_it():
    truth = Truth(CELLS["step"], 3, event_s=5.0)
    event = START_NS + 5 * NS
    without = Truth(CELLS["step"], 3).arm(TICKS)
    assert not (truth.arm(TICKS, seen_ns=event - 1) - without).any()
    assert np.allclose(truth.arm(TICKS, seen_ns=event) - without, 0.3)
    changed = truth.arm(TICKS) - without
    assert np.allclose(changed, np.where(event <= TICKS, 0.3, 0.0)[:, None])


def test_rows_are_the_truth_where_no_error_is_asked_for():
    assert not errors(EXACT).any()


def test_the_bias_of_a_chunk_is_one_number_a_joint():
    found = np.array([errors(replace(EXACT, bias=0.2), index) for index in range(1, 200)])
    assert np.abs(np.diff(found, axis=1)).max() < 1e-12
    assert found[:, 0].std() == pytest.approx(0.2, rel=0.1)
    assert abs(found[:, 0].mean()) < 0.03


def test_the_error_that_grows_is_nothing_at_first_and_whole_at_last():
    found = errors(replace(EXACT, growth=0.05))
    assert not found[0].any()
    assert np.sqrt(np.mean(found[-1] ** 2)) == pytest.approx(0.05)
    assert not np.allclose(found[-1], errors(replace(EXACT, growth=0.05), index=2)[-1])


def test_a_chunk_takes_one_of_two_ways():
    signs = [errors(replace(EXACT, modes=0.25), index) / 0.25 for index in range(1, 60)]
    assert all(np.allclose(np.abs(found), 1.0) and np.ptp(found) < 1e-9 for found in signs)
    assert {round(found[0, 0]) for found in signs} == {-1, 1}


def test_a_conditioned_chunk_begins_in_the_told_state():
    told = state(position=0.4)
    found = errors(replace(EXACT, conditioned=True), told=told)
    truth = Truth(EXACT, 7).arm(row_times(told, 50))
    assert np.allclose(found[0], 0.4 - truth[0])
    assert np.abs(found[-1]).max() < 1e-4


def test_rows_of_a_turning_joint_are_wrapped_and_its_truth_is_not():
    made = CELLS["turning"]
    truth = Truth(made, 4)
    assert np.ptp(truth.arm(TICKS)[:, 0]) > 2 * np.pi
    rows = [Surrogate(truth).rows(1, state(t), START_NS) for t in range(12)]
    wrapped = np.concatenate(rows)[:, 0]
    assert np.abs(wrapped).max() <= np.pi
    assert np.abs(np.diff(wrapped)).max() > 6.0
    robot = bench_robot(made)
    assert robot.continuous.tolist() == [True] + [False] * 6
    away = robot.difference(rows[3], truth.arm(row_times(state(3), 50)))
    assert np.abs(np.diff(away, axis=0)).max() < 1e-9


def test_the_gripper_swings_over_and_hesitates_near_the_threshold():
    truth = Truth(CELLS["gripper"], 5)
    first, second = truth.toggles_s[:2]
    rows = Surrogate(truth).rows(1, state(first - 0.2), START_NS)[:, 7]
    times = first - 0.2 + ROW_NS / NS * np.arange(50)
    middle = (first + second) / 2
    opened = rows[(times > first + 0.4) & (times < middle - 0.25)]
    hovering = rows[np.abs(times - middle) < 0.15]
    assert (rows[times < first - 0.1] < 0.5).all()
    assert (opened > 0.7).all()
    assert (np.abs(hovering - 0.5) < 4 * GRIPPER_NOISE).all()
    assert truth.opened(np.array([START_NS + round((first + 0.01) * NS)])).all()
    assert not truth.opened(np.array([START_NS + round((first - 0.01) * NS)])).any()


def test_what_one_purpose_draws_changes_no_other():
    bias, other = normal(1, 2, Purpose.BIAS), normal(1, 2, Purpose.GROWTH)
    assert not np.isclose(bias, other).any()
    assert not np.isclose(bias, normal(1, 3, Purpose.BIAS)).any()
    assert not np.isclose(uniform(1, 2, Purpose.DELAY), uniform(2, 2, Purpose.DELAY)).any()


def test_the_star_varies_one_factor_at_a_time():
    for name, made in CELLS.items():
        assert made.name == name
        changed = [f for f in vars(made) if getattr(made, f) != getattr(CENTRE, f)]
        changed.remove("name") if name != "centre" else None
        if not name.startswith(("corner", "delay4")):
            assert len(changed) == (name != "centre"), name
    assert {c.horizon for c in CELLS.values()} == {8, 16, 50}
    assert {c.delay for c in CELLS.values()} >= {0, 0.1, 0.2, 0.25, 0.4, 0.6, 0.75, 1.2}
    assert CELLS["delay4_one"].delay_ns == pytest.approx(4 * ROW_NS)
    assert START_NS % KNOT_NS == START_NS % TICK_NS == 0


def test_an_unknown_cell_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match="centre, rows_8"):
        cell("center")
