"""Success and time over the policy's latency, one panel a task and kind of system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aura_ros.bench.delay.report import Report
from aura_ros.bench.delay.systems import LIMITED, OURS
from aura_ros.bench.loop.count import Row
from aura_ros.replay.picture import drawn

KINDS = ("as published", "behind the limiter")
# Ratio of latencies by which neighbours stand apart, so that intervals are seen.
APART = 1.025


def draw(report: Report, path: Path) -> str:
    """Draw ``path``; returns a line that says where it is, or why there is none."""
    panels = [(task, kind) for task in report.grid.tasks for kind in KINDS]
    size = (4.2 * len(panels), 7.5)
    return drawn(path, size, lambda figure: _paint(figure, report, panels))


def _paint(figure: Any, report: Report, panels: list[tuple[str, str]]) -> None:
    axes = figure.subplots(2, len(panels), sharex=True, sharey="row", squeeze=False)
    for column, (task, kind) in enumerate(panels):
        _panel(axes[:, column], report, task, kind)
        axes[0, column].set_title(f"{task}\n{kind}")
    axes[0, 0].set_ylabel("success, 95 % interval")
    axes[1, 0].set_ylabel("median time of successes [s]")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)


def _panel(axes: Any, report: Report, task: str, kind: str) -> None:
    suffix = LIMITED if kind == KINDS[1] else ""
    methods = dict.fromkeys(name.removesuffix(LIMITED) for name in report.grid.systems)
    for number, name in enumerate(methods):
        system = name + suffix
        style: dict[str, Any] = {"color": f"C{number}"}
        if name == OURS:
            system, style = OURS, {"color": "black", "linewidth": 2.4, "zorder": 3.0}
        rows = [(x, report.of(system, task, x)) for x in report.grid.latencies_ms]
        found = [(x, row) for x, row in rows if row is not None]
        apart = APART ** (number - len(methods) / 2)
        _success(axes[0], found, apart, {"label": name, "marker": "o", "markersize": 4} | style)
        _time(axes[1], found, {"marker": "o", "markersize": 4} | style)
    for axis in axes:
        axis.grid(alpha=0.3)
        axis.set_xscale("log", base=2)
    axes[0].set_ylim(-0.03, 1.03)
    axes[1].set_xticks(report.grid.latencies_ms, [str(x) for x in report.grid.latencies_ms])
    axes[1].set_xlabel("latency of the policy [ms]")


def _success(axis: Any, found: list[tuple[int, Row]], apart: float, style: dict[str, Any]) -> None:
    share = [row.success / row.episodes for _, row in found]
    below = [y - row.low for y, (_, row) in zip(share, found, strict=True)]
    above = [row.high - y for y, (_, row) in zip(share, found, strict=True)]
    axis.errorbar([x * apart for x, _ in found], share, (below, above), elinewidth=0.7, **style)


def _time(axis: Any, found: list[tuple[int, Row]], style: dict[str, Any]) -> None:
    known = [(x, row.time_s) for x, row in found if row.time_s is not None]
    axis.plot([x for x, _ in known], [time for _, time in known], **style)
