"""One run: an executor asks the surrogate policy, answers arrive late, commands are recorded."""

from __future__ import annotations

import heapq

import numpy as np

from aura_ros.bench.execution.executor import Executor
from aura_ros.bench.execution.record import Arrival, Record
from aura_ros.bench.fuser.delivery import answer
from aura_ros.bench.fuser.scenario import DURATION_S, ROW_NS, START_NS, TICK_NS
from aura_ros.bench.fuser.surrogate import Surrogate
from aura_ros.robot.description import Robot
from aura_ros.types import NS, ActionChunk


class Exchange:
    """Requests on their way to the policy, and answers on their way back.

    A request is an observation taken when it leaves. Requests are numbered from 1, as
    ``sequence`` of their chunks says.
    """

    def __init__(self, policy: Surrogate, robot: Robot) -> None:
        self._policy = policy
        self._robot = robot
        self._asked = 0
        self._done_ns: list[int] = []
        # Arrival, how many were sent before (for ties), request time, chunk.
        self._way: list[tuple[int, int, int, ActionChunk]] = []
        self._sent = 0
        self.arrivals: list[Arrival] = []

    def in_flight(self, now_ns: int) -> int:
        """Requests without answer."""
        self._done_ns = [done for done in self._done_ns if done > now_ns]
        return len(self._done_ns)

    def ask(self, executor: Executor, now_ns: int) -> None:
        """A request leaves."""
        self._asked += 1
        cell = self._policy.truth.cell
        fate = answer(cell, self._policy.truth.seed, self._asked)
        state = executor.asked(now_ns)
        self._done_ns.append(now_ns + fate.done_ns)
        if not fate.arrivals_ns:
            return
        offset = round(cell.clock_offset_s * NS)
        chunk = ActionChunk(
            1,
            1,
            self._asked,
            now_ns + offset,
            state.time_ns + offset,
            ROW_NS,
            self._robot.joints,
            self._policy.rows(self._asked, state, now_ns),
            inference_ns=fate.done_ns,
        )
        for after_ns in fate.arrivals_ns:
            self._sent += 1
            heapq.heappush(self._way, (now_ns + after_ns, self._sent, now_ns, chunk))

    def deliver(self, executor: Executor, now_ns: int) -> None:
        """What has arrived by now is handed over."""
        while self._way and self._way[0][0] <= now_ns:
            _, _, asked_ns, chunk = heapq.heappop(self._way)
            self.arrivals.append(_arrival(chunk, asked_ns, now_ns))
            executor.receive(chunk, now_ns)

    @property
    def due(self) -> tuple[Arrival, ...]:
        """What is still on its way, by its time of arrival."""
        way = sorted(self._way, key=lambda sent: sent[:2])
        return tuple(_arrival(chunk, asked_ns, at_ns) for at_ns, _, asked_ns, chunk in way)


def _arrival(chunk: ActionChunk, asked_ns: int, arrived_ns: int) -> Arrival:
    return Arrival(chunk.sequence, asked_ns, arrived_ns, chunk.start_ns, chunk.end_ns)


def simulate(
    executor: Executor, policy: Surrogate, robot: Robot, duration_s: float = DURATION_S
) -> Record:
    """Run ``executor`` for ``duration_s``."""
    exchange = Exchange(policy, robot)
    in_flight = policy.truth.cell.in_flight
    times = START_NS + TICK_NS * np.arange(round(duration_s * NS / TICK_NS), dtype=np.int64)
    commands = np.empty((len(times), len(robot.joints)))
    rates = np.empty(len(times))
    for k, now_ns in enumerate(times.tolist()):
        exchange.deliver(executor, now_ns)
        outstanding = exchange.in_flight(now_ns)
        if executor.wants(now_ns, outstanding) and outstanding < in_flight:
            exchange.ask(executor, now_ns)
            # A policy that takes no time has answered.
            exchange.deliver(executor, now_ns)
        commands[k] = executor.command(now_ns)
        rates[k] = executor.rate
    return Record(times, commands, rates, tuple(exchange.arrivals), exchange.due)
