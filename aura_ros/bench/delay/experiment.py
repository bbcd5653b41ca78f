"""What the closed-loop benchmark runs: the conditions, the grid, and one episode's name."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from aura_ros.bench.loop.outcome import Timing
from aura_ros.bench.loop.version import version_of
from aura_ros.robot.description import Robot
from aura_ros.robot.load import load_robot

# What an episode's outcome depends on, in the package and outside of it.
PARTS = (
    "types", "robot", "motion", "policy", "fuser", "sim", "bench/execution", "bench/loop",
    "bench/delay", "settings.py",
)  # fmt: skip
LIBRARIES = ("numpy", "scipy", "daqp", "mujoco", "ruckig")


@dataclass(frozen=True)
class Conditions:
    """What is the same in every episode.

    Answers take the latency of the episode, +- ``jitter`` of it; ``noise`` [rad or m] is the
    bias of a chunk; at most ``in_flight`` requests are on their way.
    """

    robot: str = "embedded_panda"
    jitter: float = 0.2
    noise: float = 0.002
    timing: Timing = field(default_factory=Timing)
    in_flight: int = 1

    def load(self) -> Robot:
        """The robot's description."""
        return _load(self.robot)


@dataclass(frozen=True)
class Job:
    """One episode: who executes the chunks, of which task, how late, placed by which seed.

    ``target`` is the object that the instruction names, 0 or 1.
    """

    system: str
    task: str
    latency_ms: int
    seed: int
    target: int = 0


@dataclass(frozen=True)
class Grid:
    """Every combination of these. The reported seeds are 0 to 19: choose nothing on them."""

    systems: tuple[str, ...]
    tasks: tuple[str, ...] = ("pick_place", "push")
    latencies_ms: tuple[int, ...] = (100, 200, 400, 800)
    seeds: tuple[int, ...] = tuple(range(20))
    target: int = 0

    def jobs(self) -> list[Job]:
        """All episodes, seed by seed: what an interrupted run leaves is paired."""
        varied = product(self.seeds, self.latencies_ms, self.tasks, self.systems)
        return [Job(who, task, latency, seed, self.target) for seed, latency, task, who in varied]


@lru_cache(maxsize=4)
def _load(name: str) -> Robot:
    return load_robot(name)


def version(conditions: Conditions) -> str:
    """Digest of conditions, robot, code and libraries: equal digests mean equal episodes."""
    return version_of(PARTS, LIBRARIES, conditions, conditions.load().digest)
