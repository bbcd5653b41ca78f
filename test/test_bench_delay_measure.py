"""Episodes kept, counted, compared and shown; the pool; the whole in small."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from scipy.stats import beta

from aura_ros.bench import registry
from aura_ros.bench.delay import measure as bench
from aura_ros.bench.delay.experiment import Conditions, Grid, Job
from aura_ros.bench.delay.report import Report
from aura_ros.bench.delay.systems import LIMITED, OURS, maker, names
from aura_ros.bench.execution.executor import Setup
from aura_ros.bench.execution.limiter import Limited
from aura_ros.bench.loop.count import paired, row
from aura_ros.bench.loop.outcome import DONE, LATE, Outcome, Timing
from aura_ros.bench.loop.pool import outcomes
from aura_ros.bench.loop.shown import NEVER
from aura_ros.bench.loop.store import Store, outcome_of
from aura_ros.bench.registry import BenchOptions
from aura_ros.figures import write_figures
from aura_ros.sim.model import HOME

WORST = {"velocity": 0.5, "acceleration": 0.6, "jerk": 0.7}
GOOD = Outcome(5.0, DONE, 0, 0.0, (), WORST, 20.0, 30, 0, {})
BAD = Outcome(None, LATE, 2, 1.5, ("jerk",), WORST | {"jerk": 9.0}, 300.0, 90, 1, {})
JOB = Job("ours", "push", 200, 1000)


# --- the file of finished episodes ------------------------------------------------------------


def test_what_was_kept_is_there_again_and_only_of_the_same_version(tmp_path):
    path = tmp_path / "deep" / "episodes.jsonl"
    first = Store(path, "a", Job, outcome_of)
    assert first.outcomes == {}
    first.add(JOB, GOOD)
    first.add(replace(JOB, seed=1001), BAD)
    assert Store(path, "a", Job, outcome_of).outcomes == {JOB: GOOD, replace(JOB, seed=1001): BAD}
    assert Store(path, "b", Job, outcome_of).outcomes == {}


def test_a_line_that_broke_off_is_run_again(tmp_path):
    path = tmp_path / "episodes.jsonl"
    Store(path, "a", Job, outcome_of).add(JOB, GOOD)
    Store(path, "a", Job, outcome_of).add(replace(JOB, seed=1001), BAD)
    path.write_text(path.read_text()[:-20])
    again = Store(path, "a", Job, outcome_of)
    assert again.outcomes == {JOB: GOOD}
    again.add(replace(JOB, seed=1002), BAD)
    assert set(Store(path, "a", Job, outcome_of).outcomes) == {JOB, replace(JOB, seed=1002)}


@pytest.mark.parametrize(
    "line", ["nonsense", "[]", '{"version": "a"}', '{"version": "a", "job": 1}']
)
def test_lines_that_are_no_episodes_are_ignored(tmp_path, line):
    path = tmp_path / "episodes.jsonl"
    path.write_text(line + "\n")
    assert Store(path, "a", Job, outcome_of).outcomes == {}


def test_bytes_that_are_no_text_are_run_again_and_the_rest_is_kept(tmp_path):
    path = tmp_path / "episodes.jsonl"
    Store(path, "a", Job, outcome_of).add(JOB, GOOD)
    path.write_bytes(b"\x00\xff\xfe\n" + path.read_bytes() + b'{"version": "a", "job": {"\xe2')
    assert Store(path, "a", Job, outcome_of).outcomes == {JOB: GOOD}


def test_a_place_that_cannot_be_written_is_told_before_any_episode(tmp_path):
    (tmp_path / "file").touch()
    ran, options = [], BenchOptions(tmp_path / "file", True, str)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "run_system", lambda *job: ran.append(job))
        with pytest.raises(OSError, match="file"):
            bench.measure(Grid((OURS,), ("push",), (100,), (1,)), Conditions(), options, workers=0)
    assert ran == []


# --- counting -----------------------------------------------------------------------------------


def test_a_cell_counts_its_episodes():
    cell = row([GOOD, replace(GOOD, done_s=9.0), BAD, replace(GOOD, done_s=6.0)])
    assert (cell.episodes, cell.success, cell.time_s) == (4, 3, 6.0)
    assert cell.ended == {LATE: 1}
    assert (cell.stalls, cell.stalled_runs, cell.stalled_s) == (2, 1, 1.5)
    assert (cell.violating, cell.violations["jerk"], cell.violations["velocity"]) == (1, 1, 0)
    assert cell.worst == WORST | {"jerk": 9.0}
    assert cell.peak_acceleration == 20.0
    assert (cell.requests, cell.failures) == (180, 1)


def test_the_interval_is_that_of_clopper_and_pearson():
    cell = row([GOOD] * 17 + [BAD] * 3)
    assert cell.low == pytest.approx(beta.ppf(0.025, 17, 4), abs=1e-6)
    assert cell.high == pytest.approx(beta.ppf(0.975, 18, 3), abs=1e-6)
    assert row([BAD]).time_s is None


def test_pairs_are_those_of_the_same_seed():
    this = {0: GOOD, 1: BAD, 2: replace(GOOD, done_s=8.0), 3: GOOD, 4: BAD, 9: GOOD}
    ours = {0: replace(GOOD, done_s=4.0), 1: GOOD, 2: replace(GOOD, done_s=5.0), 3: BAD, 4: BAD}
    found = paired(this, ours)
    assert (found.only_this, found.only_ours) == (1, 1)
    assert found.time_difference_s == pytest.approx(2.0)
    assert paired({0: BAD}, {0: GOOD}).time_difference_s is None


# --- the report ---------------------------------------------------------------------------------

OTHER = "newest" + LIMITED
GRID = Grid((OURS, "newest", OTHER), ("push",), (200, 800), (0, 1))


def filled(ours=GOOD, published=BAD, limited=GOOD):
    chosen = {OURS: ours, "newest": published, OTHER: limited}
    return Report(GRID, {job: chosen[job.system] for job in GRID.jobs()})


def test_figures_name_the_best_other_system(tmp_path):
    figures = filled(limited=replace(GOOD, done_s=7.0)).figures()
    assert figures["episodes"] == 12
    assert figures["best_baseline_push_200ms"] == OTHER
    assert figures["success_ours_push_800ms"] == 1.0
    assert figures["success_ours_push_800ms_low"] == pytest.approx(0.025**0.5)
    assert figures["time_ours_push_200ms_s"] == 5.0
    assert figures["time_best_baseline_push_200ms_s"] == 7.0
    assert (figures["limit_violations_ours"], figures["limit_violations_published"]) == (0, 4)
    assert (figures["stalls_limited"], figures["stalls_published"]) == (0, 8)
    write_figures(tmp_path / "f.json", "delay", figures)


def test_what_never_was_done_is_said_in_words():
    figures = filled(ours=BAD, limited=BAD).figures()
    assert figures["time_ours_push_200ms_s"] == NEVER
    assert figures["time_best_baseline_push_200ms_s"] == NEVER
    assert figures["success_best_baseline_push_200ms"] == 0.0


def test_success_makes_the_best_and_among_equals_time():
    quick = replace(GOOD, done_s=3.0)
    assert filled(published=quick).figures()["best_baseline_push_200ms"] == "newest"
    chosen = {"newest": quick, OTHER: GOOD}
    some = {job: chosen[job.system] for job in GRID.jobs() if job.system != OURS}
    some[Job("newest", "push", 200, 1)] = BAD
    assert Report(GRID, some).figures()["best_baseline_push_200ms"] == OTHER


def test_the_table_has_a_line_a_system_and_holds_what_is_missing():
    only = {job: BAD for job in GRID.jobs() if job.latency_ms == 200}
    table = Report(GRID, only).table(150)
    assert "0/2 0-84% never" in table
    assert table.count(LIMITED) == 1
    assert "[rad/s²]" in table
    assert Report(GRID, only).figures()["episodes"] == 6


def test_the_document_holds_every_episode_and_the_pairs():
    entries = json.loads(json.dumps(filled().document(), allow_nan=False))
    other = next(e for e in entries if (e["system"], e["latency_ms"]) == ("newest", 800))
    assert other["against_ours"] == {"only_this": 0, "only_ours": 2, "time_difference_s": None}
    assert set(other["by_seed"]) == {"0", "1"}
    assert "against_ours" not in next(e for e in entries if e["system"] == OURS)


def test_seeds_outside_of_the_grid_do_not_count():
    wanted = dict.fromkeys(GRID.jobs(), GOOD)
    extra = {replace(JOB, system=OURS, seed=77): BAD}
    assert Report(GRID, wanted | extra).of(OURS, "push", 200).episodes == 2


# --- systems, pool, the whole ---------------------------------------------------------------------


def test_every_published_system_is_there_twice():
    published = [name for name in names() if name != OURS and not name.endswith(LIMITED)]
    assert len(published) >= 3
    assert set(names()) == {OURS, *published, *(name + LIMITED for name in published)}
    with pytest.raises(ValueError, match="no system 'mine'; there are: ours"):
        maker("mine")


def test_a_limited_system_is_the_published_one_behind_the_limiter():
    setup = Setup(Conditions().load(), 4_000_000, 1, HOME)
    assert isinstance(maker(OTHER)(setup), Limited)
    assert not isinstance(maker("newest")(setup), Limited)


def seed_as_time(job, conditions):
    """Stands for an episode in another process; its task is a folder where it leaves a mark."""
    if job.seed == 13:
        raise RuntimeError(f"no luck with {job}")
    (Path(job.task) / str(job.seed)).touch()
    return replace(GOOD, done_s=float(job.seed), requests=conditions.in_flight)


@pytest.mark.parametrize("workers", [0, 1])
def test_the_pool_gives_every_job_its_outcome(workers, tmp_path):
    jobs = Grid(("ours",), (str(tmp_path),), (100,), (3, 4, 5)).jobs()
    done = dict(outcomes(seed_as_time, jobs, Conditions(in_flight=3), workers))
    assert {job.seed: o.done_s for job, o in done.items()} == {3: 3.0, 4: 4.0, 5: 5.0}
    assert {o.requests for o in done.values()} == {3}


def test_an_episode_that_raises_ends_the_pool(tmp_path):
    jobs = Grid(("ours",), (str(tmp_path),), (100,), (13, *range(20, 2020))).jobs()
    with pytest.raises(RuntimeError, match="no luck"):
        list(outcomes(seed_as_time, jobs, Conditions(), 1))
    assert len(list(tmp_path.iterdir())) < 2000


def killed(job, conditions):
    """Stands for an episode whose process the system kills."""
    os._exit(9)


def test_of_a_killed_process_it_is_said_how_to_go_on():
    with pytest.raises(RuntimeError, match=r"was killed.*finished episodes are kept, run the same"):
        list(outcomes(killed, [JOB], Conditions(), 1))


def test_an_interrupted_benchmark_goes_on_and_gives_the_same(tmp_path, monkeypatch):
    """The real systems, for a moment of one task; the plot, too."""
    pytest.importorskip("matplotlib")
    grid = Grid((OURS, "newest", OTHER), ("push",), (100, 200), (1000,))
    conditions, said = Conditions(timing=Timing(limit_s=0.4)), []
    options = BenchOptions(tmp_path, True, said.append)
    first = bench.measure(grid, conditions, options, workers=0)
    episodes = tmp_path / "delay" / "episodes.jsonl"
    lines = episodes.read_text().splitlines()
    assert len(lines) == len(grid.jobs()) == first["episodes"]
    episodes.write_text("\n".join(lines[:2]) + "\n")

    runs = []
    monkeypatch.setattr(bench, "run_system", lambda *job: runs.append(job) or real(*job))
    again = bench.measure(grid, conditions, options, workers=0)
    assert len(runs) == len(grid.jobs()) - 2
    assert again == first
    assert sorted(episodes.read_text().splitlines()) == sorted(lines)
    assert {p.name for p in episodes.parent.iterdir()} == {
        "episodes.jsonl", "cells.json", "table.txt", "delay.png",
    }  # fmt: skip
    assert "newest" in said[1]
    assert all(isinstance(words, str) for words in said)


real = bench.run_system


def test_the_quick_run_is_small_and_the_full_one_is_the_protocol(monkeypatch, tmp_path):
    grids = []
    monkeypatch.setattr(bench, "measure", lambda grid, *_: grids.append(grid) or {})
    for quick in (True, False):
        registry.run("delay", BenchOptions(tmp_path, quick, str))
    quick, full = grids
    assert full.seeds == tuple(range(20))
    assert full.latencies_ms == (100, 200, 400, 800)
    assert set(full.tasks) == {"pick_place", "push"}
    assert full.systems == names()
    assert len(quick.jobs()) < 100
    assert OURS in quick.systems
