"""``aura audit``: the guard's log."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from aura_ros.cli.given import Maybe, file
from aura_ros.cli.group import console

app = typer.Typer(help="The guard's audit log.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def verify(
    log: Annotated[Path, typer.Argument(help="directory of the parameter audit, or one file")],
    heads: Annotated[Maybe[Path], typer.Option(help="recording of audit_head, or JSON")] = None,
    key: Annotated[Maybe[Path], typer.Option(help="the file of audit_key")] = None,
) -> None:
    """Say whether a log is what was written: the first record that was changed or is missing."""
    from aura_ros.audit.command import run_verify

    if key is not None and heads is None:
        raise typer.BadParameter(
            "it checks the signatures of --heads: give both", param_hint="--key"
        )
    screen = console()
    whole = run_verify(log, heads, key, lambda words: screen.print(escape(words), soft_wrap=True))
    raise typer.Exit(0 if whole else 1)


@app.command("heads")
def heads_of(
    recording: Annotated[Path, typer.Argument(help="rosbag2 with the topic audit_head")],
    out: Annotated[Path, typer.Option(callback=file, help="lines of JSON, for verify --heads")],
) -> None:
    """Take the published heads out of a recording, to keep them apart from the log."""
    from aura_ros.audit.command import run_heads

    console().print(f"{run_heads(recording, out)} heads: {escape(str(out))}", soft_wrap=True)
