"""The demonstration's table and figures."""

from __future__ import annotations

import math
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from aura_ros.demo.run import DemoResult
from aura_ros.figures import Metric, write_figures

LEAST_DONE, MOST_STOP_S = 0.9, 0.5
BUSY = "chunks came too late, as they do on a busy machine"


def metrics(result: DemoResult) -> dict[str, Metric]:
    """Figures under their published keys."""
    episodes = result.episodes
    values: dict[str, Metric] = {
        "episodes": len(episodes),
        "success_rate": sum(e.success for e in episodes) / max(len(episodes), 1),
        "stalls": sum(e.stalls for e in episodes),
        "limit_violations": result.limit_violations,
        "stop_after_fault_s": result.fault.stop_s,
        "resumed": int(result.fault.resumed),
        "plans_allowed": result.allowed,
        "plans_refused": sum(result.refused.values()),
        "mean_duration_s": sum(e.duration_s for e in episodes) / max(len(episodes), 1),
    }
    # JSON has no infinity: what was never reached is said in words.
    return {
        k: v if not isinstance(v, float) or math.isfinite(v) else "never" for k, v in values.items()
    }


def show(result: DemoResult, console: Console) -> None:
    """Print the table."""
    table = Table("episode", "seed", "done", escape("time [s]"), "stalls")
    for k, e in enumerate(result.episodes, 1):
        done = "yes" if e.success else "no"
        table.add_row(str(k), e.seed, done, f"{e.duration_s:.1f}", str(e.stalls))
    console.print(table)
    summary = Table("figure", "value")
    for key, value in metrics(result).items():
        summary.add_row(key, f"{value:.3f}" if isinstance(value, float) else str(value))
    for reason, count in sorted(result.refused.items()):
        summary.add_row(f"refused: {reason}", str(count))
    console.print(summary)
    console.print(f"recording: {result.recording}")


def write(result: DemoResult, path: Path) -> None:
    """Write the figures as JSON."""
    write_figures(path, "demo", metrics(result))


def shortfalls(result: DemoResult) -> tuple[str, ...]:
    """Where the demonstration showed less than it claims, in words; none: it passed."""
    episodes, shown, fault = result.episodes, metrics(result), result.fault
    done = sum(e.success for e in episodes)
    claims = (
        (done >= LEAST_DONE * len(episodes), f"{done} of {len(episodes)} episodes were done"),
        (not shown["stalls"], f"motion stalled {shown['stalls']} times: {BUSY}"),
        (not shown["limit_violations"], f"{shown['limit_violations']} commands broke a limit"),
        (
            fault.stop_s <= MOST_STOP_S,
            f"with a frozen camera, rest took {shown['stop_after_fault_s']} s, not {MOST_STOP_S}",
        ),
        (fault.resumed, "work did not resume when the camera was back"),
    )
    return tuple(f"not as claimed: {words}" for holds, words in claims if not holds)
