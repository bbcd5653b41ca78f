"""What the policy sees is unlike calibration: asked after three of five; HOLD without it."""

import numpy as np
import pytest
from chain_values import lease
from risk_episodes import (
    DIMENSIONS,
    assert_holds_for_another_policy,
    calibrated,
    embeddings,
    judged,
    setup,
    shown,
    told,
    turn,
)

from aura_ros.guard.watch import About
from aura_ros.guard.watches.embedding import ENTRY, EmbeddingWatch
from aura_ros.types import ROLLBACK, Answer, Decision, Instruction

GOOD = embeddings(np.random.default_rng(50), 10)
BAD = GOOD + 2.0 * np.random.default_rng(51).normal(size=DIMENSIONS)


@pytest.fixture
def watch(tmp_path):
    calibrated().save(tmp_path / "guard.json")
    return EmbeddingWatch(setup(tmp_path / "guard.json"))


def features(*rows):
    return [shown(i, row) for i, row in enumerate(rows)]


def test_what_was_calibrated_passes(watch):
    check = told(watch, features(*GOOD))
    assert (check.name, check.passed) == ("embedding", True)
    assert 0 < check.value < check.limit
    assert (ENTRY.decision, watch.about) == (Decision.ASK, About.POLICY)


def test_what_is_unlike_asks_after_three_of_five(watch):
    assert told(watch, features(GOOD[0], BAD[0], GOOD[1], BAD[1])).passed
    check = told(watch, features(BAD[2]))
    assert (check.passed, check.decision) == (False, Decision.ASK)
    assert check.value > check.limit


def test_chunks_of_another_policy_hold(watch):
    assert_holds_for_another_policy(watch)


def test_a_value_at_the_limit_passes_and_above_it_does_not(watch):
    check = told(watch, features(*BAD[:5]))
    watch._limit = check.value
    assert told(watch, []).passed
    watch._limit = np.nextafter(check.value, 0)
    assert not told(watch, []).passed


def test_what_is_seen_while_motion_is_held_does_not_count(watch):
    """Boundary: what was seen when motion went on, at 0.6 s."""
    held = [lease(1, False), *features(*BAD[:5]), lease(2)]
    late = [shown(k, row) for k, row in zip((4, 5, 6), BAD, strict=False)]
    assert told(watch, [*held, *late]).value == 0.0
    after = [shown(k, row) for k, row in zip((7, 8, 9), BAD, strict=False)]
    assert told(watch, after[:2]).passed
    assert not told(watch, after[2:]).passed


def test_what_asked_goes_on_asking_while_motion_is_held(watch):
    assert not told(watch, [*features(*BAD[:5]), lease(1, False), *features(*GOOD)]).passed


@pytest.mark.parametrize("value", [Instruction("another"), Answer("resume")])
def test_an_episode_begins_anew(watch, value):
    assert told(watch, [*features(*BAD[:5]), value]).value == 0.0
    assert not told(watch, features(*BAD[:3])).passed


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (np.ones(7), "its length is 7, calibrated were 100"),
        (np.zeros(0), "its length is 0"),
        (np.full(DIMENSIONS, np.nan), "not finite"),
    ],
)
def test_an_embedding_that_cannot_be_judged_holds_until_the_next(watch, row, words):
    check = told(watch, features(row))
    assert (check.passed, check.decision) == (False, Decision.HOLD)
    assert words in check.detail
    assert told(watch, features(GOOD[0])).passed


def test_chunks_without_features_hold(watch):
    assert told(watch, [judged(i) for i in range(5)]).passed
    assert told(watch, [judged(5, source=ROLLBACK)]).passed
    check = told(watch, [judged(6)])
    assert (check.passed, check.decision) == (False, Decision.HOLD)
    assert "6 chunks without features" in check.detail
    assert told(watch, [turn(1), *features(GOOD[0])]).passed
