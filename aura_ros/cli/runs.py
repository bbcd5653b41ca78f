"""``aura demo``, ``aura replay``, ``aura serve``: the chain, live and offline, and a policy."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from aura_ros.cli.given import JsonOption, LimitsOption, Maybe, RobotOption, folder
from aura_ros.cli.group import console


class Task(StrEnum):
    """Tasks of the embedded robot."""

    REACH = "reach"
    PUSH = "push"
    PICK_PLACE = "pick_place"
    DRAWER = "drawer"


class Policy(StrEnum):
    """Policies of the demo."""

    DEMO = "demo"
    SCRIPTED = "scripted"


def demo(
    task: Annotated[Task, typer.Option()] = Task.PICK_PLACE,
    episodes: Annotated[int, typer.Option(min=1, max=1000)] = 10,
    policy: Annotated[Policy, typer.Option(help="demo: trained, it sees")] = Policy.DEMO,
    latency: Annotated[float, typer.Option(min=0, max=2, help="of the policy [s]")] = 0.2,
    noise: Annotated[float, typer.Option(min=0, max=0.1, help="scripted [rad, m]")] = 0.002,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    out: Annotated[Path, typer.Option(callback=folder, help="logs, journals, recording")] = Path(
        "demo_out"
    ),
    json: JsonOption = None,
) -> None:
    """Run the closed loop with the embedded robot, then freeze a camera."""
    from aura_ros.demo import report
    from aura_ros.demo.run import DemoOptions, run_demo

    screen = console()
    options = DemoOptions(policy.value, task.value, episodes, latency, noise, seed)
    with screen.status("") as status:

        def say(words: str) -> None:
            screen.print(words)
            status.update(escape(words))

        result = run_demo(options, out, say)
    report.show(result, screen)
    if json is not None:
        report.write(result, json)
    short = report.shortfalls(result)
    for words in short:
        console(stderr=True).print(words, style="red", soft_wrap=True)
    raise typer.Exit(1 if short else 0)


def replay(
    recording: Annotated[Path, typer.Argument(help="rosbag2 (mcap, sqlite3) or ROS 1 recording")],
    robot: RobotOption,
    out: Annotated[
        Path, typer.Option(callback=folder, help="decisions/, summary.json, replay.png")
    ],
    remap: Annotated[Maybe[list[str]], typer.Option(help="configured:=recorded topic")] = None,
    limit_set: LimitsOption = None,
    calibration: Annotated[Maybe[Path], typer.Option(help="of the monitor")] = None,
    start: Annotated[float, typer.Option(min=0, help="skip [s]")] = 0.0,
    duration: Annotated[Maybe[float], typer.Option(help="replay so much [s]")] = None,
    inject: Annotated[Maybe[str], typer.Option(help="a fault, as spike:JOINT:TIME:SIZE")] = None,
    rules: Annotated[str, typer.Option(help="of the guard: a name in config/guard, a file")] = "",
    progress: bool = True,
) -> None:
    """Run the chain over a recording, without ROS."""
    from aura_ros.replay.run import run_replay

    run_replay(
        recording, robot, out, remap=remap or (), limit_set=limit_set,
        calibration=calibration, start=start, duration=duration, inject=inject, rules=rules,
        progress=progress,
    )  # fmt: skip


def serve(
    backend: Annotated[str, typer.Option(help="demo, lerobot, pi0, or module:factory")],
    path: Annotated[Path, typer.Option(help="directory of the checkpoint; demo: its file")],
    host: Annotated[str, typer.Option(help="to listen on; 0.0.0.0: all")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one")] = 8000,
) -> None:
    """Serve a frozen policy in openpi's websocket format."""
    from aura_ros.serve import run

    screen = console(stderr=True)
    run.serve(backend, path, host, port, lambda words: screen.print(escape(words), soft_wrap=True))
