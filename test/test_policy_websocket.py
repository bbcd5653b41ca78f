"""The client of policies on servers: ours and openpi's, held to openpi's wire as it is."""

import gc
import http.server
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("websockets")
pytest.importorskip("msgpack")

from chain_values import home, toy
from policy_servers import (
    DECLARED,
    HORIZON,
    ROBOT,
    WAIT_S,
    Flowing,
    Weighted,
    openpi_server,
    packed,
    raw_server,
    request,
    told_apart,
    unpacked,
)

from aura_ros.pipeline import answer
from aura_ros.policy import link
from aura_ros.policy.backend import BackendError, FlowField, Sampler
from aura_ros.policy.declared import DeclarationError
from aura_ros.policy.websocket import WebsocketBackend, WebsocketOptions
from aura_ros.serve.server import PolicyServer
from aura_ros.types import Image

PLAIN = {
    "camera_keys": "observation/image: front",
    "state_keys": "observation/state: arm, gripper",
}


def client(address, robot=ROBOT, **options):
    values = {"connect_timeout": 2.0, "answer_timeout": 2.0, **options}
    return WebsocketBackend(robot, WebsocketOptions(address, **values))


def plain(address, **options):
    return client(address, **PLAIN | options)


def toward(observation):
    """What the plain servers here answer: rows that rise from the state that was sent."""
    state = observation["observation/state"]
    return {"actions": state + np.arange(HORIZON, dtype=np.float32)[:, None] / 100}


def until(what):
    end = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def replaced(**changes):
    """A question about another observation."""
    asked = request()
    return replace(asked, observation=replace(asked.observation, **changes))


# --- openpi's own servers -------------------------------------------------------------------


def test_a_server_of_openpi_is_asked_in_its_own_words():
    heard = []

    def infer(observation):
        heard.append(observation)
        return toward(observation) | {"server_timing": {"infer_ms": 1.0}}

    with openpi_server(infer, {"reset_pose": [0.0, 1.0]}) as address:
        backend = plain(address)
        asked = request(position=[0.1, 0.2, 0.03])
        embedding = backend.encode(asked.observation)
        rows = backend.act(asked, embedding)
    np.testing.assert_allclose(rows, [0.1, 0.2, 0.03] + np.arange(4)[:, None] / 100, atol=1e-7)
    assert rows.dtype == np.float64
    last = heard[-1]
    assert set(last) == {"observation/image", "observation/state", "prompt"}
    assert last["prompt"] == "pick it"
    assert last["observation/image"].dtype == np.uint8
    assert last["observation/image"].shape == (4, 4, 3)
    assert last["observation/state"].dtype == np.float32
    assert embedding.shape == (3 + 48,)
    assert (backend.declared.action_width, backend.declared.horizon) == (3, HORIZON)
    assert not backend.declared.features


def test_a_question_to_openpi_is_the_same_to_the_byte():
    """A server of openpi declares no flow: nothing of one is offered, asked or sent along."""
    heard = []

    def talk(connection):
        connection.send(packed({}))
        for message in connection:
            heard.append(message)
            connection.send(packed(toward(unpacked(message))))

    with raw_server(talk) as address:
        backend = plain(address)
        assert not isinstance(backend, FlowField)
        asked = request()
        backend.act(asked, np.zeros(0))
    image = np.frombuffer(asked.observation.images["front"].data, np.uint8).reshape(4, 4, 3)
    expected = {
        "observation/image": image,
        "observation/state": asked.start.position.astype(np.float32),
        "prompt": "pick it",
    }
    assert heard[-1] == packed(expected)


def test_keys_of_openpi_may_lie_in_tables_and_images_in_other_shapes():
    """As its ALOHA policies take them."""
    heard = []

    def infer(observation):
        heard.append(observation)
        return {"actions": np.zeros((HORIZON, 3), np.float32)}

    with openpi_server(infer) as address:
        client(
            address,
            camera_keys="images[cam_high]: front",
            state_keys="state: arm",
            prompt_key="",
            image_size=16,
            channels_first=True,
        )
    assert set(heard[0]) == {"images", "state"}
    assert heard[0]["images"]["cam_high"].shape == (3, 16, 16)
    assert heard[0]["state"].shape == (2,)


