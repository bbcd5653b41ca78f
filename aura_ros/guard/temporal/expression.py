"""Linear expressions of signals and of magnitudes of such expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from aura_ros.types import Array

Signals = Mapping[str, Array]


class Undefined(ValueError):
    """A comparison whose value is not a number: a signal is not, or two infinities cancel."""


@dataclass(frozen=True)
class Linear:
    """``constant`` + the sum of coefficients times signals (by name) or magnitudes."""

    constant: float
    terms: tuple[tuple[float, str | Magnitude], ...] = ()

    def plus(self, other: Linear) -> Linear:
        """The sum."""
        return Linear(self.constant + other.constant, (*self.terms, *other.terms))

    def times(self, factor: float) -> Linear:
        """The product with a number."""
        return Linear(factor * self.constant, tuple((factor * c, term) for c, term in self.terms))

    def minus(self, other: Linear) -> Linear:
        """The difference."""
        return self.plus(other.times(-1.0))

    def value(self, signals: Signals) -> Array:
        """Its value (m,) where each signal has shape (m,)."""
        total: Array = np.array(self.constant)
        for factor, term in self.terms:
            part = signals[term] if isinstance(term, str) else term.value(signals)
            total = total + factor * part
        return total

    def names(self) -> Iterator[str]:
        """The signals in it."""
        for _, term in self.terms:
            yield from (term,) if isinstance(term, str) else term.of.names()


@dataclass(frozen=True)
class Magnitude:
    """The absolute value of an expression."""

    of: Linear

    def value(self, signals: Signals) -> Array:
        """Its value (m,)."""
        return np.abs(self.of.value(signals))
