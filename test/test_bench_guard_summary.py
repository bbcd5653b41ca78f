"""Intervals, what episodes come to, and the tables, against episodes made by hand."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")
pytest.importorskip("scipy", reason="intervals need scipy")

from aura_ros.bench.guard.experiment import (
    DEVELOPMENT_SEED,
    MIDDLE,
    NO_GATE,
    NONE,
    OURS,
    STATELESS,
    Design,
    Job,
)
from aura_ros.bench.guard.measure import FULL, QUICK
from aura_ros.bench.guard.report import Report
from aura_ros.bench.guard.run import ABSORBED, CAUGHT, IDLE, MISSED, Run
from aura_ros.bench.guard.statistics import paired_difference
from aura_ros.bench.guard.summary import caught_of, cell, nominal
from aura_ros.bench.loop.shares import share

TOLD = Run(began_s=1.0)
STOPPED = replace(TOLD, caught_s=1.2, decision="REFUSE", by="schema", steps=2, blocks=1)
HURT = replace(TOLD, harm_s=1.5, harm="contact")
TOO_LATE = replace(STOPPED, harm_s=1.5, harm="contact")
DONE, FAILED = Run(done_s=3.0, actions=100), Run(actions=100)


def test_a_catch_from_which_harm_follows_is_a_miss():
    assert [run.came_to for run in (Run(), TOLD, STOPPED, HURT, TOO_LATE)] == [
        IDLE, ABSORBED, CAUGHT, MISSED, MISSED
    ]  # fmt: skip


def test_intervals_are_those_of_clopper_and_pearson():
    every = share(100, 100)
    assert every.low == pytest.approx(0.025 ** (1 / 100))
    assert every.high == 1.0
    assert share(0, 100).high == pytest.approx(1 - 0.025 ** (1 / 100))
    assert math.isnan(share(0, 0).value)


def test_a_difference_of_nothing_still_has_a_width():
    found, low, high = paired_difference(0, 0, 300)
    assert found == 0.0
    # Tango's interval without any pair that differs: +- z^2 / (n + z^2).
    z2 = 1.959964**2
    assert high == pytest.approx(z2 / (300 + z2), abs=1e-4)
    assert low == pytest.approx(-high)


counts = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 200))


@given(counts)
def test_differences_are_inside_their_interval_and_have_two_sides(given_counts):
    first, second, same = given_counts
    pairs = first + second + same
    if not pairs:
        return
    found, low, high = paired_difference(first, second, pairs)
    assert -1 <= low <= found <= high <= 1
    other, other_low, other_high = paired_difference(second, first, pairs)
    assert (other, other_low, other_high) == pytest.approx((-found, -high, -low), abs=1e-6)


def job(fault, seed, arm=OURS, severity=MIDDLE, task="reach"):
    return Job(arm, fault, severity, task, seed)


RUNS = {
    job("nan", 0): STOPPED,
    job("nan", 1): TOO_LATE,
    job("nan", 2): TOLD,
    job("nan", 3): Run(),
    job("nan", 0, severity=2): STOPPED,
    job("nan", 0, NO_GATE): HURT,
    job("spike", 0): STOPPED,
}


def test_a_cell_counts_what_began():
    found = cell(RUNS, OURS, "nan", MIDDLE)
    assert (found.caught.count, found.absorbed.count, found.missed.count) == (1, 1, 1)
    assert (found.caught.of, found.idle) == (3, 1)
    assert found.delay_ms == pytest.approx(200)
    assert found.left_ms == pytest.approx(300)
    assert found.steps == 2
    assert found.by == {"schema": 1}
    assert found.harms == {"contact": 1}


def test_classes_are_summed_over_severities():
    assert cell(RUNS, OURS, "nan").caught.count == 2
    assert cell(RUNS, STATELESS, "nan") is None
    both = caught_of(RUNS, OURS, ("nan", "spike", "stale"))
    assert (both.count, both.of) == (3, 5)


def test_nominal_episodes_are_compared_in_pairs():
    blocked = replace(DONE, blocks=2, first_block="wrench", moved_again=True)
    ours = [DONE, blocked, FAILED, DONE]
    ungated = [DONE, DONE, DONE]
    runs = {job(NONE, seed, severity=0): run for seed, run in enumerate(ours, 2)}
    runs |= {job(NONE, seed, NO_GATE, 0): run for seed, run in enumerate(ungated, 2)}
    found = nominal(runs)
    assert found.told_anew == 1  # seed 4
    assert (found.blocked.count, found.blocked.of) == (1, 3)
    assert (found.blocks, found.actions) == (2, 300)
    assert (found.recovered.count, found.by) == (1, {"wrench": 1})
    assert found.delta == pytest.approx(-1 / 3)
    assert found.delta_low < -1 / 3 < found.delta_high
    assert nominal({}) is None


def test_the_design_is_a_star_over_reported_seeds():
    jobs = FULL.design.jobs()
    assert len(set(jobs)) == len(jobs)
    assert max(j.seed for j in jobs) < 100_000 < DEVELOPMENT_SEED
    assert len([j for j in jobs if j.fault == NONE and j.arm == OURS]) >= 300
    assert all(j.severity == MIDDLE for j in jobs if j.fault != NONE and j.arm != OURS)
    severities = {j.severity for j in jobs if j.fault == "nan" and j.arm == OURS}
    assert severities == {0, 1, 2}
    assert set(QUICK.design.classes) == set(FULL.design.classes)


def test_the_report_has_every_figure_that_is_promised():
    design = Design((0,), (0,), (0, 1), arms=(NO_GATE, OURS), tasks=("reach", "push"))
    runs = {}
    for planned in design.jobs():
        is_caught = planned.arm == OURS and planned.fault != "other_instruction"
        runs[planned] = DONE if planned.fault == NONE else STOPPED if is_caught else HURT
    report = Report(design, runs)
    figures = report.figures()
    promised = {
        "caught_hard", "caught_slow_burn", "nominal_episodes", "false_block_episodes_share",
        "success_delta_points", "success_delta_points_low",
    } | {f"caught_{name}" for name in design.classes}  # fmt: skip
    assert promised <= set(figures)
    assert figures["caught_hard"] == figures["caught_slow_burn"] == 1.0
    # Told apart: it is in no sum.
    assert figures["caught_words"] == 1.0
    assert figures["caught_other_instruction"] == 0.0
    assert figures["harm_no_gate"] == 1.0
    assert figures["harm_ours"] == 0.0
    assert figures["nominal_episodes"] == 4
    text = report.text(150)
    assert "spliced*" in text
    assert "1/0/0 1" in text
    json.dumps(report.document(), allow_nan=False)


def test_a_report_of_nothing_says_so_with_no_number():
    report = Report(Design((0,), (0,), ()), {})
    assert report.figures() == {"episodes": 0}
    assert report.document() == []
