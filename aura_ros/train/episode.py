"""One closed loop of world and policy in simulated time, observed at a fixed period.

Chunks are executed as smooth curves that are swapped when the answer is due, which is what the
fuser does, without its cost. What acts may be an expert, shaken as in DART (Laskey et al. 2017),
or the policy in training, as in DAgger (Ross et al. 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline

from aura_ros.policy.demo_network import Pixels
from aura_ros.types import Array

if TYPE_CHECKING:
    from aura_ros.train.suite import Stage

_INSTANT_S, _LOOK_S = 1e-9, 0.02


class Curve:
    """Rows (H, n) from ``start_s`` on, ``period_s`` apart, held at their end."""

    def __init__(self, start_s: float, rows: Array, velocity: Array, period_s: float) -> None:
        self.start_s, self._end_s = start_s, start_s + (len(rows) - 1) * period_s
        self._last = rows[-1]
        times = start_s + period_s * np.arange(len(rows))
        ends = ((1, velocity), (1, np.zeros_like(velocity)))
        self._spline = CubicSpline(times, rows, bc_type=ends)

    def positions(self, times_s: Array) -> Array:
        """Positions (k, n) at times (k,)."""
        return np.asarray(self._spline(np.clip(times_s, self.start_s, self._end_s)))

    def told(self, time_s: float) -> tuple[Array, Array]:
        """Position and velocity (n,) at one time."""
        if not self.start_s <= time_s < self._end_s:
            return self._last, np.zeros_like(self._last)
        return self._spline(time_s), self._spline(time_s, 1)


def resting(position: Array, period_s: float) -> Curve:
    """Standing still at ``position`` (n,)."""
    return Curve(0.0, np.tile(position, (4, 1)), np.zeros_like(position), period_s)


@dataclass(frozen=True)
class View:
    """What there is to see and to know at ``time_s``; ``curve`` is the motion under way,
    ``layout`` that of ``Stage``.

    ``told`` (position, velocity) holds ``ahead_s`` later, where the rows asked for begin.
    """

    time_s: float
    images: Pixels
    measured: Array
    layout: Array
    curve: Curve
    ahead_s: float
    told: tuple[Array, Array]


def view_of(stage: Stage, curve: Curve, now: float, ahead_s: float) -> View:
    """What there is to see at ``now`` while the robot moves along ``curve``."""
    return View(
        now,
        stage.pictures(),
        stage.position,
        stage.layout(),
        curve,
        ahead_s,
        curve.told(now + ahead_s),
    )


@dataclass(frozen=True)
class Pace:
    """How an episode runs: times in s, ``latency_s`` of answers, ``every`` so many observations
    one request."""

    row_period_s: float = 0.05
    observe_s: float = 0.25
    every: int = 1
    latency_s: float = 0.2
    limit_s: float = 15.0
    after_s: float = 1.5


Act = Callable[[View], "Array | None"]


class Episode:
    """One episode. ``act`` answers a view with rows (H, n), or None to go on; ``see`` gets every
    view, those without a request too."""

    def __init__(
        self,
        stage: Stage,
        pace: Pace,
        act: Act,
        see: Callable[[View], None] = lambda _: None,
    ) -> None:
        self._stage, self._pace, self._act, self._see = stage, pace, act, see
        self._curve = resting(stage.position, pace.row_period_s)
        self._coming: Curve | None = None
        self._done_s: float | None = None

    def run(self) -> float | None:
        """When the task was done for good [s], or None if it was not within the limit."""
        pace = self._pace
        for index in range(round(pace.limit_s / pace.observe_s)):
            now = index * pace.observe_s
            self._observe(now, is_asked=index % pace.every == 0 and self._coming is None)
            self._advance(now, now + pace.observe_s)
            if self._done_s is not None and now - self._done_s >= pace.after_s:
                break
        return self._done_s

    def _observe(self, now: float, is_asked: bool) -> None:
        pace = self._pace
        view = view_of(self._stage, self._curve, now, pace.latency_s)
        self._see(view)
        rows = self._act(view) if is_asked else None
        if rows is not None:
            begin = now + pace.latency_s
            self._coming = Curve(begin, rows, view.told[1], pace.row_period_s)

    def _advance(self, begin: float, end: float) -> None:
        """Step the world, taking up the coming curve when it begins."""
        stage, step_s = self._stage, self._stage.step_s
        times: Array = begin + step_s * np.arange(round((end - begin) / step_s), dtype=np.float64)
        targets = self._curve.positions(times)
        if self._coming is not None and self._coming.start_s < end - _INSTANT_S:
            later = times >= self._coming.start_s - _INSTANT_S
            targets[later] = self._coming.positions(times[later])
            self._curve, self._coming = self._coming, None
        for index, target in enumerate(targets):
            stage.step(target)
            if index % max(round(_LOOK_S / step_s), 1) == 0:
                self._look(float(times[index]))

    def _look(self, now: float) -> None:
        """Note since when the task is done; one that is undone again was not."""
        if not self._stage.success:
            self._done_s = None
        elif self._done_s is None:
            self._done_s = now
