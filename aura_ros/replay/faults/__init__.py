"""Faults that a replay can be given: the classes of `aura bench guard` that a recording can have.

Names and meanings are those of ``aura_ros.bench.guard.faults``; ``silent`` is only here, and
``creep`` is the one of ``keep_out``, whose region is named by the rules. What a recording of
positions, commands and images cannot have: ``memory_rollback`` (a state of the memory is not
recorded), ``tampered_digest`` (commands carry no digest), ``hugging`` (its chunks answer to the
robot's own state, and recorded states do not follow: as ``slow_burn`` they only go off, by larger
steps), ``human_intrusion`` and ``torque`` (nobody measured distances or forces), and
``untaught_instruction`` and ``other_instruction`` (none was recorded).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from aura_ros.replay.faults import commands, rows, sensors, time
from aura_ros.replay.faults.fault import Fault, Injected, InjectError
from aura_ros.robot.description import Robot

KINDS: Mapping[str, type[Fault]] = {
    "nan": rows.NotANumber,
    "spike": commands.Spike,
    "normalisation": rows.WrongNormalisation,
    "swapped_frame": rows.SwappedFrame,
    "spliced": rows.Spliced,
    "stale": time.Stale,
    "future_stamped": time.FutureStamped,
    "replayed": time.Replayed,
    "frozen_camera": sensors.Frozen,
    "black_camera": sensors.Black,
    "silent": sensors.Silent,
    "creep": commands.Creep,
    "bias_drift": rows.BiasDrift,
    "slow_burn": rows.SlowBurn,
}


def usage(kind: str) -> str:
    """How a fault is written."""
    made = KINDS[kind]
    return ":".join(word for word in (kind, made.what, "TIME", made.size) if word)


def parse(text: str) -> Injected:
    """Read ``KIND[:WHAT]:TIME[:SIZE]``; what is struck may have colons. Raises InjectError."""
    kind, _, rest = text.partition(":")
    if kind not in KINDS:
        known = "\n  ".join(map(usage, KINDS))
        raise InjectError(f"--inject {text}: {kind!r} is no kind of fault; known are\n  {known}")
    made = KINDS[kind]
    words = rest.rsplit(":", 2 if made.size else 1) if made.what else ["", *rest.split(":")]
    try:
        what, *numbers = words
        time_s, size = map(float, numbers if made.size else (*numbers, "0"))
    except ValueError:
        what, time_s, size = "", math.nan, math.nan
    if not (math.isfinite(time_s) and math.isfinite(size)) or bool(what) != bool(made.what):
        raise InjectError(
            f"--inject {text}: give {usage(kind)}, the time in s since the recording's start"
        )
    return Injected(text, kind, what, time_s, size)


def fault_of(injected: Injected, robot: Robot, start_ns: int) -> Fault:
    """What was asked for, in a recording that starts at ``start_ns``. Raises InjectError."""
    return KINDS[injected.kind](injected, robot, start_ns)


__all__ = ["KINDS", "Fault", "InjectError", "Injected", "fault_of", "parse", "usage"]