def test_what_openpi_raises_is_said_and_the_next_question_is_answered():
    def infer(observation):
        if observation["observation/state"][0] > 1:
            raise KeyError("observation/wrist_image")
        return toward(observation)

    with openpi_server(infer) as address:
        backend = plain(address)
        with pytest.raises(BackendError, match=r"refuses: KeyError\('observation/wrist_image'\)"):
            backend.act(request(position=[1.5, 0, 0]), np.zeros(0))
        assert backend.act(request(), np.zeros(0)).shape == (HORIZON, 3)


def test_a_server_that_declares_nothing_needs_its_keys():
    words = "camera_keys and state_keys, such as"
    with openpi_server(toward) as address, pytest.raises(DeclarationError, match=words):
        client(address)


def test_a_wrong_key_is_found_before_anything_moves():
    words = r"'observation/state'.*correct camera_keys"
    with openpi_server(toward) as address, pytest.raises(DeclarationError, match=words):
        plain(address, state_keys="observation/stat: arm")


@pytest.mark.parametrize(
    "actions", [np.zeros(3), np.zeros((0, 3)), np.zeros((1, 4, 3)), np.array(["a"]), None]
)
def test_a_first_answer_without_rows_is_refused(actions):
    def infer(observation):
        return {"actions": actions} if actions is None or actions.dtype.kind != "U" else {}

    words = r"rows \(T, A\) are needed"
    with openpi_server(infer) as address, pytest.raises(DeclarationError, match=words):
        plain(address)


# --- ours -----------------------------------------------------------------------------------


@contextmanager
def serving(policy):
    """The policy, and the address where it is served."""
    with PolicyServer(policy, "127.0.0.1", 0) as server:
        policy.server = server
        yield policy, f"127.0.0.1:{server.port}"


@pytest.fixture
def served():
    with serving(Weighted()) as both:
        yield both


@pytest.fixture
def flowing():
    with serving(Flowing()) as both:
        yield both


def test_our_server_says_what_it_takes_and_sends_features(served):
    policy, address = served
    backend = client(address)
    assert backend.declared == policy.declared
    asked = request()
    said = answer(backend, asked)
    assert said.error == ""
    expected = policy.infer(policy.heard[-1], 1)
    np.testing.assert_allclose(said.rows, expected["actions"])
    np.testing.assert_allclose(said.embedding, expected["features"])
    assert said.embedding.any()


def test_samples_are_chunks_of_one_question(served):
    policy, address = served
    backend = client(address)
    assert isinstance(backend, Sampler)
    assert not isinstance(backend, FlowField)
    drawn = backend.sample(request(), np.zeros(5), 3)
    assert drawn.shape == (3, HORIZON, 3)
    np.testing.assert_allclose(drawn[0], backend.act(request(), np.zeros(5)))
    assert not np.allclose(drawn[0], drawn[2])
    with pytest.raises(BackendError, match="5 samples were asked of weighted, which draws at most"):
        backend.sample(request(), np.zeros(5), 5)
    assert len(policy.heard) == 2


def test_a_flow_field_is_offered_where_it_is_declared(flowing):
    policy, address = flowing
    backend = client(address)
    assert isinstance(backend, FlowField)
    asked, rows = request(position=[0.25, 0.2, 0.03]), np.linspace(-1, 1, 12).reshape(HORIZON, 3)
    found = backend.velocity(asked, np.zeros(5), rows, 0.75)
    np.testing.assert_array_equal(found, 0.25 - rows / 0.25)
    assert found.dtype == np.float64
    assert policy.heard[-1]["prompt"] == "pick it"
    assert answer(backend, asked).error == ""


