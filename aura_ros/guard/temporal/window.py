"""Extremes over sliding windows of samples that hold until the next one.

Every function takes what is kept of the past and a batch of m samples, and returns what is to be
kept after it with m results. What is kept never changes, so that a run can be continued in
several ways; after ``final`` samples nothing comes, and nothing new is kept. Windows without
samples yield -inf. The candidates of a window are kept as in Lemire, "Streaming maximum-minimum
filter using no more than three comparisons per element", 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import Array

Times = NDArray[np.int64]

FOREVER = int(np.iinfo(np.int64).max)
NOTHING = np.array([-np.inf])
NO_TIMES: Times = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Wedge:
    """Samples that may still be the largest of a window: ``values`` (p,) fall with time; a window
    of length d at t has lost the ones with ``leaves`` (p,) <= t - d [ns]."""

    leaves: Times
    values: Array


@dataclass(frozen=True)
class Line:
    """The samples that a delayed reader has yet to see: ``begins`` (p,) [ns], ``values`` (p,)."""

    begins: Times
    values: Array


EMPTY_WEDGE = Wedge(NO_TIMES, np.zeros(0))
EMPTY_LINE = Line(NO_TIMES, np.zeros(0))


def largest(
    past: Wedge,
    times: Times,
    values: Array,
    span: int,
    closed: bool = True,
    final: bool = False,
) -> tuple[Wedge, Array]:
    """Largest value in force in [t - span, t] [ns], or begun in (t - span, t] if not ``closed``.

    ``times`` (m,) rise; ``span`` may be FOREVER.
    """
    p = len(past.values)
    leaves = _leaves(past, times, closed)
    first = _first(leaves, times, span)
    found = _largest_of_batch(values, first - p)
    if p and first[0] < p:
        found = np.maximum(found, _largest_of_past(past, first))
    if final:
        return past, found
    return _wedge(leaves, np.concatenate([past.values, values]), first[-1], span), found


def since(
    past: Wedge, times: Times, left: Array, right: Array, span: int, final: bool = False
) -> tuple[Wedge, Array]:
    """Largest ``right`` in force in [t - span, t] [ns], each no larger than every ``left`` after
    it; all arrays (m,)."""
    p = len(past.values)
    leaves = _leaves(past, times, True)
    first = _first(leaves, times, span)
    reach, upto = _reach(left, right)
    inside = upto if first[-1] <= p else upto & (np.arange(len(times)) >= (first - p)[:, None])
    found = np.where(inside, reach, -np.inf).max(axis=1)
    floor = np.minimum.accumulate(left)
    if p and first[0] < p:
        found = np.maximum(found, np.minimum(_largest_of_past(past, first), floor))
    if final:
        return past, found
    values = np.concatenate([np.minimum(past.values, floor[-1]), reach[-1]])
    return _wedge(leaves, values, first[-1], span), found


def delayed(past: Line, times: Times, values: Array, span: int) -> tuple[Line, Array]:
    """The value in force ``span`` [ns] before each of ``times`` (m,)."""
    begins = np.concatenate([past.begins, times])
    held = np.concatenate([past.values, values, NOTHING])
    index = begins.searchsorted(times - span, side="right") - 1  # -1: the last, which is nothing
    keep = max(int(index[-1]), 0)
    return Line(begins[keep:], held[keep:-1]), held[index]


def _leaves(past: Wedge, times: Times, closed: bool) -> Times:
    if not closed:
        return np.concatenate([past.leaves, times])
    after = times if len(past.values) else times[1:]
    return np.concatenate([past.leaves[:-1], after, [FOREVER]])


def _first(leaves: Times, times: Times, span: int) -> NDArray[np.intp]:
    """Index of the first candidate in each window."""
    if span == FOREVER:
        return np.zeros(len(times), dtype=np.intp)
    return leaves.searchsorted(times - span, side="right")


def _largest_of_past(past: Wedge, first: NDArray[np.intp]) -> Array:
    # Values fall with time: the first one in a window is its largest.
    values = np.concatenate([past.values, NOTHING])
    return values[np.minimum(first, len(past.values))]


def _largest_of_batch(values: Array, first: NDArray[np.intp]) -> Array:
    if first[-1] <= 0:
        return np.maximum.accumulate(values)
    bounds = np.empty(2 * len(values), dtype=np.intp)
    bounds[::2] = np.maximum(first, 0)
    bounds[1::2] = np.arange(1, len(values) + 1)
    return np.maximum.reduceat(np.concatenate([values, NOTHING]), bounds)[::2]


def _reach(left: Array, right: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Row k, column j: right_j, or the least left after it up to k if that is less; and where that
    means anything: j <= k. Both (m, m)."""
    upto, before = _triangles(len(left))
    grid = np.where(before, left[:, None], np.inf)
    np.fill_diagonal(grid, right)
    return np.minimum.accumulate(grid, axis=0), upto


@lru_cache(maxsize=8)
def _triangles(m: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return np.tri(m, dtype=bool), np.tri(m, k=-1, dtype=bool)


def _wedge(leaves: Times, values: Array, first: int, span: int) -> Wedge:
    leaves, values = leaves[first:], values[first:]
    later = np.maximum.accumulate(values[:0:-1])[::-1]
    kept = np.append(values[:-1] > later, True)
    leaves, values = leaves[kept], values[kept]
    # Without an end the largest of all stays the first of its window.
    return Wedge(leaves[:1], values[:1]) if span == FOREVER else Wedge(leaves, values)
