"""Counts of a replay: every chunk is accounted for, every limit and distance is per group."""

import io
from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, moving_plan, stamp, toy, verdict
from rich.console import Console

from aura_ros.figures import write_figures
from aura_ros.replay.actions import SegmentBackend, segments
from aura_ros.replay.summary import Observed, Outcome, summarise, tables
from aura_ros.replay.tally import Tally
from aura_ros.replay.touched import Touched
from aura_ros.replay.tracking import Tracking
from aura_ros.types import (
    Command,
    Commitment,
    Decision,
    FuserStatus,
    GuardStatus,
    MemoryState,
    Mode,
    Proposal,
    Verdict,
)

ROBOT = toy()
CHUNKS = [chunk(ROBOT, 0.25 * k, k + 1) for k in range(5)]


def plan_of(chunk):
    return replace(moving_plan(ROBOT), chunk_digest=chunk.digest)


def fuser_status(**refused):
    return FuserStatus(0, "moving", 1.0, 0, refused, "", 0.0, False)


def guard_status(mode):
    return GuardStatus(0, mode, "", (), 0, {})


def memory(sequence, wrote):
    return MemoryState(sequence, 0, np.zeros(2), 0.5, wrote, sequence, 1, 4224, 4224, "")


def fed(taker, *values):
    for k, value in enumerate(values):
        taker.take(value, at(0.1 * k))
    return taker


def reasons(*values):
    return [c.reason for c in fed(Tally(), *values).chunks]


def test_a_chunk_is_committed_or_blocked_for_the_guards_reason():
    good, bad = plan_of(CHUNKS[0]), plan_of(CHUNKS[1])
    refused = verdict(bad, Decision.REFUSE, "row_velocity")
    said = (CHUNKS[0], verdict(good), Commitment(good), CHUNKS[1], refused)
    assert reasons(*said, fuser_status(guard_row_velocity=1)) == ["", "row_velocity"]


def test_a_chunk_that_the_fuser_refuses_is_blocked_too():
    said = (CHUNKS[0], fuser_status(stale=1), CHUNKS[1], fuser_status(stale=1, expired=1))
    assert reasons(*said) == ["fuser_stale", "fuser_expired"]


def test_a_plan_that_passes_at_the_second_try_blocks_nothing():
    plan = plan_of(CHUNKS[0])
    late = verdict(plan, Decision.REFUSE, "timing")
    assert reasons(CHUNKS[0], late, verdict(plan), Commitment(plan)) == [""]


def test_a_chunk_of_which_nothing_is_heard_is_undecided():
    assert reasons(CHUNKS[0]) == ["undecided"]


def test_holds_are_counted_when_they_begin():
    modes = (Mode.HOLD, Mode.HOLD, Mode.ARMED, Mode.HOLD)
    assert fed(Tally(), *map(guard_status, modes)).holds == 2


def test_writes_are_counted_over_restarts_of_the_memory():
    tally = fed(Tally(), memory(1, True), memory(2, False), memory(1, True))
    assert (tally.writes, tally.written_bytes, len(tally.memories)) == (2, 2 * 4224, 3)


# --- limits ---------------------------------------------------------------------------------


def rows(**columns):
    """Rows at the middle of the range, with columns replaced."""
    base = np.tile([0.25, 0.25, 0.025], (16, 1))
    for name, column in columns.items():
        base[:, ROBOT.joints.index(name)] = column
    return chunk(ROBOT, rows=base)


def test_rows_are_compared_with_each_limit_by_group():
    ramp = 0.25 + 0.05 * np.arange(16)  # 1 rad/s of 2, no acceleration
    touched = fed(Touched(ROBOT), rows(joint_1=ramp))
    worst = touched.by_group(touched.rows)
    assert worst["velocity", "arm"] == pytest.approx(0.5)
    assert worst["velocity", "gripper"] == 0
    assert worst["acceleration", "arm"] == pytest.approx(0, abs=1e-9)
    assert worst["position", "arm"] == pytest.approx(0.75 / 2.25)


def test_the_worst_of_all_chunks_counts():
    spike = np.full(16, 0.25)
    spike[5] += 0.5
    touched = fed(Touched(ROBOT), rows(joint_0=spike), rows())
    worst = touched.by_group(touched.rows)
    assert worst["velocity", "arm"] == pytest.approx(5.0)
    assert worst["acceleration", "arm"] == pytest.approx(1.0 / 0.05**2 / 10)


def test_only_allowed_plans_count():
    plan = moving_plan(ROBOT)
    refused = Verdict(0, "", plan.digest, Decision.REFUSE, "x", ())
    assert not fed(Touched(ROBOT), Proposal(plan), refused).plans["velocity"].any()
    allowed = fed(Touched(ROBOT), Proposal(plan), verdict(plan)).plans
    # Between knots too, so a little above the knots' own worst.
    used = np.abs(plan.velocity).max(axis=0) / ROBOT.limits.velocity
    assert (allowed["velocity"] >= used - 1e-12).all()
    assert (allowed["velocity"] < 1.3 * used + 0.01).all()


