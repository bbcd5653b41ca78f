"""Error, lag, reaction and gripper figures, against signals made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from aura_ros.bench.execution.record import Record
from aura_ros.bench.fuser.robot import bench_robot
from aura_ros.bench.fuser.scenario import CELLS, CENTRE, START_NS, TICK_NS
from aura_ros.bench.fuser.tracking import gripper_figures, reaction_s, reference, tracking
from aura_ros.bench.fuser.truth import Truth
from aura_ros.types import NS

TIMES = START_NS + 2 * NS + TICK_NS * np.arange(2500, dtype=np.int64)


def record(commands, times=TIMES):
    return Record(times, commands, np.ones(len(times)), ())


def late_by(truth, seconds, times=TIMES):
    return truth.arm(times - round(seconds * NS))


def figures(commands, made=CENTRE, seed=3):
    return tracking(record(commands), reference(Truth(made, seed), TIMES), bench_robot(made))


@pytest.mark.parametrize("lag", [0.0, 0.004, 0.104, 0.4, 0.6])
def test_the_lag_is_found_and_leaves_no_error(lag):
    found = figures(late_by(Truth(CENTRE, 3), lag))
    assert found["lag"] == pytest.approx(lag, abs=1e-9)
    assert found["rmse"] < 1e-9


def test_motion_ahead_of_the_truth_is_an_error_unless_a_clock_is_off():
    ahead = late_by(Truth(CENTRE, 3), -0.2)
    assert figures(ahead)["lag"] == 0.0
    assert figures(ahead)["rmse"] > 0.05
    off = figures(ahead, CELLS["clock_behind"])
    assert off["lag"] == pytest.approx(-0.2)
    assert off["rmse"] < 1e-9


def test_an_offset_is_an_error_of_its_size():
    assert figures(late_by(Truth(CENTRE, 3), 0.1) + 0.02)["rmse"] == pytest.approx(0.02, rel=0.01)


def test_the_gripper_is_no_part_of_the_error():
    truth = Truth(CELLS["gripper"], 3)
    commands = np.column_stack([truth.arm(TIMES), np.full(len(TIMES), 0.9)])
    assert figures(commands, CELLS["gripper"])["rmse"] < 1e-9


def test_where_two_ways_are_valid_the_nearer_one_counts():
    modes = CELLS["modes"]
    way = np.where(TIMES < START_NS + 6 * NS, 0.25, -0.25)[:, None]
    assert figures(Truth(modes, 3).arm(TIMES) + way, modes)["rmse"] < 1e-9
    assert figures(Truth(modes, 3).arm(TIMES), modes)["rmse"] == pytest.approx(0.25, rel=0.1)


def test_full_turns_are_no_error():
    turning = CELLS["turning"]
    commands = Truth(turning, 3).arm(TIMES)
    commands[:, 0] -= 4 * np.pi
    assert figures(commands, turning)["rmse"] < 1e-9
    commands[:, 1] -= 4 * np.pi
    assert figures(commands, turning)["rmse"] > 1


def test_the_event_is_part_of_the_truth():
    step = CELLS["step"]
    wanted = reference(Truth(step, 3, event_s=6.0), TIMES)
    ignorant = tracking(record(Truth(step, 3).arm(TIMES)), wanted, bench_robot(step))
    assert ignorant["rmse"] == pytest.approx(0.3 * np.sqrt(0.6), rel=0.02)


def test_reaction_is_the_first_command_a_milliradian_away():
    still = np.zeros((len(TIMES), 7))
    event = int(TIMES[500])
    reacting = still.copy()
    reacting[600:, 3] = np.linspace(0, 0.1, len(TIMES) - 600)
    reacts = int(np.flatnonzero(reacting[:, 3] > 1e-3)[0])
    expected = (reacts - 500) * TICK_NS / NS
    assert reaction_s(record(still), record(reacting), event) == pytest.approx(expected)
    assert reaction_s(record(still), record(still + 0.9e-3), event) is None


def test_runs_of_different_length_are_compared_while_both_last():
    still, event = np.zeros((len(TIMES), 7)), int(TIMES[500])
    short = record(still[:700] + 0.1, TIMES[:700])
    assert reaction_s(record(still), short, event) == 0.0


def gripper(opened, made=CELLS["gripper"], seed=3):
    truth = Truth(made, seed)
    commands = np.zeros((len(TIMES), 8))
    commands[:, 7] = opened(truth)
    return gripper_figures(record(commands), truth, 7)


def test_a_perfect_gripper_has_no_error():
    found = gripper(lambda truth: truth.opened(TIMES))
    assert found["gripper_switches"] >= 3
    assert found["gripper_error"] == found["gripper_false"] == found["gripper_missed"] == 0


def test_a_late_gripper_is_late():
    found = gripper(lambda truth: truth.opened(TIMES - 100_000_000))
    assert found["gripper_late"] == pytest.approx(0.1)
    assert found["gripper_error"] == pytest.approx(0.1)


def test_a_gripper_that_chatters_has_false_switches():
    def chatter(truth):
        opened = truth.opened(TIMES).astype(float)
        middle = round(1000 * np.mean(truth.toggles_s[2:4])) * 1_000_000 + START_NS
        return np.where(np.abs(TIMES - middle) < 20_000_000, 1 - opened, opened)

    found = gripper(chatter)
    assert found["gripper_false"] == 2
    assert found["gripper_error"] == 0


def test_a_gripper_that_does_the_opposite_is_wrong_throughout():
    found = gripper(lambda truth: ~truth.opened(TIMES))
    assert found["gripper_missed"] == found["gripper_switches"] >= 3
    assert found["gripper_false"] >= found["gripper_missed"]


def test_a_gripper_that_does_nothing_misses_all():
    found = gripper(lambda truth: np.zeros(len(TIMES)))
    assert found["gripper_missed"] == found["gripper_switches"]


def test_switches_at_the_ends_of_a_record_are_not_held_against_anyone():
    truth = Truth(CELLS["gripper"], 3)
    first, last = (START_NS + round(t * NS) for t in truth.toggles_s[[0, 2]])
    times = np.arange(first + TICK_NS, last + 50_000_000, TICK_NS)
    commands = np.zeros((len(times), 8))
    commands[:, 7] = truth.opened(times - 100_000_000)
    found = gripper_figures(record(commands, times), truth, 7)
    assert found["gripper_false"] == found["gripper_missed"] == 0
    assert found["gripper_switches"] == 2
    assert found["gripper_late"] == pytest.approx(0.1, abs=0.005)


def test_a_record_may_begin_later():
    whole = replace(record(np.zeros((len(TIMES), 7))), rates=np.linspace(0, 1, len(TIMES)))
    part = whole.since(int(TIMES[100]))
    assert part.times_ns[0] == TIMES[100]
    assert len(part.commands) == len(part.rates) == len(TIMES) - 100
    assert part.rates[0] == whole.rates[100]
