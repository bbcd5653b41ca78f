"""The scripted policy behind a latency, in simulated time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aura_ros.bench.delay.experiment import Conditions, Job
from aura_ros.bench.loop.late import Late
from aura_ros.policy.scripted import Expert, ScriptedBackend
from aura_ros.robot.description import Robot
from aura_ros.types import (
    NS,
    ActionChunk,
    Array,
    JointState,
    KinematicState,
    Objects,
    Observation,
    Request,
)


class DelayedPolicy:
    """Answers requests late. The k-th request of an episode takes the same time, and has the
    same bias, whoever asks: both are drawn by (seed, k).

    Of the state that it is told it reads position and velocity. Published methods have no
    acceleration to tell, so that of the others is left out too.
    """

    def __init__(self, expert: Expert, robot: Robot, job: Job, conditions: Conditions) -> None:
        self._robot, self._job = robot, job
        self._backend = ScriptedBackend(
            lambda _: expert,
            robot.horizon,
            robot.row_period_ns / NS,
            noise=conditions.noise,
            seed=job.seed,
            lower=robot.limits.lower,
            upper=robot.limits.upper,
        )
        latency_ns = job.latency_ms * 1_000_000
        self._late: Late[ActionChunk | None] = Late(latency_ns, conditions.jitter, job.seed)
        self.requests = 0
        self.failures = 0

    @property
    def in_flight(self) -> int:
        """Requests that are not answered yet."""
        return len(self._late)

    def ask(self, now_ns: int, measured: Array, objects: Array, told: KinematicState) -> None:
        """A request leaves at ``now_ns``: joints (n,) and objects (m, 7) as they are now, and
        the state where its rows are to begin."""
        self.requests += 1
        joints = JointState(now_ns, measured, np.zeros_like(measured))
        seen = Observation(now_ns, {}, joints, self._job.task, Objects(now_ns, objects))
        start = replace(told, acceleration=np.zeros_like(told.acceleration))
        request = Request(self.requests, 1, seen, start, None)
        latency_ns = self.latency_ns(self.requests)
        self._late.add(now_ns, self.requests, self._answer(request, latency_ns))

    def arrived(self, now_ns: int) -> list[ActionChunk]:
        """Answers due by ``now_ns``, in order of arrival."""
        return [chunk for chunk in self._late.arrived(now_ns) if chunk is not None]

    def latency_ns(self, request: int) -> int:
        """How long the answer to a request takes [ns]."""
        return self._late.takes_ns(request)

    def _answer(self, request: Request, latency_ns: int) -> ActionChunk | None:
        """The chunk, or None where the expert finds no motion: that answer never comes."""
        try:
            rows = self._backend.act(request, np.zeros(0))
        except ValueError:
            self.failures += 1
            return None
        return ActionChunk(
            session=1,
            episode=1,
            sequence=request.sequence,
            observation_stamp_ns=request.observation.stamp_ns,
            start_ns=request.start.time_ns,
            row_period_ns=self._robot.row_period_ns,
            joint_names=self._robot.joints,
            rows=rows,
            inference_ns=latency_ns,
        )
