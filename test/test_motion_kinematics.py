"""Kinematics on a URDF: a planar arm by hand, a seven-joint arm by consistency."""

import sys

import numpy as np
import pytest
from chain_values import joints_at, stamp, toy
from hypothesis import given, settings
from hypothesis import strategies as st

from aura_ros.motion.kinematics import Kinematics, KinematicsError, Unreachable, pinocchio
from aura_ros.policy.actions import Actions
from aura_ros.policy.layout import parse
from aura_ros.robot.description import JointGroup, Limits
from aura_ros.types import KinematicState, Observation, Request, Response

pytest.importorskip("scipy", reason="scipy is absent")
from scipy.spatial.transform import Rotation


def link(name):
    return f'<link name="{name}"/>'


def joint(name, parent, child, xyz, axis, kind="revolute"):
    limit = (
        "" if kind == "continuous" else '<limit lower="-2.8" upper="2.8" velocity="2" effort="1"/>'
    )
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="{xyz}"/><axis xyz="{axis}"/>{limit}</joint>'
    )


AXES = ["0 0 1", "0 1 0", "0 0 1", "0 1 0", "0 0 1", "0 1 0", "0 0 1"]
NAMES = tuple(f"j{k}" for k in range(7))
# A torso under a seven-joint arm with a hand; its last joint turns without end.
URDF = "".join(
    [
        '<robot name="seven">',
        *map(link, ("world", "l0", *(f"l{k}" for k in range(1, 8)), "hand", "camera")),
        joint("torso", "world", "l0", "0 0 0.5", "0 0 1"),
        *(
            joint(
                f"j{k}",
                f"l{k}",
                f"l{k + 1}",
                "0 0 0.2",
                AXES[k],
                "continuous" if k == 6 else "revolute",
            )
            if k
            else joint("j0", "l0", "l1", "0 0 0.1", AXES[0])
            for k in range(7)
        ),
        '<joint name="mount" type="fixed"><parent link="l7"/><child link="hand"/>'
        '<origin xyz="0.02 0 0.1" rpy="0 0 0.4"/></joint>',
        '<joint name="eye" type="fixed"><parent link="l0"/><child link="camera"/></joint>',
        "</robot>",
    ]
).encode()
HIGH = np.array([2.8] * 7 + [np.inf])
ROBOT = toy(
    groups=(
        JointGroup("torso", "joints", ("torso",), "rad"),
        JointGroup("arm", "joints", NAMES, "rad"),
    ),
    limits=Limits(-HIGH, HIGH, *(np.ones(8),) * 3, np.full(8, 0.01)),
    continuous_joints=frozenset({"j6"}),
)
TOLD = np.array([0.3, 0.2, 0.6, -0.3, 1.2, 0.4, 0.7, 0.5])
# Of a machine that runs tests, time says nothing.
settings.register_profile("kinematics", deadline=None)
settings.load_profile("kinematics")


@pytest.fixture(scope="module")
def arm():
    pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
    return Kinematics(URDF, ROBOT, "arm", "hand", "l0")


def path(arm, rows=20, reach=0.1):
    """Poses along an arc from the told pose, with a turn."""
    place, quaternion = arm.forward(TOLD)
    share = np.linspace(0, 1, rows)[:, None]
    away = reach * np.hstack([np.sin(2 * share), 1 - np.cos(2 * share), -share])
    turn = Rotation.from_rotvec(share * [0.2, -0.1, 0.3]) * Rotation.from_quat(quaternion)
    return place + away, turn.as_quat()


def with_arm(joints):
    return np.concatenate([TOLD[:1], joints])


def misses(arm, rows, place, quaternion):
    """Worst distance and angle of rows from their poses."""
    found = [arm.forward(with_arm(row)) for row in rows]
    metres = max(np.linalg.norm(f[0] - p) for f, p in zip(found, place, strict=True))
    turns = [Rotation.from_quat(f[1]).inv() * Rotation.from_quat(q)
             for f, q in zip(found, quaternion, strict=True)]  # fmt: skip
    return metres, max(turn.magnitude() for turn in turns)


# --- forward --------------------------------------------------------------------------------


