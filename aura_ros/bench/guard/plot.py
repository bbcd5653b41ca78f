"""What every class of faults came to: ours by severity above, every arm below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aura_ros.bench.guard.experiment import MIDDLE, OURS
from aura_ros.bench.guard.faults import SEVERITIES
from aura_ros.bench.guard.report import Report
from aura_ros.bench.guard.summary import Cell
from aura_ros.replay.picture import drawn

COLOURS = {"caught": "C2", "absorbed": "0.75", "missed": "C3"}


def draw(report: Report, path: Path) -> str:
    """Draw ``path``; returns a line that says where it is, or why there is none."""
    size = (0.9 * len(report.design.classes) + 3, 9)
    return drawn(path, size, lambda figure: _paint(figure, report))


def _paint(figure: Any, report: Report) -> None:
    classes = report.design.classes
    ours, arms = figure.subplots(2, 1, sharex=True)
    _panel(ours, [[report.of(OURS, name, s) for s in SEVERITIES] for name in classes])
    ours.set_title("ours: a bar a severity")
    names = report.design.arms
    _panel(arms, [[report.of(arm, name, MIDDLE) for arm in names] for name in classes])
    arms.set_title(f"middle severity: {', '.join(names)}")
    arms.set_xticks(range(len(classes)), classes, rotation=40, ha="right")
    figure.legend(*ours.get_legend_handles_labels(), loc="outside lower center", ncols=3)


def _panel(axis: Any, groups: list[list[Cell | None]]) -> None:
    """Stacked shares, a bar a cell, with the interval of what was caught."""
    axis.set_ylabel("share of episodes")
    axis.set_ylim(0, 1.02)
    axis.grid(axis="y", alpha=0.3)
    for name, colour in COLOURS.items():
        axis.bar([], [], color=colour, label=name)
    for place, cells in enumerate(groups):
        width = 0.84 / max(len(cells), 1)
        for number, found in enumerate(cells):
            if found is not None and found.caught.of:
                _bar(axis, place - 0.42 + (number + 0.5) * width, 0.9 * width, found)


def _bar(axis: Any, x: float, width: float, found: Cell) -> None:
    bottom = 0.0
    for name, colour in COLOURS.items():
        height = getattr(found, name).value
        axis.bar(x, height, width, bottom=bottom, color=colour)
        bottom += height
    caught = found.caught
    error = ([caught.value - caught.low], [caught.high - caught.value])
    axis.errorbar(x, caught.value, error, color="black", linewidth=0.7)
