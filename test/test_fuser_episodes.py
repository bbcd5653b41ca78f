"""Episodes: after a new instruction only chunks of a later episode are taken, and never none."""

import pytest
from chain_values import at, chunk, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.episodes import Episodes

ROBOT = toy()


def told(*events):
    """What is known after ``events``: (time, text) heard, or (time, session, episode) taken."""
    episodes = Episodes()
    for seconds, *what in events:
        if len(what) == 1:
            episodes = episodes.heard(what[0], at(seconds))
        else:
            taken = chunk(ROBOT, seconds, session=what[0], episode=what[1])
            assert episodes.refuse(taken) is None, what
            episodes = episodes.took(taken, at(seconds))
    return episodes


def takes(episodes, session, episode):
    refusal = episodes.refuse(chunk(ROBOT, session=session, episode=episode))
    assert refusal is None or refusal.code == "old_episode"
    return refusal is None


PICK = ((0, "pick"), (1, 7, 1))


def test_a_new_instruction_ends_the_episode():
    after = told(*PICK, (5, "place"))
    assert [takes(after, *order) for order in ((7, 0), (7, 1), (6, 9))] == [False] * 3
    assert takes(after, 7, 2)
    assert takes(after, 8, 0)  # a policy that began anew


def test_the_same_instruction_again_changes_nothing():
    before = told(*PICK)
    assert before.heard("pick", at(5)) == before
    assert takes(before, 7, 1)


def test_an_instruction_that_comes_after_its_first_chunk_does_not_end_its_episode():
    after = told(*PICK, (5, 7, 2), (5.5, "place"))
    assert takes(after, 7, 2)
    assert not takes(told(*PICK, (5, 7, 2), (6.5, "place")), 7, 2)


def test_two_instructions_in_a_row_both_count():
    after = told(*PICK, (5, "place"), (5.2, 7, 2), (5.4, "push"))
    assert not takes(after, 7, 2)
    assert takes(after, 7, 3)
    hasty = told(*PICK, (5, "place"), (5.1, "push"))
    assert takes(hasty, 7, 2)


def test_the_first_word_that_is_heard_may_be_an_old_one():
    """A fuser that was started anew hears the instruction repeated that the policy follows."""
    assert takes(told((0, 7, 3), (9, "pick")), 7, 3)


def test_the_first_word_to_a_policy_with_an_instruction_of_its_own_is_a_new_one():
    assert not takes(told((0, 7, 0), (0.5, "pick")), 7, 0)
    assert takes(told((0, 7, 0), (0.5, "pick")), 7, 1)


def test_before_any_chunk_nothing_is_refused():
    assert takes(told((0, "pick"), (1, "place")), 7, 0)


@given(
    words=st.lists(st.tuples(st.floats(0.01, 3), st.sampled_from("abc")), max_size=8),
    delay=st.floats(0.01, 0.9),
    swapped=st.booleans(),
)
@pytest.mark.parametrize("first", [0, 1])
def test_a_policy_that_counts_instructions_is_never_shut_out(words, delay, swapped, first):
    """The policy begins an episode with every new word; chunk and word come in either order."""
    episodes, now, episode, last = Episodes(), 0.0, first, None
    for pause, word in words:
        now += pause
        if word != last:
            episode += 1
        steps = [lambda e, n=now, w=word: e.heard(w, at(n))]
        answer = chunk(ROBOT, now, session=7, episode=episode)
        steps.append(lambda e, n=now + delay, a=answer: e if e.refuse(a) else e.took(a, at(n)))
        for step in reversed(steps) if swapped else steps:
            episodes = step(episodes)
        last, now = word, now + delay
        assert takes(episodes, 7, episode), (word, episode)
