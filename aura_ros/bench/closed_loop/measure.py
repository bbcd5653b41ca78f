"""The benchmark itself: which episodes are left, running them, and what is written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from rich.markup import escape

from aura_ros.bench.closed_loop.cost import added_sample_cost_ms
from aura_ros.bench.closed_loop.episode import run_job
from aura_ros.bench.closed_loop.experiment import TIMINGS, Conditions, Grid, Job, version
from aura_ros.bench.closed_loop.plot import draw
from aura_ros.bench.closed_loop.report import Report
from aura_ros.bench.closed_loop.simulators import tasks
from aura_ros.bench.loop.measure import EPISODES, finished, write
from aura_ros.bench.loop.store import Store, outcome_of
from aura_ros.bench.registry import BenchOptions
from aura_ros.figures import Metric
from aura_ros.policy.shipped import shipped

PICTURE = "success.png"
TABLE_WIDTH = 120
# The trained policy that ships for each simulator.
ARTIFACTS = {"embedded": "demo", "metaworld": "metaworld"}
QUICK_SEEDS = 5


def run(options: BenchOptions) -> Mapping[str, Metric]:
    """Run what is not finished yet; table, JSON, picture and episodes go to ``out/closed_loop``.

    MetaWorld names one object a task: no instruction names another.
    """
    sim = options.sim or "embedded"
    known = tasks(sim)
    artifact = options.artifact or shipped(ARTIFACTS[sim])
    grid = Grid(known, misled=sim == "embedded")
    if options.quick:
        grid = Grid(known[:1], tuple(range(QUICK_SEEDS)), misled=sim == "embedded")
    return measure(grid, Conditions(Path(artifact), sim, timing=TIMINGS[sim]), options)


def measure(
    grid: Grid, conditions: Conditions, options: BenchOptions, workers: int | None = None
) -> Mapping[str, Metric]:
    """Run a grid; its figures. Finished episodes of the same version are not run again.

    ``workers``: processes, by default one a core; 0 runs in this one.
    """
    out = options.out / f"closed_loop_{conditions.sim}"
    made_by = version(conditions)
    # Before the episodes: they would take the cores that it is measured on.
    cost_ms = added_sample_cost_ms(conditions, grid.tasks[0])
    store = Store(out / EPISODES, made_by, Job, outcome_of)
    found = finished(run_job, grid.jobs(), conditions, store, options.say, workers)
    report = Report(grid, found)
    text = partial(report.table, title=_title(conditions))
    write(out, made_by, report.document(), text, TABLE_WIDTH, options.say)
    options.say(escape(draw(report, out / PICTURE)))
    prefix = "" if conditions.sim == "embedded" else f"{conditions.sim}_"
    figures = report.figures() | {"added_sample_cost_ms": cost_ms} | _ceiling(grid, conditions)
    return {prefix + key: value for key, value in figures.items()}


def _ceiling(grid: Grid, conditions: Conditions) -> dict[str, Metric]:
    """What MetaWorld's own scripted policies reach, without chain and limits."""
    if conditions.sim != "metaworld":
        return {}
    from aura_ros.bench.closed_loop.metaworld import expert_success

    done = {task: expert_success(task, grid.seeds) for task in grid.tasks}
    return {f"success_expert_{task}": sum(runs) / len(runs) for task, runs in done.items()}


def _title(conditions: Conditions) -> str:
    return (
        f"{conditions.sim}, answers after {conditions.latency_ms} ms: done of all, 95 % interval, "
        "median time and stalls of those; episodes that broke a limit of the robot"
    )
