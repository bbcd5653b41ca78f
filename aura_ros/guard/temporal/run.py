"""A run under temporal rules, sampled at the guard's ticks, and plans that would continue it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aura_ros.guard.entry import Setup
from aura_ros.guard.lattice import below, unknown
from aura_ros.guard.temporal.expression import Signals, Undefined
from aura_ros.guard.temporal.formula import Samples
from aura_ros.guard.temporal.heard import Heard
from aura_ros.guard.temporal.rules import Rule, rules_of
from aura_ros.guard.temporal.signals import Catalogue, Motion
from aura_ros.guard.temporal.window import Times
from aura_ros.types import NS, Check, ClockJump, Now, Plan, Reset, Tick


@dataclass(frozen=True)
class Standing:
    """How a rule stands: its least robustness, when that was [ns], or why it cannot tell."""

    rule: Rule
    robustness: float
    at_ns: int
    fault: str = ""

    def check(self, name: str, where: str = "") -> Check:
        """Value: minus the robustness; limit 0."""
        if self.fault:
            return unknown(name, f"{self.rule.name}: {self.fault}", self.rule.decision)
        words = f"{self.rule.name} does not hold{where}: {self.rule.text}"
        return below(name, 0.0 - self.robustness, 0.0, words, self.rule.decision)


class Run:
    """Hears what the guard hears. Once a person resets the guard, or ROS time jumps, the past
    begins anew. A sample that cannot be taken is left out: the one before it holds on."""

    def __init__(self, setup: Setup) -> None:
        self._settings = setup.settings
        self._catalogue = Catalogue(setup.robot)
        self._rules = rules_of(setup, self._catalogue)
        self._names = [tuple(dict.fromkeys(rule.formula.names())) for rule in self._rules]
        self._heard = Heard(setup.robot)
        self._begin()

    def _begin(self) -> None:
        self._last_ns = -1
        self._pasts: list[Any] = [rule.formula.start() for rule in self._rules]
        self._signals: Signals = {}
        words = "no sample was taken yet"
        self.standings = tuple(Standing(rule, np.nan, -1, words) for rule in self._rules)

    def hear(self, value: Any, now: Now) -> None:
        """One value that the guard heard; a tick takes a sample."""
        self._heard.hear(value, now)
        if isinstance(value, ClockJump):
            self._heard.jump()
        if isinstance(value, ClockJump | Reset):
            self._begin()
        elif isinstance(value, Tick) and now.ros_ns > self._last_ns:
            self._sample(now)

    def _sample(self, now: Now) -> None:
        faults = [self._heard.missing(names, now, self._settings()) for names in self._names]
        known = {
            name
            for names, fault in zip(self._names, faults, strict=True)
            for name in names
            if not fault
        }
        self._last_ns = now.ros_ns
        self._signals = self._heard.signals(known, self._catalogue, now)
        samples = Samples(np.array([now.ros_ns]), self._signals)
        standings = []
        for k, fault in enumerate(faults):
            standing, self._pasts[k] = self._judged(k, fault, samples)
            standings.append(standing)
        self.standings = tuple(standings)

    def continued(self, *plans: Plan | None) -> tuple[Standing, ...]:
        """How the rules would stand at worst over the plans, each moved until the next begins."""
        times, motion = _knots(self._last_ns, [plan for plan in plans if plan is not None])
        if not len(times):
            return self.standings
        elapsed = (times - self._last_ns) / NS
        signals = {
            name: self._catalogue.along(name, float(value[0]), elapsed, motion)
            for name, value in self._signals.items()
        }
        samples = Samples(times, signals, final=True)
        faults = [standing.fault for standing in self.standings]
        return tuple(self._judged(k, fault, samples)[0] for k, fault in enumerate(faults))

    def _judged(self, k: int, fault: str, samples: Samples) -> tuple[Standing, Any]:
        """How rule ``k`` stands at worst over the samples, and what is to be kept after them."""
        rule, past, first = self._rules[k], self._pasts[k], int(samples.times[0])
        if fault:
            return Standing(rule, np.nan, first, fault), past
        try:
            kept, found = rule.formula.advance(past, samples)
        except Undefined as error:
            return Standing(rule, np.nan, first, str(error)), past
        worst = int(found.argmin())
        return Standing(rule, float(found[worst]), int(samples.times[worst])), kept


def _knots(after_ns: int, plans: list[Plan]) -> tuple[Times, Motion]:
    """Knots of the plans after a time, each plan's until the next one begins."""
    times, pieces = [], []
    for k, plan in enumerate(plans):
        period = plan.knot_period_ns
        first = min(max((after_ns - plan.start_ns) // period + 1, 0), len(plan.position))
        end = len(plan.position)
        if k + 1 < len(plans):
            end = min(max(-((plan.start_ns - plans[k + 1].start_ns) // period), first), end)
        times.append(plan.start_ns + period * np.arange(first, end))
        pieces.append([x[first:end] for x in (plan.position, plan.velocity, plan.acceleration)])
    p, v, a = (np.concatenate(piece) for piece in zip(*pieces, strict=True))
    return np.concatenate(times), Motion(p, v, a, v, np.zeros_like(p))
