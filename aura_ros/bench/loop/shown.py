"""How a cell of closed-loop episodes is shown: in a table, and as figures."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table

from aura_ros.bench.loop.count import Row
from aura_ros.figures import Metric

# JSON has no infinity: what was never reached is said in words.
NEVER = "never"


def shares(where: str, found: Row) -> dict[str, Metric]:
    """Success with its interval, and the median time, as figures that end on ``where``."""
    key = f"success_{where}"
    return {
        key: found.success / found.episodes,
        f"{key}_low": found.low,
        f"{key}_high": found.high,
        f"time_{where}_s": NEVER if found.time_s is None else found.time_s,
    }


def cell_text(found: Row | None) -> str:
    """Done of all, the interval, the median time; empty where nothing ran."""
    if found is None:
        return ""
    interval = f"{100 * found.low:.0f}-{100 * found.high:.0f}%"
    time = NEVER if found.time_s is None else f"{found.time_s:.1f}s"
    return f"{found.success}/{found.episodes} {interval} {time:>5}"


def table_text(table: Table, width: int) -> str:
    """A table in a text ``width`` characters wide."""
    file = io.StringIO()
    Console(file=file, width=width).print(table)
    return file.getvalue()