def test_rows_that_are_not_finite_touch_every_limit():
    broken = np.full(16, 0.25)
    broken[3] = np.nan
    worst = fed(Touched(ROBOT), rows(joint_0=broken)).rows["position"]
    assert worst[0] == np.inf
    malformed = replace(CHUNKS[0], joint_names=("other",))
    assert not fed(Touched(ROBOT), malformed).rows["position"].any()


# --- distance from the recording ------------------------------------------------------------


def command(time_s, offset=0.0, passed=True):
    return Command(stamp(time_s), np.full(3, time_s + offset), np.zeros(3), passed)


def ramps(sign=1):
    times = [stamp(0.1 * k) for k in range(21)]
    return [(t, t, np.full(3, sign * 0.1 * k)) for k, t in enumerate(times)]


def test_commands_are_compared_with_recorded_ones_of_their_time_and_segment():
    backend = SegmentBackend(segments([*ramps(), *ramps(-1)]), ROBOT)
    tracking = Tracking(ROBOT, backend)
    tracking.take(command(0.25, 0.01), at(0))
    backend.jump(2**62)
    tracking.take(command(0.35, -0.7 + 0.01, passed=False), at(1))
    assert tracking.recorded()[:, 0] == pytest.approx([0.25, -0.35])
    assert tracking.rms_by_group() == pytest.approx({"arm": 0.01, "gripper": 0.01})
    assert tracking.held == 1
    assert tracking.commanded.shape == (2, 3)


def test_without_recorded_commands_there_is_no_distance():
    tracking = fed(Tracking(ROBOT, None), command(0.1))
    assert tracking.recorded() is None
    assert tracking.rms_by_group() == {}


# --- metrics --------------------------------------------------------------------------------


@pytest.fixture
def summary():
    good, bad = plan_of(CHUNKS[0]), plan_of(CHUNKS[1])
    seen = Observed(ROBOT, SegmentBackend(segments(ramps()), ROBOT))
    fed(
        seen,
        CHUNKS[0],
        Proposal(good),
        verdict(good),
        Commitment(good),
        CHUNKS[1],
        verdict(bad, Decision.REFUSE, "row_velocity"),
        memory(1, True),
        command(0.1),
    )
    errors = {("joint states", "not [finite]"): 3}
    return summarise(seen, Outcome(10.0, 0.25, "abc", errors, "bag.mcap ends at byte 5"))


def test_the_metrics_have_the_agreed_keys(summary):
    expected = {
        "duration_s": 10.0,
        "chunks": 2,
        "blocked_chunks": 1,
        "blocked_row_velocity": 1,
        "realtime_factor": 40.0,
        "output_hash": "abc",
        "writes": 1,
        "memory_state_bytes": 4224,
        "conversion_errors": 3,
        "commands": 1,
        "complete": "no: bag.mcap ends at byte 5",
    }
    assert expected.items() <= summary.metrics.items()
    for key in ("rows_velocity_arm", "plans_acceleration_gripper", "tracking_rms_arm"):
        assert key in summary.metrics


def test_metrics_are_figures(summary, tmp_path):
    write_figures(tmp_path / "summary.json", "replay", summary.metrics)


def test_an_empty_replay_has_metrics_too(tmp_path):
    empty = summarise(Observed(ROBOT, None), Outcome(1.0, 0.1, "abc", {}, ""))
    write_figures(tmp_path / "summary.json", "replay", empty.metrics)
    assert empty.metrics["chunks"] == 0
    assert tables(empty, ROBOT)


def said(summary):
    """The summary as a person reads it."""
    console = Console(width=120, record=True, file=io.StringIO())
    for shown in tables(summary, ROBOT):
        console.print(shown)
    return console.export_text()


def test_where_nothing_moved_it_is_said_why(summary):
    seen = Observed(ROBOT, None)
    fed(seen, replace(guard_status(Mode.HOLD), reason="no distance of people [on any topic]"))
    words = said(summarise(seen, Outcome(1.0, 0.1, "abc", {}, "")))
    assert "Nothing moved, the guard is HOLD: no distance of people [on any topic]" in words
    assert "Nothing moved" not in said(summary)


def test_the_tables_name_reasons_breaks_and_errors(summary):
    words = said(summary)
    for expected in (
        "2, 1 blocked",
        "row_velocity",
        "3 messages of joint states left out: not [finite]",
        "Replayed up to a break: bag.mcap ends at byte 5",
        "40.0 times real time",
        "gripper",
        "1 of 1, 4224 B",
    ):
        assert expected in words
