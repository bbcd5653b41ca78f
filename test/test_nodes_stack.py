"""In an existing stack: two robots, foreign names, a compressed camera, several descriptions."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")

import yaml
from live_chain import FRONT, ROBOT, TRAJECTORY, WRIST, Chain, FakeRobot, Watch, init, moving
from ros_graph import Probe
from std_srvs.srv import SetBool

from aura_ros.nodes.topics import LATCHED
from aura_ros.robot.find import find_config
from aura_ros.types import Mode


@pytest.fixture(scope="module", autouse=True)
def ros():
    init()


def test_two_robots_in_two_namespaces_of_one_domain():
    """Each moves on commands of its own chain; stopping one leaves the other moving."""
    with (
        Chain(namespace="/left"),
        Chain(namespace="/right"),
        Probe(namespace="/left") as left,
        Probe(namespace="/right") as right,
    ):
        probes = (left, right)
        robots, watches = tuple(map(FakeRobot, probes)), tuple(map(Watch, probes))

        def both():
            right.spin(0.001)
            return all(robot.speed > 0.2 for robot in robots)

        left.until(both, "both move")
        plans = [
            {m.chunk_digest for _, m in p.hear("committed_plan", "aura_ros/msg/Plan", LATCHED)}
            for p in probes
        ]
        assert not plans[0] & plans[1]
        left.call("guard/arm", SetBool, data=False)
        heard = len(robots[0].heard)

        def right_goes_on():
            right.spin(0.001)
            return watches[0].mode == Mode.DISARMED and len(robots[1].heard) > other + 20

        other = len(robots[1].heard)
        left.until(right_goes_on, "the right one gets further commands")
        # The last trajectory of the left one is its stop; nothing of the right one's came.
        assert len(robots[0].heard) - heard <= 2
        assert robots[0].speed == 0.0
        assert watches[1].mode == Mode.ACTIVE


def test_foreign_topic_names_by_remapping():
    names = {
        "joint_states": "/panda/state/joints",
        FRONT: "/cameras/left_eye/rgb",
        WRIST: "/cameras/hand/rgb",
        TRAJECTORY: "/panda/arm_controller/joint_trajectory",
    }
    with Chain(namespace="/f", remap=names), Probe(namespace="/f") as probe:
        moving(FakeRobot(probe, names), probe)


@pytest.fixture
def compressed_robot(tmp_path):
    """A configuration of the user's own, whose wrist camera sends files."""
    document = yaml.safe_load(find_config(ROBOT).read_text())
    document["observation"]["cameras"]["wrist"]["type"] = "sensor_msgs/msg/CompressedImage"
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document))
    return str(path)


def test_two_cameras_one_of_them_compressed(compressed_robot):
    with (
        Chain(namespace="/c", all={"robot": compressed_robot}),
        Probe(namespace="/c") as probe,
    ):
        robot, watch = FakeRobot(probe, compressed=(WRIST,)), Watch(probe)
        moving(robot, probe)
        good = robot.cameras[WRIST]
        robot.cameras[WRIST] = None
        probe.until(lambda: watch.mode == Mode.HOLD, "a silent compressed camera is noticed")
        robot.cameras[WRIST] = good
        probe.until(lambda: watch.mode == Mode.ACTIVE, "and its return")
        moving(robot, probe)
