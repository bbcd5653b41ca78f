"""A robot read from its YAML file and its URDF (keys: ``aura_ros.robot.schema``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aura_ros.robot.description import Camera, JointGroup, Robot
from aura_ros.robot.document import read_document
from aura_ros.robot.find import find_config, read_urdf
from aura_ros.robot.groups import continuous_joints, joint_groups, robot_limits
from aura_ros.robot.outputs import command_outputs
from aura_ros.robot.problems import Problems
from aura_ros.robot.schema import COMPRESSED_IMAGE, ROBOT
from aura_ros.types import NS, digest_of

MIN_STOP_KNOTS = 3


def load_robot(
    path_or_name: str | Path,
    *,
    urdf_text: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    limit_set: str | None = None,
    commands: Sequence[str] | None = None,
) -> Robot:
    """Read a robot's configuration: a path, or the name of a file in ``config/robots``.

    ``urdf_text`` replaces the URDF that the file names and is needed where that is a topic.
    ``overrides`` is laid over the file, table by table. ``limit_set`` names one of its sets of
    tighter limits, ``commands`` the outputs to publish instead of the default ones.
    Raises RobotConfigError with every problem that was found.
    """
    file = find_config(path_or_name)
    problems = Problems(f"{file} with overrides" if overrides else file)
    data = file.read_bytes()
    config = _read(data, overrides or {}, problems)
    urdf = _urdf_bytes(config, urdf_text, file.parent, problems)
    groups = joint_groups(config, problems)
    limits = robot_limits(config, urdf, limit_set or "", problems)
    outputs = command_outputs(config["commands"], groups, commands, problems)
    cameras = _cameras(config, problems)
    row_period_ns = _row_period_ns(config["action"], problems)
    stop_knots = _stop_knots(config["motion"], problems)
    _check_debounce(groups, config["action"], row_period_ns, problems)
    problems.raise_if_any()
    assert limits is not None
    return Robot(
        name=config["name"],
        groups=groups,
        limits=limits,
        cameras=cameras,
        joint_states_topic=config["observation"]["joint_states"],
        instruction_topic=config["observation"]["instruction"],
        objects_topic=config["observation"]["objects"],
        recorded_action_topic=config["action"]["recorded_topic"],
        row_period_ns=row_period_ns,
        horizon=config["action"]["horizon"],
        knot_period_ns=round(config["motion"]["knot_period"] * NS),
        stop_knots=stop_knots,
        commands=outputs,
        digest=digest_of(data, urdf or b"", limit_set or "", _canonical(overrides or {})),
        continuous_joints=continuous_joints(groups, limits),
        wrench_topic=config["observation"]["wrench"],
        distance_topic=config["observation"]["human_distance"],
    )


def urdf_topic(path_or_name: str | Path, overrides: Mapping[str, Any] | None = None) -> str:
    """Topic from which the URDF must be fetched before ``load_robot``; empty if from none."""
    file = find_config(path_or_name)
    problems = Problems(file)
    document = read_document(file.read_bytes(), overrides or {}, problems)
    problems.raise_if_any()
    source = document.get("urdf") if isinstance(document, Mapping) else None
    topic = source.get("topic") if isinstance(source, Mapping) else None
    return topic if isinstance(topic, str) else ""


def command_topics(path_or_name: str | Path) -> tuple[str, ...]:
    """Topics of every command output, whichever are chosen. Raises RobotConfigError."""
    file = find_config(path_or_name)
    problems = Problems(file)
    config = _read(file.read_bytes(), {}, problems)
    problems.raise_if_any()
    return tuple(table["topic"] for table in config["commands"].values())


def _read(data: bytes, overrides: Mapping[str, Any], problems: Problems) -> Mapping[str, Any]:
    """The validated tables of the file; those with a problem are incomplete."""
    document = read_document(data, overrides, problems)
    problems.raise_if_any()
    config: Mapping[str, Any] = ROBOT.read(document, "", problems)
    if not config:
        problems.raise_if_any()
    return config


def _urdf_bytes(
    config: Mapping[str, Any], text: str | None, base: Path, problems: Problems
) -> bytes | None:
    """The URDF that was handed in or that the configuration names, None if there is none."""
    if text is not None:
        return text.encode()
    if config["urdf"] is None or problems.under("urdf"):
        return None
    return read_urdf(config["urdf"], base, problems)


def _cameras(config: Mapping[str, Any], problems: Problems) -> tuple[Camera, ...]:
    """The cameras; two on one topic are a problem."""
    cameras: dict[str, Camera] = {}
    if problems.under("observation.cameras") or not config["observation"]:
        return ()
    for name, table in config["observation"]["cameras"].items():
        topic = table["topic"]
        if topic in cameras:
            problems.add(
                f"observation.cameras.{name}.topic",
                f"is the topic of {cameras[topic].name!r} already",
                "give each camera its own topic",
                topic,
            )
        cameras[topic] = Camera(name, topic, table["type"] == COMPRESSED_IMAGE)
    return tuple(cameras.values())


def _row_period_ns(action: Mapping[str, Any], problems: Problems) -> int:
    """Time between rows [ns], from ``row_period`` or ``row_rate``."""
    if problems.under("action"):
        return 0
    period, rate = action["row_period"], action["row_rate"]
    if (period is None) == (rate is None):
        problems.add(
            "action.row_period",
            "must be given, or else action.row_rate",
            "keep exactly one of them",
        )
        return 0
    seconds: float = 1.0 / rate if period is None else period
    return round(seconds * NS)


def _check_debounce(
    groups: Sequence[JointGroup], action: Mapping[str, Any], row_period_ns: int, problems: Problems
) -> None:
    """A change that must last longer than any chunk would never be made."""
    if problems.under("action"):
        return
    chunk_s = action["horizon"] * row_period_ns / NS
    for group in groups:
        if group.switching is not None and group.switching.debounce_s > chunk_s:
            limit = f"must be at most {chunk_s:g}, the length of a chunk (action.horizon rows)"
            problems.add(
                f"groups.{group.name}.switching.debounce",
                limit,
                "shorten it, or raise action.horizon",
                group.switching.debounce_s,
            )


def _stop_knots(motion: Mapping[str, Any], problems: Problems) -> int:
    """Knots of the stop tail: velocity and acceleration need two, smoothness one more."""
    if problems.under("motion"):
        return 0
    period, duration = motion["knot_period"], motion["stop_time"]
    knots: int = round(duration / period)
    if knots < MIN_STOP_KNOTS or abs(knots * period - duration) > 1e-9:
        nearest = max(knots, MIN_STOP_KNOTS) * period
        limit = f"must be a multiple of knot_period {period:g}, at least {MIN_STOP_KNOTS} of it"
        problems.add("motion.stop_time", limit, f"set it to {nearest:g}", duration)
    return knots


def _canonical(overrides: Mapping[str, Any]) -> str:
    """One text for equal overrides."""
    return json.dumps(overrides, sort_keys=True, default=repr)
