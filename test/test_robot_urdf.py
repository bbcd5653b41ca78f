"""Joint limits from URDF text."""

import math

import pytest
from robot_files import URDF

from aura_ros.robot.urdf import NoLimits, Urdf, UrdfError, UrdfJoint


@pytest.mark.parametrize("text", [URDF, URDF.encode()])
def test_reads_revolute_and_prismatic(text):
    urdf = Urdf(text)
    assert urdf.joint("elbow") == UrdfJoint("elbow", "revolute", -1.0, 1.5, 2.0)
    assert urdf.joint("finger") == UrdfJoint("finger", "prismatic", 0.0, 0.04, 0.2)
    assert (urdf.joint("elbow").unit, urdf.joint("finger").unit) == ("rad", "m")


def test_continuous_joints_have_no_position_limits():
    urdf = Urdf(URDF)
    assert urdf.joint("wrist") == UrdfJoint("wrist", "continuous", -math.inf, math.inf, 4.0)
    assert urdf.joint("spin").velocity == math.inf


def test_movable_joints_leave_out_fixed_and_mimic():
    movable = Urdf(URDF).movable
    assert "finger" in movable
    assert not {"finger2", "mount"} & set(movable)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("elbw", NoLimits, "no joint 'elbw'.*did you mean 'elbow'"),
        ("bare", NoLimits, "'bare' has no <limit>"),
        ("still", NoLimits, "'still' has velocity 0"),
        ("empty", NoLimits, "'empty' has an empty range"),
        ("odd", UrdfError, "'odd' has upper='one'"),
        ("mount", UrdfError, "'mount' is of type 'fixed'"),
        ("finger2", UrdfError, "'finger2' mimics 'finger'"),
    ],
)
def test_refuses_joints_that_cannot_be_commanded(name, error, words):
    with pytest.raises(error, match=words):
        Urdf(URDF).joint(name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not XML"),
        ("joint: 1", "not XML"),
        (b"\xff\xfe\x00", "not XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><robot/>', "not XML"),
        ("<mujoco/>", "<mujoco>, it must be <robot>"),
    ],
)
def test_refuses_what_is_not_a_urdf(text, words):
    with pytest.raises(UrdfError, match=words):
        Urdf(text)
