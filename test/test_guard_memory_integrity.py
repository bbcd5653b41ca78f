"""The memory's own states always pass; whatever is rolled back, cut or written into does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, stamp, toy
from hypothesis import example, given
from hypothesis import strategies as st

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Setup
from aura_ros.guard.watches.memory_integrity import ENTRY, OPTIONS, MemoryIntegrity
from aura_ros.memory.memory import Memory
from aura_ros.types import ClockJump, Decision, PolicyFeatures, Reset

# After all observations.
NOW = at(1000.0)


def watch(decision=Decision.HOLD, **options):
    return MemoryIntegrity(Setup(toy(), GuardConfig, OPTIONS.defaults | options, decision))


class Run:
    """A policy's features, a memory that answers them, and the watch that hears both."""

    def __init__(self, session=7):
        self.memory, self.watch = Memory(session=session), watch()
        self.policy, self.episode, self.sequence, self.seconds = 1, 1, 0, 0.0

    def answer(self, seed=0):
        """The state that answers the next features; both are told to nobody yet."""
        self.sequence += 1
        self.seconds += 0.1
        embedding = np.random.default_rng(seed).standard_normal(40)
        features = PolicyFeatures(
            self.policy, self.episode, self.sequence, stamp(self.seconds), embedding
        )
        return features, self.memory.handle(features, NOW)[0]

    def turn(self, seed=0):
        features, state = self.answer(seed)
        self.watch.hear(features, NOW)
        self.watch.hear(state, NOW)
        return state

    @property
    def faults(self):
        return self.watch.checks(NOW)[0].value

    @property
    def words(self):
        return self.watch.checks(NOW)[0].detail


def test_nothing_heard_is_nothing_missed():
    assert all(check.passed for check in watch().checks(NOW))


STEPS = st.lists(
    st.sampled_from(["turn", "turn", "same", "episode", "policy", "memory", "reset", "missed"])
)


@given(STEPS)
@example(["turn", "episode", "missed", "turn", "episode", "turn"])
def test_whatever_a_memory_says_of_itself_passes(steps):
    run = Run()
    for seed, step in enumerate(steps):
        if step == "episode":
            run.episode += 1
        elif step == "policy":
            run.policy, run.episode, run.sequence = run.policy + 1, 1, 0
        elif step == "memory":
            run.memory = Memory(session=run.memory._session + 1)
        elif step == "reset":
            run.memory.handle(Reset(), NOW)
        # Of a reset that was not heard the next state tells nothing: it is a rollback like any.
        if step == "missed" and "reset" not in steps:
            run.answer(seed)
        else:
            run.turn(1 if step == "same" else seed + 2)
        assert run.faults == 0, run.words


@given(st.integers(1, 5), st.booleans())
def test_states_may_come_before_the_features_that_they_answer(episode, first):
    run = Run()
    run.turn(1)
    run.turn(2)
    run.episode += episode
    features, state = run.answer(3)
    for value in (state, features) if first else (features, state):
        run.watch.hear(value, NOW)
    assert run.faults == 0, run.words
    run.turn(4)
    assert run.faults == 0, run.words


@pytest.mark.parametrize("back", [1, 2, 5])
def test_a_state_that_was_said_before_is_a_rollback(back):
    run = Run()
    said = [run.turn(seed) for seed in range(6)]
    run.watch.hear(said[-back], NOW)
    assert run.faults == 1
    assert "remembered before" in run.words


def test_a_memory_restored_from_a_snapshot_is_a_rollback():
    run = Run()
    run.turn(0)
    kept = run.memory._state, run.memory._updates, run.memory._writes
    run.turn(1)
    run.turn(2)
    run.memory._state, run.memory._updates, run.memory._writes = kept
    run.turn(3)
    assert "goes back: 2 updates after 3" in run.words


def test_a_state_restored_under_going_counters_breaks_the_history():
    run = Run()
    run.turn(0)
    kept = run.memory._state
    run.turn(1)
    run.memory._state = kept
    run.turn(2)
    assert "does not continue the state before it" in run.words
    # The next one that follows the break does not mend it.
    run.turn(3)
    assert run.faults >= 1


