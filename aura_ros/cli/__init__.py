"""The command ``aura``. Every subcommand imports what it needs only when it runs."""

from __future__ import annotations

import typer

from aura_ros.cli import bench, install, learn, logs, runs
from aura_ros.cli.group import Commands

app = typer.Typer(
    cls=Commands,
    help="Memory, failure prediction, authorization and smooth execution for any frozen VLA.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
for command in (
    runs.demo, runs.replay, learn.calibrate, runs.serve, learn.train, install.doctor, bench.bench,
):  # fmt: skip
    app.command()(command)
app.add_typer(logs.app, name="audit")


def main() -> None:
    """Entry point."""
    app()
