"""The benchmark itself: calibrating, which episodes are left, running them, what is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.markup import escape

from aura_ros.bench.guard import rules
from aura_ros.bench.guard.arms import switched_off
from aura_ros.bench.guard.calibrate import calibrated
from aura_ros.bench.guard.episode import run_job, scene_of
from aura_ros.bench.guard.experiment import MIDDLE, NO_GATE, OURS, Conditions, Design, Job, version
from aura_ros.bench.guard.latency import measured
from aura_ros.bench.guard.plot import draw
from aura_ros.bench.guard.report import Report
from aura_ros.bench.guard.run import Run
from aura_ros.bench.loop.measure import EPISODES, finished, write
from aura_ros.bench.loop.store import Store
from aura_ros.bench.registry import BenchOptions
from aura_ros.figures import Metric

PICTURE = "guard.png"
TABLE_WIDTH = 150


@dataclass(frozen=True)
class Plan:
    """How much is run: the design, and how many scenes of every task calibrate our guard."""

    design: Design
    calibration: int
    quick: bool = False


FULL = Plan(
    Design(
        seeds=tuple(range(25)),
        others=tuple(range(5)),
        nominal=tuple(range(75)),
        passing=tuple(range(8)),
    ),
    calibration=75,
)
QUICK = Plan(
    Design(
        seeds=(0,),
        others=(0,),
        nominal=(0,),
        arms=(NO_GATE, OURS),
        severities=(MIDDLE,),
    ),
    calibration=3,
    quick=True,
)


def run(options: BenchOptions) -> Mapping[str, Metric]:
    """Run what is not finished yet; tables, JSON, picture and episodes go to ``out/guard``."""
    plan = QUICK if options.quick else FULL
    return measure(plan, Conditions(rules.artifact()), options)


def measure(
    plan: Plan, conditions: Conditions, options: BenchOptions, workers: int | None = None
) -> Mapping[str, Metric]:
    """Run a plan; its figures. Finished episodes of the same version are not run again.

    ``workers``: processes, by default one a core; 0 runs in this one.
    """
    out = options.out / "guard"
    # Before the episodes: they would take the cores that it is measured on.
    latency = measured(out, plan.quick, options.say)
    conditions = calibrated(conditions, out, plan.calibration, options.say, workers)
    _say_off(conditions, options)
    made_by, jobs = version(conditions), plan.design.jobs()
    store: Store[Job, Run] = Store(out / EPISODES, made_by, Job, Run)
    runs = finished(run_job, jobs, conditions, store, options.say, workers)
    report = Report(plan.design, runs)
    write(out, made_by, report.document(), report.text, TABLE_WIDTH, options.say)
    options.say(escape(draw(report, out / PICTURE)))
    return report.figures() | latency


def _say_off(conditions: Conditions, options: BenchOptions) -> None:
    for words in switched_off(scene_of("reach").robot, conditions):
        options.say(escape(f"off: {words}"))
