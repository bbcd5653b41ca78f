"""Scores of how unlike success the policy behaves. A score that lacks its input is NaN, never 0."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import NS, ActionChunk, Array

NAN = float("nan")


class Score(Protocol):
    """One number per chunk; larger means more like failure."""

    name: str

    def reset(self) -> None:
        """A new episode begins."""

    def update(self, chunk: ActionChunk) -> float:
        """The score of ``chunk``, or NaN."""


class ChunkOverlap:
    """Mean distance of two consecutive chunks where they overlap in time [rad or m].

    The single-sample form of STAC (Sentinel, Agia et al. 2024). NaN without overlap.
    """

    name = "chunk_overlap"

    def __init__(self) -> None:
        self._previous: ActionChunk | None = None

    def reset(self) -> None:
        """Forget the previous chunk."""
        self._previous = None

    def update(self, chunk: ActionChunk) -> float:
        """Distance to the previous chunk, interpolated at this one's rows."""
        previous, self._previous = self._previous, chunk
        if previous is None or previous.joint_names != chunk.joint_names:
            return NAN
        times = chunk.start_ns + chunk.row_period_ns * np.arange(len(chunk.rows), dtype=np.int64)
        common = (times >= previous.start_ns) & (times <= previous.end_ns)
        if not common.any():
            return NAN
        before = _rows_at(previous, times[common])
        return float(np.linalg.norm(chunk.rows[common] - before, axis=1).mean())


class ElapsedTime:
    """Time since the first observation of the episode [s]: a watchdog that others must beat."""

    name = "elapsed_time"

    def __init__(self) -> None:
        self._began_ns: int | None = None

    def reset(self) -> None:
        """The next chunk begins an episode."""
        self._began_ns = None

    def update(self, chunk: ActionChunk) -> float:
        """Seconds since the episode's first observation."""
        if self._began_ns is None:
            self._began_ns = chunk.observation_stamp_ns
        return (chunk.observation_stamp_ns - self._began_ns) / NS


def _rows_at(chunk: ActionChunk, times: NDArray[np.int64]) -> Array:
    """Rows interpolated at ``times`` [ns] inside the chunk, shape (len(times), n)."""
    row = (times - chunk.start_ns) / chunk.row_period_ns
    below = np.minimum(row.astype(np.intp), len(chunk.rows) - 2)
    share = (row - below)[:, None]
    return np.asarray((1 - share) * chunk.rows[below] + share * chunk.rows[below + 1])
