"""Success and time of every task, a bar an arm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aura_ros.bench.closed_loop.report import Report
from aura_ros.bench.loop.count import Row
from aura_ros.replay.picture import drawn

WIDTH = 0.2


def draw(report: Report, path: Path) -> str:
    """Draw ``path``; returns a line that says where it is, or why there is none."""
    size = (2.4 * len(report.grid.tasks) + 2, 7)
    return drawn(path, size, lambda figure: _paint(figure, report))


def _paint(figure: Any, report: Report) -> None:
    success, time = figure.subplots(2, 1, sharex=True)
    for number, (name, arm, told) in enumerate(report.columns):
        style = {"label": name, "color": f"C{number}"}
        apart = (number - (len(report.columns) - 1) / 2) * WIDTH
        found = [(x + apart, report.of(arm, task, told))
                 for x, task in enumerate(report.grid.tasks)]  # fmt: skip
        _bars(success, time, [(x, row) for x, row in found if row is not None], style)
    success.set_ylabel("success, 95 % interval")
    success.set_ylim(0, 1.05)
    time.set_ylabel("median time of successes [s]")
    time.set_xticks(range(len(report.grid.tasks)), report.grid.tasks)
    for axis in (success, time):
        axis.grid(axis="y", alpha=0.3)
    figure.legend(*success.get_legend_handles_labels(), loc="outside lower center", ncols=4)


def _bars(success: Any, time: Any, found: list[tuple[float, Row]], style: dict[str, Any]) -> None:
    share = [row.success / row.episodes for _, row in found]
    below = [y - row.low for y, (_, row) in zip(share, found, strict=True)]
    above = [row.high - y for y, (_, row) in zip(share, found, strict=True)]
    places = [x for x, _ in found]
    success.bar(places, share, WIDTH, yerr=(below, above), capsize=2, **style)
    time.bar(places, [row.time_s or 0.0 for _, row in found], WIDTH, color=style["color"])
