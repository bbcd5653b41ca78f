"""A published way of executing chunks as a driver: its commands go to the robot as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aura_ros.bench.closed_loop import seeing
from aura_ros.bench.closed_loop.plant import Plant
from aura_ros.bench.execution.executor import Executor
from aura_ros.bench.loop.late import Late
from aura_ros.pipeline import answer
from aura_ros.policy.backend import Backend
from aura_ros.types import ActionChunk, Array, KinematicState, Request


class Direct:
    """Moves ``plant`` by the policy ``backend``, told ``instruction``; one request at a time.

    With ``waits`` the robot rests while the policy thinks, and the policy is told so.
    """

    def __init__(
        self,
        plant: Plant,
        backend: Backend,
        late: Late[ActionChunk | None],
        instruction: str,
        executor: Executor,
        waits: bool,
    ) -> None:
        self._plant, self._backend, self._late = plant, backend, late
        self._actions = seeing.actions(plant, backend)
        self._instruction, self._executor, self._waits = instruction, executor, waits
        self.requests = self.failures = 0
        self.refused: dict[str, int] = {}

    def command(self, now_ns: int) -> Array:
        """As ``Driver.command``."""
        for chunk in self._late.arrived(now_ns):
            if chunk is not None:
                self._executor.receive(chunk, now_ns)
        if not len(self._late) and self._executor.wants(now_ns, 0):
            self._ask(now_ns)
        return self._executor.command(now_ns)

    def _ask(self, now_ns: int) -> None:
        self.requests += 1
        told = self._executor.asked(now_ns)
        rest = np.zeros_like(told.velocity)
        # Published methods have no acceleration to tell.
        start = replace(told, velocity=rest if self._waits else told.velocity, acceleration=rest)
        self._late.add(now_ns, self.requests, self._answer(start, now_ns))

    def _answer(self, start: KinematicState, now_ns: int) -> ActionChunk | None:
        seen = seeing.observation(self._plant, now_ns, self._instruction)
        request = Request(self.requests, 1, seen, start, None)
        response = self._actions.applied(answer(self._backend, request), request)
        if response.error:
            self.failures += 1
            return None
        robot = self._plant.robot
        return ActionChunk(
            session=1,
            episode=1,
            sequence=self.requests,
            observation_stamp_ns=now_ns,
            start_ns=start.time_ns,
            row_period_ns=robot.row_period_ns,
            joint_names=robot.joints,
            rows=response.rows,
            inference_ns=self._late.takes_ns(self.requests),
        )
