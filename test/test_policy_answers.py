"""What is asked of a backend beside its rows: several samples, the sensitivity of its flow."""

import math

import numpy as np
import pytest
from chain_values import joints_at, stamp, toy

from aura_ros.nodes.backends import check_answers
from aura_ros.pipeline import answer
from aura_ros.policy.declared import Declared
from aura_ros.types import KinematicState, Observation, Request

ROBOT = toy()
PLAIN = {"samples": 1, "sensitivity": False}


class One:
    """Draws one chunk alone."""

    name = "one"

    def encode(self, observation):
        return np.zeros(4)

    def act(self, request, embedding):
        return np.full((5, 3), 7.0)


class Many(One):
    """Draws chunks of 0, 1, 2 ..., and shows a flow."""

    name = "many"

    def sample(self, request, embedding, k):
        return np.arange(float(k))[:, None, None] * np.ones((5, 3))

    def velocity(self, request, embedding, rows, time):
        return np.ones_like(rows)


def asked():
    rest = np.zeros(3)
    seen = Observation(stamp(0), {}, joints_at(0.0, rest), "pick")
    return Request(1, 0, seen, KinematicState(stamp(0), rest, rest, rest), None)


def test_one_sample_is_what_the_backend_does():
    found = answer(Many(), asked())
    assert (found.rows == 7.0).all()
    assert not len(found.alternatives)
    assert math.isnan(found.sensitivity)


def test_the_first_of_several_is_the_answer_the_others_are_alternatives():
    found = answer(Many(), asked(), samples=4)
    assert not found.rows.any()
    assert [float(other.mean()) for other in found.alternatives] == [1.0, 2.0, 3.0]


def test_where_a_flow_is_shown_its_sensitivity_goes_along():
    found = answer(Many(), asked(), samples=2, sensitivity=True)
    assert found.error == ""
    assert found.sensitivity == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("more", "words"),
    [({"samples": 2}, "set samples to 1"), ({"sensitivity": True}, "set sensitivity to false")],
)
def test_what_the_backend_cannot_give_is_an_error_of_the_answer(more, words):
    found = answer(One(), asked(), **more)
    assert words in found.error
    assert not len(found.rows)


def test_what_the_backend_can_give_is_known_at_configuration():
    check_answers(One(), PLAIN)
    check_answers(Many(), {"samples": 8, "sensitivity": True})
    with pytest.raises(ValueError, match=r"samples is 2, but backend one draws at most 1"):
        check_answers(One(), PLAIN | {"samples": 2})
    with pytest.raises(ValueError, match=r"sensitivity is true, but backend one shows no flow"):
        check_answers(One(), PLAIN | {"sensitivity": True})


def test_no_more_samples_are_asked_for_than_are_declared():
    backend = Many()
    backend.declared = Declared("many", (), (), 3, 5, max_samples=3)
    check_answers(backend, PLAIN | {"samples": 3})
    with pytest.raises(ValueError, match=r"draws at most 3; set samples to 3 or less"):
        check_answers(backend, PLAIN | {"samples": 4})
