"""``aura bench``: figures."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from aura_ros.cli.given import JsonOption, Maybe, folder
from aura_ros.cli.group import console


class Benchmark(StrEnum):
    """The benchmarks there are."""

    CHAIN = "chain"
    CLOSED_LOOP = "closed-loop"
    DELAY = "delay"
    FUSER = "fuser"
    GUARD = "guard"


class Simulator(StrEnum):
    """Where closed-loop takes place."""

    EMBEDDED = "embedded"
    METAWORLD = "metaworld"


def bench(
    name: Annotated[Maybe[Benchmark], typer.Argument(help="see --list")] = None,
    listed: Annotated[bool, typer.Option("--list", help="name the benchmarks")] = False,
    quick: Annotated[bool, typer.Option(help="a first look in less time")] = False,
    out: Annotated[Path, typer.Option(callback=folder, help="logs and plots")] = Path("bench_out"),
    sim: Annotated[Maybe[Simulator], typer.Option(help="only of closed-loop")] = None,
    artifact: Annotated[Maybe[Path], typer.Option(help="closed-loop: a trained policy")] = None,
    json: JsonOption = None,
) -> None:
    """Run a benchmark and print its figures."""
    from aura_ros.bench import registry
    from aura_ros.figures import write_figures

    screen = console()
    if listed or name is None:
        for known, measures in registry.BENCHMARKS.items():
            screen.print(f"{known}: {measures}", soft_wrap=True)
        raise typer.Exit(0 if listed else 2)
    if name != Benchmark.CLOSED_LOOP and (sim or artifact):
        raise typer.BadParameter(f"--sim and --artifact are of closed-loop, not of {name.value}")
    simulator = "" if sim is None else sim.value
    options = registry.BenchOptions(out, quick, screen.print, simulator, artifact)
    metrics = registry.run(name.value, options)
    # Names and hashes whole, on a narrow terminal too, and where there is none.
    table = Table(Column("figure", no_wrap=True), Column("value", overflow="fold"))
    for key, value in metrics.items():
        table.add_row(key, f"{value:.3f}" if isinstance(value, float) else escape(str(value)))
    screen.print(table)
    if json is not None:
        write_figures(json, name.value, metrics)
