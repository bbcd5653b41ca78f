"""Motion cut into short pieces, with a bound on how far every joint travels in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aura_ros.types import NS, Array, Plan

# Into so many parts a piece is cut that is too long to tell.
PARTS = 8


@dataclass(frozen=True)
class Stretch:
    """R runs of S cubic pieces each: Bernstein control points ``control`` (R, S, 4, n), times
    ``begin_s`` (R, S) [s] from the plan's beginning, ``period_s`` of every piece.

    Nodes are the ends of pieces, S + 1 a run, all in one row: node (r, s) is r (S + 1) + s.
    """

    control: Array
    begin_s: Array
    period_s: float

    @property
    def nodes(self) -> int:
        """Nodes of one run."""
        return self.control.shape[1] + 1

    @cached_property
    def position(self) -> Array:
        """Positions (R (S + 1), n) of the nodes."""
        c = self.control
        joined = np.concatenate([c[:, :, 0], c[:, -1:, 3]], axis=1)
        return np.asarray(joined.reshape(-1, c.shape[-1]))

    @cached_property
    def travel(self) -> Array:
        """How far each joint goes at most (R (S + 1), n) until the next node; 0 at a run's end.

        A Bezier curve is no longer than its control polygon, in every coordinate.
        """
        c = self.control
        length = np.zeros((c.shape[0], c.shape[1] + 1, c.shape[-1]))
        length[:, :-1] = np.abs(c[:, :, 1:] - c[:, :, :-1]).sum(axis=2)
        return length.reshape(-1, c.shape[-1])

    def time_s(self, node: int) -> float:
        """When a node is [s]."""
        run, step = divmod(node, self.nodes)
        return float(self.begin_s[run, 0] + step * self.period_s)

    def cut(self, nodes: list[int]) -> Stretch:
        """The pieces that begin at ``nodes``, each a run of ``PARTS`` pieces."""
        run, step = np.divmod(np.array(nodes, dtype=np.intp), self.nodes)
        period = self.period_s / PARTS
        control = np.einsum("pkm,rmn->rpkn", _CUT, self.control[run, step])
        begin: Array = self.begin_s[run, step][:, None] + period * np.arange(PARTS)
        return Stretch(control, begin, period)


def stretch_of(plan: Plan) -> Stretch:
    """A whole plan as one run: its knots are the nodes, and jerk is constant between them."""
    h = plan.knot_period_ns / NS
    begin, end = (slice(-1), slice(1, None)) if len(plan.position) > 1 else (slice(1), slice(1))
    p, v, a = plan.position[begin], plan.velocity[begin] * h, plan.acceleration[begin] * h**2
    bend = plan.acceleration[end] * h**2
    last = p + v + (2 * a + bend) / 6
    control: Array = np.stack([p, p + v / 3, p + 2 * v / 3 + a / 6, last], axis=1)
    times = np.arange(len(control), dtype=np.float64) * h
    return Stretch(control[None], times[None], h)


def _blossom(at: list[float]) -> Array:
    """Weights (4,) of a cubic's control points in its blossom at three arguments."""
    weights = np.ones(1)
    for u in at:
        weights = np.convolve(weights, [1.0 - u, u])
    return weights


def _cuts() -> Array:
    """Control points of the parts of a cubic from its own, (PARTS, 4, 4) (de Casteljau)."""
    ends = [(part / PARTS, (part + 1) / PARTS) for part in range(PARTS)]
    return np.array([[_blossom([a] * (3 - k) + [b] * k) for k in range(4)] for a, b in ends])


_CUT = _cuts()
