"""The client of OpenVLA's own server, against its `/act` as deploy.py has it."""

import base64
import http.server
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("json_numpy")
pytest.importorskip("msgpack")
pytest.importorskip("websockets")

from chain_values import toy
from policy_servers import request

from aura_ros.pipeline import answer
from aura_ros.policy.backend import BackendError
from aura_ros.policy.declared import DeclarationError
from aura_ros.policy.openvla import OpenVlaBackend, OpenVlaOptions
from aura_ros.robot.description import Camera, JointGroup, Switching

ROBOT = toy()
STEP = np.array([0.01, -0.02, 0.0, 0.0, 0.1, 0.0, 1.0])


def as_json_numpy(array):
    """An array in JSON, as json_numpy writes it."""
    data = base64.b64encode(array.tobytes()).decode()
    return {"__numpy__": data, "dtype": array.dtype.str, "shape": list(array.shape)}


def from_json_numpy(table):
    data = base64.b64decode(table["__numpy__"])
    return np.frombuffer(data, table["dtype"]).reshape(table["shape"])


@contextmanager
def server(act):
    """deploy.py without FastAPI: ``act`` gets the payload and gives body bytes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert (self.path, self.headers["Content-Type"]) == ("/act", "application/json")
            act(self, payload)

        def log_message(self, *words):
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"127.0.0.1:{web.server_port}"
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def reply(handler, value, status=200, length=None):
    body = json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(length or len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def stepping(heard):
    def act(handler, payload):
        heard.append(payload)
        reply(handler, as_json_numpy(STEP))

    return act


def in_turn(*acts):
    waiting = iter(acts)
    return lambda handler, payload: next(waiting)(handler, payload)


def good(handler, payload):
    reply(handler, as_json_numpy(STEP))


def client(address, robot=ROBOT, **options):
    values = {"connect_timeout": 2.0, "answer_timeout": 2.0, **options}
    return OpenVlaBackend(robot, OpenVlaOptions(address, **values))


def test_the_server_is_asked_as_deploy_py_wants_it():
    heard = []
    with server(stepping(heard)) as address:
        backend = client(address, unnorm_key="bridge_orig")
        said = answer(backend, request())
    assert said.error == ""
    np.testing.assert_array_equal(said.rows, STEP[None])
    assert said.embedding.shape == (3 + 48,)
    assert set(heard[-1]) == {"image", "instruction", "unnorm_key"}
    assert heard[-1]["instruction"] == "pick it"
    assert heard[-1]["unnorm_key"] == "bridge_orig"
    image = from_json_numpy(heard[-1]["image"])
    assert (image.shape, image.dtype) == ((4, 4, 3), np.uint8)
    assert backend.declared.action_width == 7
    assert backend.declared.horizon == 1


def test_a_robot_is_reached_without_a_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with server(good) as address:
        assert client(address).declared.name == "openvla"


def test_without_statistics_named_none_are_asked_for():
    heard = []
    with server(stepping(heard)) as address:
        client(address)
    assert set(heard[0]) == {"image", "instruction"}


@pytest.mark.parametrize("switching", [None, Switching(0.005, 0.045)])
def test_its_rows_are_steps_of_the_tool_and_the_gripper(switching):
    gripper = JointGroup("gripper", "gripper", ("finger",), "m", switching)
    with server(good) as address:
        backend = client(address, toy(groups=(ROBOT.groups[0], gripper)))
    ends = "closed 0 opened 1" if switching else "lower 0 upper 1"
    assert backend.declared.actions == f"arm: pose_delta euler sxyz; gripper: absolute {ends}"


def test_with_two_arms_the_layout_is_left_to_the_user():
    left, right = (JointGroup(name, "joints", (name,), "rad") for name in ("left", "right"))
    with server(good) as address:
        backend = client(address, toy(groups=(left, right, ROBOT.groups[1])))
    assert backend.declared.actions == ""


def test_of_several_cameras_one_has_to_be_chosen():
    robot = toy(cameras=(Camera("front", "a"), Camera("wrist", "b")))
    heard = []
    with server(stepping(heard)) as address:
        with pytest.raises(DeclarationError, match=r"sees one image.*such as 'image: front'"):
            client(address, robot)
        client(address, robot, camera_keys="image: wrist")
    assert len(heard) == 1


SPOILT = np.where(np.arange(7) == 3, np.nan, STEP)


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (lambda h, p: reply(h, "error"), "answers 'error': its log says why; a wrong unnorm_key"),
        (lambda h, p: reply(h, as_json_numpy(SPOILT)), r"finite numbers \(7,\) are needed"),
        (lambda h, p: reply(h, as_json_numpy(STEP[None])), r"shape \(1, 7\)"),
        (lambda h, p: reply(h, as_json_numpy(STEP[:6])), "answered 6 numbers, but 7"),
        (lambda h, p: reply(h, {"detail": "no"}), "an answer that cannot be read"),
        (lambda h, p: reply(h, None), "finite numbers"),
        (lambda h, p: reply(h, "x", 500), "no answer from .*500"),
        (lambda h, p: reply(h, as_json_numpy(STEP), length=999), "no answer from .*does it run"),
        (lambda h, p: h.connection.close(), "no answer from .*does it run"),
    ],
)
def test_no_answer_is_better_than_a_wrong_one(does, words):
    with server(in_turn(good, does, good)) as address:
        backend = client(address)
        said = answer(backend, request())
        assert not said.rows.size
        with pytest.raises(BackendError, match=words):
            raise BackendError(said.error)
        assert answer(backend, request()).error == ""


def test_a_slow_answer_is_not_waited_for():
    asked, end = threading.Event(), threading.Event()

    def slow(handler, payload):
        asked.set()
        end.wait(10.0)

    with server(in_turn(good, slow)) as address:
        backend = client(address, answer_timeout=0.2)
        began = time.monotonic()
        with pytest.raises(BackendError, match="timed out"):
            backend.act(request(), np.zeros(0))
        assert time.monotonic() - began < 4.0
        assert asked.is_set()
        end.set()


def test_without_a_server_there_is_an_end_and_words():
    with server(good) as address:
        pass
    with pytest.raises(BackendError, match=rf"no answer from http://{address}/act.*does it run"):
        client(address, connect_timeout=0.3)
    with pytest.raises(ValueError, match="is no address; write http://HOST:PORT"):
        client("ws://host:1")


def test_every_question_in_flight_gets_its_own_answer():
    barrier = threading.Barrier(2)

    def act(handler, payload):
        if payload["instruction"] != "wait":
            barrier.wait(10.0)
        reply(handler, as_json_numpy(np.full(7, float(len(payload["instruction"])))))

    found = {}
    with server(act) as address:
        backend = client(address)

        def ask(words):
            one = request()
            seen = replace(one.observation, instruction=words)
            found[words] = backend.act(replace(one, observation=seen), np.zeros(0))[0, 0]

        threads = [threading.Thread(target=ask, args=("x" * k,)) for k in (5, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10.0)
    assert found == {"x" * 5: 5.0, "x" * 9: 9.0}
