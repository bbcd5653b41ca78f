"""The plan is one of its chunk: it lies between the chunk's rows and the motion it continues."""

from __future__ import annotations

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import below, failed
from aura_ros.robot.description import Robot
from aura_ros.robot.spec import Field, Number, Table
from aura_ros.types import NS, Array, Check, Plan

# Rows that are denser than any policy's (their speed is refused) must not take time here.
LEAST_PERIOD_NS = 1_000_000

OPTIONS = Table(
    {
        "tolerance": Field(
            Number(0.0, 10.0, above=True),
            "how far outside the plan may be: what the velocity limit covers in so long [s]",
            0.1,
        ),
        "window": Field(
            Number(0.0, 2.0), "rows within this time of a knot are its neighbours [s]", 0.1
        ),
    }
)


class Fidelity:
    """Value: worst distance of a knot before the tail from the hull of the rows that are its
    neighbours in time and of the committed motion there, over the velocity limit [s]; limit:
    ``tolerance``. NaN where the plan does not name its chunk or has another provenance.

    Neighbours are rows up to a window later, and up to a window and the time of a stop earlier,
    since plans slow down along their last rows. Discrete grippers are left out: they go to their
    own two ends.
    """

    def __init__(self, setup: Setup) -> None:
        options, robot = setup.options, setup.robot
        self._tolerance, self._decision = float(options["tolerance"]), setup.decision
        self._window_ns = round(options["window"] * NS)
        self._stop_ns = robot.stop_knots * robot.knot_period_ns
        self._robot = robot
        self._scale = np.where(robot.switched, 0.0, 1.0 / robot.limits.velocity)

    def __call__(self, context: Context) -> Check:
        """Compare."""
        plan, chunk = context.plan, context.chunk
        assert plan is not None
        if plan.position.ndim != 2 or plan.position.shape[1] != len(self._robot.joints):
            words = "the plan has not the robot's joints"
            return failed("fidelity", np.nan, self._tolerance, self._decision, words)
        if plan.chunk_digest != chunk.digest or plan.provenance != chunk.provenance:
            words = "the plan is of another chunk, or says another provenance than its chunk"
            return failed("fidelity", np.nan, self._tolerance, self._decision, words)
        count = max(len(plan.position) - self._robot.stop_knots, 1)
        here = plan.position[:count]
        rows = near(chunk.rows, here[0], self._robot)
        low, high = self._hull(rows, plan.start_ns - chunk.start_ns, count, chunk.row_period_ns)
        going_on = continued(plan, context.committed, count)
        low, high = np.minimum(low, going_on), np.maximum(high, going_on)
        outside = np.maximum(here - high, low - here).max(axis=0) * self._scale
        worst = int(np.argmax(np.where(np.isnan(outside), np.inf, outside)))
        value = max(float(outside[worst]), 0.0) if outside[worst] == outside[worst] else np.nan
        words = f"{self._robot.joints[worst]} goes where neither rows nor committed motion lead"
        return below("fidelity", value, self._tolerance, words, self._decision)

    def _hull(self, rows: Array, ahead_ns: int, count: int, period_ns: int) -> tuple[Array, Array]:
        """Least and greatest of the rows around each knot, (count, n) each; the first knot is
        ``ahead_ns`` after row 0, and the ends stand for what is beyond them."""
        period_ns = max(period_ns, LEAST_PERIOD_NS)
        # Knots lie between rows: at least the next row is a neighbour.
        window_ns = max(self._window_ns, period_ns)
        back_ns = window_ns + self._stop_ns
        size = -(-(back_ns + window_ns) // period_ns) + 1
        first = (ahead_ns - back_ns + self._robot.knot_period_ns * np.arange(count)) // period_ns
        known = np.arange(first[0], first[-1] + size)
        padded = rows[np.minimum(np.maximum(known, 0), len(rows) - 1)]
        first -= first[0]
        return sliding(np.minimum, padded, size)[first], sliding(np.maximum, padded, size)[first]


def sliding(reduce: np.ufunc, rows: Array, size: int) -> Array:
    """``reduce`` over every ``size`` neighbours of ``rows`` (m, n): (m - size + 1, n)."""
    width = 1
    while width < size:
        # Two windows that overlap make a longer one.
        step = min(width, size - width)
        rows, width = reduce(rows[:-step], rows[step:]), width + step
    return rows


def near(rows: Array, place: Array, robot: Robot) -> Array:
    """``rows`` (H, n) with joints that turn without end unwrapped, beginning near ``place``."""
    if not robot.continuous.any():
        return rows
    smooth = np.unwrap(rows, axis=0)
    turns = np.round((place - smooth[0]) / (2 * np.pi)) * (2 * np.pi)
    return np.where(robot.continuous, smooth + turns, rows)


def continued(plan: Plan, committed: Plan | None, count: int) -> Array:
    """Where the committed motion is at the first ``count`` knots of ``plan``, (count, n) or, if
    nothing was committed, where the plan begins (1, n)."""
    if committed is None:
        return plan.position[:1]
    first = (plan.start_ns - committed.start_ns) // plan.knot_period_ns
    index = np.maximum(first + np.arange(count), 0)
    return committed.position[np.minimum(index, len(committed.position) - 1)]


ENTRY = Entry("fidelity", Stage.PLAN, Fidelity, options=OPTIONS)
