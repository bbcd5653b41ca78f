"""People are far enough for the motion that is committed.

Speed and separation monitoring of ISO/TS 15066:2016, 5.5.4:
``S = v_h (T_r + T_s) + v_r T_r + B + C + Z_d + Z_r``. The stop tail gives T_s, and B at most: it
is driven at no more than v_r. T_r counts from the measurement to the stop tail's first knot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from aura_ros.guard.entry import Entry, Setup, Stage, Unavailable
from aura_ros.guard.lattice import below, failed
from aura_ros.guard.watch import Watch
from aura_ros.guard.watches.readings import Stream
from aura_ros.robot.spec import Field, Number, Table
from aura_ros.types import NS, Check, ClockJump, Commitment, Decision, Distance, Now, Plan

# Period of the guard's heartbeat [s].
TICK_S = 0.05
# Where no speed at all is left a HOLD stands against motion; shares are above 0.
LEAST_SHARE = 0.01

OPTIONS = Table(
    {
        "human_speed": Field(
            Number(0.0, 10.0), "speed at which people come nearer [m/s] (v_h)", 1.6
        ),
        "tool_speed": Field(
            Number(0.0, 100.0, above=True),
            "speed of the robot's fastest part with all joints at their velocity limits [m/s]",
            5.0,
        ),
        "reaction": Field(
            Number(0.0, 10.0),
            "time from a reading to the stop's first knot [s] (T_r); absent: tick, lease, knot",
            None,
        ),
        "intrusion": Field(
            Number(0.0, 10.0),
            "reach of a person that the sensor misses [m] (C); ISO 13855: 8 (d - 14) for a "
            "resolution d up to 40 [mm], 0.85 for coarser ones",
            0.208,
        ),
        "sensor_uncertainty": Field(Number(0.0, 10.0), "of where people are [m] (Z_d)", 0.1),
        "robot_uncertainty": Field(Number(0.0, 10.0), "of where the robot is [m] (Z_r)", 0.05),
        "anticipation": Field(
            Number(0.0, 10.0),
            "motion is slowed down for where people can be so much later [s]",
            0.3,
        ),
    }
)


class HumanSeparation(Watch):
    """Value: separation that is needed [m]; limit: the distance that there is [m].

    STOP (or what the rules say) below C + Z_d + Z_r, where somebody may be touched; HOLD where
    the committed motion needs more than there is, and where the sensor is silent. In between
    motion is as slow as the distance demands.
    """

    name = "human_separation"

    def __init__(self, setup: Setup) -> None:
        if not setup.robot.distance_topic:
            raise Unavailable("no distance of people: set observation.human_distance of the robot")
        self._setup, self._robot = setup, setup.robot
        self._options: Mapping[str, Any] = setup.options
        self._moving = self._robot.averaged
        self._stop_s = self._robot.stop_knots * self._robot.knot_period_ns / NS
        self._forget()

    def _forget(self) -> None:
        self._stream = Stream(self._robot.distance_topic)
        self._metres = math.nan
        self._committed: Plan | None = None

    def hear(self, value: Any, now: Now) -> None:
        """Distances, and the motion that is committed."""
        if isinstance(value, Distance):
            words = "says that it is in error" if math.isnan(value.metres) else ""
            tolerance = self._setup.settings().clock_tolerance
            self._stream = self._stream.heard(value.stamp_ns, now, tolerance, words)
            if not self._stream.words:
                self._metres = value.metres
        elif isinstance(value, Commitment):
            self._committed = value.plan
        elif isinstance(value, ClockJump):
            self._forget()

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        timeout = self._setup.settings().source_timeout
        fault = self._stream.fault(now, timeout)
        if fault:
            return (failed(self.name, self._stream.age(now), timeout, Decision.HOLD, fault),)
        touch = self._touch()
        if not touch <= self._metres:
            words = "somebody is within reach"
            stop = max(self._setup.decision, Decision.HOLD)
            return (failed(self.name, touch, self._metres, stop, words),)
        needed = self._needed(self._speed(now), now)
        words = f"somebody is {self._metres:.2f} m away, {needed:.2f} m are needed"
        return (below(self.name, needed, self._metres, words, Decision.HOLD),)

    def share(self, now: Now) -> float:
        """The share of the velocity limits at which the separation needed is what there is."""
        if self._stream.fault(now, self._setup.settings().source_timeout):
            return 1.0
        later = self._options["human_speed"] * self._options["anticipation"]
        left = self._metres - later - self._needed(0.0, now)
        full = self._needed(self._options["tool_speed"], now) - self._needed(0.0, now)
        return float(np.clip(left / full, LEAST_SHARE, 1.0))

    def _touch(self) -> float:
        """C + Z_d + Z_r [m]."""
        options = self._options
        return float(
            options["intrusion"] + options["sensor_uncertainty"] + options["robot_uncertainty"]
        )

    def _reaction(self) -> float:
        """T_r, but for the age of the reading [s]."""
        given = self._options["reaction"]
        if given is not None:
            return float(given)
        knot = self._robot.knot_period_ns / NS
        return TICK_S + self._setup.settings().lease_duration + knot

    def _needed(self, speed: float, now: Now) -> float:
        """S at a robot's ``speed`` [m/s]. The reading's age is time that a person had to walk."""
        stop, react = self._stop_s, self._reaction()
        walked = self._options["human_speed"] * (self._stream.age(now) + react + stop)
        return float(walked + speed * (react + stop) + self._touch())

    def _speed(self, now: Now) -> float:
        """Bound of the committed motion's speed until it could have stopped [m/s] (v_r)."""
        plan = self._committed
        if plan is None or now.ros_ns >= plan.end_ns:
            return 0.0
        first = max((now.ros_ns - plan.start_ns) // plan.knot_period_ns, 0)
        count = -(-int((self._reaction() + self._stop_s) * NS) // plan.knot_period_ns) + 2
        velocity = np.abs(plan.velocity[first : first + count])[:, self._moving]
        used = velocity / self._robot.limits.velocity[self._moving]
        return float(used.max(initial=0.0) * self._options["tool_speed"])


ENTRY = Entry(HumanSeparation.name, Stage.WORLD, HumanSeparation, Decision.STOP, OPTIONS)
