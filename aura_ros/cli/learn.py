"""``aura calibrate``, ``aura train``: what is made from recorded runs and from experts."""

import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from aura_ros.cli.given import LimitsOption, Maybe, RobotOption, file, folder
from aura_ros.cli.group import console

if TYPE_CHECKING:
    from aura_ros.robot.description import Robot


class Suite(StrEnum):
    """Policies that can be made again."""

    DEMO = "demo"
    METAWORLD = "metaworld"


def calibrate(
    recordings: Annotated[list[Path], typer.Argument(help="runs: of the demo, or decisions/")],
    robot: RobotOption,
    out: Annotated[Path, typer.Option(callback=file, help="the calibration file")],
    alpha: Annotated[
        Maybe[float], typer.Option(help="false alarms per successful episode; 0.1, guard: 0.002")
    ] = None,
    limit_set: LimitsOption = None,
    guard: Annotated[
        bool, typer.Option("--guard", help="of the guard; runs may be its journals too")
    ] = False,
) -> None:
    """Set the monitor's thresholds, or the guard's limits, from successful episodes.

    With --guard: from 8 episodes of one policy on one robot by one set of the guard's rules; 998
    hold its false-alarm rate. A run is a recording of the topics chunk, proposed_plan, verdict,
    lease, committed_plan, features, failure_risk and instruction, or the guard's journal (.jsonl).
    Where there is a topic success, episodes that did not succeed are left out.
    """
    from aura_ros.robot.load import load_robot

    if alpha is not None and not 0 < alpha < 1:
        raise typer.BadParameter(f"{alpha:g} is not between 0 and 1", param_hint="--alpha")
    screen = console()
    description = load_robot(robot, limit_set=limit_set)
    make = _calibrate_guard if guard else _calibrate_monitor
    make(recordings, description, out, alpha, screen)
    screen.print(f"written: {escape(str(out))}", soft_wrap=True)


def _calibrate_monitor(
    recordings: list[Path], robot: "Robot", out: Path, alpha: float | None, screen: Console
) -> None:
    from aura_ros.replay.calibrate import calibrate_from

    alpha = 0.1 if alpha is None else alpha
    made = calibrate_from(recordings, robot, alpha)
    made.save(out)
    screen.print(f"{made.episodes} episodes set the thresholds: alarm {made.alarm:.3f}")
    if math.isinf(made.alarm):
        needed = math.ceil(1 / alpha) - 1
        screen.print(f"too few to ever alarm at alpha {alpha:g}: {2 * needed} are needed")


def _calibrate_guard(
    runs: list[Path], robot: "Robot", out: Path, alpha: float | None, screen: Console
) -> None:
    from aura_ros.guard.risk.fit import ALPHA
    from aura_ros.replay.calibrate_guard import calibrate_guard, summary

    def say(words: str) -> None:
        screen.print(escape(words), soft_wrap=True)

    made = calibrate_guard(runs, robot, ALPHA if alpha is None else alpha, say)
    made.save(out)
    for words in summary(made):
        say(words)


def train(
    what: Annotated[Suite, typer.Argument(help="demo: the policy that ships")],
    out: Annotated[Path, typer.Option(callback=folder, help="data, checkpoint, artifact")],
    steps: Annotated[Maybe[int], typer.Option(min=1, help="of gradient descent")] = None,
    resume: Annotated[bool, typer.Option(help="go on with the training in --out")] = False,
    trials: Annotated[int, typer.Option(min=0, help="placements a task at the end")] = 10,
) -> None:
    """Make a policy from nothing: data from scripted experts, then training."""
    from aura_ros.train import command

    command.train(what.value, out, steps, resume, trials, console())
