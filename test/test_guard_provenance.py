"""A chunk says what it was made with, and that must be what is expected."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from chain_values import at, chunk, stamp, toy

from aura_ros.guard.checks.provenance import ENTRY, OPTIONS
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.entry import Setup
from aura_ros.guard.lattice import failed
from aura_ros.guard.watch import Judged
from aura_ros.types import ROLLBACK, ClockJump, Decision, Instruction, Provenance

ROBOT = toy(digest="c" * 64)
TEXT = "pick the cube"
GOOD = Provenance("a" * 64, "b" * 64, ROBOT.digest, hashlib.sha256(TEXT.encode()).hexdigest())
UNSAID = Provenance()
OTHER = "f" * 64
CONFIG = GuardConfig()


def check(*told, decision=Decision.REFUSE, **options):
    """The check, told instructions at these seconds."""
    made = ENTRY.make(Setup(ROBOT, lambda: CONFIG, OPTIONS.defaults | options, decision))
    for text, seconds in told:
        made.hear(Instruction(text), at(seconds))
    return made


def judged(made, provenance, begin=1.0, **changes):
    value = chunk(ROBOT, begin, provenance=provenance, **changes)
    found = made(Context(at(begin), ROBOT, CONFIG, value))
    made.hear(Judged(value, (found,)), at(begin))
    return found


def test_what_is_expected_passes():
    found = judged(check((TEXT, 0.0)), GOOD)
    assert (found.name, found.passed, found.value, found.limit) == ("provenance", True, 0, 0)


@pytest.mark.parametrize("name", ["configuration", "instruction"])
def test_another_configuration_or_instruction_is_refused(name):
    found = judged(check((TEXT, 0.0)), replace(GOOD, **{name: OTHER}))
    assert (found.passed, found.value, found.decision) == (False, 1, Decision.REFUSE)
    assert f"{name} ffffffffffff is not" in found.detail


def test_every_mismatch_is_counted():
    bad = replace(GOOD, configuration=OTHER, instruction=OTHER)
    found = judged(check((TEXT, 0.0), decision=Decision.STOP), bad)
    assert (found.value, found.decision) == (2, Decision.STOP)


@pytest.mark.parametrize("name", ["model", "normalisation"])
def test_a_session_keeps_what_it_began_with(name):
    made = check((TEXT, 0.0))
    assert judged(made, GOOD).passed
    found = judged(made, replace(GOOD, **{name: OTHER}))
    assert (found.passed, name in found.detail) == (False, True)
    assert judged(made, GOOD).passed
    # A policy that was started anew may be another.
    assert judged(made, replace(GOOD, **{name: OTHER}), session=2).passed
    assert not judged(made, GOOD, session=2).passed


def test_what_was_refused_is_not_trusted():
    made = check((TEXT, 0.0))
    assert not judged(made, replace(GOOD, model=OTHER, configuration=OTHER)).passed
    assert judged(made, GOOD).passed


def test_chunks_that_are_refused_for_another_reason_put_nothing_out_of_mind():
    made = check((TEXT, 0.0))
    assert judged(made, GOOD).passed
    late = failed("freshness", 2.0, 1.5, Decision.REFUSE, "too old")
    for session in range(2, 40):
        value = chunk(ROBOT, 1.0, session=session, provenance=replace(GOOD, model=OTHER))
        found = made(Context(at(1.0), ROBOT, CONFIG, value))
        made.hear(Judged(value, (late, found)), at(1.0))
    assert not judged(made, replace(GOOD, model=OTHER)).passed


@pytest.mark.parametrize("name", ["model", "normalisation"])
def test_what_is_pinned_is_expected_from_the_first_chunk_on(name):
    pinned = {name: getattr(GOOD, name)}
    assert judged(check((TEXT, 0.0), **pinned), GOOD).passed
    for digest in (OTHER, ""):
        found = judged(check((TEXT, 0.0), **pinned), replace(GOOD, **{name: digest}))
        assert (found.passed, found.value) == (False, 1)


def test_what_is_not_said_passes_unless_it_is_required():
    assert judged(check((TEXT, 0.0)), UNSAID).passed
    found = judged(check((TEXT, 0.0), require=True), UNSAID)
    assert (found.passed, found.value) == (False, 4)
    assert judged(check((TEXT, 0.0), require=True), GOOD).passed


def test_before_an_instruction_was_heard_any_will_do():
    assert judged(check(), GOOD).passed


def test_answers_to_the_task_before_are_those_observed_before_the_new_one():
    made = check((TEXT, 0.0), ("another", 2.0))
    assert judged(made, GOOD, 2.0 + CONFIG.clock_tolerance).passed
    assert not judged(made, GOOD, 2.001 + CONFIG.clock_tolerance).passed
    new = replace(GOOD, instruction=hashlib.sha256(b"another").hexdigest())
    assert judged(made, new, 3.0).passed
    assert judged(made, new, 1.0).passed


def test_the_task_before_the_last_is_over():
    made = check((TEXT, 0.0), ("second", 2.0), ("third", 2.1))
    assert not judged(made, GOOD, 1.0).passed


def test_an_instruction_that_is_repeated_is_the_same():
    made = check(("first", 0.0), (TEXT, 1.0), (TEXT, 2.0))
    assert judged(made, GOOD, 2.5).passed
    first = replace(GOOD, instruction=hashlib.sha256(b"first").hexdigest())
    assert not judged(made, first, 1.5).passed


def test_times_before_a_jump_excuse_nothing():
    made = check(("first", 0.0), (TEXT, 100.0))
    made.hear(ClockJump(), at(100.1))
    first = replace(GOOD, instruction=hashlib.sha256(b"first").hexdigest())
    assert not judged(made, first, 50.0).passed
    assert judged(made, GOOD, 50.0).passed


def test_the_way_back_is_no_policys():
    made = check((TEXT, 0.0), require=True, model="a" * 64)
    assert judged(made, UNSAID, source=ROLLBACK).passed
    assert not judged(made, replace(UNSAID, configuration=OTHER), source=ROLLBACK).passed


def test_sessions_are_not_remembered_for_ever():
    made = check((TEXT, 0.0))
    for session in range(100):
        assert judged(made, GOOD, session=session).passed
    assert judged(made, replace(GOOD, model=OTHER), session=1).passed
    assert not judged(made, replace(GOOD, model=OTHER), session=99).passed


def test_the_chunks_instruction_is_bound_to_its_digest():
    value = chunk(ROBOT, 1.0, provenance=GOOD)
    assert replace(value, provenance=replace(GOOD, instruction=OTHER)).digest != value.digest
    assert value.observation_stamp_ns == stamp(1.0)
