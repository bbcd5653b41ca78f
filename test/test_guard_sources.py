"""Which sources are alive: silence, repetition and blackness are death, whatever stamps say."""

import math

import pytest
from chain_values import at
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.guard.sources import Source
from aura_ros.types import Decision, Now

LIMIT = 0.3


def check(source, seconds):
    return source.check(at(seconds), LIMIT)


def test_a_source_never_heard_is_not_alive():
    result = check(Source("front"), 0.0)
    assert (result.passed, result.decision, result.value) == (False, Decision.HOLD, math.inf)
    assert "never heard" in result.detail


@pytest.mark.parametrize(("seconds", "alive"), [(0.3, True), (0.3 + 1e-9, False)])
def test_silence_kills_at_its_boundary(seconds, alive):
    result = check(Source("front").heard(at(0.0), 1), seconds)
    assert result.passed is alive
    assert result.value == pytest.approx(seconds)
    if not alive:
        assert result.detail == "front went silent"


def stream(fingerprints, black=False, source=None, begin=0.0):
    source = source or Source("front")
    for k, fingerprint in enumerate(fingerprints):
        source = source.heard(at(begin + 0.1 * k), fingerprint, black)
    return source


def test_content_that_repeats_is_dead_while_messages_come():
    result = check(stream([1, 2, 2, 2, 2, 2]), 0.55)
    assert not result.passed
    assert result.detail == "front repeats the same content"
    assert check(stream([1, 2, 2, 2]), 0.35).passed  # not yet for longer than the limit


def test_black_pictures_are_dead_from_the_first_on():
    result = check(stream([1, 2, 3], black=True), 0.25)
    assert not result.passed
    assert result.detail == "front is black"


def test_pictures_that_turn_black_are_dead():
    black = stream(range(10, 15), black=True, source=stream([1, 2]), begin=0.2)
    assert check(black, 0.65).detail == "front is black"


def test_life_returns_with_new_content():
    frozen = stream([1, 1, 1, 1, 1])
    assert not check(frozen, 0.45).passed
    assert check(frozen.heard(at(0.5), 2), 0.55).passed


def test_sources_without_content_live_by_their_messages():
    assert check(Source("joint_states").heard(at(0.0)).heard(at(0.2)), 0.45).passed


@given(st.integers(-(10**15), 10**15))
def test_ros_time_has_no_say(offset):
    source = Source("front").heard(Now(at(0.0).ros_ns + offset, at(0.0).steady_ns), 1)
    assert source.check(Now(at(0.0).ros_ns - offset, at(0.2).steady_ns), LIMIT).passed
    assert not source.check(Now(at(0.0).ros_ns - offset, at(0.4).steady_ns), LIMIT).passed
