"""What further samples of a chunk cost, given the embedding of the observation."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from aura_ros.bench.closed_loop import seeing
from aura_ros.bench.closed_loop.episode import backend_of, plant_of
from aura_ros.bench.closed_loop.experiment import Conditions
from aura_ros.types import NS, KinematicState, Request

SAMPLES, REPEATS = 8, 50


def added_sample_cost_ms(conditions: Conditions, task: str) -> float:
    """Time of ``SAMPLES`` chunks less that of one, for each that was added [ms]: median."""
    plant = plant_of(conditions.sim, task)
    backend = backend_of(conditions.artifact, conditions.sim, task)
    plant.reset(0)
    seen = seeing.observation(plant, NS, plant.instruction)
    rest = np.zeros_like(plant.rest)
    request = Request(1, 1, seen, KinematicState(NS, plant.rest, rest, rest), None)
    embedding = backend.encode(seen)
    one = _median_ms(lambda: backend.sample(request, embedding, 1))
    many = _median_ms(lambda: backend.sample(request, embedding, SAMPLES))
    return (many - one) / (SAMPLES - 1)


def _median_ms(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        call()
        taken.append(1e3 * (time.perf_counter() - begin))
    return median(taken)