def test_a_state_emptied_within_an_episode_breaks_the_history():
    run = Run()
    run.turn(0)
    run.turn(1)
    run.memory._state = type(run.memory._state)()
    run.turn(2)
    assert "does not continue the state before it" in run.words


def test_a_new_episode_does_not_excuse_another_state():
    run = Run()
    run.turn(0)
    kept = run.turn(1)
    run.episode += 1
    features, state = run.answer(2)
    run.watch.hear(features, NOW)
    run.watch.hear(replace(state, previous_digest=kept.previous_digest[::-1]), NOW)
    assert "does not continue the state before it" in run.words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"readout": np.array([1.0, np.nan])}, "is not finite"),
        ({"prediction_error": np.inf}, "is not finite"),
        ({"state_norm": np.nan}, "is not finite"),
        ({"session": 6}, "of a process before"),
        ({"updates": 2}, "goes back: 2 updates after 2"),
        ({"previous_digest": ""}, "names no state before it"),
        ({"previous_digest": "0" * 64}, "does not continue"),
        ({"wrote": False}, "changed without a write"),
    ],
)
def test_a_state_that_was_changed_on_its_way_is_found(changes, words):
    run = Run()
    run.turn(0)
    run.turn(1)
    features, state = run.answer(2)
    run.watch.hear(features, NOW)
    run.watch.hear(replace(state, **changes), NOW)
    assert run.faults == 1
    assert words in run.words
    assert run.watch.checks(NOW)[0].decision == Decision.HOLD


def test_the_norm_has_a_bound():
    run = Run()
    run.turn(0)
    found = watch(norm=2.0)
    _, state = run.answer(1)
    for norm, passed in ((2.0, True), (2.0001, False)):
        found.hear(Reset(), NOW)
        found.hear(replace(state, state_norm=norm), NOW)
        check = found.checks(NOW)[1]
        assert (check.name, check.passed, check.value) == ("memory_norm", passed, norm)


def test_random_writes_stay_far_below_the_bound():
    run = Run()
    norms = [run.turn(seed).state_norm for seed in range(300)]
    assert max(norms) < OPTIONS.defaults["norm"] / 2


@pytest.mark.parametrize("word", [Reset(), ClockJump()])
def test_only_a_person_or_a_new_time_ends_it(word):
    run = Run()
    first = run.turn(0)
    run.turn(1)
    run.watch.hear(first, NOW)
    for seed in range(3):
        run.turn(seed + 2)
        assert run.faults == 1
    run.watch.hear(word, NOW)
    run.turn(9)
    assert run.faults == 0


def test_the_entry_holds():
    assert (ENTRY.name, ENTRY.automatic, ENTRY.decision) == (
        "memory_integrity", True, Decision.HOLD)  # fmt: skip


def test_a_new_policy_whose_first_features_were_not_heard_is_no_rollback():
    run = Run()
    run.turn(0)
    run.turn(1)
    _, state = run.answer(2)
    run.watch.hear(replace(state, sequence=1), NOW)
    assert run.faults == 0


def test_a_state_of_the_time_before_the_clock_jumped_back_counts_until_the_next():
    run = Run()
    run.turn(0)
    run.turn(1)
    run.watch.hear(ClockJump(), at(-100.0))
    _, late = run.answer(2)
    run.watch.hear(late, at(-100.0))
    check, _ = run.watch.checks(at(-100.0))
    assert (check.passed, check.decision) == (False, Decision.HOLD)
    assert "100.300 s ahead of the clock" in check.detail
    again = Run()
    features, state = again.answer(3)
    run.watch.hear(features, at(0.1))
    run.watch.hear(state, at(0.1))
    assert run.faults == 0, run.words


@pytest.mark.parametrize(("ahead_s", "good"), [(0.05, True), (0.051, False)])
def test_a_state_may_be_ahead_as_far_as_clocks_may_be_apart(ahead_s, good):
    run = Run()
    features, state = run.answer()
    run.watch.hear(features, at(run.seconds))
    run.watch.hear(state, at(run.seconds - ahead_s))
    assert (run.faults == 0) is good
