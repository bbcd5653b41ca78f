"""The command ``aura``. Every subcommand imports what it needs only when it runs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

if TYPE_CHECKING:
    from aura_ros.robot.description import Robot

app = typer.Typer(
    help="Memory, failure prediction, authorization and smooth execution for any frozen VLA.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


audit_app = typer.Typer(help="The guard's audit log.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")


@app.callback()
def aura() -> None:
    """Stand between a frozen VLA and a robot."""


JsonOption = Annotated[Path | None, typer.Option("--json", help="write the figures here")]


@app.command()
def demo(
    task: Annotated[str, typer.Option(help="reach, push, pick_place or drawer")] = "pick_place",
    episodes: Annotated[int, typer.Option(min=1, max=1000)] = 10,
    policy: Annotated[str, typer.Option(help="demo: trained, it sees; or scripted")] = "demo",
    latency: Annotated[float, typer.Option(min=0, max=2, help="of the policy [s]")] = 0.2,
    noise: Annotated[float, typer.Option(min=0, max=0.1, help="scripted [rad, m]")] = 0.002,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    out: Annotated[Path, typer.Option(help="logs, journals, recording")] = Path("demo_out"),
    json: JsonOption = None,
) -> None:
    """Run the closed loop with the embedded robot, then freeze a camera."""
    from aura_ros.demo import report
    from aura_ros.demo.run import DemoError, DemoOptions, run_demo

    console = Console()
    options = DemoOptions(policy, task, episodes, latency, noise, seed)
    try:
        with console.status("") as status:
            result = run_demo(options, out, lambda words: _progress(console, status, words))
    except (DemoError, TimeoutError, RuntimeError, ValueError) as error:
        raise _fail(console, error) from error
    report.show(result, console)
    if json is not None:
        report.write(result, json)
    raise typer.Exit(0 if report.passed(result) else 1)


@app.command()
def replay(
    recording: Annotated[Path, typer.Argument(help="rosbag2 (mcap, sqlite3) or ROS 1 recording")],
    robot: Annotated[str, typer.Option(help="a name in config/robots, or a file")],
    out: Annotated[Path, typer.Option(help="decisions/, summary.json, replay.png")],
    remap: Annotated[list[str] | None, typer.Option(help="configured:=recorded topic")] = None,
    limit_set: Annotated[str | None, typer.Option(help="tighter limits of the robot")] = None,
    calibration: Annotated[Path | None, typer.Option(help="of the monitor")] = None,
    start: Annotated[float, typer.Option(min=0, help="skip [s]")] = 0.0,
    duration: Annotated[float | None, typer.Option(help="replay so much [s]")] = None,
    inject: Annotated[str | None, typer.Option(help="a fault, as spike:JOINT:TIME:SIZE")] = None,
    rules: Annotated[str, typer.Option(help="of the guard: a name in config/guard, a file")] = "",
    progress: bool = True,
) -> None:
    """Run the chain over a recording, without ROS."""
    from aura_ros.replay.run import run_replay

    try:
        run_replay(
            recording, robot, out, remap=remap or (), limit_set=limit_set,
            calibration=calibration, start=start, duration=duration, inject=inject, rules=rules,
            progress=progress,
        )  # fmt: skip
    except (ValueError, OSError) as error:
        raise _fail(Console(stderr=True), error) from error


@app.command()
def calibrate(
    recordings: Annotated[list[Path], typer.Argument(help="runs: of the demo, or decisions/")],
    robot: Annotated[str, typer.Option(help="a name in config/robots, or a file")],
    out: Annotated[Path, typer.Option(help="the calibration file")],
    alpha: Annotated[
        float | None, typer.Option(help="false alarms per successful episode; 0.1, guard: 0.002")
    ] = None,
    limit_set: Annotated[str | None, typer.Option(help="tighter limits of the robot")] = None,
    guard: Annotated[
        bool, typer.Option("--guard", help="of the guard; runs may be its journals too")
    ] = False,
) -> None:
    """Set the monitor's thresholds, or the guard's limits, from successful episodes."""
    from aura_ros.robot.load import load_robot

    console = Console()
    try:
        description = load_robot(robot, limit_set=limit_set)
        if guard:
            _calibrate_guard(recordings, description, out, alpha, console)
        else:
            _calibrate_monitor(recordings, description, out, alpha, console)
    except (ValueError, OSError) as error:
        raise _fail(console, error) from error
    console.print(f"written: {out}")


def _calibrate_monitor(
    recordings: list[Path], robot: Robot, out: Path, alpha: float | None, console: Console
) -> None:
    from aura_ros.replay.calibrate import calibrate_from

    alpha = 0.1 if alpha is None else alpha
    made = calibrate_from(recordings, robot, alpha)
    made.save(out)
    console.print(f"{made.episodes} episodes set the thresholds: alarm {made.alarm:.3f}")
    if math.isinf(made.alarm):
        needed = math.ceil(1 / alpha) - 1
        console.print(f"too few to ever alarm at alpha {alpha:g}: {2 * needed} are needed")


def _calibrate_guard(
    runs: list[Path], robot: Robot, out: Path, alpha: float | None, console: Console
) -> None:
    from aura_ros.guard.risk.fit import ALPHA
    from aura_ros.replay.calibrate_guard import PARTS, calibrate_guard

    alpha = ALPHA if alpha is None else alpha
    made = calibrate_guard(runs, robot, alpha)
    made.save(out)
    lacking = [name for name in PARTS if getattr(made, name) is None]
    parts = ", ".join(name for name in PARTS if name not in lacking)
    console.print(f"{made.episodes} episodes set the limits of {parts}")
    if lacking:
        console.print(f"too few of them show what {', '.join(lacking)} would need")
    if made.session_risk.holds > alpha:
        words = f"false alarms an episode are at most {made.session_risk.holds:.3f}, not {alpha:g}"
        console.print(f"{words}: more episodes are needed for that")


@app.command()
def serve(
    backend: Annotated[str, typer.Option(help="demo, lerobot, pi0, or module:factory")],
    path: Annotated[Path, typer.Option(help="directory of the checkpoint; demo: its file")],
    host: Annotated[str, typer.Option(help="to listen on; 0.0.0.0: all")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one")] = 8000,
) -> None:
    """Serve a frozen policy in openpi's websocket format."""
    from aura_ros.serve import run

    console = Console(stderr=True)
    try:
        run.serve(backend, path, host, port, lambda words: console.print(words, soft_wrap=True))
    except (ValueError, RuntimeError, OSError) as error:
        raise _fail(console, error) from error


