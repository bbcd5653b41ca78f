"""What all runs say together: means with intervals, ratios to the baselines, one hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aura_ros.bench.execution.ours import GUARD_NS
from aura_ros.bench.fuser.draws import Purpose, stream
from aura_ros.bench.fuser.job import LIMITS, OURS, Outcome
from aura_ros.bench.fuser.scenario import KNOT_NS
from aura_ros.figures import Metric
from aura_ros.types import NS, Array

RESAMPLES = 2000
ACT, VLASH = "act", "vlash"
DELAY4_CELLS = ("delay4_one", "delay4_four")
REACTION_CELL = "step"
# A plan can only change what begins after the guard's time, on the next knot.
ALLOWANCE_S = (KNOT_NS + GUARD_NS) / NS


@dataclass(frozen=True)
class Estimate:
    """A figure with its bootstrap 95 % interval over seeds."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Ratio:
    """Our error over that of the best baseline behind the limiter, in one cell."""

    cell: str
    baseline: str
    estimate: Estimate


class Results:
    """All outcomes by cell and system, the seeds of each in one order."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = outcomes
        self.by_cell: dict[str, dict[str, list[Outcome]]] = {}
        for outcome in outcomes:
            systems = self.by_cell.setdefault(outcome.cell, {})
            systems.setdefault(outcome.system, []).append(outcome)

    def figure(self, cell: str, system: str, name: str) -> Array:
        """One figure by seed, shape (S,); 0 where a run has none (nothing of it occurred)."""
        return np.array([o.figures.get(name, 0.0) for o in self.by_cell[cell][system]])

    def names(self, cell: str, system: str) -> list[str]:
        """Figures of a system in a cell."""
        return sorted({name for o in self.by_cell[cell][system] for name in o.figures})

    def reactions(self, cell: str, system: str) -> Array:
        """Reaction times [s] by seed, shape (S, events)."""
        return np.array([o.reactions_s for o in self.by_cell[cell][system]])


def estimate(statistic: Callable[..., Array], *samples: Array) -> Estimate:
    """``statistic`` of ``samples`` (S, ...), and its interval when seeds are drawn anew.

    The statistic maps samples (B, S, ...) to (B,). Seeds are drawn together, so that
    comparisons stay paired.
    """
    count = len(samples[0])
    drawn = stream(0, 0, Purpose.BOOTSTRAP).integers(0, count, (RESAMPLES, count))
    value = statistic(*(sample[None] for sample in samples))[0]
    low, high = np.percentile(statistic(*(sample[drawn] for sample in samples)), [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))


def mean(samples: Array) -> Array:
    """Mean over seeds, (B, S) -> (B,)."""
    return np.asarray(samples.mean(axis=1))


def _ratio_of_means(ours: Array, theirs: Array) -> Array:
    return mean(ours) / mean(theirs)


def error_ratios(results: Results) -> list[Ratio]:
    """Our error over the best limited baseline's, cell by cell, worst first."""
    ratios = []
    for cell, systems in results.by_cell.items():
        errors = {
            name: results.figure(cell, name, "rmse") for name in systems if name.endswith(LIMITS)
        }
        best = min(errors, key=lambda name: float(errors[name].mean()))
        ours = results.figure(cell, OURS, "rmse")
        ratios.append(Ratio(cell, best, estimate(_ratio_of_means, ours, errors[best])))
    return sorted(ratios, key=lambda ratio: -ratio.estimate.value)


def headline(results: Results) -> dict[str, Metric]:
    """The figures that the benchmark is asked for."""
    ours = [o for o in results.outcomes if o.system == OURS]
    worst = error_ratios(results)[0]
    return {
        "limit_violations": int(sum(o.figures["violations"] for o in ours)),
        "starvation_inside_bound": float(sum(o.figures["starved_inside"] for o in ours)),
        "time_inside_bound_share": float(np.mean([o.figures["inside_bound"] for o in ours])),
        "rmse_ratio_worst_cell": worst.estimate.value,
        "rmse_worst_cell": worst.cell,
        "rmse_worst_cell_baseline": worst.baseline,
        "rmse_ratio_to_act_delay4": _to_act(results),
        **_to_vlash(results),
        "cells": len(results.by_cell),
        "seeds": len({o.seed for o in ours}),
        "output_hash": output_hash(results),
    }


def _to_act(results: Results) -> float:
    """Worst ratio at a delay of four rows; ACT as published or limited, whichever is better."""
    return max(
        float(
            results.figure(cell, OURS, "rmse").mean()
            / min(results.figure(cell, name, "rmse").mean() for name in (ACT, ACT + LIMITS))
        )
        for cell in DELAY4_CELLS
    )


def _to_vlash(results: Results) -> Mapping[str, Metric]:
    p95 = {
        name: float(np.percentile(results.reactions(REACTION_CELL, name), 95))
        for name in (OURS, VLASH, VLASH + LIMITS)
    }
    return {
        "reaction_p95_ratio_to_vlash": p95[OURS] / (p95[VLASH + LIMITS] + ALLOWANCE_S),
        "reaction_p95_ratio_to_vlash_as_published": p95[OURS] / (p95[VLASH] + ALLOWANCE_S),
        "reaction_p95_s": p95[OURS],
    }


def output_hash(results: Results) -> str:
    """SHA-256 over the commands of all our runs, ordered by cell and seed."""
    sha = hashlib.sha256()
    ours = [o for o in results.outcomes if o.system == OURS]
    for outcome in sorted(ours, key=lambda o: (o.cell, o.seed)):
        sha.update(f"{outcome.cell} {outcome.seed} {outcome.digest}\n".encode())
    return sha.hexdigest()


def table(results: Results) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Every figure by cell and system, reactions as percentiles [s]."""
    return {
        cell: {system: _estimates(results, cell, system) for system in systems}
        for cell, systems in results.by_cell.items()
    }


def _estimates(results: Results, cell: str, system: str) -> dict[str, Estimate]:
    found = {
        name: estimate(mean, results.figure(cell, system, name))
        for name in results.names(cell, system)
    }
    reactions = results.reactions(cell, system)
    if reactions.size:
        for name, share in (("p50", 50), ("p95", 95), ("max", 100)):
            found[f"reaction_{name}"] = estimate(_percentile(share), reactions)
    return found


def _percentile(share: float) -> Callable[[Array], Array]:
    def statistic(samples: Array) -> Array:
        flat = samples.reshape(len(samples), -1)
        return np.asarray(np.percentile(flat, share, axis=1))

    return statistic
