"""Formulas: each gives its robustness at samples, from what it keeps of the past.

Robustness is positive where the formula holds and negative where it does not; by how much, in
units of the compared signals. Before the first sample nothing has held (-inf); what is asked of
all samples of an empty window holds (inf).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from aura_ros.guard.temporal.expression import Linear, Signals, Undefined
from aura_ros.guard.temporal.window import (
    EMPTY_LINE,
    EMPTY_WEDGE,
    FOREVER,
    Times,
    delayed,
    largest,
    since,
)
from aura_ros.types import Array


@dataclass(frozen=True)
class Samples:
    """A batch of m samples: ``times`` (m,) [ns], rising, and the signals (m,) by name; with
    ``final``, none comes after them."""

    times: Times
    signals: Signals
    final: bool = False


@dataclass(frozen=True)
class Interval:
    """How long ago [ns]: from ``begin`` to ``end``, which may be FOREVER."""

    begin: int = 0
    end: int = FOREVER

    @property
    def span(self) -> int:
        """Its length [ns]."""
        return FOREVER if self.end == FOREVER else self.end - self.begin


class Formula:
    """A formula; what it keeps of the past is never changed, only replaced."""

    def start(self) -> Any:
        """What is kept before the first sample."""
        return None

    def advance(self, past: Any, samples: Samples) -> tuple[Any, Array]:
        """What is kept after the samples, and the robustness (m,) at each.

        Raises Undefined where a comparison is not a number.
        """
        raise NotImplementedError

    def names(self) -> Iterator[str]:
        """The signals in it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Positive(Formula):
    """A comparison: ``excess`` is positive, or zero: robustness does not tell < from <=."""

    excess: Linear

    def advance(self, past: Any, samples: Samples) -> tuple[Any, Array]:
        """The excess."""
        with np.errstate(invalid="ignore"):
            value = self.excess.value(samples.signals)
        if np.isnan(value).any():
            raise Undefined(f"{' or '.join(self.names())} is not a number")
        return None, value

    def names(self) -> Iterator[str]:
        """The signals of both sides."""
        return self.excess.names()


@dataclass(frozen=True)
class Not(Formula):
    """The operand does not hold."""

    operand: Formula

    def start(self) -> Any:
        """The operand's."""
        return self.operand.start()

    def advance(self, past: Any, samples: Samples) -> tuple[Any, Array]:
        """The operand's robustness, negated."""
        kept, value = self.operand.advance(past, samples)
        return kept, -value

    def names(self) -> Iterator[str]:
        """The operand's."""
        return self.operand.names()


@dataclass(frozen=True)
class And(Formula):
    """Both hold."""

    left: Formula
    right: Formula

    def start(self) -> Any:
        """Of both."""
        return self.left.start(), self.right.start()

    def advance(self, past: Any, samples: Samples) -> tuple[Any, Array]:
        """The least of both."""
        of_left, left = self.left.advance(past[0], samples)
        of_right, right = self.right.advance(past[1], samples)
        return (of_left, of_right), np.minimum(left, right)

    def names(self) -> Iterator[str]:
        """Of both."""
        yield from self.left.names()
        yield from self.right.names()


@dataclass(frozen=True)
class Once(Formula):
    """The operand held within the interval."""

    operand: Formula
    interval: Interval = Interval()

    def start(self) -> Any:
        """The window, and what reads it later."""
        return self.operand.start(), EMPTY_WEDGE, EMPTY_LINE

    def advance(self, past: Any, samples: Samples) -> tuple[Any, Array]:
        """The largest of the window that ended ``begin`` ago."""
        inner, wedge, line = past
        inner, value = self.operand.advance(inner, samples)
        wedge, value = largest(wedge, samples.times, value, self.interval.span, final=samples.final)
        if self.interval.begin:
            line, value = delayed(line, samples.times, value, self.interval.begin)
        return (inner, wedge, line), value

    def names(self) -> Iterator[str]:
        """The operand's."""
        return self.operand.names()


@dataclass(frozen=True)
class Since(And):
    """``right`` held within the interval, and ``left`` at every sample after that."""

    interval: Interval = Interval()

    def start(self) -> Any:
        """Of both; the window of ``right``, what reads it later, and the window of ``left``."""
        return super().start(), EMPTY_WEDGE, EMPTY_LINE, EMPTY_WEDGE

    def advance(self, past: Any, samples: Samples) -> tuple[Any, Array]:
        """The best way to hold that ended ``begin`` ago, as far as ``left`` went on from there."""
        (of_left, of_right), wedge, line, after = past
        times, begin = samples.times, self.interval.begin
        of_left, left = self.left.advance(of_left, samples)
        of_right, right = self.right.advance(of_right, samples)
        wedge, value = since(wedge, times, left, right, self.interval.span, samples.final)
        if begin:
            line, value = delayed(line, times, value, begin)
            after, broken = largest(after, times, -left, begin, False, samples.final)
            value = np.minimum(value, -broken)
        return ((of_left, of_right), wedge, line, after), value


@dataclass(frozen=True)
class Previous(Formula):
    """The operand held at the sample before; before the first one, ``first``."""

    operand: Formula
    first: float = float("inf")

    def start(self) -> Any:
        """The operand's last value."""
        return self.operand.start(), np.array([self.first])

    def advance(self, past: Any, samples: Samples) -> tuple[Any, Array]:
        """The operand's robustness, one sample later."""
        inner, value = self.operand.advance(past[0], samples)
        both = np.concatenate([past[1], value])
        return (inner, both[-1:]), both[:-1]

    def names(self) -> Iterator[str]:
        """The operand's."""
        return self.operand.names()


def either(left: Formula, right: Formula) -> Formula:
    """At least one holds."""
    return Not(And(Not(left), Not(right)))


def implies(left: Formula, right: Formula) -> Formula:
    """Where ``left`` holds, ``right`` does."""
    return Not(And(left, Not(right)))


def historically(operand: Formula, interval: Interval) -> Formula:
    """The operand held in all of the interval."""
    return Not(Once(Not(operand), interval))


def rise(operand: Formula) -> Formula:
    """The operand holds, and did not at the sample before; it had not before the first one."""
    return And(operand, Not(Previous(operand, -float("inf"))))


def fall(operand: Formula) -> Formula:
    """The operand held at the sample before, or this is the first one, and does not hold now."""
    return And(Not(operand), Previous(operand))
