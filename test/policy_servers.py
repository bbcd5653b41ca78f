"""Servers, and policies to be served, on localhost; openpi's format written out by hand."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import msgpack
import numpy as np
from chain_values import home, joints_at, picture, stamp, toy
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from aura_ros.policy.declared import CameraInput, Declared, StateInput
from aura_ros.types import JointState, KinematicState, Observation, Request

ROBOT = toy()
HORIZON = 4
WAIT_S = 10.0
DECLARED = Declared(
    "weighted",
    (CameraInput("observation.images.front", 8, 8),),
    (StateInput("observation.state", 3),),
    3,
    HORIZON,
    row_period_s=0.05,
    features=5,
    max_samples=4,
)


class Weighted:
    """A frozen policy of one matrix: rows go from the state to its product with the weights."""

    def __init__(self, declared: Declared = DECLARED) -> None:
        self.weights = np.random.default_rng(1).standard_normal((3, 3)).astype(np.float32) / 10
        self.declared = replace(declared, weights_digest=self.digest())
        self.heard: list[Any] = []

    def digest(self) -> str:
        return hashlib.sha256(self.weights.tobytes()).hexdigest()

    def infer(self, observation: Any, samples: int) -> Any:
        self.heard.append(observation)
        state = observation["observation.state"]
        ramp = np.arange(HORIZON, dtype=np.float32)[:, None] / 100
        chunks = np.stack([state + (k + 1) * ramp * (self.weights @ state) for k in range(samples)])
        features = np.full(5, observation["observation.images.front"].mean(), np.float32)
        more = {"samples": chunks} if samples > 1 else {}
        return {"actions": chunks[0], "features": features, **more}


class Flowing(Weighted):
    """A policy whose rows are the end of a straight flow from noise to zero."""

    def __init__(self) -> None:
        super().__init__(replace(DECLARED, flow=True))

    def velocity(self, observation: Any, rows: Any, time: float) -> Any:
        self.heard.append(observation)
        return observation["observation.state"][:1] - rows / (1.0 - time)


def request(sequence: int = 1, position: Any = None, image: Any = None) -> Request:
    """A question about the toy robot at ``position``, which is also where the rows begin."""
    at = home(ROBOT) if position is None else np.asarray(position, dtype=np.float64)
    seen = Observation(
        stamp(0), {"front": picture(0.0) if image is None else image}, joints_at(0.0, at), "pick it"
    )
    rest = np.zeros(3)
    return Request(sequence, 1, seen, KinematicState(stamp(0), at, rest, rest), None)


def told_apart(measured: Any, planned: Any) -> Request:
    """A question where the robot is measured elsewhere than where the rows begin."""
    asked = request(1, planned)
    joints = JointState(stamp(0), np.asarray(measured, dtype=np.float64), np.zeros(3))
    return replace(asked, observation=replace(asked.observation, joints=joints))


# --- openpi's format, as openpi-client 0.1.2 packs and unpacks it -----------------------------


def as_openpi(value: Any) -> Any:
    """Tables that stand for arrays in the messages of openpi."""
    if isinstance(value, dict):
        return {key: as_openpi(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return {
            b"__ndarray__": True,
            b"data": value.tobytes(),
            b"dtype": value.dtype.str,
            b"shape": value.shape,
        }
    if isinstance(value, np.generic):
        return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
    return value


def from_openpi(value: Any) -> Any:
    """The arrays in a message of openpi."""
    if not isinstance(value, dict):
        return value
    if b"__ndarray__" in value:
        return np.ndarray(
            buffer=value[b"data"], dtype=np.dtype(value[b"dtype"]), shape=value[b"shape"]
        )
    return {key: from_openpi(entry) for key, entry in value.items()}


def packed(value: Any) -> bytes:
    return msgpack.packb(as_openpi(value))


def unpacked(data: bytes) -> Any:
    return from_openpi(msgpack.unpackb(data))


@contextmanager
def openpi_server(infer, metadata=None, port=0):
    """openpi's server: metadata, then answers; a text and the end where ``infer`` raises."""

    def talk(connection):
        connection.send(packed(metadata or {}))
        while True:
            try:
                answer = infer(unpacked(connection.recv()))
            except ConnectionClosed:
                return
            except Exception as error:
                connection.send(f"Traceback (most recent call last):\n  ...\n{error!r}\n")
                connection.close(1011)
                return
            connection.send(packed(answer))

    with raw_server(talk, port) as address:
        yield address


@contextmanager
def raw_server(talk, port=0):
    """A server that does with each connection what ``talk`` says; its address."""

    def guarded(connection):
        with suppress(ConnectionClosed):
            talk(connection)

    server = serve(guarded, "127.0.0.1", port, compression=None, max_size=None)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()
        thread.join()
