"""What a replay comes to: metrics for ``summary.json`` and a table for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from aura_ros.figures import Metric
from aura_ros.replay.actions import SegmentBackend
from aura_ros.replay.caught import Caught
from aura_ros.replay.tally import Tally
from aura_ros.replay.touched import QUANTITIES, Touched
from aura_ros.replay.tracking import Tracking
from aura_ros.robot.description import Robot
from aura_ros.types import Command, Now


@dataclass(frozen=True)
class Summary:
    """``metrics`` by key; ``conversion_errors`` counts messages by (input, reason); ``broken``
    says where the recording breaks off, empty for a whole one."""

    metrics: Mapping[str, Metric]
    conversion_errors: Mapping[tuple[str, str], int]
    broken: str


class Observed:
    """Takes every decision of a replay for its report."""

    def __init__(
        self, robot: Robot, backend: SegmentBackend | None, caught: Caught | None = None
    ) -> None:
        self.robot = robot
        self.caught = caught
        self.tally = Tally()
        self.touched = Touched(robot)
        self.tracking = Tracking(robot, backend)
        # Bound once: binding a dispatching method takes longer than its work.
        self._takers = [self.tally.take, self.touched.take]
        if caught is not None:
            self._takers.append(caught.take)

    def take(self, value: Any, now: Now) -> None:
        """Look at one decision that was made at ``now``."""
        if isinstance(value, Command):  # by far the most
            self.tracking.take(value, now)
        else:
            for take in self._takers:
                take(value, now)


@dataclass(frozen=True)
class Outcome:
    """How a replay of ``duration_s`` went. ``wall_s`` is from opening the recording to the last
    decision written; ``errors`` counts messages that could not be used by (input, reason)."""

    duration_s: float
    wall_s: float
    output_hash: str
    errors: Mapping[tuple[str, str], int]
    broken: str


def summarise(seen: Observed, outcome: Outcome) -> Summary:
    """The summary of a replay."""
    return Summary(metrics(seen, outcome), dict(outcome.errors), outcome.broken)


def metrics(seen: Observed, outcome: Outcome) -> dict[str, Metric]:
    """Counts, worst use of limits (1 is the limit), distance from the recorded commands, speed."""
    chunks = seen.tally.chunks
    blocked = Counter(chunk.reason for chunk in chunks if chunk.reason)
    memories = seen.tally.memories
    found: dict[str, Metric] = {
        "duration_s": outcome.duration_s,
        "chunks": len(chunks),
        "blocked_chunks": sum(blocked.values()),
        **{f"blocked_{reason}": count for reason, count in sorted(blocked.items())},
        "unanswered_requests": max(seen.tally.requests - len(chunks), 0),
        "holds": seen.tally.holds,
        "commands": len(seen.tracking.steady_ns),
        "held_commands": seen.tracking.held,
        "memory_updates": len(memories),
        "writes": seen.tally.writes,
        "written_bytes": seen.tally.written_bytes,
        "memory_state_bytes": memories[-1][1].state_bytes if memories else 0,
        "conversion_errors": sum(outcome.errors.values()),
    }
    for kind, worst in (("rows", seen.touched.rows), ("plans", seen.touched.plans)):
        for (quantity, group), ratio in seen.touched.by_group(worst).items():
            found[f"{kind}_{quantity}_{group}"] = min(ratio, 1e9)
    if not found["commands"]:
        found["nothing_moved"] = seen.tally.stands
    if seen.caught is not None:
        found |= seen.caught.metrics()
    for group, error in seen.tracking.rms_by_group().items():
        found[f"tracking_rms_{group}"] = error
    return found | {
        "complete": f"no: {outcome.broken}" if outcome.broken else "yes",
        "wall_s": outcome.wall_s,
        "realtime_factor": outcome.duration_s / outcome.wall_s,
        "output_hash": outcome.output_hash,
    }


def tables(summary: Summary, robot: Robot) -> list[Any]:
    """Tables for the terminal, and lines on what was wrong with the recording."""
    found = summary.metrics
    shown: list[Any] = [_counts(found), _limits(found, robot)]
    shown += [_caught(found)] if "injected" in found else []
    if "nothing_moved" in found:
        why = escape(str(found["nothing_moved"]))
        shown.append(f"[yellow]Nothing moved, the guard is {why}[/]")
    for (name, words), count in summary.conversion_errors.items():
        shown.append(f"[yellow]{count} messages of {name} left out:[/] {escape(words)}")
    if summary.broken:
        shown.append(f"[yellow]Replayed up to a break:[/] {escape(summary.broken)}")
    return shown


def _counts(found: Mapping[str, Metric]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("recorded", f"{found['duration_s']:.1f} s")
    table.add_row("chunks", f"{found['chunks']}, {found['blocked_chunks']} blocked")
    for key, value in found.items():
        if key.startswith("blocked_") and key != "blocked_chunks":
            table.add_row(f"  {key.removeprefix('blocked_')}", f"{value}")
    if found["unanswered_requests"]:
        table.add_row("requests without answer", f"{found['unanswered_requests']}")
    table.add_row("holds", f"{found['holds']}")
    held = f", {found['held_commands']} held" if found["held_commands"] else ""
    table.add_row("commands", f"{found['commands']}{held}")
    table.add_row(
        "memory writes",
        f"{found['writes']} of {found['memory_updates']}, {found['written_bytes']} B",
    )
    table.add_row("speed", f"{found['realtime_factor']:.1f} times real time")
    table.add_row("output hash", f"{found['output_hash']}")
    return table


def _caught(found: Mapping[str, Metric]) -> Table:
    """What was injected, and what the guard did about it."""
    table = Table(box=box.SIMPLE_HEAD, show_header=False, title="injected")
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("fault", Text(f"{found['injected']}"))  # no markup, no :emoji:
    if not found["injected_began"]:
        table.add_row("guard", "[yellow]nothing was struck: the recording ends before")
    elif found["caught_by"]:
        when = "in time" if found["caught"] else "[red]too late[/]"
        words = f"{found['caught_decision']} by {found['caught_by']}"
        table.add_row("guard", f"{words}, {found['caught_after_s']:.2f} s after it began, {when}")
    else:
        table.add_row("guard", "[red]it was not caught[/]")
    table.add_row(
        "faulty chunks",
        f"{found['faulty_chunks']}: {found['faulty_refused']} not allowed by the guard (of "
        f"{found['faulty_corrected']} a correction was committed), "
        f"{found['faulty_fuser_refused']} refused by the fuser, "
        f"{found['faulty_committed']} committed",
    )
    return table


def _limits(found: Mapping[str, Metric], robot: Robot) -> Table:
    """Worst use of each limit in percent: by rows, by plans; distance from recorded commands."""
    table = Table(box=box.SIMPLE_HEAD, title="worst use of limits, rows / plans")
    for heading in ("group", *QUANTITIES, "distance from recording"):
        table.add_column(heading, justify="left" if heading == "group" else "right")
    for group in robot.groups:
        used = [
            f"{_percent(found[f'rows_{name}_{group.name}'])} / "
            f"{_percent(found[f'plans_{name}_{group.name}'])}"
            for name in QUANTITIES
        ]
        rms = found.get(f"tracking_rms_{group.name}")
        distance = "" if rms is None else f"{float(rms):.4f} {group.unit}"
        table.add_row(group.name, *used, distance)
    return table


def _percent(ratio: Metric) -> str:
    return f"[red]{ratio:.0%}[/]" if float(ratio) > 1 + 1e-9 else f"{ratio:.0%}"
