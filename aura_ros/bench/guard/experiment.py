"""What the benchmark runs: the conditions, one episode's name, and the design."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from aura_ros.bench.guard.faults import CLASSES, SEVERITIES, Kind
from aura_ros.bench.loop.outcome import Timing
from aura_ros.bench.loop.version import version_of
from aura_ros.sim.tasks import TASKS

PARTS = (
    "types", "robot", "motion", "policy", "memory", "monitor", "guard", "fuser", "pipeline.py",
    "sim", "bench/loop", "bench/closed_loop", "bench/guard", "settings.py",
    "conversions/sensors.py", "replay/changes.py",
)  # fmt: skip
LIBRARIES = ("numpy", "daqp", "mujoco", "opencv-python-headless", "pin")

NO_GATE, CLAMP, STATELESS, EMA, BARRIER, OURS = ARMS = (
    "no_gate", "clamp", "stateless", "stateless+ema", "cbf_qp", "ours",
)  # fmt: skip
NONE = "none"
"""The fault of nominal episodes."""
MIDDLE = 1

TIMING = Timing(limit_s=12.0, settle_s=0.5)

DEVELOPMENT_SEED = 200_000
"""Seeds from here on are for choosing, those below are reported."""


@dataclass(frozen=True)
class Conditions:
    """What is the same in every episode.

    ``artifact`` is the trained policy's file; its answers take ``latency_ms``, +- ``jitter`` (a
    share). ``rules`` and ``calibration`` are files for our guard, empty: none.
    """

    artifact: Path
    rules: str = ""
    calibration: str = ""
    latency_ms: int = 200
    jitter: float = 0.2
    timing: Timing = field(default_factory=lambda: TIMING)


@dataclass(frozen=True)
class Job:
    """One episode: behind which arm, with which fault, how severe, of which task and scene.

    A ``passing`` fault lasts for a moment, and the episode goes on to the end of the task.
    """

    arm: str
    fault: str
    severity: int
    task: str
    seed: int
    passing: bool = False


def is_told_anew(job: Job) -> bool:
    """Whether a nominal episode gets another instruction in mid-motion: every fifth seed, behind
    every arm."""
    return job.fault == NONE and job.seed % 5 == 4


@dataclass(frozen=True)
class Design:
    """A star: ours at every severity, the other arms at the middle one and on fewer seeds; and
    nominal episodes of ``nominal`` seeds in every task, ours and without a gate, paired; and ours
    with faults that pass, on the seeds ``passing``."""

    seeds: tuple[int, ...]
    others: tuple[int, ...]
    nominal: tuple[int, ...]
    passing: tuple[int, ...] = ()
    classes: tuple[str, ...] = tuple(CLASSES)
    arms: tuple[str, ...] = ARMS
    tasks: tuple[str, ...] = tuple(TASKS)
    severities: tuple[int, ...] = SEVERITIES

    def jobs(self) -> list[Job]:
        """All episodes, seed by seed: what an interrupted run leaves is paired."""
        return [*self._nominal(), *self._faults(), *self._passing()]

    def _passing(self) -> Iterable[Job]:
        for seed in self.passing:
            for name in self.classes:
                # An instruction does not pass.
                if OURS in self.arms and CLASSES[name].kind != Kind.WORDS:
                    yield Job(OURS, name, MIDDLE, self._task(seed), seed, passing=True)

    def _task(self, seed: int) -> str:
        # Even and odd seeds ask for different objects: both of every task.
        return self.tasks[seed // 2 % len(self.tasks)]

    def _nominal(self) -> Iterable[Job]:
        for seed in self.nominal:
            for task in self.tasks:
                for arm in (OURS, NO_GATE):
                    if arm in self.arms:
                        yield Job(arm, NONE, 0, task, seed)

    def _faults(self) -> Iterable[Job]:
        for seed in sorted({*self.seeds, *self.others}):
            for name in self.classes:
                task = self._task(seed)
                if seed in self.seeds and OURS in self.arms:
                    yield from (Job(OURS, name, s, task, seed) for s in self.severities)
                if seed in self.others:
                    others = (arm for arm in self.arms if arm != OURS)
                    yield from (Job(arm, name, MIDDLE, task, seed) for arm in others)


def version(conditions: Conditions) -> str:
    """Digest of conditions, policy, rules, code and libraries: equal digests, equal episodes."""
    files = [conditions.artifact, *map(Path, (conditions.rules, conditions.calibration))]
    content = [_content(file) for file in files if file.is_file()]
    settings = (conditions.latency_ms, conditions.jitter, conditions.timing)
    return version_of(PARTS, LIBRARIES, *settings, *content)


@lru_cache(maxsize=8)
def _content(path: Path) -> bytes:
    return path.read_bytes()