def by_hand(joints, with_torso=False):
    """The hand's pose by multiplying the joints' transforms."""
    place, turn = np.array([0.0, 0.0, 0.5 if with_torso else 0.0]), Rotation.identity()
    if with_torso:
        turn = Rotation.from_rotvec([0, 0, joints[0]])
    for k, axis in enumerate(AXES):
        place = place + turn.apply([0, 0, 0.2 if k else 0.1])
        turn = turn * Rotation.from_rotvec(joints[k + 1] * np.array(axis.split(), dtype=float))
    return place + turn.apply([0.02, 0, 0.1]), turn * Rotation.from_rotvec([0, 0, 0.4])


@pytest.mark.parametrize("base", ["", "world", "l0", "camera"])
def test_the_tool_is_where_the_joints_put_it(arm, base):
    found, quaternion = Kinematics(URDF, ROBOT, "arm", "hand", base).forward(TOLD)
    place, turn = by_hand(TOLD, with_torso=base in ("", "world"))
    np.testing.assert_allclose(found, place, atol=1e-12)
    assert (turn.inv() * Rotation.from_quat(quaternion)).magnitude() < 1e-7


# --- inverse --------------------------------------------------------------------------------


def test_the_told_pose_is_reached_by_the_told_joints(arm):
    place, quaternion = arm.forward(TOLD)
    rows = arm.inverse(np.tile(place, (3, 1)), np.tile(-2 * quaternion, (3, 1)), TOLD)
    np.testing.assert_allclose(rows, np.tile(TOLD[1:], (3, 1)), atol=1e-7)


def test_poses_are_reached_smoothly(arm):
    place, quaternion = path(arm)
    rows = arm.inverse(place, quaternion, TOLD)
    metres, radians = misses(arm, rows, place, quaternion)
    assert metres < 1e-6
    assert radians < 1e-6
    first, second = np.abs(np.diff(rows, axis=0)).max(), np.abs(np.diff(rows, 2, axis=0)).max()
    assert first < 0.1
    assert second < 0.2 * first


def test_what_the_pose_leaves_free_stays_near_the_told_joints(arm):
    """There and back: without a pull to the start a redundant arm would have drifted."""
    place, quaternion = path(arm)
    there_and_back = (
        np.concatenate([place, place[::-1]]),
        np.concatenate([quaternion, quaternion[::-1]]),
    )
    rows = arm.inverse(*there_and_back, TOLD)
    np.testing.assert_allclose(rows[-1], TOLD[1:], atol=1e-5)


@settings(max_examples=25)
@given(st.lists(st.floats(-2.7, 2.7), min_size=7, max_size=7), st.integers(0, 2**31))
def test_joints_stay_within_their_limits_or_the_pose_is_refused(joints, seed):
    pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
    arm = Kinematics(URDF, ROBOT, "arm", "hand", "l0")
    told = np.array([0.0, *joints])
    place, quaternion = arm.forward(told)
    random = np.random.default_rng(seed)
    places = place + 0.05 * np.cumsum(random.standard_normal((4, 3)), axis=0)
    try:
        rows = arm.inverse(places, np.tile(quaternion, (4, 1)), told)
    except Unreachable:
        return
    assert (np.abs(rows[:, :6]) <= 2.79 + 1e-12).all()
    found = [arm.forward(np.array([0.0, *row]))[0] for row in rows]
    assert np.linalg.norm(found - places, axis=1).max() <= 1e-3


def test_a_joint_at_its_limit_leaves_its_part_to_the_others():
    pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
    free = Kinematics(URDF, ROBOT, "arm", "hand", "l0")
    place, quaternion = path(free)
    wide = free.inverse(place, quaternion, TOLD)
    # The elbow's angle follows from the pose; the shoulder's is free.
    low = -HIGH
    low[1] = (wide[:, 0].min() + TOLD[1]) / 2
    limits = Limits(low, HIGH, *(np.ones(8),) * 3, np.full(8, 0.01))
    robot = toy(groups=ROBOT.groups, limits=limits, continuous_joints=ROBOT.continuous_joints)
    rows = Kinematics(URDF, robot, "arm", "hand", "l0").inverse(place, quaternion, TOLD)
    assert wide[:, 0].min() < low[1]
    assert rows[:, 0].min() >= low[1] + 0.01 - 1e-12
    metres, radians = misses(free, rows, place, quaternion)
    assert metres < 1e-3
    assert radians < 1e-2


