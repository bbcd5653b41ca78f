"""Who may say what: the SROS 2 policy of the chain, made from what its nodes really do.

``python -m aura_ros.nodes.permissions ROBOT > my_policies.xml`` writes it for a robot. The format
is that of https://github.com/ros2/sros2, ``policy.xsd`` version 0.2.0; what it does not allow is
denied.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from aura_ros.guard.mode import RESUME, RETREAT
from aura_ros.nodes.defaults import NODES
from aura_ros.nodes.inputs import inputs_of
from aura_ros.nodes.topics import TOPICS
from aura_ros.pipeline import ROOMS
from aura_ros.robot.description import Robot
from aura_ros.robot.load import load_robot, urdf_topic
from aura_ros.types import (
    AuditHead,
    Command,
    Commitment,
    FailureRisk,
    FuserStatus,
    GuardStatus,
    Question,
    Verdict,
)

HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Who may say what on the robot {robot}. Written by
     python -m aura_ros.nodes.permissions {robot}
     Only the fuser publishes commands and plans, only the guard verdicts and leases. -->
"""
ENCLAVES = "/aura"
# What every node of rclpy has, as in sros2's test/policies/common/lifecycle_node.xml.
PARAMETERS = (
    "describe_parameters", "get_parameter_types", "get_parameters", "list_parameters",
    "set_parameters", "set_parameters_atomically",
)  # fmt: skip
LIFECYCLE = (
    "change_state", "get_available_states", "get_available_transitions", "get_state",
    "get_transition_graph",
)  # fmt: skip
DESCRIPTION = "get_type_description"
PEOPLE = ("set_enabled", "reset")
GUARD_PEOPLE = ("arm", RESUME, RETREAT)
# What a person watches.
WATCHED = (GuardStatus, Question, Verdict, FuserStatus, FailureRisk, Commitment, AuditHead)


@dataclass(frozen=True)
class Profile:
    """What one node may do; names are relative to its namespace, ``~`` to itself."""

    node: str
    publish: frozenset[str]
    subscribe: frozenset[str]
    reply: frozenset[str]
    request: frozenset[str] = frozenset()


def profiles(robot: Robot, description: str = "") -> tuple[Profile, ...]:
    """The chain's nodes, then the robot's drivers, a person's tools and a recorder.

    ``description`` is the topic from which nodes take the URDF, if they do.
    """
    chain = tuple(_room(room, robot, description) for room in ROOMS)
    return (*chain, _drivers(robot, description), _operator(robot), _recorder(robot))


def policies(robot: Robot, namespace: str = "/", description: str = "") -> str:
    """The policy file for ``robot``, its nodes in ``namespace``: one enclave a node."""
    policy = Xml.Element("policy", version="0.2.0")
    enclaves = Xml.SubElement(policy, "enclaves")
    for profile in profiles(robot, description):
        enclave = Xml.SubElement(enclaves, "enclave", path=f"{ENCLAVES}/{profile.node}")
        element = Xml.SubElement(
            Xml.SubElement(enclave, "profiles"), "profile", ns=namespace, node=profile.node
        )
        _list(element, "topic", "publish", profile.publish)
        _list(element, "topic", "subscribe", profile.subscribe)
        _list(element, "service", "reply", profile.reply)
        _list(element, "service", "request", profile.request)
    Xml.indent(policy)
    return HEAD.format(robot=robot.name) + Xml.tostring(policy, encoding="unicode") + "\n"


def _list(profile: Xml.Element, kind: str, rule: str, names: Iterable[str]) -> None:
    if not names:
        return
    element = Xml.SubElement(profile, f"{kind}s", {rule: "ALLOW"})
    for name in sorted(names):
        Xml.SubElement(element, kind).text = name


def _room(room: str, robot: Robot, description: str) -> Profile:
    said = {TOPICS[kind].name for node in NODES if node.room == room for kind in node.says}
    if room == "fuser":
        said |= {TOPICS[Command].name, *(output.topic for output in robot.commands)}
    heard = {spec.topic for spec in inputs_of(room, robot)}
    heard |= {description} if description else set()
    served = {*PARAMETERS, *LIFECYCLE, *_people(room)}
    return _profile(
        room, said | {"/diagnostics", "~/transition_event"}, heard, {f"~/{s}" for s in served}
    )


def _people(room: str) -> tuple[str, ...]:
    return (*PEOPLE, *GUARD_PEOPLE) if room == "guard" else PEOPLE


def _drivers(robot: Robot, description: str) -> Profile:
    """What senses and moves. Who gives instructions is not among them."""
    told = {topic.name for topic in TOPICS.values()} | {robot.instruction_topic}
    sensed = {spec.topic for room in ROOMS for spec in inputs_of(room, robot)} - told
    sensed |= {description} if description else set()
    return _profile("robot", sensed, {output.topic for output in robot.commands}, set())


def _operator(robot: Robot) -> Profile:
    """A person: instructs, watches, and calls every service of the chain."""
    services = {
        f"{room}/{service}"
        for room in ROOMS
        for service in (*PARAMETERS, *LIFECYCLE, *_people(room), DESCRIPTION)
    }
    watched = {TOPICS[kind].name for kind in WATCHED} | {"/diagnostics"}
    return _profile("operator", {robot.instruction_topic}, watched, set(), services)


def _recorder(robot: Robot) -> Profile:
    """Records, the heads of the audit log among all else, and says nothing."""
    return _profile("recorder", set(), set(_topics(robot)), set())


def _topics(robot: Robot) -> Iterator[str]:
    yield from (topic.name for topic in TOPICS.values())
    yield from (output.topic for output in robot.commands)
    yield from (spec.topic for room in ROOMS for spec in inputs_of(room, robot))
    yield "/diagnostics"


def _profile(
    node: str,
    publish: set[str],
    subscribe: set[str],
    reply: set[str],
    request: Iterable[str] = (),
) -> Profile:
    """With what every node of rclpy does beside its own work."""
    return Profile(
        node,
        frozenset(publish | {"/rosout", "/parameter_events"}),
        frozenset(subscribe | {"/clock", "/parameter_events"}),
        frozenset(reply | {f"~/{DESCRIPTION}"} | {f"~/{name}" for name in PARAMETERS}),
        frozenset(request),
    )


def main(args: list[str] | None = None) -> None:
    """Write the policy file to standard output."""
    parser = argparse.ArgumentParser(description="The SROS 2 policy of the chain for one robot.")
    parser.add_argument("robot", help="a name in config/robots, or a path")
    parser.add_argument("--namespace", default="/", help="of the nodes")
    parser.add_argument("--outputs", nargs="*", help="the parameter command_outputs")
    parser.add_argument("--urdf", type=Path, help="where the configuration names a topic for it")
    given = parser.parse_args(args)
    try:
        text = given.urdf.read_text() if given.urdf else None
        robot = load_robot(given.robot, urdf_text=text, commands=given.outputs or None)
        sys.stdout.write(policies(robot, given.namespace, urdf_topic(given.robot)))
    except (ValueError, OSError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
