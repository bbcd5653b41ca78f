"""Robustness is what the definitions say, however samples lie and in whatever batches they come."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporal_formulas import PERIOD_NS, TREES, meaning, ours

from aura_ros.guard.temporal.expression import Undefined
from aura_ros.guard.temporal.formula import Samples
from aura_ros.guard.temporal.parser import parse
from aura_ros.types import NS


def traces(seed, length):
    """Stamps with jitter and holes, and signals with many ties."""
    random = np.random.default_rng(seed)
    steps = random.choice([PERIOD_NS, PERIOD_NS // 3, 3 * PERIOD_NS, PERIOD_NS + 1], length)
    return np.cumsum(steps), *np.round(2 * random.normal(size=(2, length))) / 2


def robustness(text, times, batch=None, **signals):
    formula = parse(text)
    past, found = formula.start(), []
    for k in range(0, len(times), batch or len(times)):
        part = slice(k, k + (batch or len(times)))
        columns = {name: np.asarray(values)[part] for name, values in signals.items()}
        past, values = formula.advance(past, Samples(np.asarray(times)[part], columns))
        found += list(values)
    return found


@settings(max_examples=400)
@given(TREES, st.integers(0, 2**32 - 1), st.integers(1, 25), st.integers(1, 25))
def test_it_means_what_the_definitions_say(tree, seed, length, batch):
    times, x, y = traces(seed, length)
    expected = meaning(tree, times.tolist(), x.tolist(), y.tolist())
    assert robustness(ours(tree), times, batch, x=x, y=y) == expected


@given(TREES, st.integers(0, 2**32 - 1))
def test_a_run_can_be_continued_in_several_ways(tree, seed):
    formula = parse(ours(tree))
    times, x, y = traces(seed, 30)
    first, rest = (Samples(times[k], {"x": x[k], "y": y[k]}) for k in (slice(12), slice(12, 30)))
    past, _ = formula.advance(formula.start(), first)
    other = Samples(rest.times, {"x": -rest.signals["x"], "y": -rest.signals["y"]})
    expected = formula.advance(past, rest)[1]
    formula.advance(past, other)
    assert np.array_equal(formula.advance(past, rest)[1], expected)
    assert np.array_equal(formula.advance(past, replace(rest, final=True))[1], expected)


def kept(past):
    """Numbers that a formula keeps."""
    if isinstance(past, np.ndarray):
        return past.size
    if isinstance(past, tuple):
        return sum(map(kept, past))
    return sum(map(kept, vars(past).values())) if hasattr(past, "__dict__") else 0


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("once[1, 2] x > 0", 42),
        ("historically[0, 2] x > 0", 42),
        ("(x > 0) since[1, 2] (y > 0)", 82),
        ("once x > 0", 1),
        ("(x > 0) since (y > 0)", 1),
        ("once[1, inf] x > 0", 22),
    ],
)
def test_memory_is_bounded_by_the_interval(text, samples, sign):
    formula = parse(text)
    past = formula.start()
    for k in range(300):
        signals = {"x": np.array([sign * k / 10]), "y": np.array([-k / 10])}
        past, _ = formula.advance(past, Samples(np.array([k * PERIOD_NS]), signals))
    assert 2 <= kept(past) <= 2 * samples


def test_bounds_are_inclusive_and_hold_between_samples():
    times = [0, NS, 2 * NS, 3 * NS, 4 * NS]
    spike = [0.0, 1.0, 0.0, 0.0, 0.0]
    assert robustness("once[1, 2] x > 0", times, x=spike) == [-np.inf, 0.0, 1.0, 1.0, 0.0]
    # Half a sample ago the one before that was in force.
    assert robustness("once[0.5, 0.5] x > 0", times, x=spike) == [-np.inf, 0.0, 1.0, 0.0, 0.0]
    assert robustness("once[0, 1.999999999] x > 0", times, x=spike)[3] == 1.0
    assert robustness("once[0, 1] x > 0", times, x=spike)[3] == 0.0


def test_rise_and_fall_mark_changes():
    found = robustness("rise x > 0.5", [0, 1, 2, 3], x=[0.0, 1.0, 1.0, 0.0])
    assert [value > 0 for value in found] == [False, True, False, False]
    found = robustness("fall x > 0.5", [0, 1, 2, 3], x=[1.0, 1.0, 0.0, 0.0])
    assert [value > 0 for value in found] == [False, False, True, False]


@pytest.mark.parametrize("bad", [{"x": np.nan, "y": 0.0}, {"x": np.inf, "y": np.inf}])
def test_what_is_no_number_is_said(bad):
    with pytest.raises(Undefined, match="x or y is not a number"):
        robustness("once x - y > 0", [0], **{name: [value] for name, value in bad.items()})


def test_infinite_signals_are_numbers():
    assert robustness("x >= 0.5 and not x < 1", [0], x=[np.inf]) == [np.inf]