@pytest.mark.parametrize(
    ("rows", "time", "words"),
    [
        (np.zeros((HORIZON, 3)), 1.0, "flow time is 1.0; it must be from 0 to below 1"),
        (np.zeros((HORIZON, 3)), np.nan, "flow time is nan"),
        (np.zeros((HORIZON, 2)), 0.0, r"noisy rows of shape \(4, 2\); finite numbers \(4, 3\)"),
        (np.full((HORIZON, 3), np.inf), 0.0, "finite numbers"),
    ],
)
def test_what_is_no_place_in_the_flow_is_not_asked_about(flowing, rows, time, words):
    policy, address = flowing
    with pytest.raises(BackendError, match=words):
        client(address).velocity(request(), np.zeros(5), rows, time)
    assert not policy.heard


def test_a_backend_that_shows_a_flow_lets_its_connections_go_too(flowing):
    policy, address = flowing
    backend = client(address)
    backend.velocity(request(), np.zeros(5), np.zeros((HORIZON, 3)), 0.0)
    until(lambda: len(policy.server.connections) == 1)
    del backend
    until(lambda: len(policy.server.connections) == 0)


def test_weights_are_the_same_after_a_run(served):
    policy, address = served
    backend = client(address)
    for sequence in range(20):
        assert answer(backend, request(sequence)).error == ""
    assert policy.digest() == backend.declared.weights_digest == policy.declared.weights_digest


def test_images_of_another_size_are_fitted(served):
    policy, address = served
    wide = Image("front", 0, "bgr8", 4, 16, bytes([255, 0, 0]) * 64)
    client(address).act(request(image=wide), np.zeros(5))
    seen = policy.heard[-1]["observation.images.front"]
    assert seen.shape == (8, 8, 3)
    np.testing.assert_array_equal(seen[4], [[0, 0, 255]] * 8)
    assert not seen[0].any()
    assert not seen[-1].any()


def test_a_depth_image_is_refused_by_name(served):
    depth = Image("front", 0, "16UC1", 8, 8, bytes(128))
    said = answer(client(served[1]), request(image=depth))
    assert "camera front has encoding '16UC1'" in said.error
    assert not said.rows.size


def test_arms_are_told_where_rows_begin_and_grippers_where_they_are(served):
    """A gripper that holds something never gets where it was planned to be."""
    policy, address = served
    asked = told_apart(measured=[0.1, 0.2, 0.03], planned=[0.5, 0.6, 0.0])
    client(address).act(asked, np.zeros(5))
    np.testing.assert_allclose(
        policy.heard[-1]["observation.state"], [0.5, 0.6, 0.03], rtol=0, atol=1e-7
    )


def test_connections_do_not_outlive_refusals_or_the_backend(served):
    policy, address = served
    backend = client(address)
    for _ in range(3):
        said = answer(backend, replaced(instruction=" "))
        assert "needs an instruction" in said.error
    assert answer(backend, request()).error == ""
    until(lambda: len(policy.server.connections) == 1)
    del backend
    gc.collect()
    until(lambda: len(policy.server.connections) == 0)


def test_an_instruction_that_is_not_needed_is_not_sent():
    policy = Weighted(replace(DECLARED, needs_instruction=False))
    with PolicyServer(policy, "127.0.0.1", 0) as server:
        client(f"127.0.0.1:{server.port}").act(request(), np.zeros(5))
    assert set(policy.heard[0]) == {"observation.images.front", "observation.state"}


def test_a_robot_is_reached_without_a_proxy(served, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert client(served[1]).declared.name == "weighted"


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"normalizes": False}, {}, "weighted has no normalisation.*statistics"),
        ({"row_period_s": 0.1}, {}, r"rows 0.1 s apart, but action.row_period of toy is 0.05 s"),
        ({}, {"camera_keys": "observation.images.top: front"}, "takes no .*did you mean 'observ"),
        ({}, {"camera_keys": "observation.images.front: top"}, "toy has no camera 'top'"),
        ({}, {"state_keys": "observation.state: arm"}, "needs 3 numbers.*2 joints are given"),
        ({}, {"state_keys": "observation.state: amr"}, "no group 'amr'.*did you mean 'arm'"),
    ],
)
def test_what_does_not_fit_is_refused_when_it_is_connected_to(changes, options, words):
    server = PolicyServer(Weighted(replace(DECLARED, **changes)), "127.0.0.1", 0)
    with server, pytest.raises(DeclarationError, match=words):
        client(f"127.0.0.1:{server.port}", **options)


