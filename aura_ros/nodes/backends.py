"""The backends that the policy node can run, made from its parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aura_ros.policy.backend import Backend, BackendError, FlowField, Sampler, declared_of
from aura_ros.policy.declared import check_fits
from aura_ros.policy.scripted import ScriptedBackend
from aura_ros.robot.description import Robot
from aura_ros.settings import Setting
from aura_ros.types import NS

NAMES = ("scripted", "recorded", "demo", "websocket", "openvla")
OWN = "MODULE:FACTORY"
REMOTES = ("websocket", "openvla")
REMOTE = ", ".join(REMOTES)

BACKEND_SETTINGS = (
    Setting("backend", "scripted", f"which policy runs: {', '.join(NAMES)}, {OWN}", 0, 0),
    Setting("actions", "", "layout of the policy's rows; empty: as the backend declares", 0, 0),
    Setting("recording", "", "recorded: the recording whose commands are the chunks", 0, 0),
    Setting("path", "", f"{OWN}: directory of the checkpoint", 0, 0),
    Setting("artifact", "", "demo: a file of `aura train demo`; empty: the one that ships", 0, 0),
    Setting("server", "localhost:8000", f"{REMOTE}: address, such as ws://HOST:PORT", 0, 0),
    Setting("connect_timeout", 10.0, f"{REMOTE}: longest wait for a server [s]", 0.1, 3600.0),
    Setting("answer_timeout", 5.0, f"{REMOTE}: longest wait for an answer [s]", 0.01, 600.0),
    Setting("camera_keys", "", "'KEY: CAMERA; ...'; empty: as the policy declares", 0, 0),
    Setting("state_keys", "", "'KEY: GROUP, GROUP; ...'; empty: as the policy declares", 0, 0),
    Setting("prompt_key", "prompt", "websocket, undeclared: key of the instruction", 0, 0),
    Setting("image_size", 0, "websocket, undeclared: images are padded to it; 0: not", 0, 4096),
    Setting("channels_first", False, "websocket, undeclared: images are (3, h, w)", 0, 0),
    Setting("unnorm_key", "", "openvla: data set whose statistics scale the rows", 0, 0),
    Setting("latency", 0.0, "scripted, demo: time an answer takes [s]", 0.0, 10.0),
    Setting("busy", False, "scripted: compute during the latency instead of sleeping", 0, 0),
    Setting("noise", 0.0, "scripted: bias of each chunk [rad or m]", 0.0, 1.0),
    Setting("seed", 0, "scripted: seed of the noise", 0, 2**31 - 1),
    Setting("samples", 1, "chunks drawn for one observation, if the policy can", 1, 64),
    Setting("sensitivity", False, "say how sharply the policy's flow turns, if it shows one", 0, 0),
)


def make_backend(robot: Robot, chosen: Mapping[str, Any]) -> Backend:
    """The backend that the parameters name; it fits the robot. Raises ValueError."""
    name = chosen["backend"]
    maker = _own if ":" in name else _MAKERS.get(name)
    if maker is None:
        raise ValueError(
            f"backend is {name!r}; it must be one of {', '.join(NAMES)}, or module:factory of "
            "your own"
        )
    try:
        backend = maker(robot, chosen)
    except BackendError as error:
        raise ValueError(f"backend {name}: {error}") from None
    declared = declared_of(backend)
    if declared is not None:
        check_fits(declared, robot)
    check_answers(backend, chosen)
    return backend


def check_answers(backend: Backend, chosen: Mapping[str, Any]) -> None:
    """What is asked of every answer, the backend can give. Raises ValueError."""
    samples, declared = chosen["samples"], declared_of(backend)
    most = 1 if not isinstance(backend, Sampler) else math.inf
    if declared is not None:
        most = min(most, declared.max_samples)
    if samples > most:
        raise ValueError(
            f"parameter samples is {samples}, but backend {backend.name} draws at most {most}; "
            f"set samples to {most} or less"
        )
    if chosen["sensitivity"] and not isinstance(backend, FlowField):
        raise ValueError(
            f"parameter sensitivity is true, but backend {backend.name} shows no flow; set it to "
            "false"
        )


def check_timeouts(chosen: Mapping[str, Any], request_timeout: float) -> None:
    """A server's answer is given up before the request is. Raises ValueError.

    Else the next request would wait for a thread that still waits for the last answer.
    """
    answer_timeout = chosen["answer_timeout"]
    if chosen["backend"] in REMOTES and answer_timeout >= request_timeout:
        raise ValueError(
            f"parameter answer_timeout is {answer_timeout:g} s and request_timeout "
            f"{request_timeout:g} s: an answer must be given up before its request is; "
            "set answer_timeout below request_timeout"
        )


def _scripted(robot: Robot, chosen: Mapping[str, Any]) -> Backend:
    # The expert brings the simulator's model along; only this backend needs it.
    from aura_ros.sim.expert import Expert
    from aura_ros.sim.tasks import INSTRUCTIONS

    def expert_for(instruction: str) -> Expert:
        if instruction not in INSTRUCTIONS:
            known = "; ".join(INSTRUCTIONS)
            raise ValueError(f"no expert is scripted for {instruction!r}; known are: {known}")
        return Expert(*INSTRUCTIONS[instruction])

    return ScriptedBackend(
        expert_for,
        robot.horizon,
        robot.row_period_ns / NS,
        chosen["latency"],
        chosen["noise"],
        chosen["seed"],
        chosen["busy"],
        robot.limits.lower,
        robot.limits.upper,
    )


def _recorded(robot: Robot, chosen: Mapping[str, Any]) -> Backend:
    # Reading recordings needs rosbags, which a robot that runs a VLA need not have.
    from aura_ros.replay.actions import SegmentBackend
    from aura_ros.replay.feed import Feed
    from aura_ros.replay.inputs import find_inputs
    from aura_ros.replay.recording import Recording

    recording = str(chosen["recording"])
    if not recording:
        raise ValueError("backend recorded needs parameter recording: the path of a recording")
    with Recording(Path(recording)) as opened:
        feed = Feed(opened, find_inputs(opened, robot, ()), robot)
        return SegmentBackend(feed.actions(opened.start_ns, opened.end_ns + 1), robot)


def _demo(robot: Robot, chosen: Mapping[str, Any]) -> Backend:
    from aura_ros.policy.demo import load_demo
    from aura_ros.policy.shipped import shipped
    from aura_ros.policy.slowed import Slowed

    path = Path(chosen["artifact"]) if chosen["artifact"] else shipped("demo")
    backend = load_demo(path, robot)
    return Slowed(backend, chosen["latency"]) if chosen["latency"] else backend


def _websocket(robot: Robot, chosen: Mapping[str, Any]) -> Backend:
    # OpenCV and the protocol: a policy in this process may need neither.
    from aura_ros.policy.websocket import WebsocketBackend, WebsocketOptions

    _check_installed("websockets", "msgpack")
    options = WebsocketOptions(
        chosen["server"],
        chosen["connect_timeout"],
        chosen["answer_timeout"],
        chosen["camera_keys"],
        chosen["state_keys"],
        chosen["prompt_key"],
        chosen["image_size"],
        chosen["channels_first"],
    )
    return WebsocketBackend(robot, options)


def _openvla(robot: Robot, chosen: Mapping[str, Any]) -> Backend:
    from aura_ros.policy.openvla import OpenVlaBackend, OpenVlaOptions

    _check_installed("json_numpy")
    options = OpenVlaOptions(
        chosen["server"],
        chosen["connect_timeout"],
        chosen["answer_timeout"],
        chosen["camera_keys"],
        chosen["unnorm_key"],
    )
    return OpenVlaBackend(robot, options)


def _own(robot: Robot, chosen: Mapping[str, Any]) -> Backend:
    from aura_ros.policy.served import ServedBackend
    from aura_ros.serve.registry import load

    name = chosen["backend"]
    if not chosen["path"]:
        raise ValueError(f"backend {name} needs parameter path: the directory of its checkpoint")
    served = load(name, Path(chosen["path"]))
    return ServedBackend(robot, served, chosen["camera_keys"], chosen["state_keys"])


def _check_installed(*modules: str) -> None:
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise ValueError(f"{', '.join(missing)} absent: pip install -r requirements/serve.txt")


_MAKERS: Mapping[str, Callable[[Robot, Mapping[str, Any]], Backend]] = {
    "scripted": _scripted,
    "recorded": _recorded,
    "demo": _demo,
    "websocket": _websocket,
    "openvla": _openvla,
}
