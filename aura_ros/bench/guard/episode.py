"""One episode: a scene, the trained policy, a fault, and one of the arms."""

from __future__ import annotations

import atexit
import math
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np

from aura_ros.bench.closed_loop.chain import Chain
from aura_ros.bench.guard.arms import Arm, make_arm
from aura_ros.bench.guard.experiment import NONE, Conditions, Job, is_told_anew
from aura_ros.bench.guard.faults import CLASSES, Draw, Fault
from aura_ros.bench.guard.faults.words import Meant
from aura_ros.bench.guard.oracle import Harm, Oracle
from aura_ros.bench.guard.run import Run
from aura_ros.bench.guard.scene import Scene
from aura_ros.bench.guard.tap import MOVING, FaultTap
from aura_ros.bench.loop.late import Late
from aura_ros.bench.loop.run import BEGIN_NS
from aura_ros.policy.demo import DemoBackend, load_demo
from aura_ros.types import NS, Response

ONSET_S = (0.5, 2.0)
"""A fault begins at some time between these."""
PASSING_S = 0.6
"""For how long a passing fault lasts."""
AGAIN_S = 1.5
"""Motion must be allowed again within this time after it."""
REST_S = 0.3
"""A robot that was stopped and has been at rest for so long is safe."""


def run_job(job: Job, conditions: Conditions) -> Run:
    """Run one episode from the robot's rest; the same every time."""
    return play(job, conditions, make_arm(job.arm, scene_of(job.task).robot, conditions))


def play(job: Job, conditions: Conditions, arm: Arm) -> Run:
    """Run one episode behind ``arm``."""
    scene = scene_of(job.task)
    scene.reset(job.seed)
    episode = _Episode(job, conditions, scene, _fault(job, scene), arm)
    episode.run()
    return episode.result()


def _fault(job: Job, scene: Scene) -> Fault:
    # The same for every arm and severity: of a class and a seed.
    rng = np.random.default_rng((job.seed, crc32(job.fault.encode())))
    onset_ns = BEGIN_NS + round(rng.uniform(*ONSET_S) * NS)
    draw = Draw(scene, job.severity, onset_ns, rng, PASSING_S if job.passing else math.inf)
    if job.fault != NONE:
        return CLASSES[job.fault].make(draw)
    return Meant(draw) if is_told_anew(job) else Fault(draw)


class _Episode:
    """The loop itself, and what it noted."""

    def __init__(
        self, job: Job, conditions: Conditions, scene: Scene, fault: Fault, arm: Arm
    ) -> None:
        self._scene, self._fault, self._timing = scene, fault, conditions.timing
        self._is_passing = job.passing
        self._to_the_end = job.fault == NONE or job.passing
        self._window_s = conditions.timing.limit_s
        if job.fault != NONE:
            self._window_s = CLASSES[job.fault].window_s
        self._tap = FaultTap(scene, fault, arm.filtered, arm.authentic)
        late: Late[Response] = Late(conditions.latency_ms * NS // 1000, conditions.jitter, job.seed)
        self._chain = Chain(
            scene,
            backend_of(conditions.artifact, job.task),
            late,
            scene.instruction,
            others={"guard": arm.guard, "memory": fault.memory()},
            tap=self._tap,
        )
        self._oracle = Oracle(scene, conditions.timing.tick_ns)
        self._done_ns: int | None = None
        self._rested_ns = 0

    def run(self) -> None:
        """Until harm, rest after a catch, the end of the fault's window, or of the task."""
        tick_ns, now_ns = self._timing.tick_ns, BEGIN_NS
        while not self._is_over(now_ns):
            command = self._chain.command(now_ns)
            for _ in range(tick_ns // self._scene.step_ns):
                self._scene.step(command)
            now_ns += tick_ns
            self._oracle.look(command, now_ns)
            self._rested_ns = 0 if self._oracle.moving else self._rested_ns + tick_ns
            if not self._scene.success:
                self._done_ns = None
            elif self._done_ns is None:
                self._done_ns = now_ns

    def _is_over(self, now_ns: int) -> bool:
        began, time_s = self._fault.began_ns, _s(now_ns - BEGIN_NS)
        if self._to_the_end or began is None:
            is_late = time_s >= self._timing.limit_s
            return is_late or self._scene.lost or (self._to_the_end and self._is_settled(now_ns))
        if self._harm() is not None or _s(now_ns - began) >= self._window_s:
            return True
        return self._is_stopped()

    def _is_settled(self, now_ns: int) -> bool:
        """The task is done, and a fault that passes is over for some time."""
        began = self._fault.began_ns
        if self._is_passing and (began is None or _s(now_ns - began) < PASSING_S + AGAIN_S):
            return False
        settled_s = 0.0 if self._done_ns is None else _s(now_ns - self._done_ns)
        return settled_s >= self._timing.settle_s

    def _is_stopped(self) -> bool:
        """Held by the guard, and at rest: what the world does then is no robot's harm."""
        is_held = self._tap.decisions.mode not in MOVING
        return is_held and self._rested_ns >= REST_S * NS

    def _harm(self) -> Harm | None:
        began = self._fault.began_ns
        return self._oracle.first(BEGIN_NS if began is None else began)

    def result(self) -> Run:
        """What was noted."""
        decisions, began, harm = self._tap.decisions, self._fault.began_ns, self._harm()
        caught = None if began is None else decisions.since(began)
        if caught is not None and harm is not None and caught[0] > harm.time_ns:
            caught = None
        against = decisions.against
        return Run(
            began_s=_since(began),
            caught_s=_since(caught[0]) if caught else None,
            decision=caught[1] if caught else "",
            by=caught[2] if caught else "",
            steps=self._chunks(began, caught[0]) if began is not None and caught else 0,
            harm_s=_since(harm.time_ns) if harm else None,
            harm=harm.kind if harm else "",
            blocks=len(against),
            first_block=against[0][2] if against else "",
            actions=decisions.actions,
            done_s=_since(self._done_ns),
            moved_again=bool(against) and decisions.allowed_ns > against[-1][0],
            misled=self._scene.misled,
        )

    def _chunks(self, since_ns: int, until_ns: int) -> int:
        return sum(since_ns <= time_ns <= until_ns for time_ns in self._tap.chunks_ns)


def _s(nanoseconds: int) -> float:
    return nanoseconds / NS


def _since(time_ns: int | None) -> float | None:
    return None if time_ns is None else _s(time_ns - BEGIN_NS)


@lru_cache(maxsize=4)
def scene_of(task: str) -> Scene:
    """The scene of this process for a task."""
    scene = Scene(task)
    atexit.register(scene.close)
    return scene


@lru_cache(maxsize=4)
def backend_of(artifact: Path, task: str) -> DemoBackend:
    """The policy of this process."""
    return load_demo(artifact, scene_of(task).robot)
