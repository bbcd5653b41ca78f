"""The tables, the figures and the JSON of the benchmark."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from aura_ros.bench.guard.experiment import MIDDLE, NONE, OURS, Design
from aura_ros.bench.guard.faults import CLASSES, HARD, SEVERITIES, Kind
from aura_ros.bench.guard.summary import Cell, Runs, caught_of, cell, nominal, recovery
from aura_ros.bench.loop.shares import Share
from aura_ros.bench.loop.shown import table_text
from aura_ros.figures import Metric

TITLE = (
    "Ours by class and severity: caught with its 95 % interval, absorbed, missed, of; time from "
    "onset to catch (median, 95 %), in chunks; time from the catch to the harm without a gate; of "
    "faults that passed and were caught: moved again without a person, and did the task; "
    "* held out"
)
ARMS_TITLE = "Every arm at the middle severity: caught / absorbed / missed of"
# In-distribution instructions that are not meant: no check can tell, so they are told apart.
APART = "other_instruction"


class Report:
    """All cells of ``design``, from the episodes that ran."""

    def __init__(self, design: Design, runs: Runs) -> None:
        wanted = set(design.jobs())
        self.design = design
        self.runs: Runs = {job: run for job, run in runs.items() if job in wanted}
        self.nominal = nominal(self.runs)

    def of(self, arm: str, fault: str, severity: int | None = None) -> Cell | None:
        """One cell."""
        return cell(self.runs, arm, fault, severity)

    def text(self, width: int) -> str:
        """All tables, ``width`` characters wide."""
        return table_text(self._classes(), width) + table_text(self._arms(), width) + self._words()

    def _classes(self) -> Table:
        table = Table(title=Text(TITLE), box=box.SIMPLE, padding=(0, 1, 0, 0))
        for name in ("class", "kind", "severity"):
            table.add_column(name, no_wrap=True)
        for name in ("caught", "absorbed", "missed", "of", "delay", "chunks", "left", "caught by"):
            table.add_column(name, justify="right")
        table.add_column("moves again", justify="right")
        for name in self.design.classes:
            known = CLASSES[name]
            for severity in SEVERITIES:
                found = self.of(OURS, name, severity)
                if found is not None:
                    star = "*" if known.held_out else ""
                    head = (name + star, known.kind.value) if not severity else ("", "")
                    again = self._again(name) if severity == MIDDLE else ""
                    table.add_row(*head, known.severities[severity], *_row(found), again)
            table.add_section()
        return table

    def _again(self, name: str) -> str:
        """Of the caught ones that passed: which moved again by themselves, and did the task."""
        found = recovery(self.runs, name)
        return "" if found is None else f"{_of(found.moved)}, done {found.done.count}"

    def _arms(self) -> Table:
        table = Table(title=Text(ARMS_TITLE), box=box.SIMPLE, padding=(0, 1, 0, 0))
        table.add_column("class", no_wrap=True)
        for arm in self.design.arms:
            table.add_column(arm, justify="right")
        for name in self.design.classes:
            cells = [self.of(arm, name, MIDDLE) for arm in self.design.arms]
            table.add_row(name, *map(_short, cells))
        return table

    def _words(self) -> str:
        found = self.nominal
        if found is None:
            return ""
        done = ", ".join(f"{arm} {_of(kept)}" for arm, kept in found.done.items())
        per = 1000 * found.blocks / max(found.actions, 1)
        by = ", ".join(f"{name} {count}" for name, count in found.by.items()) or "nobody"
        return (
            f"Nominal episodes: blocked {_of(found.blocked)} (by {by}), {per:.2f} decisions in "
            f"1,000 actions; moved again {_of(found.recovered)}; told anew in mid-motion "
            f"{found.told_anew}; done: {done}; difference "
            f"{100 * found.delta:+.1f} points [{100 * found.delta_low:+.1f}, "
            f"{100 * found.delta_high:+.1f}]; harm: "
            + ", ".join(f"{arm} {kept.count}" for arm, kept in found.harmed.items())
            + "\n"
        )

    def figures(self) -> dict[str, Metric]:
        """Shares that ours caught, by class and kind, and the nominal episodes."""
        values: dict[str, Metric] = {"episodes": len(self.runs)}
        for name in self.design.classes:
            found = self.of(OURS, name)
            if found is not None and found.caught.of:
                values |= _shares(f"caught_{name}", found.caught)
                values[f"missed_{name}"] = found.missed.value
                if found.delay_ms is not None:
                    values[f"delay_{name}_ms"] = found.delay_ms
            passed = recovery(self.runs, name)
            if passed is not None:
                values[f"moves_again_{name}"] = passed.moved.value
        values |= self._kinds()
        for arm in self.design.arms:
            told = [name for name in self.design.classes if name != APART]
            cells = [c for name in told if (c := self.of(arm, name, MIDDLE)) is not None]
            of = sum(c.missed.of for c in cells)
            if of:
                values[f"harm_{arm}"] = sum(c.missed.count for c in cells) / of
        return values | self._nominal()

    def _kinds(self) -> dict[str, Metric]:
        values: dict[str, Metric] = {}
        groups = {kind.value: (kind,) for kind in Kind} | {"hard": HARD}
        for group, kinds in groups.items():
            names = [n for n in self.design.classes if CLASSES[n].kind in kinds and n != APART]
            found = caught_of(self.runs, OURS, names)
            if found.of:
                values |= _shares(f"caught_{group}", found)
        held_out = [name for name in self.design.classes if CLASSES[name].held_out]
        found = caught_of(self.runs, OURS, held_out)
        return values | (_shares("caught_held_out", found) if found.of else {})

    def _nominal(self) -> dict[str, Metric]:
        found = self.nominal
        if found is None:
            return {}
        values: dict[str, Metric] = {
            "nominal_episodes": found.blocked.of,
            "nominal_told_anew": found.told_anew,
            "false_block_episodes_share": found.blocked.value,
            "false_block_episodes_share_high": found.blocked.high,
            "false_blocks_per_1000_actions": 1000 * found.blocks / max(found.actions, 1),
            "success_delta_points": 100 * found.delta,
            "success_delta_points_low": 100 * found.delta_low,
            "success_delta_points_high": 100 * found.delta_high,
        }
        if found.recovered.of:
            values["recovered_share"] = found.recovered.value
        for arm, kept in found.done.items():
            values[f"nominal_success_{arm}"] = kept.value
            values[f"nominal_harm_{arm}"] = found.harmed[arm].value
        return values

    def document(self) -> list[dict[str, Any]]:
        """Every cell with its episodes by seed."""
        kinds = sorted({(job.arm, job.fault, job.severity, job.passing) for job in self.runs})
        return [self._entry(*kind) for kind in kinds]

    def _entry(self, arm: str, fault: str, severity: int, passing: bool) -> dict[str, Any]:
        named = {"arm": arm, "fault": fault, "severity": severity, "passing": passing}
        episodes = [
            {"task": job.task, "seed": job.seed} | asdict(run)
            for job, run in self.runs.items()
            if (job.arm, job.fault, job.severity, job.passing) == tuple(named.values())
        ]
        found = None if fault == NONE or passing else self.of(arm, fault, severity)
        summed = {} if found is None else asdict(found)
        return named | _plain(summed) | {"episodes": episodes}


def _plain(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def _shares(key: str, found: Share) -> dict[str, Metric]:
    return {key: found.value, f"{key}_low": found.low, f"{key}_high": found.high}


def _of(found: Share) -> str:
    return f"{found.count}/{found.of}"


def _row(found: Cell) -> tuple[str, ...]:
    caught = found.caught
    interval = "" if not caught.of else f" {100 * caught.low:.0f}-{100 * caught.high:.0f}%"
    delay = "" if found.delay_ms is None else f"{found.delay_ms:.0f}, {found.delay_p95_ms:.0f} ms"
    left = "" if found.left_ms is None else f"{found.left_ms:.0f} ms"
    steps = "" if found.steps is None else f"{found.steps:.0f}"
    by = " ".join(list(found.by)[:2])
    counts = (str(found.absorbed.count), str(found.missed.count), str(caught.of))
    return (f"{caught.count}{interval}", *counts, delay, steps, left, by)


def _short(found: Cell | None) -> str:
    if found is None:
        return ""
    return f"{found.caught.count}/{found.absorbed.count}/{found.missed.count} {found.caught.of}"
