"""The URDF from the robot_description topic, where a configuration names it."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")

import yaml
from ros_graph import Probe

from aura_ros.nodes.processes import NodeProcess, Processes
from aura_ros.nodes.robot import RobotSource
from aura_ros.nodes.topics import LATCHED, TOPICS
from aura_ros.robot.find import find_config
from aura_ros.types import Lease

URDF = """<robot name="two"><link name="a"/><link name="b"/>{}</robot>"""
JOINT = """<joint name="{}" type="revolute"><parent link="a"/><child link="b"/>
<limit lower="-1" upper="1" velocity="2" effort="1"/></joint>"""


@pytest.fixture
def configuration(tmp_path):
    """The embedded Panda's configuration, but with its URDF from a topic."""
    config = yaml.safe_load(find_config("embedded_panda").read_text())
    config["urdf"] = {"topic": "robot_description"}
    for group in config["groups"].values():
        group["unit"] = "rad"
        group["limits"] = {"acceleration": 5.0, "margin": 0.001}
    path = tmp_path / "described.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path, [j for group in config["groups"].values() for j in group["joints"]]


def test_a_node_takes_its_limits_from_the_topic(configuration, tmp_path):
    path, joints = configuration
    with Probe() as probe, Processes(tmp_path / "logs") as processes:
        leases = probe.hear("lease", "aura_ros/msg/Lease", TOPICS[Lease].qos)
        described = probe.publisher("robot_description", "std_msgs/msg/String", LATCHED)
        processes.start(NodeProcess("guard", {"robot": str(path)}))
        text = URDF.format("".join(JOINT.format(name) for name in joints))
        described.publish(described.msg_type(data=text))
        probe.until(lambda: leases, "a lease of the guard that was described")
        assert processes.stop() == {"/guard": 0}


def test_a_topic_that_nobody_publishes_is_named_with_the_remedy(configuration):
    path, _ = configuration
    with Probe("lonely", parameter_overrides=[_text("robot", str(path))]) as probe:
        source = RobotSource(probe.node)
        with pytest.raises(TimeoutError, match=r"robot_description.*robot_state_publisher"):
            source.wait(probe.spin, 0.2)
        with pytest.raises(ValueError, match="robot_description"):
            source.load()


def _text(name, value):
    from rclpy.parameter import Parameter

    return Parameter(name, value=value)
