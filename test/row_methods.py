"""Runs published methods of executing chunks against a policy of known answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aura_ros.bench.execution.executor import RowExecutor, Setup
from aura_ros.robot.description import JointGroup, Limits, Robot, Switching
from aura_ros.types import NS, ActionChunk, Array, KinematicState

PERIOD_NS = NS // 10
TICK_NS = NS // 100
HORIZON = 8


def robot(**limits: float) -> Robot:
    """One joint and one gripper; limits of both by name, the rest wide."""
    both = {"lower": -3.0, "upper": 3.0, "velocity": 2.0, "acceleration": 10.0, "jerk": 200.0}
    arrays = {name: np.full(2, value) for name, value in (both | limits).items()}
    groups = (
        JointGroup("arm", "joints", ("joint",), "rad"),
        JointGroup("gripper", "gripper", ("finger",), "m", Switching(closed=0.0, opened=1.0)),
    )
    return Robot(
        name="test",
        groups=groups,
        limits=Limits(**arrays, margin=np.zeros(2)),
        cameras=(),
        joint_states_topic="",
        instruction_topic="",
        objects_topic="",
        recorded_action_topic="",
        row_period_ns=PERIOD_NS,
        horizon=HORIZON,
        knot_period_ns=2 * TICK_NS,
        stop_knots=10,
        commands=(),
        digest="test",
    )


def setup(in_flight: int = 1, **limits: float) -> Setup:
    """The joint rests at -1, the gripper at 0."""
    return Setup(robot(**limits), TICK_NS, in_flight, np.array([-1.0, 0.0]))


def chunk(number: int, rows: Array, start_ns: int = 0) -> ActionChunk:
    """The answer to request ``number``, counted from 1; stamps of no use."""
    names = ("joint", "finger")
    return ActionChunk(1, 1, number, start_ns, start_ns, PERIOD_NS, names, rows)


def marked(number: int, count: int = HORIZON) -> Array:
    """Rows that say which chunk and row they are: row 3 of chunk 2 is 2.03, in both columns."""
    values = number + 0.01 * np.arange(count)
    return np.repeat(values[:, None], 2, axis=1)


class Loop:
    """Row periods of a method whose k-th answer takes ``latency(k)`` periods, None: never."""

    def __init__(
        self,
        method: RowExecutor,
        latency: Callable[[int], int | None],
        policy: Callable[[int, KinematicState], Array] = lambda number, _: marked(number),
        in_flight: int = 1,
    ) -> None:
        self._method, self._latency, self._policy = method, latency, policy
        self._in_flight = in_flight
        self._coming: list[tuple[int, ActionChunk]] = []
        self.told: list[KinematicState] = []
        self.asked: list[int] = []
        self.rows: list[Array] = []
        self.rates: list[float] = []

    def run(self, periods: int) -> Array:
        """Run on; returns the joint's rows so far, (all periods,)."""
        for _ in range(periods):
            self._period(len(self.rows))
        return np.array(self.rows)[:, 0]

    def _period(self, step: int) -> None:
        now_ns = NS + step * PERIOD_NS
        for due, answer in [(d, a) for d, a in self._coming if d == step]:
            self._coming.remove((due, answer))
            self._method.receive(answer, now_ns)
        wants = self._method.wants(now_ns, len(self._coming))
        if wants and len(self._coming) < self._in_flight:
            self._ask(step, now_ns)
        self.rows.append(self._method.row(now_ns))
        self.rates.append(self._method.rate)

    def _ask(self, step: int, now_ns: int) -> None:
        state = self._method.asked(now_ns)
        self.told.append(state)
        self.asked.append(step)
        number = len(self.asked)
        latency = self._latency(number)
        if latency is not None:
            rows = self._policy(number, state)
            self._coming.append((step + latency, chunk(number, rows, state.time_ns)))
