"""What ``aura train`` does: training with a progress bar, then a first evaluation."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

if TYPE_CHECKING:
    from aura_ros.train.config import Progress, Say
    from aura_ros.train.suite import Suite

# In a log file a line stands for each such share of what is to be done.
LOG_SHARE = 0.01
NEEDED = {
    "demo": (("torch", "safetensors", "mujoco"), "requirements/learn.txt and sim.txt"),
    "metaworld": (
        ("torch", "safetensors", "mujoco", "metaworld"),
        "requirements/learn.txt and metaworld.txt",
    ),
}
"""What can be trained: the modules that it takes, and where they come from."""


class TrainError(ValueError):
    """A training that cannot begin: names what is wrong and the remedy."""


def train(
    name: str, out: Path, steps: int | None, resume: bool, episodes: int, console: Console
) -> None:
    """Train the suite ``name`` into ``out`` and try the policy on ``episodes`` placements of every
    instruction.

    Raises TrainError, and ArtifactError where ``out`` holds a training with other settings.
    """
    if name not in NEEDED:
        raise TrainError(f"no policy {name!r} can be trained; there are: {', '.join(NEEDED)}")
    modules, remedy = NEEDED[name]
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise TrainError(f"{', '.join(missing)} cannot be imported: install {remedy}")
    # Read when torch is loaded: threads that spin while they wait stall on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from aura_ros.train.suite import find_suite
    from aura_ros.train.training import CHECKPOINT, Training

    if (out / CHECKPOINT).exists() and not resume:
        raise TrainError(f"{out} holds a training: go on with --resume, or choose another --out")
    suite = find_suite(name)
    config = suite.config if steps is None else replace(suite.config, steps=steps)
    with _bars(console) as say:
        artifact = Training(suite, config, out, say).run()
        table = _tried(suite, artifact, episodes, say)
    console.print(table)
    console.print(f"written: {artifact}", soft_wrap=True)


@contextmanager
def _bars(console: Console) -> Iterator[Say]:
    """Progress bars on a terminal, lines in a file."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}"),
    )
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}
        said: dict[str, float] = {}

        def say(now: Progress) -> None:
            if now.what not in tasks:
                tasks[now.what] = bars.add_task(now.what, words="")
            bars.update(tasks[now.what], completed=now.done, total=now.total, words=now.words)
            share = now.done / now.total
            if not console.is_terminal and share >= said.get(now.what, 0.0) + LOG_SHARE:
                said[now.what] = share
                console.print(f"{now.what} {now.done}/{now.total} {now.words}")

        yield say


def _tried(suite: Suite, artifact: Path, episodes: int, say: Say) -> Table:
    """Success by instruction in the light closed loop."""
    from aura_ros.train.config import Progress
    from aura_ros.train.evaluate import results, trials

    table = Table("instruction", "done", "of", title="development placements, 0.2 s latency")
    todo = trials(suite.name, artifact, episodes)
    for done, (each, times) in enumerate(results(todo), start=1):
        say(Progress("trials", done, len(todo)))
        successes = sum(time is not None for time in times)
        table.add_row(each.told, str(successes), str(len(times)))
    return table
