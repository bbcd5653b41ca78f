"""Reads formulas: ``historically[0, 1](force <= 20 or not once[0, 0.5] speed[arm] > 0.1)``.

From loose to tight: implies; or; and; since[a, b]; not, once[a, b], historically[a, b], previous,
rise, fall; the comparisons < <= > >=, also in chains; + and -; * and / with numbers; abs(...).
Bounds are in seconds, ``inf`` is none; without bounds the whole past counts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from aura_ros.guard.temporal.expression import Linear, Magnitude
from aura_ros.guard.temporal.formula import (
    And,
    Formula,
    Interval,
    Not,
    Once,
    Positive,
    Previous,
    Since,
    either,
    fall,
    historically,
    implies,
    rise,
)
from aura_ros.guard.temporal.tokens import FormulaError, Tokens
from aura_ros.guard.temporal.window import FOREVER
from aura_ros.types import NS

# A run keeps what its longest interval holds.
LONGEST_S = 600.0
DEEPEST = 40

PLAIN: dict[str, Callable[[Formula], Formula]] = {
    "not": Not,
    "previous": Previous,
    "rise": rise,
    "fall": fall,
}
TIMED: dict[str, Callable[..., Formula]] = {"once": Once, "historically": historically}
RESERVED = {*PLAIN, *TIMED, "and", "or", "implies", "since", "abs", "inf"}

Part: TypeAlias = Formula | Linear
# Says what is wrong with a signal of this name and index (None: it has none); empty: nothing.
Fault = Callable[[str, str | None], str]


def any_signal(name: str, index: str | None) -> str:
    """Where the robot is not known yet, any name may be a signal."""
    return ""


def parse(text: str, fault: Fault = any_signal) -> Formula:
    """The formula that ``text`` says. Raises FormulaError with column, expectation and remedy."""
    return _Parser(text, fault).whole()


def _formula(part: Part, column: int) -> Formula:
    if isinstance(part, Formula):
        return part
    raise FormulaError(column, "expected a comparison as in speed <= 0.5, found a number")


def _linear(part: Part, column: int) -> Linear:
    if isinstance(part, Linear):
        return part
    raise FormulaError(column, "expected a number or a signal, found a formula")


class _Parser:
    """Recursive descent, one method a level; each returns a formula or an expression."""

    def __init__(self, text: str, fault: Fault) -> None:
        self._tokens, self._fault, self._depth = Tokens(text), fault, 0

    def whole(self) -> Formula:
        """All of the text."""
        found, column = self._placed(self._implication)
        if self._tokens.next.kind != "end":
            is_formula = isinstance(found, Formula)
            relations = "<, <=, > or >= after a number or signal"
            self._tokens.fail("and, or, implies, since or the end" if is_formula else relations)
        return _formula(found, column)

    def _placed(self, level: Callable[[], Part]) -> tuple[Part, int]:
        """What the level reads, and the column where that begins."""
        column = self._tokens.column
        return level(), column

    def _deeper(self, level: Callable[[], Part]) -> Part:
        if self._depth == DEEPEST:
            self._tokens.fail(f"at most {DEEPEST} levels of parentheses and operators")
        self._depth += 1
        found = level()
        self._depth -= 1
        return found

    # --- truth ----------------------------------------------------------------------------

    def _implication(self) -> Part:
        left, column = self._placed(self._disjunction)
        if not self._tokens.take("implies"):
            return left
        right = _formula(*self._placed(partial(self._deeper, self._implication)))
        return implies(_formula(left, column), right)

    def _disjunction(self) -> Part:
        return self._joined("or", self._conjunction, either)

    def _conjunction(self) -> Part:
        return self._joined("and", self._since, And)

    def _joined(
        self, word: str, level: Callable[[], Part], join: Callable[[Formula, Formula], Formula]
    ) -> Part:
        left, column = self._placed(level)
        while self._tokens.take(word):
            left = join(_formula(left, column), _formula(*self._placed(level)))
        return left

    def _since(self) -> Part:
        left, column = self._placed(self._prefixed)
        while self._tokens.take("since"):
            interval = self._interval()
            right = _formula(*self._placed(self._prefixed))
            left = Since(_formula(left, column), right, interval)
        return left

    def _prefixed(self) -> Part:
        word = self._tokens.take(*PLAIN, *TIMED)
        if not word:
            return self._comparison()
        make = partial(TIMED[word], interval=self._interval()) if word in TIMED else PLAIN[word]
        return make(_formula(*self._placed(partial(self._deeper, self._prefixed))))

    def _interval(self) -> Interval:
        if not self._tokens.take("["):
            return Interval()
        column, begin = self._tokens.column, self._seconds()
        self._tokens.expect(",")
        end = FOREVER if self._tokens.take("inf") else self._seconds()
        self._tokens.expect("]")
        if begin > end:
            raise FormulaError(column, "expected an interval [from, to] with from <= to")
        return Interval(begin, end)

    def _seconds(self) -> int:
        return round(NS * self._tokens.number(LONGEST_S))

    # --- comparisons ----------------------------------------------------------------------

    def _comparison(self) -> Part:
        left, column = self._placed(self._sum)
        found: Formula | None = None
        while relation := self._tokens.take("<", "<=", ">", ">="):
            right, right_column = self._placed(self._sum)
            a, b = _linear(left, column), _linear(right, right_column)
            excess = b.minus(a) if relation.startswith("<") else a.minus(b)
            if not excess.terms:
                raise FormulaError(column, "expected a signal on one side, found two numbers")
            found = And(found, Positive(excess)) if found else Positive(excess)
            left, column = b, right_column
        return found or left

    def _sum(self) -> Part:
        left, column = self._placed(self._product)
        while sign := self._tokens.take("+", "-"):
            right = _linear(*self._placed(self._product))
            left = _linear(left, column).plus(right.times(1.0 if sign == "+" else -1.0))
        return left

    def _product(self) -> Part:
        left, column = self._placed(self._signed)
        while mark := self._tokens.take("*", "/"):
            right, right_column = self._placed(self._signed)
            a, b = _linear(left, column), _linear(right, right_column)
            if mark == "*" and not a.terms:
                left = b.times(a.constant)
            elif b.terms or (mark == "/" and not b.constant):
                what = "a number" if mark == "*" else "a number other than 0"
                raise FormulaError(right_column, f"expected {what} here: expressions are linear")
            else:
                left = a.times(b.constant if mark == "*" else 1.0 / b.constant)
        return left

    def _signed(self) -> Part:
        if not self._tokens.take("-"):
            return self._atom()
        return _linear(*self._placed(partial(self._deeper, self._signed))).times(-1.0)

    def _atom(self) -> Part:
        tokens = self._tokens
        if tokens.next.kind == "number":
            return Linear(tokens.number())
        if tokens.take("("):
            return self._closed()
        if tokens.take("abs"):
            tokens.expect("(")
            of = _linear(*self._placed(self._closed))
            return Linear(0.0, ((1.0, Magnitude(of)),))
        if tokens.next.kind != "word" or tokens.next.text in RESERVED:
            tokens.fail("a signal, a number or (")
        return self._signal()

    def _closed(self) -> Part:
        """What stands up to the closing parenthesis."""
        found = self._deeper(self._implication)
        self._tokens.expect(")")
        return found

    def _signal(self) -> Linear:
        column, name = self._tokens.column, self._tokens.word()
        index = self._tokens.index()
        words = self._fault(name, index)
        if words:
            raise FormulaError(column, words)
        return Linear(0.0, ((1.0, name if index is None else f"{name}[{index}]"),))
