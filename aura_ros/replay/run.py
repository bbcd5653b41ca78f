"""One replay from recording to report: what `aura replay` calls."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, TimeRemainingColumn

from aura_ros.figures import write_figures
from aura_ros.guard.rules.load import load_rules
from aura_ros.monitor.calibration import Calibration, load_calibration
from aura_ros.monitor.monitor import SCORE_NAMES
from aura_ros.replay.actions import Segment, SegmentBackend
from aura_ros.replay.caught import Caught
from aura_ros.replay.engine import Engine, Rates
from aura_ros.replay.faults import Fault, fault_of, parse
from aura_ros.replay.feed import Feed
from aura_ros.replay.inputs import find_inputs
from aura_ros.replay.missing import no_urdf
from aura_ros.replay.plot import draw
from aura_ros.replay.recording import Recording, RecordingError
from aura_ros.replay.summary import Observed, Outcome, Summary, summarise, tables
from aura_ros.replay.typestore import typestore
from aura_ros.replay.writer import DecisionWriter
from aura_ros.robot.description import Robot
from aura_ros.robot.load import load_robot
from aura_ros.robot.urdf_source import urdf_of
from aura_ros.types import NS, Now


def run_replay(
    recording: str | Path,
    robot: str | Path | Robot,
    out: str | Path,
    *,
    remap: Sequence[str] = (),
    limit_set: str | None = None,
    calibration: str | Path | None = None,
    start: float = 0.0,
    duration: float | None = None,
    instruction: str = "replay",
    inject: str | None = None,
    rules: str | Path = "",
    rates: Rates | None = None,
    progress: bool = True,
    console: Console | None = None,
) -> Summary:
    """Run the chain over ``recording`` and write decisions/, summary.json, replay.png to ``out``.

    ``robot`` is a configuration by name or path, with ``limit_set`` one of its tighter sets of
    limits; ``remap`` holds "configured:=recorded" topic names; ``calibration`` is a file for
    the monitor; ``start`` and ``duration`` [s] choose a part; ``inject`` is a fault
    (:mod:`aura_ros.replay.faults`, "spike:JOINT:TIME:SIZE"); ``rules`` of the guard are a name in
    ``config/guard`` or a path; ``progress`` shows a bar and the summary. Raises RecordingError,
    InjectError, RobotConfigError, RulesError or CalibrationError, which name the thing and the
    remedy.
    """
    description = robot if isinstance(robot, Robot) else load_robot(robot, limit_set=limit_set)
    learned = _calibration(calibration, description)
    injected = parse(inject) if inject else None
    checks = load_rules(rules)
    urdf = no_urdf if isinstance(robot, Robot) else partial(urdf_of, robot)
    console = console or Console(quiet=not progress)
    recording, out = Path(recording), Path(out)
    if recording.resolve() == (out / "decisions").resolve():
        raise RecordingError(f"{recording} is the recording itself: choose another --out")
    typestore()  # made once a process, not part of the replay's time
    began = time.perf_counter()
    with Recording(recording) as opened:
        first, end = _part(opened, start, duration)
        feed = Feed(opened, find_inputs(opened, description, remap), description)
        fault = fault_of(injected, description, opened.start_ns) if injected else None
        backend = _backend(feed.actions(first, end), description, fault)
        seen = Observed(description, backend, Caught(fault) if fault else None)
        with DecisionWriter(out / "decisions") as writer:

            def sink(value: Any, now: Now) -> None:
                writer.write(value, now)
                seen.take(value, now)

            engine = Engine(
                description, backend, sink, learned, instruction, rates or Rates(), urdf, checks,
                fault,
            )  # fmt: skip
            last = first
            for last, value in _with_bar(feed.values(first, end), first, end, console):
                engine.feed(last, value)
        outcome = Outcome(
            (last - first) / NS,
            time.perf_counter() - began,
            writer.output_hash,
            feed.errors,
            opened.broken,
        )
    return _report(seen, outcome, out, console)


def _calibration(path: str | Path | None, robot: Robot) -> Calibration | None:
    return None if path is None else load_calibration(Path(path), robot.digest, SCORE_NAMES)


def _backend(runs: list[Segment], robot: Robot, fault: Fault | None) -> SegmentBackend | None:
    """What stands in for the policy; None where recorded chunks do."""
    if fault is not None:
        runs = fault.recorded(runs)
    return SegmentBackend(runs, robot) if runs else None


def _part(recording: Recording, start: float, duration: float | None) -> tuple[int, int]:
    """Log times [first, end) of the chosen part."""
    length = (recording.end_ns - recording.start_ns) / NS
    if not 0 <= start <= length:
        raise RecordingError(f"--start {start:g} is outside of the recording of {length:.1f} s")
    if duration is not None and not 0 < duration < math.inf:
        raise RecordingError(f"--duration {duration:g} is not above 0 and finite")
    first = recording.start_ns + round(start * NS)
    end = recording.end_ns + 1
    return first, end if duration is None else min(end, first + round(duration * NS))


def _with_bar(
    values: Iterable[tuple[int, Any]], first_ns: int, end_ns: int, console: Console
) -> Iterator[tuple[int, Any]]:
    """The values, with a bar over recorded time."""
    columns = (*Progress.get_default_columns()[:3], TimeRemainingColumn())
    quiet = console.quiet
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("replay", total=max(end_ns - first_ns, 1))
        for count, (log_ns, value) in enumerate(values):
            if count % 100 == 0:
                bar.update(task, completed=log_ns - first_ns)
            yield log_ns, value


def _report(seen: Observed, outcome: Outcome, out: Path, console: Console) -> Summary:
    summary = summarise(seen, outcome)
    write_figures(out / "summary.json", "replay", summary.metrics)
    for shown in tables(summary, seen.robot):
        console.print(shown)
    console.print(draw(seen, out / "replay.png"), markup=False, emoji=False, soft_wrap=True)
    return summary
