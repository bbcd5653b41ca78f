"""A served policy in the process of the node: asked and checked as it is behind a server."""

import threading
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("msgpack")
pytest.importorskip("websockets")

from policy_servers import (
    DECLARED,
    HORIZON,
    ROBOT,
    WAIT_S,
    Flowing,
    Weighted,
    request,
    told_apart,
)

from aura_ros.pipeline import answer
from aura_ros.policy.backend import BackendError, FlowField, Sampler
from aura_ros.policy.declared import DeclarationError
from aura_ros.policy.served import ServedBackend
from aura_ros.policy.websocket import WebsocketBackend, WebsocketOptions
from aura_ros.serve.server import PolicyServer


def test_it_hears_and_answers_what_it_would_behind_a_server():
    inside, outside = Weighted(), Weighted()
    asked = told_apart([0.1, 0.2, 0.03], [0.3, 0.1, 0.0])
    with PolicyServer(outside, "127.0.0.1", 0) as server:
        options = WebsocketOptions(f"127.0.0.1:{server.port}")
        behind = WebsocketBackend(ROBOT, options)
        expected = answer(behind, asked)
        drawn = behind.sample(asked, np.zeros(5), 3)
    backend = ServedBackend(ROBOT, inside)
    found = answer(backend, asked)
    assert found.error == expected.error == ""
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.embedding, expected.embedding)
    assert found.rows.dtype == np.float64
    assert isinstance(backend, Sampler)
    np.testing.assert_array_equal(backend.sample(asked, np.zeros(5), 3), drawn)
    assert [set(heard) for heard in inside.heard] == [set(heard) for heard in outside.heard]
    for key, value in outside.heard[0].items():
        np.testing.assert_array_equal(inside.heard[0][key], value)


def test_features_come_with_several_chunks_too():
    asked = told_apart([0.1, 0.2, 0.03], [0.3, 0.1, 0.0])
    backend = ServedBackend(ROBOT, Weighted())
    one, several = answer(backend, asked), answer(backend, asked, samples=3)
    assert one.embedding.any()
    np.testing.assert_array_equal(several.embedding, one.embedding)
    assert len(several.alternatives) == 2


def test_its_flow_is_shown_if_it_declares_one():
    assert not isinstance(ServedBackend(ROBOT, Weighted()), FlowField)
    backend, rows = ServedBackend(ROBOT, Flowing()), np.ones((HORIZON, 3))
    assert isinstance(backend, FlowField)
    asked = request(position=[0.25, 0.2, 0.03])
    np.testing.assert_array_equal(backend.velocity(asked, np.zeros(5), rows, 0.5), 0.25 - 2 * rows)


def test_more_samples_than_it_draws_are_not_asked_for():
    policy = Weighted()
    with pytest.raises(BackendError, match="5 samples were asked of weighted, which draws at most"):
        ServedBackend(ROBOT, policy).sample(request(), np.zeros(5), 5)
    assert not policy.heard


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda a: a | {"actions": a["actions"][:, :2]}, "weighted: actions of shape .*3 numbers"),
        (lambda a: a | {"actions": a["actions"] * np.nan}, r"actions has nan at \[0, 0\]"),
        (lambda a: {"actions": a["actions"]}, "an answer without features"),
    ],
)
def test_answers_are_held_to_what_is_declared(spoil, words, monkeypatch):
    policy = Weighted()
    infer = policy.infer
    monkeypatch.setattr(policy, "infer", lambda seen, samples: spoil(infer(seen, samples)))
    said = answer(ServedBackend(ROBOT, policy), request())
    assert not said.rows.size
    with pytest.raises(BackendError, match=words):
        raise BackendError(said.error)


def test_keys_are_named_by_texts_as_for_a_server():
    declared = replace(DECLARED, cameras=(replace(DECLARED.cameras[0], key="eye"),))
    with pytest.raises(DeclarationError, match=r"needs an image 'eye'.*say which by the parameter"):
        ServedBackend(ROBOT, Weighted(declared))
    ServedBackend(ROBOT, Weighted(declared), camera_keys="eye: front")


def test_one_thread_at_a_time_comes_to_it():
    policy, inside, most = Weighted(), [], []
    infer, both = policy.infer, threading.Barrier(2)

    def count(seen, samples):
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.02)
        inside.pop()
        return infer(seen, samples)

    policy.infer = count
    backend = ServedBackend(ROBOT, policy)

    def ask():
        both.wait(WAIT_S)
        assert backend.act(request(), np.zeros(5)).shape == (HORIZON, 3)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert most == [1, 1]
