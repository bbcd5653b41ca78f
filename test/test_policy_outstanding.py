"""Requests in flight: how many, how far apart, and that what is passed on is in order."""

import numpy as np
from chain_values import at, home, joints_at, ns, stamp, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.policy.latency import LatencyEstimate
from aura_ros.policy.outstanding import Outstanding
from aura_ros.types import KinematicState, Observation, Request

ROBOT = toy()


def request(sequence):
    rest = np.zeros(3)
    seen = Observation(stamp(0), {}, joints_at(0.0, home(ROBOT)), "pick")
    return Request(sequence, 0, seen, KinematicState(stamp(0), rest, rest, rest), None)


def outstanding(latency_s=0.3):
    return Outstanding(LatencyEstimate(ns(latency_s)))


def next_s(waiting, seconds):
    return (waiting.next_ns - at(seconds).steady_ns) / 1e9


def test_requests_are_a_part_of_the_latency_apart():
    waiting = outstanding(0.3)
    waiting.ask(request(1), at(0.0), ns(0.05), 3)
    assert next_s(waiting, 0.0) == 0.1
    assert not waiting.may_ask(at(0.0999), 3)
    assert waiting.may_ask(at(0.1), 3)


def test_they_are_never_closer_than_their_period():
    waiting = outstanding(0.3)
    waiting.ask(request(1), at(0.0), ns(0.15), 3)
    assert next_s(waiting, 0.0) == 0.15


def test_a_single_request_is_spaced_by_its_answer_only():
    waiting = outstanding(0.3)
    waiting.ask(request(1), at(0.0), ns(0.05), 1)
    assert next_s(waiting, 0.0) == 0.05
    assert not waiting.may_ask(at(1.0), 1)
    waiting.answer(1, at(1.0), 1)
    assert waiting.may_ask(at(1.0), 1)


def test_after_an_answer_to_a_full_house_inputs_must_be_newer():
    waiting = outstanding(0.2)
    for sequence, seconds in ((1, 0.0), (2, 0.1)):
        waiting.ask(request(sequence), at(seconds), ns(0.05), 2)
    waiting.answer(1, at(0.7), 2)
    assert next_s(waiting, 0.7) == 0.0
    waiting.answer(2, at(0.9), 2)  # there was room: nothing waited for this answer
    assert next_s(waiting, 0.7) == 0.0


def test_what_was_asked_before_the_first_answer_is_warm_up():
    latency = LatencyEstimate(ns(0.2))
    waiting = Outstanding(latency)
    for sequence in (1, 2):
        waiting.ask(request(sequence), at(0.0), 0, 2)
    for sequence in (1, 2):
        waiting.accept(waiting.answer(sequence, at(9.0 + sequence), 2), at(9.0 + sequence))
    assert latency.p95_ns == ns(0.2)
    waiting.ask(request(3), at(20.0), 0, 2)
    waiting.accept(waiting.answer(3, at(20.4), 2), at(20.4))
    assert latency.p95_ns == ns(0.4)


def test_each_request_times_out_for_itself():
    waiting = outstanding()
    waiting.ask(request(1), at(0.0), 0, 2)
    waiting.ask(request(2), at(0.5), 0, 2)
    assert waiting.expire(at(1.0), 1.0) == 0.0
    assert waiting.expire(at(1.1), 1.0) == 1.1
    assert (len(waiting), waiting.timed_out) == (1, 1)
    assert waiting.answer(1, at(1.2), 2) is None
    assert waiting.answer(2, at(1.2), 2).request.sequence == 2


def test_dropped_requests_have_no_answers():
    waiting = outstanding()
    waiting.ask(request(1), at(0.0), 0, 2)
    waiting.drop()
    assert waiting.answer(1, at(0.1), 2) is None


@given(st.permutations(range(1, 9)))
def test_answers_in_any_order_are_passed_on_in_theirs(order):
    waiting = outstanding()
    for sequence in range(1, 9):
        waiting.ask(request(sequence), at(0.0), 0, 8)
    given_on = []
    for index, sequence in enumerate(order):
        now = at(0.1 * index)
        if waiting.accept(waiting.answer(sequence, now, 8), now):
            given_on.append(sequence)
    assert given_on == sorted(given_on)
    assert given_on[-1] == 8
    assert waiting.overtaken == 8 - len(given_on)
