"""Figures and table of the closed loop, from outcomes that are known."""

import pytest

from aura_ros.bench import registry
from aura_ros.bench.closed_loop import measure as bench
from aura_ros.bench.closed_loop.experiment import (
    FUSER,
    NAIVE,
    NAMED,
    OTHER,
    SYNC,
    TIMINGS,
    Conditions,
    Grid,
)
from aura_ros.bench.closed_loop.report import Report
from aura_ros.bench.loop.outcome import DONE, LATE, Outcome
from aura_ros.bench.loop.shown import NEVER
from aura_ros.bench.registry import BenchOptions
from aura_ros.figures import write_figures

WORST = {"velocity": 0.5, "acceleration": 0.5, "jerk": 0.5}
GRID = Grid(("reach", "push"), (1000, 1001))


def done(time_s, stalls=0):
    return Outcome(time_s, DONE, stalls, 0.5 * stalls, (), WORST, 9.0, 20, 0, {})


def failed(stalls=0, violations=()):
    return Outcome(None, LATE, stalls, 3.0, violations, WORST, 9.0, 60, 1, {})


def outcome(job):
    """The fuser does all it is told; waiting stalls and loses a seed; naive does reach only."""
    if job.told == OTHER:
        return done(4.0) if (job.task, job.seed) == ("push", 1000) else failed()
    if job.arm == FUSER:
        return done(3.0 if job.task == "reach" else 5.0)
    if job.arm == SYNC:
        return done(6.0, stalls=2) if job.seed == 1000 else failed(stalls=7)
    return done(2.0) if job.task == "reach" else failed(violations=("jerk",))


@pytest.fixture(scope="module")
def report():
    return Report(GRID, {job: outcome(job) for job in GRID.jobs()})


def test_every_seed_is_run_by_every_arm_and_with_the_other_instruction():
    jobs = GRID.jobs()
    assert len(jobs) == len(set(jobs)) == 2 * 2 * 4
    first = [job for job in jobs if job.seed == 1000]
    assert jobs[: len(first)] == first
    kinds = {(job.arm, job.told) for job in jobs}
    assert kinds == {(FUSER, NAMED), (SYNC, NAMED), (NAIVE, NAMED), (FUSER, OTHER)}
    assert all(job.told == NAMED for job in Grid(("reach",), misled=False).jobs())


def test_figures_of_every_arm(report, tmp_path):
    values = report.figures()
    assert values["episodes"] == 16
    assert values["success_fuser_reach"] == values["success_fuser_push"] == 1.0
    assert values["success_sync_push"] == 0.5
    assert values["success_naive_push"] == 0.0
    assert 0.0 < values["success_sync_push_low"] < 0.5 < values["success_sync_push_high"] < 1.0
    assert values["time_fuser_push_s"] == 5.0
    assert values["time_naive_push_s"] == NEVER
    assert values["points_above_sync"] == values["points_above_sync_reach"] == 50.0
    assert values["success_wrong_instruction"] == 0.25
    assert values["success_wrong_instruction_push"] == 0.5
    write_figures(tmp_path / "figures.json", "closed-loop", values)


def test_stalls_are_those_of_episodes_that_were_done(report):
    values = report.figures()
    assert values["stalls_fuser"] == 0
    assert values["stalls_sync"] == 2 * 2
    assert values["limit_violations_naive"] == 2
    assert values["limit_violations_fuser"] == 0


def test_the_table_has_every_task_and_arm(report):
    table = report.table(140, "title")
    for word in ("reach", "push", FUSER, SYNC, NAIVE, "told other", "2/2", "1/2", "never"):
        assert word in table


def test_every_cell_is_compared_with_the_fuser_on_the_same_seeds(report):
    cells = {(c["arm"], c["task"], c["told"]): c for c in report.document()}
    assert cells[SYNC, "push", NAMED]["against_fuser"]["only_ours"] == 1
    assert set(cells[NAIVE, "reach", NAMED]["by_seed"]) == {"1000", "1001"}
    assert "against_fuser" not in cells[FUSER, "push", NAMED]


def test_a_part_of_the_episodes_gives_the_figures_there_are():
    part = {job: outcome(job) for job in GRID.jobs() if job.arm == SYNC}
    values = Report(GRID, part).figures()
    assert values["episodes"] == 4
    assert "success_fuser_reach" not in values
    assert "success_wrong_instruction" not in values


def test_the_quick_run_is_small_and_the_full_one_is_the_protocol(monkeypatch, tmp_path):
    pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")
    grids = []
    monkeypatch.setattr(bench, "measure", lambda grid, *_: grids.append(grid) or {})
    for quick in (True, False):
        options = BenchOptions(tmp_path, quick, str, artifact=tmp_path / "any")
        registry.run("closed-loop", options)
    quick, full = grids
    assert full.seeds == tuple(range(50))
    assert set(full.tasks) == {"reach", "push", "pick_place", "drawer"}
    assert full.misled
    assert (len(quick.tasks), len(quick.seeds)) == (1, 5)


def test_other_benchmarks_take_no_simulator(tmp_path):
    with pytest.raises(ValueError, match="delay takes no --sim"):
        registry.run("delay", BenchOptions(tmp_path, True, str, "embedded"))


def test_an_unknown_simulator_is_named(tmp_path):
    with pytest.raises(ValueError, match="no simulator 'gazebo'; there are: embedded, metaworld"):
        registry.run("closed-loop", BenchOptions(tmp_path, True, str, "gazebo"))


def test_figures_of_metaworld_are_named_so_and_stand_beside_its_experts(tmp_path, monkeypatch):
    pytest.importorskip("metaworld", reason="the outside check needs metaworld")
    monkeypatch.setattr(bench, "run_job", lambda job, conditions: outcome(job))
    monkeypatch.setattr(bench, "added_sample_cost_ms", lambda conditions, task: 0.5)
    artifact = tmp_path / "any"
    artifact.write_bytes(b"weights")
    conditions = Conditions(artifact, "metaworld", timing=TIMINGS["metaworld"])
    grid = Grid(("reach",), (1000, 1001), misled=False)
    values = bench.measure(grid, conditions, BenchOptions(tmp_path, True, str), workers=0)
    assert all(key.startswith("metaworld_") for key in values)
    assert values["metaworld_success_expert_reach"] == 1.0
    assert "metaworld_success_fuser_reach" in values
    assert "metaworld_success_wrong_instruction" not in values
