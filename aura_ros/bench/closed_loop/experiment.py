"""What the benchmark runs: the conditions, the grid, and one episode's name."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path

from aura_ros.bench.loop.outcome import Timing
from aura_ros.bench.loop.version import version_of

# What an episode's outcome depends on, in the package and outside of it.
PARTS = (
    "types", "robot", "motion", "policy", "memory", "monitor", "guard", "fuser", "pipeline.py",
    "sim", "bench/execution", "bench/loop", "bench/closed_loop", "settings.py",
    "conversions/sensors.py",
)  # fmt: skip
LIBRARIES = ("numpy", "scipy", "daqp", "mujoco", "opencv-python-headless")
# MetaWorld's own convention: done at any of 500 steps of 12.5 ms, each with a command.
TIMINGS = {
    "embedded": Timing(limit_s=20.0),
    "metaworld": Timing(limit_s=6.25, settle_s=0.0, tick_ns=12_500_000),
}

FUSER, SYNC, NAIVE = ARMS = ("fuser", "sync", "naive")
NAMED, OTHER = "named", "other"
"""What the policy is told: the instruction that success is judged by, or the other object's."""


@dataclass(frozen=True)
class Conditions:
    """What is the same in every episode.

    ``artifact`` is the trained policy's file. Its answers take ``latency_ms``, +- ``jitter`` (a
    share) of it.
    """

    artifact: Path
    sim: str = "embedded"
    latency_ms: int = 300
    jitter: float = 0.2
    timing: Timing = field(default_factory=lambda: TIMINGS["embedded"])


@dataclass(frozen=True)
class Job:
    """One episode: which arm, which task, what the policy is told, placed by which seed."""

    arm: str
    task: str
    told: str
    seed: int


@dataclass(frozen=True)
class Grid:
    """Every task by every arm, and by the fuser told of the other object, if ``misled``. The
    reported seeds begin at 0: choose nothing on them."""

    tasks: tuple[str, ...]
    seeds: tuple[int, ...] = tuple(range(50))
    arms: tuple[str, ...] = ARMS
    misled: bool = True

    def jobs(self) -> list[Job]:
        """All episodes, seed by seed: what an interrupted run leaves is paired."""
        kinds = [(arm, NAMED) for arm in self.arms]
        kinds += [(FUSER, OTHER)] if self.misled else []
        return [
            Job(arm, task, told, seed)
            for seed, task, (arm, told) in product(self.seeds, self.tasks, kinds)
        ]


def version(conditions: Conditions) -> str:
    """Digest of conditions, policy, code and libraries: equal digests mean equal episodes."""
    named = (*LIBRARIES, "metaworld") if conditions.sim == "metaworld" else LIBRARIES
    settings = (conditions.sim, conditions.latency_ms, conditions.jitter, conditions.timing)
    return version_of(PARTS, named, *settings, _content(conditions.artifact))


@lru_cache(maxsize=4)
def _content(path: Path) -> bytes:
    return path.read_bytes()