@app.command()
def train(
    what: Annotated[str, typer.Argument(help="demo: the policy that ships; metaworld")],
    out: Annotated[Path, typer.Option(help="data, checkpoint, artifact")],
    steps: Annotated[int | None, typer.Option(min=1, help="of gradient descent")] = None,
    resume: Annotated[bool, typer.Option(help="go on with the training in --out")] = False,
    trials: Annotated[int, typer.Option(min=0, help="placements a task at the end")] = 10,
) -> None:
    """Make a policy from nothing: data from scripted experts, then training."""
    from aura_ros.train import command

    console = Console()
    try:
        command.train(what, out, steps, resume, trials, console)
    except (ValueError, RuntimeError, OSError) as error:
        raise _fail(console, error) from error


@app.command()
def doctor() -> None:
    """Say what is installed, what is missing, and what that means."""
    from aura_ros.doctor import findings

    table = Table("part", "found", "means")
    missing = False
    for part in findings():
        missing |= part.needed and not part.found
        table.add_row(part.name, part.found or "[red]missing[/red]", part.meaning)
    Console().print(table)
    raise typer.Exit(1 if missing else 0)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="which benchmark; see --list")] = "",
    listed: Annotated[bool, typer.Option("--list", help="name the benchmarks")] = False,
    quick: Annotated[bool, typer.Option(help="a first look in less time")] = False,
    out: Annotated[Path, typer.Option(help="logs and plots")] = Path("bench_out"),
    sim: Annotated[str, typer.Option(help="closed-loop: embedded or metaworld")] = "",
    artifact: Annotated[Path | None, typer.Option(help="closed-loop: a trained policy")] = None,
    json: JsonOption = None,
) -> None:
    """Run a benchmark and print its figures."""
    from aura_ros.bench import registry
    from aura_ros.figures import write_figures

    console = Console()
    if listed or not name:
        for known, measures in registry.BENCHMARKS.items():
            console.print(f"{known}: {measures}")
        raise typer.Exit(0 if listed else 2)
    try:
        options = registry.BenchOptions(out, quick, console.print, sim, artifact)
        metrics = registry.run(name, options)
    except (ValueError, RuntimeError, OSError) as error:
        raise _fail(console, error) from error
    table = Table("figure", "value")
    for key, value in metrics.items():
        table.add_row(key, f"{value:.3f}" if isinstance(value, float) else str(value))
    console.print(table)
    if json is not None:
        write_figures(json, name, metrics)


@audit_app.command()
def verify(
    log: Annotated[Path, typer.Argument(help="directory of the parameter audit, or one file")],
    heads: Annotated[Path | None, typer.Option(help="recording of audit_head, or JSON")] = None,
    key: Annotated[Path | None, typer.Option(help="the file of audit_key")] = None,
) -> None:
    """Say whether a log is what was written: the first record that was changed or is missing."""
    from aura_ros.audit.command import run_verify

    console = Console()
    try:
        whole = run_verify(log, heads, key, lambda words: console.print(escape(words)))
    except (ValueError, OSError) as error:
        raise _fail(console, error) from error
    raise typer.Exit(0 if whole else 1)


@audit_app.command("heads")
def heads_of(
    recording: Annotated[Path, typer.Argument(help="rosbag2 with the topic audit_head")],
    out: Annotated[Path, typer.Option(help="lines of JSON, for verify --heads")],
) -> None:
    """Take the published heads out of a recording, to keep them apart from the log."""
    from aura_ros.audit.command import run_heads

    console = Console()
    try:
        console.print(f"{run_heads(recording, out)} heads: {escape(str(out))}", soft_wrap=True)
    except (ValueError, OSError) as error:
        raise _fail(console, error) from error


def _fail(console: Console, error: Exception) -> typer.Exit:
    console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
    return typer.Exit(1)


def _progress(console: Console, status: Status, words: str) -> None:
    console.print(words)
    status.update(words)


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
