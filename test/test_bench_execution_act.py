"""Temporal ensembling against its formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_methods import HORIZON, NS, Loop, chunk, marked, setup

from aura_ros.bench.execution.act import TemporalEnsemble, ensemble


def direct(step, latency):
    """Equation of the paper for chunks asked every step, arrived ``latency`` steps later."""
    asked = [s for s in range(step - latency + 1) if step - s < HORIZON]
    weights = [np.exp(-0.01 * i) for i in range(len(asked))]
    votes = [marked(s + 1)[step - s, 0] for s in asked]
    return sum(w * v for w, v in zip(weights, votes, strict=True)) / sum(weights)


@pytest.mark.parametrize("latency", [1, 4])
def test_all_chunks_vote_with_the_published_weights_oldest_first(latency):
    loop = Loop(TemporalEnsemble(setup(latency)), lambda _: latency, in_flight=latency)
    found = loop.run(30)
    assert loop.asked == list(range(30))
    expected = [direct(step, latency) for step in range(latency, 30)]
    np.testing.assert_allclose(found[latency:], expected, rtol=1e-12)


@settings(deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_the_oldest_vote_weighs_most_and_the_mean_stays_among_the_votes(votes):
    values = np.array(votes)[:, None]
    assert min(votes) - 1e-12 <= ensemble(values)[0] <= max(votes) + 1e-12
    lone = np.eye(len(votes))
    weights = ensemble(lone)
    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(weights[1:] / weights[:-1], np.exp(-0.01))


def test_grippers_are_averaged_as_published():
    rows = {1: np.zeros((HORIZON, 2)), 2: np.ones((HORIZON, 2))}
    method = TemporalEnsemble(setup(2))
    loop = Loop(method, lambda k: 1 if k < 3 else None, lambda k, _: rows[k], in_flight=2)
    loop.run(3)
    assert 0.4 < loop.rows[2][1] < 0.6


def test_a_late_chunk_votes_only_for_what_is_left_of_it():
    latency = {1: 6, 2: 1}
    method = TemporalEnsemble(setup(2))
    found = Loop(method, lambda k: latency.get(k), in_flight=2).run(12)
    np.testing.assert_allclose(found[2:6], [2.01, 2.02, 2.03, 2.04])
    np.testing.assert_allclose(found[6], ensemble(np.array([[1.06], [2.05]]))[0])
    np.testing.assert_allclose(found[8:], [2.07] * 4)


def test_a_chunk_that_is_over_when_it_comes_has_no_vote():
    latency = {1: HORIZON + 1, 2: 1}
    loop = Loop(TemporalEnsemble(setup(2)), lambda k: latency.get(k), in_flight=2)
    found = loop.run(HORIZON + 4)
    np.testing.assert_allclose(found[HORIZON + 1 :], 2.07)
    assert loop.rates[HORIZON:] == [1.0, 0.0, 0.0, 0.0]


def test_the_same_answer_twice_is_one_vote():
    method = TemporalEnsemble(setup(2))
    loop = Loop(method, lambda k: 1 if k < 3 else None, in_flight=2)
    loop.run(2)
    method.receive(chunk(1, marked(1)), NS)
    found = loop.run(1)
    np.testing.assert_allclose(found[2], ensemble(np.array([[1.02], [2.01]]))[0])
