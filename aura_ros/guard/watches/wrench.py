"""Forces and torques at the tool are those of work, not of a collision."""

from __future__ import annotations

import math
from collections import deque
from types import MappingProxyType
from typing import Any

import numpy as np

from aura_ros.guard.entry import Entry, Setup, Stage, Unavailable
from aura_ros.guard.lattice import below, failed, passed
from aura_ros.guard.watch import Watch
from aura_ros.guard.watches.readings import Stream
from aura_ros.robot.spec import Field, Number, Table
from aura_ros.types import NS, Array, Check, ClockJump, Decision, Now, Wrench

_LIMIT = Number(0.0, above=True)
# Samples that a rate may be taken over, whatever the sensor's own rate is.
MOST_SAMPLES = 256

OPTIONS = Table(
    {
        "force": Field(
            _LIMIT, "largest force [N]; ISO/TS 15066 Table A.2: 140 on hands and chest", 140.0
        ),
        "torque": Field(_LIMIT, "largest torque [N m]: that force at 0.2 m", 28.0),
        "force_deviation": Field(
            _LIMIT,
            "largest distance of the force from its baseline [N]; ISO/TS 15066: 65 on the face",
            65.0,
        ),
        "torque_deviation": Field(
            _LIMIT, "the same of the torque [N m]: that force at 0.2 m", 13.0
        ),
        "force_rate": Field(
            _LIMIT,
            "fastest change of the force [N/s]; a chest of 25 N/mm met at 0.25 m/s gives 6250",
            5000.0,
        ),
        "baseline": Field(Number(0.01, 60.0), "time constant of the baseline [s]", 1.0),
        "rate_window": Field(Number(0.001, 1.0), "time that the rate is taken over [s]", 0.02),
    }
)
# Checks in the order in which they are published, and their units.
QUANTITIES = MappingProxyType(
    {
        "force": "N",
        "torque": "N m",
        "force_deviation": "N",
        "torque_deviation": "N m",
        "force_rate": "N/s",
    }
)


class WrenchWatch(Watch):
    """One check a quantity, ``wrench_<quantity>``: value: magnitude, distance from a slow
    baseline (an exponential moving average) or rate; limit: its option.

    Over a limit: STOP (or what the rules say). Not finite or silent: HOLD, in a check ``wrench``.
    """

    name = "wrench"

    def __init__(self, setup: Setup) -> None:
        if not setup.robot.wrench_topic:
            raise Unavailable("no forces: set observation.wrench of the robot")
        self._setup, self._options = setup, setup.options
        self._forget()

    def _forget(self) -> None:
        self._stream = Stream(self._setup.robot.wrench_topic)
        self._values = dict.fromkeys(QUANTITIES, 0.0)
        self._baseline: Array | None = None
        self._past: deque[tuple[int, Array]] = deque(maxlen=MOST_SAMPLES)

    def hear(self, value: Any, now: Now) -> None:
        """Wrenches."""
        if isinstance(value, Wrench):
            both = np.concatenate([value.force, value.torque])
            words = "" if np.isfinite(both).all() else "is not finite"
            tolerance = self._setup.settings().clock_tolerance
            before, self._stream = (
                self._stream.stamp_ns,
                self._stream.heard(value.stamp_ns, now, tolerance, words),
            )
            if not self._stream.words:
                self._take(both, value.stamp_ns, before)
        elif isinstance(value, ClockJump):
            self._forget()

    def checks(self, now: Now) -> tuple[Check, ...]:
        """The stream, and one check a quantity."""
        timeout, age = self._setup.settings().source_timeout, self._stream.age(now)
        fault = self._stream.fault(now, timeout)
        if not fault and self._stream.words == "is not finite":
            fault = f"{self._stream.topic} {self._stream.words}"
        if fault:
            return (failed(self.name, age, timeout, Decision.HOLD, fault),)
        return (passed(self.name, age, timeout), *map(self._check, QUANTITIES))

    def _check(self, what: str) -> Check:
        value, limit, unit = self._values[what], self._options[what], QUANTITIES[what]
        words = f"{what.replace('_', ' ')} of {value:.1f} {unit}: was something hit?"
        return below(f"wrench_{what}", value, limit, words, self._decision)

    @property
    def _decision(self) -> Decision:
        return max(self._setup.decision, Decision.HOLD)

    def _take(self, both: Array, stamp_ns: int, before_ns: int | None) -> None:
        """One good reading (6,): its quantities, then what they are measured against."""
        if self._baseline is None or before_ns is None:
            self._baseline = both
        away = both - self._baseline
        self._values = {
            "force": _norm(both[:3]),
            "torque": _norm(both[3:]),
            "force_deviation": _norm(away[:3]),
            "torque_deviation": _norm(away[3:]),
            "force_rate": self._rate(both[:3], stamp_ns),
        }
        elapsed = 0.0 if before_ns is None else (stamp_ns - before_ns) / NS
        self._baseline = (
            self._baseline + (1 - math.exp(-elapsed / self._options["baseline"])) * away
        )

    def _rate(self, force: Array, stamp_ns: int) -> float:
        """Change of the force since the last sample that is a window old, a second."""
        window_ns = int(self._options["rate_window"] * NS)
        self._past.append((stamp_ns, force))
        while len(self._past) > 2 and stamp_ns - self._past[1][0] >= window_ns:
            self._past.popleft()
        then_ns, then = self._past[0]
        # Over less than a window noise would be the rate.
        elapsed = max(stamp_ns - then_ns, window_ns) / NS
        return _norm(force - then) / elapsed


def _norm(vector: Array) -> float:
    return math.sqrt(float(vector @ vector))


ENTRY = Entry(WrenchWatch.name, Stage.WORLD, WrenchWatch, Decision.STOP, OPTIONS)
