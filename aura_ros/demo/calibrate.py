"""What the demonstration's guard holds the trained policy to, from nothing:

``python -m aura_ros.demo.calibrate config/guard/demo_calibration.json``
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from aura_ros.bench.loop.pool import outcomes
from aura_ros.demo import nominal
from aura_ros.demo.settings import ROBOT
from aura_ros.figures import version
from aura_ros.guard.risk.calibration import GuardCalibration
from aura_ros.guard.risk.fit import ALPHA, fit
from aura_ros.guard.risk.recorder import episode_of
from aura_ros.robot.load import load_robot
from aura_ros.sim.tasks import TASKS

# Those of every robot: geometry, which needs the extra `kinematics`, is no part of it.
RULES = "default"
FIRST_SEED = 220_000
SCENES = 250
# The demonstration's 200 ms, and what a busy machine, or a user, makes of them.
LATENCIES_MS = (100, 200, 200, 300, 400)


def calibrated(scenes: int = SCENES, workers: int | None = None) -> GuardCalibration:
    """Calibrate on ``scenes`` of every task that the trained policy does.

    ``workers``: processes, by default one a core; 0 runs here. The result is the same.
    """
    seeds = range(FIRST_SEED, FIRST_SEED + scenes)
    jobs = [
        nominal.Job(task, seed, LATENCIES_MS[(seed + k) % len(LATENCIES_MS)])
        for seed in seeds
        for k, task in enumerate(TASKS)
    ]
    done = outcomes(nominal.play, jobs, RULES, workers)
    played = dict(track(done, "episodes", len(jobs), console=Console(stderr=True)))
    heard = [record for job in jobs if played[job].done for record in played[job].heard]
    episodes = [episode_of(record) for record in heard]
    return fit(episodes, load_robot(ROBOT), ALPHA, seeds=(seeds[0], seeds[-1]), version=version())


def main(
    out: Annotated[Path, typer.Argument(help="the file, config/guard/demo_calibration.json")],
    scenes: Annotated[int, typer.Option(min=2, help="of every task")] = SCENES,
) -> None:
    """Make the calibration that ships for the demonstration, in some minutes."""
    calibrated(scenes).save(out)


if __name__ == "__main__":
    typer.run(main)
