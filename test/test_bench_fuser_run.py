"""Whole runs: the package's own fuser, a baseline with and without limiter, processes."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("ruckig", reason="the baselines' limiter is Ruckig")

from aura_ros.bench import fuser as package
from aura_ros.bench import registry
from aura_ros.bench.execution.ours import GUARD_NS, Ours
from aura_ros.bench.execution.systems import SYSTEMS, limited
from aura_ros.bench.fuser import benchmark
from aura_ros.bench.fuser.bench import Bench
from aura_ros.bench.fuser.job import LIMITS, OURS, run_cell
from aura_ros.bench.fuser.limits import track_violations
from aura_ros.bench.fuser.pool import run_jobs
from aura_ros.bench.fuser.scenario import CELLS, CENTRE, KNOT_NS, START_NS, TICK_NS
from aura_ros.bench.fuser.tap import Tap
from aura_ros.parallel import pool
from aura_ros.types import NS

SEED = 1000
SECONDS = 3.0
EASY = replace(CENTRE, bias=0.0, jitter="none")


def ran(cell=CENTRE, seconds=SECONDS, seed=SEED):
    bench = Bench(cell, seed)
    executor = bench.ours()
    return bench, executor, bench.simulate(executor, duration_s=seconds)


def test_ours_follows_the_truth_within_the_limits():
    bench, executor, record = ran(EASY)
    truth = bench.truth(None).arm(record.times_ns)
    assert np.abs(record.commands - truth)[500:].max() < 0.01
    assert track_violations(executor.tracks, int(record.times_ns[-1]), bench.robot) == 0
    assert not executor.tripped
    assert not executor.refused


def test_ours_rests_until_the_first_verdict():
    bench, executor, record = ran(EASY, 1.0)
    first = record.arrivals[0].arrived_ns
    still = record.times_ns < first + GUARD_NS
    assert (record.commands[still] == bench.setup.rest).all()
    assert (record.rates[still] == 0).all()
    assert record.rates[-1] == 1
    assert executor.tracks[0][0] >= first + GUARD_NS


def test_ours_asks_ahead_of_time_and_spreads_requests():
    _, _, alone = ran(EASY)
    _, _, four = ran(replace(EASY, in_flight=4))
    later = [a for a in alone.arrivals if a.asked_ns > START_NS + NS]
    # The told state is where the rows begin: when the answer will have been vetted.
    assert all(0 < a.start_ns - a.arrived_ns < 3 * KNOT_NS for a in later)
    gaps = np.diff([a.asked_ns for a in four.arrivals if a.asked_ns > START_NS + NS])
    assert gaps.max() - gaps.min() <= GUARD_NS + 2 * TICK_NS
    assert gaps.mean() == pytest.approx(EASY.delay_ns / 4, rel=0.1)


def test_ours_stays_where_it_is_when_no_answer_comes():
    _, executor, record = ran(replace(EASY, drop=1.0), 1.0)
    assert not record.arrivals
    assert not record.rates.any()
    assert not executor.tracks
    assert not np.ptp(record.commands, axis=0).any()


def test_ours_uses_up_its_rows_and_comes_to_rest_when_the_policy_falls_silent():
    bench = Bench(EASY, SEED)
    executor = OnceOnly(bench.setup, bench.config)
    record = bench.simulate(executor, duration_s=5.0)
    (only,) = record.arrivals
    moves = record.times_ns[1:][np.abs(np.diff(record.commands, axis=0)).max(axis=1) > 0]
    assert moves[-1] >= only.end_ns
    assert record.rates[(record.times_ns > moves[0]) & (record.times_ns < moves[0] + NS)].all()
    assert not record.rates[record.times_ns > moves[-1]].any()


class OnceOnly(Ours):
    """Asks a single question."""

    def wants(self, now_ns, in_flight):
        return not self._asked and super().wants(now_ns, in_flight)


def test_the_same_run_gives_the_same_commands():
    first, again, other = ran()[2], ran()[2], ran(seed=SEED + 1)[2]
    assert first.digest == again.digest
    assert first.digest != other.digest


@pytest.mark.parametrize("name", ["act", "newest"])
def test_a_method_does_behind_the_limiter_what_it_does_alone(name):
    bench = Bench(CENTRE, SEED)
    alone = bench.simulate(SYSTEMS[name](bench.setup), duration_s=SECONDS)
    tap = Tap(SYSTEMS[name](bench.setup))
    behind = bench.simulate(limited(tap, bench.setup), duration_s=SECONDS)
    assert np.array_equal(tap.record(behind).commands, alone.commands)
    assert behind.arrivals == alone.arrivals
    assert not np.array_equal(behind.commands, alone.commands)


def test_a_cell_gives_all_figures_of_all_systems():
    outcomes = run_cell(CELLS["gripper"], SEED, ["newest"])
    assert [o.system for o in outcomes] == [OURS, "newest", "newest" + LIMITS]
    ours, published, behind = (o.figures for o in outcomes)
    assert ours["violations"] == ours["starved_inside"] == 0
    # From the first commitment to the last chunk.
    assert 0.9 < ours["inside_bound"] < 1
    assert ours["rmse"] < behind["rmse"]
    assert published["worst_acceleration"] > 10
    assert behind["worst_acceleration"] <= 1 + 1e-6
    assert published["gripper_switches"] >= 3
    assert set(published) < set(ours)


def test_reactions_wait_for_the_observation_and_the_policy():
    outcomes = run_cell(CELLS["step"], SEED, [])
    (ours,) = outcomes
    assert len(ours.reactions_s) == 4
    assert min(ours.reactions_s) > 0.75 * CENTRE.delay_ns / NS
    assert max(ours.reactions_s) < 1.5


def test_processes_give_what_one_alone_gives():
    with pool(2) as executor:
        together = run_jobs(executor, ["centre"], [SEED, SEED + 1], [])
        again = run_jobs(executor, ["centre"], [SEED], [])
        with pytest.raises(RuntimeError, match="cell centre, seed 1000: KeyError"):
            run_jobs(executor, ["centre"], [SEED], ["nothing"])
    assert [o.seed for o in together] == [SEED, SEED + 1]
    assert together[0].digest == again[0].digest == run_cell(CENTRE, SEED, [])[0].digest


@pytest.mark.slow
def test_the_benchmark_writes_its_tables_and_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "QUICK_SEEDS", 1)
    said = []
    options = registry.BenchOptions(tmp_path, True, said.append)
    metrics = package.run(options)
    assert metrics["limit_violations"] == 0
    assert metrics["starvation_inside_bound"] == 0
    keys = {"rmse_ratio_worst_cell", "rmse_ratio_to_act_delay4", "reaction_p95_ratio_to_vlash",
            "tick_p99_us", "solve_p99_ms", "seeds", "output_hash"}  # fmt: skip
    assert keys <= set(metrics)
    assert json.loads((tmp_path / "cells.json").read_text())["headline"] == metrics
    assert (tmp_path / "cells.csv").stat().st_size > 10_000
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {"error.png", "delay.png", "seam.png"} or "pip install" in said[-1]
