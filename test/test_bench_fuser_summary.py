"""Intervals, ratios and the hash, against outcomes made by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("ruckig", reason="the baselines' limiter is Ruckig")

from aura_ros.bench.fuser.job import LIMITS, OURS, Outcome
from aura_ros.bench.fuser.report import ratio_table, write_csv, write_json
from aura_ros.bench.fuser.summary import (
    Results,
    error_ratios,
    estimate,
    headline,
    mean,
    output_hash,
    table,
)

SEEDS = range(5)
CELLS = ("centre", "delay4_one", "delay4_four", "step")


def outcome(cell, system, seed, rmse, **figures):
    none = dict.fromkeys(("starved", "violations", "starved_inside"), 0.0)
    known = none | {"rmse": rmse, "inside_bound": 0.8}
    return Outcome(cell, seed, system, known | figures, f"{cell}{system}{seed}")


def outcomes():
    """Ours is off by 10 mrad, ACT by 8 or 9, VLASH by 20; all react after 0.5 s."""
    errors = {OURS: 10, "act": 8, "act" + LIMITS: 9, "vlash": 21, "vlash" + LIMITS: 20}
    made = [
        outcome(cell, system, seed, error / 1e3)
        for cell in CELLS
        for seed in SEEDS
        for system, error in errors.items()
    ]
    return [replace(o, reactions_s=(0.4, 0.5)) if o.cell == "step" else o for o in made]


def changed(cell, system, **changes):
    """Outcomes with other figures in one cell and system."""
    return Results(
        [
            replace(o, figures=dict(o.figures) | changes)
            if (o.cell, o.system) == (cell, system)
            else o
            for o in outcomes()
        ]
    )


def test_the_interval_of_a_mean_shrinks_with_seeds():
    values = np.random.default_rng(0).standard_normal(400)
    wide, narrow = estimate(mean, values[:25]), estimate(mean, values)
    assert narrow.low < narrow.value < narrow.high
    assert narrow.value == pytest.approx(values.mean())
    # 1.96 standard errors either way.
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert (wide.high - wide.low) > 3 * (narrow.high - narrow.low)


def test_what_never_varies_has_no_interval():
    found = estimate(mean, np.full(20, 0.3))
    assert found.low == pytest.approx(found.high) == pytest.approx(0.3)


def test_seeds_stay_paired():
    hard = np.arange(1.0, 21.0)
    ratio = estimate(lambda a, b: mean(a) / mean(b), 2 * hard, hard)
    assert ratio.low == pytest.approx(2) == pytest.approx(ratio.high)


def test_the_ratio_is_to_the_best_method_behind_the_limiter():
    ratios = error_ratios(changed("centre", OURS, rmse=0.012))
    assert next(ratio.cell for ratio in ratios) == "centre"
    assert ratios[0].estimate.value == pytest.approx(12 / 9)
    assert {ratio.baseline for ratio in ratios} == {"act" + LIMITS}


def test_the_headline_has_every_figure_that_was_asked_for():
    found = headline(Results(outcomes()))
    assert found["limit_violations"] == 0
    assert found["starvation_inside_bound"] == 0
    assert found["time_inside_bound_share"] == pytest.approx(0.8)
    assert found["rmse_ratio_worst_cell"] == pytest.approx(10 / 9)
    assert found["rmse_ratio_to_act_delay4"] == pytest.approx(10 / 8)
    assert found["seeds"] == len(SEEDS)
    assert found["cells"] == len(CELLS)
    assert found["reaction_p95_s"] == 0.5
    assert found["reaction_p95_ratio_to_vlash"] == pytest.approx(0.5 / 0.53)
    assert len(str(found["output_hash"])) == 64


def test_violations_and_starvation_of_any_run_are_counted():
    assert headline(changed("step", OURS, violations=2.0))["limit_violations"] == 2 * len(SEEDS)
    starved = headline(changed("centre", OURS, starved_inside=0.1))
    assert starved["starvation_inside_bound"] == pytest.approx(0.1 * len(SEEDS))


def test_act_is_judged_at_its_best_and_we_at_our_worst():
    slow = headline(changed("delay4_four", OURS, rmse=0.016))
    assert slow["rmse_ratio_to_act_delay4"] == pytest.approx(2)
    worse = headline(changed("delay4_one", "act", rmse=0.02))
    assert worse["rmse_ratio_to_act_delay4"] == pytest.approx(10 / 8)


def test_the_hash_is_of_our_commands_in_any_order():
    made = outcomes()
    known = output_hash(Results(made))
    assert output_hash(Results(made[::-1])) == known
    theirs = [replace(o, digest="x") if o.system == "act" else o for o in made]
    assert output_hash(Results(theirs)) == known
    ours = [replace(o, digest="x") if o.system == OURS and o.seed == 3 else o for o in made]
    assert output_hash(Results(ours)) != known


def test_tables_hold_every_figure(tmp_path):
    results = Results(outcomes())
    found, ratios = table(results), error_ratios(results)
    write_json(tmp_path / "cells.json", found, ratios, headline(results))
    document = json.loads((tmp_path / "cells.json").read_text())
    assert document["cells"]["delay4_four"]["levels"]["in_flight"] == 4
    assert document["cells"]["step"]["systems"]["vlash"]["rmse"][0] == pytest.approx(0.021)
    assert document["cells"]["step"]["systems"][OURS]["reaction_p95"][0] == 0.5
    assert document["rmse_ratios"]["centre"]["ratio"][0] == pytest.approx(10 / 9)
    write_csv(tmp_path / "cells.csv", found)
    lines = (tmp_path / "cells.csv").read_text().splitlines()
    assert lines[0] == "cell,system,figure,mean,low,high"
    assert len(lines) == 1 + sum(len(f) for c in found.values() for f in c.values())
    assert ratio_table(found, ratios).row_count == len(CELLS)
