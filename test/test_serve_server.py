"""The server of policies: openpi's clients, bad questions, bad policies."""

import threading
import urllib.request
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("msgpack")
pytest.importorskip("websockets")

from policy_servers import DECLARED, HORIZON, WAIT_S, Flowing, Weighted, packed, unpacked
from websockets.sync.client import connect

from aura_ros.policy.declared import Declared
from aura_ros.serve.registry import ServeError
from aura_ros.serve.server import PolicyServer

GOOD = {
    "observation.images.front": np.full((8, 8, 3), 7, np.uint8),
    "observation.state": np.array([0.1, 0.2, 0.03], np.float32),
    "prompt": "pick it",
}


@pytest.fixture
def served():
    policy = Weighted()
    with PolicyServer(policy, "127.0.0.1", 0) as server:
        yield policy, server


def calling(server):
    """What openpi-client does, without its package: connect, take the metadata."""
    return connect(f"ws://127.0.0.1:{server.port}", compression=None, max_size=None, proxy=None)


def ask(connection, observation):
    connection.send(packed(observation))
    said = connection.recv()
    return said if isinstance(said, str) else unpacked(said)


def test_a_client_of_openpi_gets_metadata_and_actions(served):
    policy, server = served
    with calling(server) as connection:
        metadata = unpacked(connection.recv())
        assert Declared.from_mapping(metadata["aura_ros"]) == policy.declared
        for _ in range(3):
            said = ask(connection, GOOD)
            assert set(said) == {"actions", "features", "server_timing"}
            assert (said["actions"].shape, said["actions"].dtype) == ((HORIZON, 3), np.float32)
            assert said["server_timing"]["infer_ms"] >= 0
    np.testing.assert_array_equal(said["actions"], policy.infer(GOOD, 1)["actions"])
    np.testing.assert_array_equal(said["features"], np.full(5, 7.0))


def test_samples_are_extra(served):
    with calling(served[1]) as connection:
        connection.recv()
        said = ask(connection, GOOD | {"samples": 3})
    assert said["samples"].shape == (3, HORIZON, 3)
    np.testing.assert_array_equal(said["samples"][0], said["actions"])
    assert "samples" not in served[0].heard[0]


IMAGE, STATE = "observation.images.front", "observation.state"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({IMAGE: None}, "no 'observation.images.front'"),
        ({IMAGE: None, "observation.images.frnt": 1}, "did you mean 'observation.images.frnt'"),
        ({IMAGE: np.zeros((8, 9, 3), np.uint8)}, r"uint8 of shape (8, 9, 3); uint8 RGB of shape"),
        ({IMAGE: np.zeros((3, 8, 8), np.uint8)}, "is needed"),
        ({IMAGE: np.zeros((8, 8, 3), np.float32)}, "float32 of shape (8, 8, 3)"),
        ({IMAGE: "picture"}, "is a str; uint8 RGB"),
        ({STATE: None}, "no 'observation.state'"),
        ({STATE: np.zeros(4)}, "float64 of shape (4,); 3 finite numbers are needed"),
        ({STATE: np.array([0, np.nan, 0])}, "3 finite numbers are needed"),
        ({STATE: [0, 0, 0]}, "is a list; 3 finite numbers"),
        ({"prompt": None}, "no 'prompt'"),
        ({"prompt": " "}, "prompt is ' '; weighted needs an instruction"),
        ({"prompt": 3}, "prompt is 3"),
        ({"samples": 5}, "samples is 5; weighted draws 1 to 4"),
        ({"samples": 0}, "samples is 0"),
        ({"samples": True}, "samples is True"),
    ],
)
def test_a_bad_question_is_refused_by_name_and_the_next_one_answered(served, changes, words):
    refuses(*served, GOOD | changes, words)


def refuses(policy, server, question, words):
    """``question`` without what is None is refused, unheard by the policy; a good one is not."""
    bad = {key: value for key, value in question.items() if value is not None}
    with calling(server) as connection:
        connection.recv()
        said = ask(connection, bad)
        assert isinstance(said, str)
        assert words in said
        assert not policy.heard
        assert isinstance(ask(connection, GOOD), dict)


def test_what_is_no_message_is_refused(served):
    with calling(served[1]) as connection:
        connection.recv()
        for message in (b"\xc1", "text", b""):
            connection.send(message)
            assert isinstance(connection.recv(), str)
        assert isinstance(ask(connection, GOOD), dict)


NOISY = np.linspace(-1, 1, 3 * HORIZON).reshape(HORIZON, 3)
FLOW = {"noisy_rows": NOISY, "flow_time": 0.5}


