"""Parameters: described, bounded, validated while running, and never silently misspelt."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

pytest.importorskip("rclpy")

from live_chain import KINDS, ROBOT, Chain, Watch, init
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters
from rclpy.parameter import Parameter
from ros_graph import Probe

from aura_ros.nodes.parameters import refuse_unknown
from aura_ros.nodes.run import MISCONFIGURED
from aura_ros.settings import settings_of

# Declared by rclpy itself.
FOREIGN = {"use_sim_time", "start_type_description_service"}
NUMBERS = (ParameterType.PARAMETER_INTEGER, ParameterType.PARAMETER_DOUBLE)


@pytest.fixture(scope="module")
def live():
    init()
    with Chain() as chain, Probe() as probe:
        yield chain, probe


def set_to(probe, node, **values):
    """Change parameters one by one; the results."""
    changes = [Parameter(name, value=value).to_parameter_msg() for name, value in values.items()]
    return probe.call(f"{node}/set_parameters", SetParameters, parameters=changes).results


def value_of(probe, node, name):
    """The value as a message: equal messages, equal values."""
    return probe.call(f"{node}/get_parameters", GetParameters, names=[name]).values[0]


@pytest.mark.parametrize("node", KINDS)
def test_every_parameter_is_described_and_every_number_bounded(live, node):
    _, probe = live
    names = probe.call(f"{node}/list_parameters", ListParameters).result.names
    names = [name for name in names if name not in FOREIGN]
    assert {"robot", "limit_set", "command_outputs", "journal", "autostart"} <= set(names)
    found = probe.call(f"{node}/describe_parameters", DescribeParameters, names=names)
    open_ended = {
        s.name for s in settings_of(KINDS[node].config) if not math.isfinite(s.low + s.high)
    }
    for descriptor in found.descriptors:
        assert descriptor.description, descriptor.name
        if descriptor.type in NUMBERS:
            ranges = [*descriptor.floating_point_range, *descriptor.integer_range]
            assert bool(ranges) != (descriptor.name in open_ended), descriptor.name


@pytest.mark.parametrize(
    ("node", "name", "value", "words"),
    [
        ("guard", "lease_duration", 0.3, "lease_duration"),
        ("guard", "tracking_error", -1.0, "tracking_error is -1.0; it must be from 0 to inf"),
        ("guard", "source_timeout", math.nan, "source_timeout"),
        ("guard", "auto_arm", 1, "expected '"),
        ("fuser", "min_knots", 0, "min_knots"),
        ("fuser", "smoothing", -0.1, "smoothing out of range Min: 0.001, Max: 2.0"),
        ("policy", "request_period", 61.0, "request_period"),
        ("policy", "robot", "ur5", "read-only"),
        ("memory", "threshold", "high", "expected '"),
    ],
)
def test_invalid_changes_are_refused_with_the_reason(live, node, name, value, words):
    _, probe = live
    before = value_of(probe, node, name)
    (result,) = set_to(probe, node, **{name: value})
    assert not result.successful
    assert words in result.reason
    assert value_of(probe, node, name) == before


def test_valid_changes_reach_the_core(live):
    _, probe = live
    (result,) = set_to(probe, "guard", source_timeout=0.7)
    assert result.successful, result.reason
    watch = Watch(probe)
    probe.until(lambda: watch.limit("front") == 0.7, "the check has the new limit")
    set_to(probe, "guard", source_timeout=0.3)
    probe.until(lambda: watch.limit("front") == 0.3, "and the old one")


def test_an_unknown_parameter_of_a_running_node_is_refused(live):
    _, probe = live
    (result,) = set_to(probe, "fuser", smothing=[0.1])
    assert not result.successful
    assert "undeclared parameter" in result.reason


def test_quality_of_service_overrides_are_no_parameters_of_the_node(live):
    chain, _ = live
    node = chain.nodes["guard"]
    name = "qos_overrides./verdict.publisher.depth"
    node._parameter_overrides[name] = Parameter(name, value=1)
    refuse_unknown(node)
    node._parameter_overrides["leese_duration"] = Parameter("leese_duration", value=0.1)
    with pytest.raises(ValueError, match="did you mean 'lease_duration'"):
        refuse_unknown(node)


def started(node, *arguments):
    """Exit status and output of a node that cannot start."""
    command = [sys.executable, "-m", f"aura_ros.nodes.{node}", "--ros-args", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "parameter robot is empty: give a name in config/robots"),
        (("robot:=embeded_panda",), "did you mean 'embedded_panda'?"),
        ((f"robot:={ROBOT}", "limit_set:=collaborativ"), "collaborativ"),
        ((f"robot:={ROBOT}", "command_outputs:=[trajectry]"), "did you mean 'trajectory'?"),
        ((f"robot:={ROBOT}", "leese_duration:=0.1"), "did you mean 'lease_duration'?"),
        ((f"robot:={ROBOT}", "lease_duration:=0.5"), "lease_duration"),
        ((f"robot:={ROBOT}", "lease_duration:=long"), "lease_duration"),
        ((f"robot:={ROBOT}", "journal:=/dev/null/here"), "/dev/null/here"),
        ((f"robot:={ROBOT}", "rules:=mine: all"), "'-p rules:=mine: all'. Error: Unknown YAML"),
    ],
    ids=lambda a: a[-1] if isinstance(a, tuple) and a else "",
)
def test_a_wrong_configuration_ends_the_node(arguments, words):
    status, said = started("guard", *[x for a in arguments for x in ("-p", a)])
    assert status == MISCONFIGURED, said
    assert words in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("backend:=pi0",), "backend is 'pi0'; it must be one of scripted, recorded"),
        (("backend:=recorded",), "needs parameter recording"),
        (("backend:=recorded", "recording:=/no/such.mcap"), "/no/such.mcap"),
    ],
    ids=["unknown", "no recording", "lost recording"],
)
def test_a_wrong_backend_ends_the_policy(arguments, words):
    given = [x for a in (f"robot:={ROBOT}", *arguments) for x in ("-p", a)]
    status, said = started("policy", *given)
    assert status == MISCONFIGURED, said
    assert words in said


def test_the_embedded_robot_notices_misspelt_parameters_too():
    pytest.importorskip("mujoco")
    command = [sys.executable, "-m", "aura_ros.sim.node", "--ros-args", "-p", "fault.slib:=true"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "did you mean 'fault.slip'?" in ended.stdout + ended.stderr


def test_parameters_files_reach_nodes_in_namespaces(tmp_path):
    """As config/aura.yaml has them; a misspelt name in the file is noticed as well."""
    file = tmp_path / "mine.yaml"
    file.write_text(f"/**/guard:\n  ros__parameters:\n    robot: {ROBOT}\n    lease_duraton: 0.1\n")
    for extra in ((), ("-r", "__ns:=/left/arm")):
        status, said = started("guard", "--params-file", str(file), *extra)
        assert status == MISCONFIGURED
        assert "did you mean 'lease_duration'?" in said
