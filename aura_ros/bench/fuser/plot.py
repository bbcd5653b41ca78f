"""Pictures: error in every cell, error and starvation over delay, and one seam from near."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aura_ros.bench.execution.record import Record
from aura_ros.bench.execution.systems import SYSTEMS, limited
from aura_ros.bench.fuser.bench import Bench
from aura_ros.bench.fuser.job import LIMITS, OURS
from aura_ros.bench.fuser.limits import differences
from aura_ros.bench.fuser.scenario import CELLS, START_NS, TICK_NS
from aura_ros.bench.fuser.summary import Estimate
from aura_ros.replay.picture import drawn
from aura_ros.types import NS

Estimates = Mapping[str, Mapping[str, Mapping[str, Estimate]]]

# What is drawn around a switch of chunks [s], and which joint.
SEAM_S = (4.0, 5.2)
JOINT = 0
OURS_STYLE: dict[str, Any] = {"color": "black", "linewidth": 2.0, "zorder": 3}


def draw(table: Estimates, seed: int, out: Path) -> list[str]:
    """Draw what can be drawn into ``out``; lines that say where, or why there is none."""
    painters = {
        "error.png": lambda figure: _errors(figure, table),
        "delay.png": lambda figure: _delays(figure, table),
        "seam.png": lambda figure: _seam(figure, seed),
    }
    heights = {"error.png": max(7.0, 0.4 * len(table))}
    return [drawn(out / name, (11, heights.get(name, 7.0)), paint)
            for name, paint in painters.items()]  # fmt: skip


def _colours() -> dict[str, str]:
    """A colour a method; behind the limiter it has the same."""
    named = {name: f"C{k}" for k, name in enumerate(SYSTEMS)}
    return named | {name + LIMITS: colour for name, colour in named.items()} | {OURS: "black"}


def _errors(figure: Any, table: Estimates) -> None:
    """Error by cell: ours, and every method behind the limiter, with intervals."""
    axis = figure.subplots()
    colours = _colours()
    shown = [name for name in colours if name == OURS or name.endswith(LIMITS)]
    for k, name in enumerate(shown):
        rows = [(y, cell[name]["rmse"]) for y, cell in enumerate(table.values()) if name in cell]
        y = np.array([row for row, _ in rows]) + 0.6 * (k / len(shown) - 0.5)
        value = 1e3 * np.array([found.value for _, found in rows])
        spread = 1e3 * np.array([(f.value - f.low, f.high - f.value) for _, f in rows]).T
        mark = "D" if name == OURS else "o"
        axis.errorbar(value, y, xerr=spread, fmt=mark, markersize=4, color=colours[name],
                      linewidth=0.8, label=name.removesuffix(LIMITS))  # fmt: skip
    axis.set_yticks(range(len(table)), list(table))
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.set_xlabel("RMS error at best lag, behind the limiter [mrad]")
    axis.grid(alpha=0.3)
    axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", frameon=False)


def _delays(figure: Any, table: Estimates) -> None:
    """Error and starvation over the policy's delay; all else as in the centre."""
    cells = [name for name in table if name == "centre" or name.startswith("delay_")]
    cells.sort(key=lambda name: CELLS[name].delay)
    delays = [CELLS[name].delay for name in cells]
    upper, lower = figure.subplots(2, 1, sharex=True)
    for name, colour in _colours().items():
        if not all(name in table[cell] for cell in cells) or (
            name in SYSTEMS and name + LIMITS in table[cells[0]]
        ):
            continue
        style = OURS_STYLE if name == OURS else {"color": colour, "linewidth": 1.0}
        errors = [1e3 * table[cell][name]["rmse"].value for cell in cells]
        starved = [1e2 * table[cell][name]["starved"].value for cell in cells]
        upper.plot(delays, errors, "o-", markersize=3, label=name, **style)
        lower.plot(delays, starved, "o-", markersize=3, **style)
    upper.set_yscale("log")
    upper.set_ylabel("RMS error at best lag [mrad]")
    lower.set_ylabel("starved [% of time]")
    lower.set_xlabel("delay of the policy [shares of a chunk of 50 rows]")
    upper.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", frameon=False)
    for axis in (upper, lower):
        axis.grid(alpha=0.3)


def _seam(figure: Any, seed: int) -> None:
    """One joint in the centre cell: position and velocity of all methods as published."""
    bench = Bench(CELLS["centre"], seed)
    runs: dict[str, Record] = {
        name: bench.simulate(make(bench.setup)) for name, make in SYSTEMS.items()
    }
    runs[f"act{LIMITS}"] = bench.simulate(limited(SYSTEMS["act"](bench.setup), bench.setup))
    runs[OURS] = bench.simulate(bench.ours())
    axes = figure.subplots(3, 1, sharex=True)
    ticks = range(*(round(at * NS / TICK_NS) for at in SEAM_S))
    keep = np.array(ticks)
    for k, (name, record) in enumerate(runs.items()):
        seconds = (record.times_ns[keep] - START_NS) / NS
        velocity, acceleration, _ = differences(record, bench.robot)
        style = OURS_STYLE if name == OURS else {"color": f"C{k}", "linewidth": 0.9}
        for axis, values in zip(axes, (record.commands, velocity, acceleration), strict=True):
            axis.plot(seconds, values[keep, JOINT], label=name, **style)
    times = START_NS + TICK_NS * keep.astype(np.int64)
    axes[0].plot((times - START_NS) / NS, bench.truth(None).arm(times)[:, JOINT], "k:",
                 label="truth")  # fmt: skip
    for axis, limit in zip(axes[1:], (2.0, 10.0), strict=True):
        axis.axhspan(-limit, limit, color="tab:green", alpha=0.08)
        axis.set_ylim(-3 * limit, 3 * limit)
    for axis, label in zip(
        axes, ("position [rad]", "velocity [rad/s]", "acceleration [rad/s²]"), strict=True
    ):
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel("time [s]; green: within the limits")
    axes[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", frameon=False)