def test_a_joint_told_to_be_in_its_margin_may_stay_there(arm):
    told = TOLD.copy()
    told[2] = 2.795
    rows = arm.inverse(*(np.array([value]) for value in arm.forward(told)), told)
    np.testing.assert_allclose(rows[0], told[1:], atol=1e-7)


def test_a_continuous_joint_turns_on(arm):
    path = np.tile(TOLD, (40, 1))
    path[:, 7] = np.linspace(9.0, 14.0, 40)
    place, quaternion = map(np.array, zip(*map(arm.forward, path), strict=True))
    rows = arm.inverse(place, quaternion, path[0])
    assert misses(arm, rows, place, quaternion)[0] < 1e-6
    assert (np.diff(rows[:, 6]) > 0.0).all()
    assert rows[-1, 6] > 12.0


def test_the_same_question_has_the_same_answer_bit_for_bit(arm):
    poses = path(arm)
    first = arm.inverse(*poses, TOLD)
    arm.forward(np.zeros(8))
    np.testing.assert_array_equal(arm.inverse(*poses, TOLD), first)


def test_a_pose_out_of_reach_names_row_and_distance(arm):
    place, quaternion = path(arm)
    place[7:] += [3.0, 0.0, 0.0]
    with pytest.raises(Unreachable, match=r"row 7 is out of reach: .* m and .* rad, 0.001 m"):
        arm.inverse(place, quaternion, TOLD)


# --- in the policy room ---------------------------------------------------------------------


def layout(kind):
    return parse(f"arm: {kind} tip_link hand base_link l0")


def test_steps_of_the_tool_become_rows_of_joints(arm):
    actions = Actions(ROBOT, layout("pose_delta rotation_vector"), {"arm": arm})
    given = np.tile([0.01, 0.0, -0.005, 0.0, 0.02, 0.0], (10, 1))
    rows = actions.rows(given, TOLD)
    np.testing.assert_allclose(rows[0], TOLD, atol=1e-6)
    np.testing.assert_array_equal(rows[:, 0], TOLD[0])
    places = np.array([arm.forward(row)[0] for row in rows])
    np.testing.assert_allclose(np.diff(places, axis=0), given[:, :3], atol=1e-5)


def test_a_row_out_of_reach_is_an_answer_with_an_error(arm):
    actions = Actions(ROBOT, layout("pose quaternion"), {"arm": arm})
    given = np.tile([4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], (3, 1))
    rest = np.zeros(8)
    seen = Observation(stamp(0), {}, joints_at(0.0, TOLD), "pick")
    request = Request(1, 0, seen, KinematicState(stamp(0), TOLD, rest, rest), None)
    response = actions.applied(Response(1, given, np.zeros(1)), request)
    assert "row 0 is out of reach" in response.error
    assert response.rows.size == 0


# --- what cannot be computed ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "tip", "base", "words"),
    [
        ("arm", "hnad", "", "no link 'hnad' in the URDF, did you mean 'hand'"),
        ("arm", "hand", "l9", "no link 'l9' in the URDF"),
        ("arm", "hand", "l3", "group arm moves link 'l3', which its poses are given in"),
        ("arm", "camera", "", "no joint of group arm moves link 'camera'"),
        ("other", "hand", "", "no joint 'elbow' in the URDF"),
    ],
)
def test_links_that_make_no_sense_are_named(arm, group, tip, base, words):
    groups = (*ROBOT.groups, JointGroup("other", "joints", ("elbow",), "rad"))
    limits = Limits(*(np.ones(9),) * 6)
    with pytest.raises(KinematicsError) as error:
        Kinematics(URDF, toy(groups=groups, limits=limits), group, tip, base)
    assert words in str(error.value)


def test_a_text_that_is_no_urdf_is_said(arm):
    with pytest.raises(KinematicsError, match="pinocchio cannot read the URDF"):
        Kinematics(b"<robot", ROBOT, "arm", "hand")


def test_without_pinocchio_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pinocchio", None)
    with pytest.raises(KinematicsError, match=r"pip install 'aura_ros\[kinematics\]'"):
        pinocchio()
