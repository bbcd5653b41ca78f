"""Formulas are read as written, and what is wrong with one is said with its column."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporal_formulas import TREES, ours

from aura_ros.guard.temporal.formula import FOREVER, Interval, Once, Samples
from aura_ros.guard.temporal.parser import DEEPEST, parse
from aura_ros.guard.temporal.tokens import LONGEST_TEXT, FormulaError
from aura_ros.types import NS


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a < 1 or b < 1 and c < 1", "a < 1 or (b < 1 and c < 1)"),
        ("a < 1 implies b < 1 implies c < 1", "a < 1 implies (b < 1 implies c < 1)"),
        ("a < 1 or b < 1 implies c < 1", "(a < 1 or b < 1) implies c < 1"),
        ("a < 1 and b < 1 since c < 1", "a < 1 and (b < 1 since c < 1)"),
        ("not a < 1 since[0, 1] b < 1", "(not a < 1) since[0, 1] b < 1"),
        ("once[1, 2] not a < 1 and b < 1", "(once[1, 2](not(a < 1))) and (b < 1)"),
        ("-1 <= a <= 2 * b + 1", "-1 <= a and a <= (2 * b) + 1"),
        ("a - b - 1 < -(a + 1)", "(a - b) - 1 < (-a - 1)"),
        ("2 * (a + b) / 4 > 1", "(2 * a + 2 * b) * 0.25 > 1"),
        ("once[0, inf] a < 1", "once a < 1"),
        ("a<1and b<.5e1", "a < 1 and b < 5"),
    ],
)
def test_precedence(text, grouped):
    assert parse(text) == parse(grouped)


def test_bounds_are_nanoseconds():
    found = parse("once[0.1, 0.3] a < 1")
    assert isinstance(found, Once)
    assert found.interval == Interval(NS // 10, 3 * NS // 10)
    assert parse("once[0.1, inf] a < 1").interval == Interval(NS // 10, FOREVER)


def test_signals_have_indices():
    text = "position[ left/joint-1 ] < 1 and abs(speed - force) < speed [arm]"
    assert list(parse(text).names()) == ["position[left/joint-1]", "speed[arm]", "speed", "force"]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "expected a signal, a number or (, found the end"),
        ("a", 1, "expected a comparison"),
        ("a <", 4, "expected a signal, a number or (, found the end"),
        ("a < 1 and", 10, "expected a signal"),
        ("a < 1 b", 7, "expected and, or, implies, since or the end, found b"),
        ("a $ 1", 3, "expected <, <=, > or >= after a number or signal, found $"),
        ("a == 1", 3, "expected <, <=, > or >="),
        ("(a < 1", 7, "expected ), found the end"),
        ("not 3", 5, "expected a comparison"),
        ("a < 1 and b", 11, "expected a comparison"),
        ("a since b < 1", 1, "expected a comparison"),
        ("a < 1 implies 2", 15, "expected a comparison"),
        ("1 < 2", 1, "expected a signal on one side"),
        ("(a < 1) < 2", 1, "expected a number or a signal, found a formula"),
        ("2 * (a < 1) < 2", 5, "expected a number or a signal, found a formula"),
        ("abs(a < 1) < 2", 5, "expected a number or a signal, found a formula"),
        ("abs a < 2", 5, "expected ("),
        ("a * b < 1", 5, "expected a number here: expressions are linear"),
        ("1 / a < 1", 5, "expected a number other than 0 here"),
        ("a / 0 < 1", 5, "expected a number other than 0 here"),
        ("a < 1e999", 5, "expected a number, found 1e999"),
        ("and < 1", 1, "expected a signal"),
        ("once[2, 1] a < 1", 6, "expected an interval [from, to] with from <= to"),
        ("once[1] a < 1", 7, "expected ,"),
        ("once[-1, 2] a < 1", 6, "expected a number up to 600"),
        ("once[0, 601] a < 1", 9, "expected a number up to 600, found 601"),
        ("(" * 99 + "a", DEEPEST + 2, f"expected at most {DEEPEST} levels"),
        ("-" * 99 + "a", DEEPEST + 2, f"expected at most {DEEPEST} levels"),
        ("a < 1 " * 200, LONGEST_TEXT + 1, f"expected at most {LONGEST_TEXT} characters"),
    ],
)
def test_what_is_wrong_is_said_with_its_column(text, column, words):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert caught.value.column == column
    assert caught.value.words.startswith(words)


def test_a_signal_at_fault_is_pointed_at():
    with pytest.raises(FormulaError, match=r"column 9: no nose\[tip\]"):
        parse("a < 1 + nose[tip]", lambda name, index: f"no {name}[{index}]" if index else "")


@given(TREES)
def test_whatever_is_generated_is_read(tree):
    assert set(parse(ours(tree)).names()) <= {"x", "y"}


@given(st.text("a1<>=()[]-+*/,. notincehrd", max_size=30))
def test_any_text_is_read_or_refused(text):
    with suppress(FormulaError):
        parse(text)


def test_the_longest_chain_can_be_judged():
    text = "<".join(["a"] * (LONGEST_TEXT // 2))
    formula = parse(text)
    samples = Samples(np.array([0]), {"a": np.array([1.0])})
    assert formula.advance(formula.start(), samples)[1] == 0.0