def test_a_camera_that_the_robot_lacks_is_named(served):
    robot = toy(cameras=())
    with pytest.raises(DeclarationError, match=r"image 'observation.images.front'.* none; say"):
        client(served[1], robot)


def test_every_question_in_flight_gets_its_own_answer():
    barrier = threading.Barrier(3)

    def infer(observation):
        if observation["prompt"] == "pick it":
            barrier.wait(WAIT_S)
        return toward(observation)

    found = {}
    with openpi_server(infer) as address:
        backend = plain(address)

        def ask(value):
            found[value] = backend.act(request(position=[value, 0, 0]), np.zeros(0))[0, 0]

        for _ in range(3):
            threads = [threading.Thread(target=ask, args=(v,)) for v in (0.1, 0.2, 0.3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(WAIT_S)
    assert {v: round(at, 6) for v, at in found.items()} == {0.1: 0.1, 0.2: 0.2, 0.3: 0.3}


# --- servers that fail ----------------------------------------------------------------------


def speaking(answers):
    """A plain server that answers the first question well, then does the next of ``answers``."""
    waiting = iter(answers)
    first = threading.Event()

    def talk(connection):
        connection.send(packed({}))
        for message in connection:
            observation = unpacked(message)
            if first.is_set():
                next(waiting)(connection, observation)
            else:
                first.set()
                connection.send(packed(toward(observation)))

    return raw_server(talk)


def well(connection, observation):
    connection.send(packed(toward(observation)))


def dies(connection, observation):
    """The head of an answer of 4096 bytes, some of them, and nothing more."""
    connection.socket.sendall(b"\x82\x7e\x10\x00" + packed(toward(observation))[:40])
    connection.socket.shutdown(socket.SHUT_RDWR)


def rubbish(connection, observation):
    connection.send(b"\xc1 no msgpack")


def saying(**changes):
    def say(connection, observation):
        connection.send(packed(toward(observation) | changes))

    return say


SPOILT = np.zeros((HORIZON, 3), np.float32)
SPOILT[2, 1] = np.nan


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (dies, "broke the connection before its answer was complete"),
        (rubbish, "a message that cannot be read"),
        (saying(actions=SPOILT), r"actions has nan at \[2, 1\]"),
        (saying(actions=np.zeros((HORIZON, 4))), r"shape \(4, 4\).*rows of 3 numbers"),
        (saying(actions="none"), "numbers in 2 dimensions"),
    ],
)
def test_no_answer_is_better_than_a_wrong_one(does, words):
    with speaking([does, well]) as address:
        backend = plain(address)
        said = answer(backend, request())
        assert not said.rows.size
        with pytest.raises(BackendError, match=words):
            raise BackendError(said.error)
        until_answered(backend)


def until_answered(backend, position=None):
    """Ask until there are rows: after a failure the client pauses."""
    said = []

    def ask():
        said.append(answer(backend, request(position=position)))
        return not said[-1].error

    until(ask)
    return said[-1].rows


def test_a_late_answer_is_not_taken_for_the_next_one():
    late = threading.Event()

    def slow(connection, observation):
        late.wait(WAIT_S)
        connection.send(packed(toward(observation)))

    with speaking([slow, well]) as address:
        backend = plain(address, answer_timeout=0.2)
        with pytest.raises(BackendError, match=r"did not answer within 0.2 s"):
            backend.act(request(position=[0.1, 0, 0]), np.zeros(0))
        late.set()
        rows = until_answered(backend, [0.2, 0, 0])
    np.testing.assert_allclose(rows[0, 0], 0.2, atol=1e-6)


def test_an_answer_that_nobody_asked_for_is_not_used():
    twice, spoken = threading.Event(), []

    def doubled(connection, observation):
        connection.send(packed(toward(observation)))
        connection.send(packed(toward(observation)))
        connection.ping().wait(WAIT_S)  # both have come
        spoken.append(connection)
        twice.set()

    with speaking([doubled, well]) as address:
        backend = plain(address)
        backend.act(request(position=[0.1, 0, 0]), np.zeros(0))
        assert twice.wait(WAIT_S)
        with pytest.raises(BackendError, match="answered what nobody asked"):
            backend.act(request(position=[0.2, 0, 0]), np.zeros(0))
        until(lambda: spoken[0].close_code is not None)
        rows = until_answered(backend, [0.2, 0, 0])
    np.testing.assert_allclose(rows[0, 0], 0.2, atol=1e-6)


