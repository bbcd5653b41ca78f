"""The benchmark: time of plans and commands alone, then all cells and seeds on all cores."""

from __future__ import annotations

from collections.abc import Mapping

from aura_ros.bench.fuser.loaded import measure
from aura_ros.bench.fuser.plot import draw
from aura_ros.bench.fuser.pool import run_jobs
from aura_ros.bench.fuser.report import ratio_table, write_csv, write_json
from aura_ros.bench.fuser.scenario import CELLS, QUICK_CELLS
from aura_ros.bench.fuser.summary import Results, error_ratios, headline, table
from aura_ros.bench.loop.shown import table_text
from aura_ros.bench.registry import BenchOptions
from aura_ros.figures import Metric
from aura_ros.parallel import pool

SEEDS, QUICK_SEEDS = 20, 3


def run(options: BenchOptions, first_seed: int = 0) -> Mapping[str, Metric]:
    """Measure, and write tables and plots to ``options.out``.

    The reported seeds begin at 0; to choose anything, begin at 1000.
    """
    options.out.mkdir(parents=True, exist_ok=True)
    cells = QUICK_CELLS if options.quick else tuple(CELLS)
    count = QUICK_SEEDS if options.quick else SEEDS
    with pool() as executor:
        options.say("plans and commands of 14 joints")
        times = executor.submit(measure, options.quick).result()
        options.say(f"{len(cells)} cells, {count} seeds")
        outcomes = run_jobs(executor, cells, range(first_seed, first_seed + count))
    results = Results(outcomes)
    found, ratios = table(results), error_ratios(results)
    metrics = headline(results) | times
    write_json(options.out / "cells.json", found, ratios, metrics)
    write_csv(options.out / "cells.csv", found)
    options.say(table_text(ratio_table(found, ratios), 79))
    for line in draw(found, first_seed, options.out):
        options.say(line)
    return metrics
