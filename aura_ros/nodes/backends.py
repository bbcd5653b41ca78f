"""The backends that the policy node can run, made from its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aura_ros.motion.kinematics import Kinematics, KinematicsError
from aura_ros.policy.actions import Actions, tools
from aura_ros.policy.backend import Backend, declared_actions
from aura_ros.policy.layout import LayoutError, parse
from aura_ros.policy.scripted import ScriptedBackend
from aura_ros.robot.description import Robot
from aura_ros.settings import Setting
from aura_ros.types import NS

NAMES = ("scripted", "recorded")

BACKEND_SETTINGS = (
    Setting("backend", "scripted", f"which policy runs: {', '.join(NAMES)}", 0, 0),
    Setting("actions", "", "layout of the policy's rows; empty: as the backend declares", 0, 0),
    Setting("recording", "", "recorded: the recording whose commands are the chunks", 0, 0),
    Setting("latency", 0.0, "scripted: time an answer takes [s]", 0.0, 10.0),
    Setting("busy", False, "scripted: compute during the latency instead of sleeping", 0, 0),
    Setting("noise", 0.0, "scripted: bias of each chunk [rad or m]", 0.0, 1.0),
    Setting("seed", 0, "scripted: seed of the noise", 0, 2**31 - 1),
)


def make_backend(robot: Robot, chosen: Mapping[str, Any]) -> Backend:
    """The backend that the parameters name."""
    name = chosen["backend"]
    if name == "scripted":
        return _scripted(robot, chosen)
    if name == "recorded":
        return _recorded(robot, str(chosen["recording"]))
    raise ValueError(f"backend is {name!r}; it must be one of {', '.join(NAMES)}")


def make_actions(robot: Robot, text: str, backend: Backend, urdf: Callable[[], bytes]) -> Actions:
    """What the backend's rows mean: the layout ``text``, or what the backend declares.

    ``urdf`` is read where poses are to be reached by joints.
    """
    try:
        parts = parse(text or declared_actions(backend))
        found = tools(parts, robot)
        data = urdf() if found else b""
        kinematics = {
            part.group: Kinematics(data, robot, part.group, part.tip_link, part.base_link)
            for part in found
        }
        return Actions(robot, parts, kinematics)
    except (LayoutError, KinematicsError) as error:
        raise ValueError(f"parameter actions: {error}") from None


def _scripted(robot: Robot, chosen: Mapping[str, Any]) -> Backend:
    # The expert brings the simulator's model along; only this backend needs it.
    from aura_ros.sim.expert import Expert
    from aura_ros.sim.tasks import TASKS

    names = {task.instruction: name for name, task in TASKS.items()}

    def expert_for(instruction: str) -> Expert:
        if instruction not in names:
            known = "; ".join(names)
            raise ValueError(f"no expert is scripted for {instruction!r}; known are: {known}")
        return Expert(names[instruction])

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


def _recorded(robot: Robot, recording: str) -> Backend:
    # Reading recordings needs rosbags, which a robot that runs a VLA need not have.
    from aura_ros.replay.actions import SegmentBackend
    from aura_ros.replay.feed import Feed
    from aura_ros.replay.inputs import find_inputs
    from aura_ros.replay.recording import Recording

    if not recording:
        raise ValueError("backend recorded needs parameter recording: the path of a recording")
    with Recording(Path(recording)) as opened:
        feed = Feed(opened, find_inputs(opened, robot, ()), robot)
        return SegmentBackend(feed.actions(opened.start_ns, opened.end_ns + 1), robot)
