"""Success of an artifact in the light closed loop of training, by instruction.

The full chain is measured by ``aura bench closed-loop``; this is the quick look between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from aura_ros.parallel import pool
from aura_ros.policy.demo import load_demo
from aura_ros.robot.load import load_robot
from aura_ros.sim.tasks import DEVELOPMENT_SEED
from aura_ros.train.episode import Act, Episode, Pace, View
from aura_ros.train.labels import answer
from aura_ros.train.scenes import ASSIGNMENTS, Assignment, Stage
from aura_ros.types import Array


@dataclass(frozen=True)
class Trials:
    """Episodes with an artifact: what success is judged by, on which placements, what the policy
    is told (the same, or to do it with the other object), how late answers are."""

    artifact: str
    assignment: Assignment
    seeds: tuple[int, ...]
    told: str
    latency_s: float = 0.2


def trials(
    artifact: Path,
    episodes: int,
    latency_s: float = 0.2,
    is_misled: bool = False,
    begin: int = DEVELOPMENT_SEED,
) -> list[Trials]:
    """``episodes`` placements of every instruction; ``is_misled``: told of the other object."""
    seeds = tuple(range(begin, begin + episodes))
    return [
        Trials(
            str(artifact), each, seeds, _other(each) if is_misled else each.instruction, latency_s
        )
        for each in ASSIGNMENTS
    ]


def _other(assignment: Assignment) -> str:
    """The instruction that names the other object."""
    same = (a for a in ASSIGNMENTS if a.task == assignment.task and a != assignment)
    return next(same).instruction


def results(
    todo: Sequence[Trials], workers: int | None = None
) -> Iterator[tuple[Trials, list[float | None]]]:
    """Trials with the times at which they were done [s], None where they were not."""
    if workers == 0:
        yield from ((each, attempt(each)) for each in todo)
        return
    with pool(workers) as executor:
        running = {executor.submit(attempt, each): each for each in todo}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        finally:
            executor.shutdown(cancel_futures=True)


def attempt(todo: Trials) -> list[float | None]:
    """Run trials, one after the other."""
    policy = load_demo(Path(todo.artifact), load_robot("embedded_panda"))
    pace = Pace(latency_s=todo.latency_s)

    def act(view: View) -> Array:
        return answer(policy, todo.told, view)

    with Stage(todo.assignment) as stage:
        return [_attempt(stage, seed, pace, act) for seed in todo.seeds]


def _attempt(stage: Stage, seed: int, pace: Pace, act: Act) -> float | None:
    stage.begin(seed)
    return Episode(stage, pace, act).run()
