"""What a run leaves: commands, how fast they went along the rows, and what arrived when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import Array


@dataclass(frozen=True)
class Arrival:
    """A chunk that reached an executor: order, times of request, arrival, first and last row
    [ns]. Times of rows are those that the chunk says; a clock that is off shifts them.
    """

    sequence: int
    asked_ns: int
    arrived_ns: int
    start_ns: int
    end_ns: int


@dataclass(frozen=True)
class Record:
    """Commands (T, n) and rates (T,) at ``times_ns`` (T,), and arrivals in their order.

    ``due`` was still on its way at the end, with the times at which it would have arrived.
    """

    times_ns: NDArray[np.int64]
    commands: Array
    rates: Array
    arrivals: tuple[Arrival, ...]
    due: tuple[Arrival, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the commands."""
        return hashlib.sha256(np.ascontiguousarray(self.commands).data).hexdigest()

    def since(self, time_ns: int) -> Record:
        """The part from ``time_ns`` on, with all arrivals."""
        k = int(np.searchsorted(self.times_ns, time_ns))
        times, commands, rates = self.times_ns[k:], self.commands[k:], self.rates[k:]
        return replace(self, times_ns=times, commands=commands, rates=rates)
