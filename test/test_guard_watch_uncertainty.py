"""A policy that is unsure is slowed down, one that is very unsure asks."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import chunk, lease, stamp, wave
from risk_episodes import (
    ROBOT,
    assert_holds_for_another_policy,
    calibrated,
    judged,
    setup,
    told,
    turn,
)

from aura_ros.guard.watches.uncertainty import ENTRY, UncertaintyWatch
from aura_ros.types import Decision, Instruction

LIMITS = calibrated().uncertainty.limits
ROWS = wave(ROBOT, 0.0)


@pytest.fixture
def path(tmp_path):
    calibrated().save(tmp_path / "guard.json")
    return tmp_path / "guard.json"


@pytest.fixture
def watch(path):
    return UncertaintyWatch(setup(path, Decision.SLOW))


def spread(of_arm):
    """A judged chunk whose samples spread by ``of_arm`` in both joints of the arm."""
    shift = np.array([of_arm, of_arm, 0.0]) * np.sqrt(1.5)
    return judged(1, rows=ROWS, alternatives=np.array([ROWS + shift, ROWS - shift]))


def apart(by):
    """A chunk that moved the robot, and one that disagrees by ``by`` in the arm."""
    rows = wave(ROBOT, 0.1) + by * np.array([1, 1, 0])
    first = judged(0)
    moved = replace(turn(0), chunk=first.chunk)
    return [first, moved, replace(judged(1), chunk=chunk(ROBOT, 0.1, 1, rows))]


def test_a_sure_policy_passes(watch):
    check = told(watch, [spread(0.5 * LIMITS[0])])
    assert (check.name, check.passed, check.limit) == ("uncertainty", True, 1.0)
    assert check.value == pytest.approx(0.5)
    assert ENTRY.decision == Decision.SLOW


@pytest.mark.parametrize(
    ("share", "passed", "decision"),
    [
        (1 - 1e-6, True, Decision.ALLOW),
        (1 + 1e-6, False, Decision.SLOW),
        (3 - 1e-6, False, Decision.SLOW),
        (3 + 1e-6, False, Decision.ASK),
    ],
)
def test_spread_slows_down_and_asks_far_above(watch, share, passed, decision):
    check = told(watch, [spread(share * LIMITS[0])])
    assert (check.passed, check.decision) == (passed, decision)
    assert passed or "spread of arm" in check.detail


def test_disagreement_counts_without_alternatives(watch):
    assert told(watch, apart(0.9 * LIMITS[2])).passed
    assert told(watch, [Instruction("another")]).value == 0.0
    check = told(watch, apart(1.5 * LIMITS[2]))
    assert (check.passed, check.decision) == (False, Decision.SLOW)
    assert "disagreement of arm at 1.50" in check.detail


def test_what_follows_a_hold_does_not_disagree_with_what_was_before(watch):
    before, moved, after = apart(5 * LIMITS[2])
    late = replace(after, chunk=replace(after.chunk, observation_stamp_ns=stamp(0.5)))
    assert not told(watch, [before, moved, late]).passed
    assert told(watch, [before, moved, lease(1, False), late]).passed


def test_the_last_chunk_counts(watch):
    assert told(watch, [spread(2 * LIMITS[0]), judged(1, rows=ROWS)]).passed


def test_chunks_of_another_policy_hold(watch):
    assert_holds_for_another_policy(watch)
