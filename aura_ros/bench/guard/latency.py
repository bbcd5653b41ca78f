"""How long the guard takes for a chunk and its plan: two arms, 14 joints x 50 rows.

The guard's work on a chunk and on the plan made of it is timed together. The same turns are timed
with and without geometry, beside one check alone and no gate at all. Geometry is what the rules
that ship for this robot look at, and a region that the same links keep out of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from aura_ros.bench.guard.gates import NoGate
from aura_ros.bench.guard.stream import EPISODE, ROBOT, ROWS, Stream, TimedWatch, two_arms, urdf
from aura_ros.figures import Metric
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.geometry.near import Near
from aura_ros.guard.guard import Guard
from aura_ros.guard.risk.fit import fit
from aura_ros.guard.risk.recorder import Episode, Recorder
from aura_ros.guard.rules.built import Checks, build
from aura_ros.guard.rules.load import load_rules
from aura_ros.guard.rules.table import TABLE
from aura_ros.guard.watch import Watch
from aura_ros.robot.description import Robot

TURNS, QUICK_TURNS = 2000, 200
RECORDED = 16
"""Episodes that calibrate."""
WARM = 20
"""Turns that are not timed: caches fill."""
CALIBRATED = ("session_risk", "uncertainty")
# In front of the robot, so that distances are measured and motion is allowed.
REGION = {"center": [1.2, 0.0, 0.0], "size": [0.4, 2.0, 2.0]}


def measured(out: Path, quick: bool, say: Callable[[str], None]) -> dict[str, Metric]:
    """Time all of it; the figures in ms, of the session's risk in us."""
    turns = QUICK_TURNS if quick else TURNS
    robot = two_arms()
    say(f"timing {turns} turns of {len(robot.joints)} joints x {ROWS} rows")
    out.mkdir(parents=True, exist_ok=True)
    calibration = _calibration(robot, out)
    figures: dict[str, Metric] = {}
    for name, geometry in (("latency", False), ("latency_geometry", True)):
        timed: list[TimedWatch] = []
        rules = _rules(out / f"{name}.yaml", calibration, geometry)
        guard, pairs = _guard(robot, rules, timed=timed)
        stream = Stream(robot, guard)
        stream.run(turns)
        figures |= _percentiles(name, stream.guard.taken[WARM:], 1e3, "ms")
        figures[f"{name}_turns_allowed"] = stream.allowed
        if geometry:
            figures["latency_geometry_pairs"] = ", ".join(pairs)
        if not geometry:
            figures |= _percentiles("latency_schema_alone", stream.baseline[WARM:], 1e3, "ms")
            for watch in timed:
                figures |= _percentiles("session_risk", watch.taken[WARM:], 1e6, "us")
    nothing = Stream(robot, NoGate())
    nothing.run(turns)
    return figures | _percentiles("latency_no_gate", nothing.guard.taken[WARM:], 1e3, "ms")


def _percentiles(name: str, taken: list[float], unit: float, suffix: str) -> dict[str, Metric]:
    if not taken:
        return {}
    values = unit * np.array(taken)
    found = {"p50": np.median(values), "p99": np.quantile(values, 0.99), "max": values.max()}
    return {f"{name}_{key}_{suffix}": float(value) for key, value in found.items()}


def _calibration(robot: Robot, out: Path) -> Path:
    """What is usual in episodes that begin at rest, as the one that is timed does."""
    rules = _rules(out / "latency_uncalibrated.yaml", None, False)
    episodes: list[Episode] = []
    for _ in range(RECORDED):
        recorder = Recorder(robot)
        Stream(robot, _guard(robot, rules, (recorder,))[0]).run(EPISODE)
        episodes += recorder.take()
    path = out / "latency_calibration.json"
    fit(episodes, robot).save(path)
    return path.resolve()


def _rules(path: Path, calibration: Path | None, geometry: bool) -> Path:
    checks: dict[str, Mapping[str, Any]] = {}
    if calibration is not None:
        checks |= {name: {"calibration": str(calibration)} for name in CALIBRATED}
    if geometry:
        region = {"name": "in_front", "keep": "out", "box": REGION}
        arms = shipped_self_collision()
        checks["workspace"] = {"regions": [region], "links": arms["links"]}
        checks["self_collision"] = arms
    known = {entry.name for entry in TABLE}
    document = {"checks": {name: dict(rule) for name, rule in checks.items() if name in known}}
    path.write_text(yaml.safe_dump(document))
    return path


def shipped_self_collision() -> dict[str, Any]:
    """The check of links against each other in the rules that ship for this robot."""
    document = yaml.safe_load(Path(load_rules(ROBOT).file).read_text())
    found: dict[str, Any] = document["checks"]["self_collision"]
    return found


def _guard(
    robot: Robot, rules: Path, more: tuple[Watch, ...] = (), timed: list[TimedWatch] | None = None
) -> tuple[Guard, list[str]]:
    """A guard by ``rules``, and the pairs that its geometry keeps apart; its watch of the
    session's risk is timed, and added to ``timed``."""
    built = partial(build, rules=load_rules(rules), urdf=urdf)
    pairs: list[str] = []

    def made(robot: Robot, settings: Callable[[], GuardConfig]) -> Checks:
        checks = built(robot, settings)
        near = [check for _, check in checks.plan if isinstance(check, Near)]
        pairs.extend(f"{one} / {other}" for check in near for one, other in check.pairs)
        watches = [_watch(watch, timed) for watch in checks.watches]
        return replace(checks, watches=(*watches, *more))

    return Guard(robot, GuardConfig(auto_arm=True), rules=made), pairs


def _watch(watch: Watch, timed: list[TimedWatch] | None) -> Watch:
    if timed is None or watch.name != "session_risk":
        return watch
    timed.append(TimedWatch(watch))
    return timed[-1]
