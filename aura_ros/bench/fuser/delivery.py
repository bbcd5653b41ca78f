"""How answers arrive: late by chance, lost, overtaken, twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aura_ros.bench.fuser.draws import Purpose, normal, uniform
from aura_ros.bench.fuser.scenario import ROW_NS, Cell

UNIFORM_JITTER = 0.25
LOGNORMAL_SIGMA = 0.35
SPIKE_SHARE, SPIKE = 0.01, 5.0
# An overtaken chunk is held back for this many mean delays (and rows) more.
HELD_BACK = (1.1, 2.0)


@dataclass(frozen=True)
class Answer:
    """An answer is ready ``done_ns`` after its request; copies arrive after ``arrivals_ns``.

    A lost one has no copy. Who asks is free to ask again when the answer is ready.
    """

    done_ns: int
    arrivals_ns: tuple[int, ...]


def answer(cell: Cell, seed: int, index: int) -> Answer:
    """What becomes of request ``index``: the same for every system."""
    done = delay_ns(cell, seed, index)
    chance = uniform(seed, index, Purpose.DELIVERY)
    arrivals = [done]
    if chance[0] < cell.reorder:
        arrivals = [done + _held_back(cell, chance[1])]
    if chance[2] < cell.duplicate:
        arrivals.append(done + _held_back(cell, chance[3]))
    if chance[4] < cell.drop:
        arrivals = []
    return Answer(done, tuple(arrivals))


def delay_ns(cell: Cell, seed: int, index: int) -> int:
    """From request to answer [ns]; a spike replaces the delay of its request."""
    share = uniform(seed, index, Purpose.DELAY)
    if cell.jitter == "none":
        factor = 1.0
    elif cell.jitter == "lognormal":
        sigma = LOGNORMAL_SIGMA
        drawn = normal(seed, index, Purpose.DELAY)[0]
        factor = float(np.exp(sigma * drawn - sigma**2 / 2))
    else:
        factor = 1.0 + UNIFORM_JITTER * (2 * share[0] - 1)
        if cell.jitter == "spikes" and share[1] < SPIKE_SHARE:
            factor = SPIKE
    return round(cell.delay_ns * factor)


def _held_back(cell: Cell, share: float) -> int:
    low, high = HELD_BACK
    return round((low + (high - low) * share) * max(cell.delay_ns, ROW_NS))
