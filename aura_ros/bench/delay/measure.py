"""The benchmark itself: which episodes are left, running them, and what is written."""

from __future__ import annotations

from collections.abc import Mapping

from rich.markup import escape

from aura_ros.bench.delay.episode import run_job
from aura_ros.bench.delay.experiment import Conditions, Grid, Job, version
from aura_ros.bench.delay.plot import draw
from aura_ros.bench.delay.report import Report
from aura_ros.bench.delay.systems import LIMITED, OURS, maker, names
from aura_ros.bench.loop.measure import EPISODES, finished, write
from aura_ros.bench.loop.outcome import Outcome
from aura_ros.bench.loop.store import Store, outcome_of
from aura_ros.bench.registry import BenchOptions
from aura_ros.figures import Metric

PICTURE = "delay.png"
# Four latencies need so many columns of text.
TABLE_WIDTH = 140


def run(options: BenchOptions) -> Mapping[str, Metric]:
    """Run what is not finished yet; table, JSON, picture and episodes go to ``out/delay``."""
    grid = quick_grid() if options.quick else Grid(names())
    return measure(grid, Conditions(), options)


def quick_grid() -> Grid:
    """A few episodes of one task, the others only behind the limiter."""
    some = tuple(name for name in names() if name == OURS or name.endswith(LIMITED))
    return Grid(some, ("pick_place",), (200, 800), (0, 1, 2))


def measure(
    grid: Grid, conditions: Conditions, options: BenchOptions, workers: int | None = None
) -> Mapping[str, Metric]:
    """Run a grid; its figures. Finished episodes of the same version are not run again.

    ``workers``: processes, by default one a core; 0 runs in this one.
    """
    out, made_by = options.out / "delay", version(conditions)
    store = Store(out / EPISODES, made_by, Job, outcome_of)
    found = finished(run_system, grid.jobs(), conditions, store, options.say, workers)
    report = Report(grid, found)
    write(out, made_by, report.document(), report.table, TABLE_WIDTH, options.say)
    options.say(escape(draw(report, out / PICTURE)))
    return report.figures()


def run_system(job: Job, conditions: Conditions) -> Outcome:
    """One episode of a system by name."""
    return run_job(job, conditions, maker(job.system))