def test_a_flow_is_shown_where_it_is_asked_for():
    policy = Flowing()
    with PolicyServer(policy, "127.0.0.1", 0) as server, calling(server) as connection:
        assert unpacked(connection.recv())["aura_ros"]["flow"] is True
        said = ask(connection, GOOD | FLOW)
        assert set(said) == {"velocity", "server_timing"}
        np.testing.assert_allclose(said["velocity"], GOOD[STATE][0] - NOISY / 0.5)
        assert set(policy.heard[0]) == set(GOOD)
        assert set(ask(connection, GOOD)) == {"actions", "features", "server_timing"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flow_time": None}, "no 'flow_time'"),
        ({"noisy_rows": None}, "no 'noisy_rows'"),
        ({"flow_time": 1.0}, "flow_time is 1.0; it must be from 0.0 to below 1.0"),
        ({"flow_time": -0.1}, "flow_time is -0.1"),
        ({"flow_time": float("nan")}, "flow_time is nan"),
        ({"flow_time": 0}, "flow_time is 0;"),
        ({"noisy_rows": NOISY[:2]}, "noisy_rows is float64 of shape (2, 3); finite numbers (4, 3)"),
        ({"noisy_rows": NOISY * np.nan}, "finite numbers (4, 3) are needed"),
        ({"noisy_rows": 1.0}, "noisy_rows is a float"),
        ({IMAGE: None}, "no 'observation.images.front'"),
    ],
)
def test_a_bad_question_about_a_flow_is_refused(changes, words):
    policy = Flowing()
    with PolicyServer(policy, "127.0.0.1", 0) as server:
        refuses(policy, server, GOOD | FLOW | changes, words)


def test_a_policy_without_a_flow_says_so(served):
    with calling(served[1]) as connection:
        connection.recv()
        assert "weighted declares no flow; ask it for rows" in ask(connection, GOOD | FLOW)


@pytest.mark.parametrize("does", [lambda v: v[:, :2], lambda v: v * np.nan])
def test_a_velocity_that_is_none_is_not_passed_on(does, monkeypatch):
    policy = Flowing()
    velocity = policy.velocity
    monkeypatch.setattr(policy, "velocity", lambda *asked: does(velocity(*asked)))
    with PolicyServer(policy, "127.0.0.1", 0) as server, calling(server) as connection:
        connection.recv()
        said = ask(connection, GOOD | FLOW)
    assert isinstance(said, str)
    assert "velocity" in said


class Spoilt(Weighted):
    """Does what it is told to instead of answering."""

    def __init__(self, does, declared=DECLARED):
        super().__init__(declared)
        self.does = does

    def infer(self, observation, samples):
        return self.does(super().infer(observation, samples))


def fails(answer):
    raise ZeroDivisionError("broken weights")


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (fails, "weighted: ZeroDivisionError: broken weights"),
        (lambda a: a | {"actions": a["actions"][:, :2]}, "declares rows of 3 numbers"),
        (lambda a: a | {"actions": a["actions"] * np.nan}, "must be finite"),
        (lambda a: {"actions": a["actions"]}, "an answer without features"),
        (lambda a: a | {"note": object()}, "a object cannot be sent"),
    ],
)
def test_a_policy_that_does_not_keep_its_word_is_not_passed_on(does, words):
    policy = Spoilt(does)
    with PolicyServer(policy, "127.0.0.1", 0) as server, calling(server) as connection:
        connection.recv()
        assert words in ask(connection, GOOD)
        policy.does = dict
        assert isinstance(ask(connection, GOOD), dict)


def test_one_inference_at_a_time_whoever_asks():
    inside, most = [], []
    both = threading.Barrier(2)

    def count(answer):
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.02)
        inside.pop()
        return answer

    with PolicyServer(Spoilt(count), "127.0.0.1", 0) as server:

        def talk():
            with calling(server) as connection:
                connection.recv()
                both.wait(WAIT_S)
                for _ in range(3):
                    ask(connection, GOOD)

        threads = [threading.Thread(target=talk) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
    assert most == [1] * 6


def test_images_of_any_size_where_none_is_declared_and_no_instruction():
    free = replace(DECLARED.cameras[0], height=0, width=0)
    declared = replace(DECLARED, cameras=(free,), needs_instruction=False)
    asked = {IMAGE: np.zeros((5, 6, 3), np.uint8), STATE: GOOD[STATE]}
    empty = asked | {IMAGE: np.zeros((0, 6, 3), np.uint8)}
    with PolicyServer(Weighted(declared), "127.0.0.1", 0) as server, calling(server) as connection:
        connection.recv()
        assert isinstance(ask(connection, asked), dict)
        assert "RGB of shape (h, w, 3)" in ask(connection, empty)


def test_it_says_that_it_lives(served):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{served[1].port}/healthz", timeout=WAIT_S) as said:
        assert (said.status, said.read()) == (200, b"OK\n")


def test_its_end_is_told_to_clients_that_are_connected():
    with PolicyServer(Weighted(), "127.0.0.1", 0) as server:
        connection = calling(server).__enter__()
        connection.recv()
    assert connection.close_code in (1000, 1001)


def test_a_port_that_is_taken_is_said(served):
    with pytest.raises(ServeError, match=rf"127.0.0.1:{served[1].port}: .*choose another"):
        PolicyServer(Weighted(), "127.0.0.1", served[1].port)


def test_a_port_that_cannot_be_is_said():
    with pytest.raises(ServeError, match=r"127.0.0.1:65536: .*choose another"):
        PolicyServer(Weighted(), "127.0.0.1", 65536)
