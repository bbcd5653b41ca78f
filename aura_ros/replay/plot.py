"""A picture of a replay: motion by group, verdicts, risk and memory over recorded time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.replay.picture import drawn
from aura_ros.replay.summary import Observed
from aura_ros.types import NS, Array, RiskLevel

# Joints of a group that are drawn: those that move most.
DRAWN_JOINTS = 3
ALLOWED, BLOCKED = "tab:green", "tab:red"


def draw(seen: Observed, path: Path) -> str:
    """Draw ``path``; returns a line that says where it is, or why there is none."""
    if not len(seen.tracking.steady_ns):
        return f"{path.name} is not drawn: nothing was commanded"
    size = (12, 2.2 * len(seen.robot.groups) + 4.2)
    return drawn(path, size, lambda figure: _paint(figure, seen))


def _paint(figure: Any, seen: Observed) -> None:
    groups, steady_ns = seen.robot.groups, seen.tracking.steady_ns
    heights = [2.2] * len(groups) + [0.9, 1.3, 1.3]
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    seconds = Seconds(int(min([steady_ns[0], *(c.steady_ns for c in seen.tally.chunks)])))
    for axis, group in zip(axes, groups, strict=False):
        columns = seen.robot.group_indices(group.name)
        _motion(axis, seen, columns, seconds)
        axis.set_ylabel(f"{group.name}\n[{group.unit}]")
    _verdicts(axes[-3], seen, seconds)
    _risk(axes[-2], seen, seconds)
    _memory(axes[-1], seen, seconds)
    axes[-1].set_xlabel("time [s]")


class Seconds:
    """Seconds since the beginning of the picture."""

    def __init__(self, zero_ns: int) -> None:
        self._zero_ns = zero_ns

    def __call__(self, times_ns: Any) -> Array:
        return (np.asarray(times_ns, dtype=np.int64) - self._zero_ns) / NS


def _motion(axis: Any, seen: Observed, columns: NDArray[np.intp], seconds: Seconds) -> None:
    """Commands as lines, recorded ones dashed, of the joints that move most."""
    time, commanded = seconds(seen.tracking.steady_ns), seen.tracking.commanded
    recorded = seen.tracking.recorded()
    most = columns[np.argsort(-np.ptp(commanded[:, columns], axis=0))[:DRAWN_JOINTS]]
    for column in most:
        name = seen.robot.joints[column]
        (line,) = axis.plot(time, commanded[:, column], linewidth=1.3, label=name)
        if recorded is not None:
            axis.plot(
                time, recorded[:, column], "--", linewidth=1.0, color=line.get_color(), alpha=0.6
            )
    axis.legend(
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        fontsize="small",
        frameon=False,
        title="commanded\n(dashed: recorded)",
        title_fontsize="small",
    )
    axis.grid(alpha=0.3)


def _verdicts(axis: Any, seen: Observed, seconds: Seconds) -> None:
    """A mark for each chunk, a row for each reason."""
    chunks = seen.tally.chunks
    reasons = ["", *sorted({chunk.reason for chunk in chunks} - {""})]
    for row, reason in enumerate(reasons):
        times = [chunk.steady_ns for chunk in chunks if chunk.reason == reason]
        mark, colour = ("x", BLOCKED) if reason else ("|", ALLOWED)
        axis.plot(seconds(times), np.full(len(times), row), mark, color=colour)
    axis.set_yticks(range(len(reasons)), ["committed", *reasons[1:]])
    axis.set_ylim(len(reasons) - 0.4, -0.6)
    axis.set_ylabel("chunks")


def _risk(axis: Any, seen: Observed, seconds: Seconds) -> None:
    """The fused score and its threshold, or the raw scores where nothing is calibrated."""
    axis.set_ylabel("risk")
    axis.grid(alpha=0.3)
    risks = seen.tally.risks
    if not risks:
        return
    time = seconds([at for at, _ in risks])
    if any(risk.level != RiskLevel.UNKNOWN for _, risk in risks):
        axis.plot(time, [risk.score for _, risk in risks], label="score")
        axis.plot(time, [risk.threshold for _, risk in risks], "--", color=BLOCKED, label="alarm")
    else:
        name = risks[0][1].score_names[0]
        axis.plot(time, [risk.scores[0] for _, risk in risks], label=f"{name}\n(not calibrated)")
    axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", frameon=False)


def _memory(axis: Any, seen: Observed, seconds: Seconds) -> None:
    """Recall error of each update, and which were written."""
    axis.set_ylabel("memory")
    axis.grid(alpha=0.3)
    memories = seen.tally.memories
    time = seconds([at for at, _ in memories])
    error = np.array([memory.prediction_error for _, memory in memories])
    wrote = np.array([memory.wrote for _, memory in memories], dtype=bool)
    axis.plot(time, error, linewidth=1.0, label="recall error")
    axis.plot(time[wrote], error[wrote], "o", color=BLOCKED, markersize=4, label="written")
    axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", frameon=False)