def test_the_same_policy_is_found_again_and_the_pauses_grow(monkeypatch):
    monkeypatch.setattr(link, "FIRST_PAUSE_S", 0.2)
    with PolicyServer(Weighted(), "127.0.0.1", 0) as server:
        port = server.port
        backend = client(f"127.0.0.1:{port}")
        assert answer(backend, request()).error == ""
    pauses = []
    while len(pauses) < 3:
        said = answer(backend, request()).error
        assert f"no connection to ws://127.0.0.1:{port}" in said
        assert "is the server running?" in said
        if "trying again" in said:
            pauses.append(float(said.split("again in ")[1].split()[0]))
            time.sleep(pauses[-1] + 0.05)
    assert pauses[0] <= 0.2
    assert 0.2 < pauses[1] <= 0.4 < pauses[2] <= 0.8
    with PolicyServer(Weighted(), "127.0.0.1", port):
        until_answered(backend)
    answer(backend, request())
    assert float(answer(backend, request()).error.split("again in ")[1].split()[0]) <= 0.2


def test_another_policy_at_the_same_place_is_refused():
    with PolicyServer(Weighted(), "127.0.0.1", 0) as server:
        port = server.port
        backend = client(f"127.0.0.1:{port}")
    other = Weighted(replace(DECLARED, name="other"))
    with PolicyServer(other, "127.0.0.1", port):
        said = answer(backend, request())
    assert "is another policy now" in said.error
    assert not said.rows.size
    assert not other.heard


# --- no server at all -----------------------------------------------------------------------


def test_a_server_is_waited_for_while_it_loads():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    started = []

    def late():
        time.sleep(0.3)
        started.append(PolicyServer(Weighted(), "127.0.0.1", port).__enter__())

    thread = threading.Thread(target=late)
    thread.start()
    backend = client(f"127.0.0.1:{port}", connect_timeout=WAIT_S)
    thread.join()
    assert backend.declared.name == "weighted"
    started[0].__exit__()


def test_a_server_of_something_else_is_said():
    greeting = raw_server(lambda connection: connection.send("hello"))
    with greeting as address, pytest.raises(DeclarationError, match="greets with words: hello"):
        client(address, **PLAIN)


@contextmanager
def web_server():
    web = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=web.serve_forever, args=(0.02,))
    thread.start()
    yield web.server_port
    web.shutdown()
    thread.join()
    web.server_close()


@contextmanager
def silent_server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def no_server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield port


@pytest.mark.parametrize("place", [no_server, silent_server, web_server])
def test_without_a_server_there_is_an_end_and_words(place):
    began = time.monotonic()
    with place() as port:
        words = rf"no connection to ws://127.0.0.1:{port}.*is the server running"
        with pytest.raises(BackendError, match=words):
            client(f"127.0.0.1:{port}", connect_timeout=0.4, **PLAIN)
    assert time.monotonic() - began < 4.0


@pytest.mark.parametrize("url", ["http://host:1", "ws://", "ws://host:99999", "host:0", "a b:x"])
def test_what_is_no_address_is_said(url):
    with pytest.raises(ValueError, match=r"is no address; write ws://HOST:PORT"):
        client(url)


def test_the_state_is_sent_in_the_units_of_the_policy():
    heard = []

    def infer(observation):
        heard.append(observation["observation/state"])
        return {"actions": np.zeros((HORIZON, 3), np.float32)}

    with openpi_server(infer) as address:
        backend = plain(address, state_keys="observation/state: gripper lower 1 upper 0, arm")
        at = home(ROBOT)
        backend.act(request(position=[at[0], at[1], 0.05]), np.zeros(0))
    np.testing.assert_allclose(heard[-1], [0.0, at[0], at[1]], atol=1e-6)
