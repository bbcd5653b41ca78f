"""The SROS 2 policy is what the nodes do, and lets nobody else speak for guard and fuser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

pytest.importorskip("rclpy")

from live_chain import KINDS, ROBOT, Chain, init
from ros_graph import Probe

from aura_ros.nodes.permissions import policies, profiles
from aura_ros.nodes.topics import TOPICS
from aura_ros.pipeline import ROOMS
from aura_ros.robot.load import load_robot
from aura_ros.types import (
    ActionChunk,
    AuditHead,
    Command,
    Commitment,
    GuardStatus,
    Lease,
    PolicyFeatures,
    Proposal,
    Question,
    Retreat,
    Verdict,
    WayBack,
)

SHIPPED = Path(__file__).parent.parent / "config/sros2/aura_policies.xml"
ROBOTS = ("embedded_panda", "unitree_g1", "tiago_pro", "panda_servo")
SPEAKERS = {
    "fuser": (Command, Commitment, Proposal, WayBack),
    "guard": (Verdict, Lease, GuardStatus, Question, Retreat, AuditHead),
    "policy": (ActionChunk, PolicyFeatures),
}
# By sros2's policy.xsd 0.2.0: the children of every element, and its attributes.
SCHEMA = {
    "policy": ({"enclaves"}, {"version"}),
    "enclaves": ({"enclave"}, set()),
    "enclave": ({"profiles"}, {"path"}),
    "profiles": ({"profile"}, set()),
    "profile": ({"topics", "services"}, {"ns", "node"}),
    "topics": ({"topic"}, {"publish", "subscribe"}),
    "services": ({"service"}, {"reply", "request"}),
    "topic": (set(), set()),
    "service": (set(), set()),
}


@pytest.fixture(scope="module", params=ROBOTS)
def robot(request):
    return load_robot(request.param)


def allowed(text, rule):
    """Names by node that ``rule`` allows in a policy file."""
    return {
        profile.get("node"): {
            entry.text for part in profile if part.get(rule) == "ALLOW" for entry in part
        }
        for profile in Xml.fromstring(text).iter("profile")
    }


def test_the_shipped_file_is_that_of_the_demo_s_robot():
    made = "python -m aura_ros.nodes.permissions embedded_panda > config/sros2/aura_policies.xml"
    assert SHIPPED.read_text() == policies(load_robot("embedded_panda")), made


def test_the_file_has_the_form_that_sros2_reads(robot):
    policy = Xml.fromstring(policies(robot))
    assert (policy.tag, policy.get("version")) == ("policy", "0.2.0")
    for element in policy.iter():
        children, attributes = SCHEMA[element.tag]
        assert {child.tag for child in element} <= children
        assert set(element.attrib) <= attributes
        assert len(element) or element.tag in ("topic", "service")
        if element.tag in ("topics", "services"):
            assert list(element.attrib.values()) == ["ALLOW"]
    paths = [enclave.get("path") for enclave in policy.iter("enclave")]
    assert len(set(paths)) == len(paths)
    assert {f"/aura/{room}" for room in ROOMS} < set(paths)


def test_each_speaks_for_itself_alone(robot):
    published = allowed(policies(robot), "publish")
    guarded = {TOPICS[kind].name: node for node, kinds in SPEAKERS.items() for kind in kinds}
    guarded |= {output.topic: "fuser" for output in robot.commands}
    for topic, node in guarded.items():
        assert [n for n, topics in published.items() if topic in topics] == [node], topic
    assert not any("*" in topic for topics in published.values() for topic in topics)


def test_only_a_person_may_call_the_guard(robot):
    requested = allowed(policies(robot), "request")
    callers = [n for n, services in requested.items() if any("guard/" in s for s in services)]
    assert callers == ["operator"]


def test_a_recorder_says_nothing_of_its_own(robot):
    (recorder,) = (p for p in profiles(robot) if p.node == "recorder")
    assert recorder.publish == {"/rosout", "/parameter_events"}
    assert not recorder.request
    assert {topic.name for topic in TOPICS.values()} <= recorder.subscribe


def test_a_namespace_and_a_topic_for_the_urdf_are_taken_up():
    robot = load_robot("embedded_panda")
    text = policies(robot, "/left", "robot_description")
    assert {p.get("ns") for p in Xml.fromstring(text).iter("profile")} == {"/left"}
    heard, said = allowed(text, "subscribe"), allowed(text, "publish")
    assert all("robot_description" in heard[room] for room in ROOMS)
    assert [node for node, topics in said.items() if "robot_description" in topics] == ["robot"]


def test_a_robot_that_does_not_exist_is_an_error():
    command = [sys.executable, "-m", "aura_ros.nodes.permissions", "embeded_panda"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "embedded_panda" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not ended.stdout


def resolved(names, node, namespace):
    """Full names of those in a profile."""
    full = {"/": "{}", "~": f"{namespace}/{node}{{}}"}
    return {
        full[name[0]].format(name[1:] if name[0] == "~" else name)
        if name[0] in full
        else f"{namespace}/{name}"
        for name in names
    }


def test_live_nodes_do_what_the_policy_allows_and_nothing_else():
    init()
    namespace = "/permitted"
    by_node = {profile.node: profile for profile in profiles(load_robot(ROBOT))}
    with Chain(namespace), Probe(namespace=namespace) as probe:
        for node in KINDS:
            profile = by_node[node]
            for ask, rule in (
                (probe.node.get_publisher_names_and_types_by_node, profile.publish),
                (probe.node.get_subscriber_names_and_types_by_node, profile.subscribe),
                (probe.node.get_service_names_and_types_by_node, profile.reply),
            ):
                permitted = resolved(rule, node, namespace)
                probe.until(lambda ask=ask, node=node: ask(node, namespace), f"{node} is seen")
                found = {name for name, _ in ask(node, namespace)}
                assert found <= permitted, (node, found - permitted)
                # Nodes of one process that never use simulated time hear no clock.
                unused = {"/clock", "/parameter_events"}
                assert permitted - found <= unused, (node, permitted - found)
