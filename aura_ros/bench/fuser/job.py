"""All systems in one cell with one seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from aura_ros.bench.execution.record import Record
from aura_ros.bench.execution.systems import SYSTEMS, limited
from aura_ros.bench.fuser.bench import Bench
from aura_ros.bench.fuser.draws import Purpose, stream
from aura_ros.bench.fuser.limits import motion_figures, track_violations, use_of
from aura_ros.bench.fuser.robot import ARM_JOINTS
from aura_ros.bench.fuser.scenario import DURATION_S, START_NS, UNSCORED_S, Cell
from aura_ros.bench.fuser.starvation import inside_bound, starvation, starved_inside_s
from aura_ros.bench.fuser.tap import Tap
from aura_ros.bench.fuser.tracking import (
    Reference,
    gripper_figures,
    reaction_s,
    reference,
    tracking,
)
from aura_ros.bench.fuser.truth import Truth, scored_event_s
from aura_ros.types import NS

OURS = "ours"
LIMITS = "+limits"

# Reactions are measured in short runs of their own, at several phases a seed.
REACTION_EVENTS = 4
REACTION_RANGE_S = (2.5, 4.5)
REACTION_WAIT_S = 2.0

SCORED_NS = START_NS + round(UNSCORED_S * NS)


@dataclass(frozen=True)
class Outcome:
    """One run: figures by name, how long reactions took [s], and what was commanded."""

    cell: str
    seed: int
    system: str
    figures: Mapping[str, float]
    digest: str
    reactions_s: tuple[float, ...] = ()


Runs = Mapping[str, Record]
"""Records by the name of what made them: a method, and the method behind the limiter."""

Run = Callable[[float | None, float], Runs]
"""Runs a method once, with an event at a time [s] or without, for a duration [s]."""


def run_cell(
    cell: Cell, seed: int, names: Iterable[str] | None = None, arm_joints: int = ARM_JOINTS
) -> list[Outcome]:
    """Outcomes of ``names`` (default: all) as published and behind the limiter, ours first."""
    bench = Bench(cell, seed, arm_joints)
    outcomes = _ours(bench)
    for name in SYSTEMS if names is None else names:
        outcomes += _baseline(bench, name)
    return outcomes


def _event_s(bench: Bench) -> float | None:
    return scored_event_s(bench.seed) if bench.cell.step else None


def _ours(bench: Bench) -> list[Outcome]:
    executor = bench.ours()
    event = _event_s(bench)
    record = bench.simulate(executor, event)
    end_ns = int(record.times_ns[-1])
    spent = {"solve_ms": executor.solve_ns, "tick_us": executor.tick_ns}
    special = {
        "violations": float(
            use_of(record, bench.robot).violations()
            + track_violations(executor.tracks, end_ns, bench.robot)
            + bool(executor.tripped)
        ),
        "starved_inside": starved_inside_s(record, bench.bound),
        "inside_bound": float(inside_bound(record, bench.bound).mean()),
        "plans": float(len(executor.solve_ns)),
        **{f"refused_{code}": float(n) for code, n in executor.refused.items()},
        **_percentiles("solve_ms", spent["solve_ms"], 1e6),
        **_percentiles("tick_us", spent["tick_us"], 1e3),
    }

    def run(event_s: float | None, duration_s: float) -> Runs:
        return {OURS: bench.simulate(bench.ours(), event_s, duration_s)}

    return _outcomes(bench, {OURS: record}, run, special)


def _percentiles(name: str, spent_ns: list[int], unit: float) -> dict[str, float]:
    values = np.array(spent_ns or [0]) / unit
    p50, p99 = np.percentile(values, [50, 99])
    return {f"{name}_p50": p50, f"{name}_p99": p99, f"{name}_max": float(values.max())}


def _baseline(bench: Bench, name: str) -> list[Outcome]:
    """One run gives both: what a method commands, and what the limiter makes of it."""

    def run(event_s: float | None, duration_s: float) -> Runs:
        tap = Tap(SYSTEMS[name](bench.setup))
        behind = bench.simulate(limited(tap, bench.setup), event_s, duration_s)
        return {name: tap.record(behind), name + LIMITS: behind}

    return _outcomes(bench, run(_event_s(bench), DURATION_S), run, {})


def _outcomes(bench: Bench, records: Runs, run: Run, special: Mapping[str, float]) -> list[Outcome]:
    truth = bench.truth(_event_s(bench))
    reactions = _reactions(bench, run) if bench.cell.step else dict.fromkeys(records, ())
    scored = {name: record.since(SCORED_NS) for name, record in records.items()}
    wanted = reference(truth, next(iter(scored.values())).times_ns)
    return [
        Outcome(
            bench.cell.name,
            bench.seed,
            name,
            _figures(bench, record, truth, wanted) | dict(special),
            records[name].digest,
            reactions[name],
        )
        for name, record in scored.items()
    ]


def _figures(bench: Bench, record: Record, truth: Truth, wanted: Reference) -> dict[str, float]:
    figures = tracking(record, wanted, bench.robot)
    figures |= motion_figures(record, bench.robot) | starvation(record)
    if bench.cell.gripper:
        figures |= gripper_figures(record, truth, bench.arm_joints)
    return figures


def _reactions(bench: Bench, run: Run) -> dict[str, tuple[float, ...]]:
    """Reaction times [s] to events at random phases; the wait where there was none."""
    drawn = stream(bench.seed, 1, Purpose.EVENT)
    events = drawn.uniform(*REACTION_RANGE_S, REACTION_EVENTS)
    without = run(None, REACTION_RANGE_S[1] + REACTION_WAIT_S)
    took: dict[str, list[float]] = {name: [] for name in without}
    for event_s in events.tolist():
        event_ns = START_NS + round(event_s * NS)
        for name, record in run(event_s, event_s + REACTION_WAIT_S).items():
            reaction = reaction_s(without[name], record, event_ns)
            took[name].append(REACTION_WAIT_S if reaction is None else reaction)
    return {name: tuple(times) for name, times in took.items()}
