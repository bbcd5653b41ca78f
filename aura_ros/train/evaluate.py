"""Success of an artifact in the light closed loop of training, by instruction.

The full chain is measured by ``aura bench closed-loop``; this is the quick look between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from aura_ros.parallel import pool
from aura_ros.policy.demo import load_demo
from aura_ros.robot.load import load_robot
from aura_ros.train.episode import Act, Episode, Pace, View
from aura_ros.train.labels import answer
from aura_ros.train.suite import Stage, find_suite
from aura_ros.types import Array


@dataclass(frozen=True)
class Trials:
    """Episodes with an artifact: the number of the instruction that success is judged by, on which
    placements, what the policy is told (the same, or to do it with the other object), how late
    answers are."""

    suite: str
    artifact: str
    instruction: int
    seeds: tuple[int, ...]
    told: str
    latency_s: float = 0.2


def trials(
    suite: str,
    artifact: Path,
    episodes: int,
    latency_s: float = 0.2,
    is_misled: bool = False,
    begin: int | None = None,
) -> list[Trials]:
    """``episodes`` placements of every instruction; of development from ``begin`` on;
    ``is_misled``: told of the other object."""
    found = find_suite(suite)
    first = found.development_seed if begin is None else begin
    seeds = tuple(range(first, first + episodes))
    told = found.others if is_misled else found.instructions
    return [
        Trials(suite, str(artifact), index, seeds, text, latency_s)
        for index, text in enumerate(told)
        if text
    ]


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
    suite = find_suite(todo.suite)
    robot = load_robot(suite.robot)
    policy = load_demo(Path(todo.artifact), robot)
    pace = replace(suite.pace, latency_s=todo.latency_s)

    def act(view: View) -> Array:
        return answer(policy, todo.told, view)

    with closing(suite.stage(robot, todo.instruction, suite.pixels[0])) as stage:
        return [_attempt(stage, seed, pace, act) for seed in todo.seeds]


def _attempt(stage: Stage, seed: int, pace: Pace, act: Act) -> float | None:
    stage.begin(seed)
    return Episode(stage, pace, act).run()
