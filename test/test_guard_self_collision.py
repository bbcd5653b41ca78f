"""Links that nothing connects stay apart; the shipped robots are free in their neutral pose."""

import numpy as np
import pytest

pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
from geometry_values import HOME, HOME_OF_JOINTS, PANDA, context, setup, straight

from aura_ros.guard.checks import self_collision
from aura_ros.guard.entry import Unavailable
from aura_ros.guard.geometry.model import home_of, model_of
from aura_ros.robot.load import load_robot
from aura_ros.robot.urdf_source import urdf_of
from aura_ros.types import Decision

# Folded as far as the limits go: the hand meets the arm's base.
FOLDED = np.array([0.0, 1.6, 0.0, -3.0, 0.0, 0.5, 0.8, 0.02])


def made(home=HOME_OF_JOINTS, **options):
    given = options if home is None else options | {"home": home}
    return self_collision.make(setup(self_collision.ENTRY, given))


def test_a_plan_into_the_own_arm_is_refused():
    check = made()
    assert check(context(straight(HOME, HOME + 0.2))).passed
    refused = check(context(straight(HOME, FOLDED)))
    assert refused.decision == Decision.REFUSE
    assert refused.value > refused.limit == 0.0
    assert "panda_link" in refused.detail


def test_the_boundary_is_the_margin():
    folded = HOME + np.array([0.0, 0.3, 0.0, -0.7, 0.0, 0.0, 0.0, 0.0])
    rest = context(straight(folded, folded, 0.2))
    exact = {"tracking_error": 0.0, "links": ["panda_link0", "panda_hand"]}
    distance = 0.35 - made(margin=0.35, home=None, **exact)(rest).value
    assert made(margin=distance - 1e-6, home=None, **exact)(rest).passed
    assert not made(margin=distance + 1e-6, home=None, **exact)(rest).passed


def test_grippers_close_and_neighbours_touch():
    check = made()
    closed = HOME.copy()
    closed[7] = 0.001
    assert check(context(straight(HOME, closed))).passed
    left_out = {frozenset(pair) for pair in check.left_out}
    assert frozenset({"panda_leftfinger", "panda_rightfinger"}) in left_out
    assert frozenset({"panda_link3", "panda_link4"}) in left_out
    assert frozenset({"panda_link0", "panda_hand"}) not in left_out
    assert not left_out & {frozenset(pair) for pair in check.pairs}


def test_what_is_too_near_at_home_is_left_out_and_listed():
    check = made(home=dict(zip(PANDA.joints, FOLDED.tolist(), strict=True)))
    assert set(made().pairs) - set(check.pairs) <= set(check.left_out)
    assert len(check.pairs) < len(made().pairs)


def test_large_tracking_errors_leave_nothing_out():
    """What they bring too near is refused instead, even at home."""
    check = made(tracking_error=0.1)
    assert check.pairs == made().pairs
    assert not check(context(straight(HOME, HOME, 0.2))).passed


def test_pairs_can_be_ignored():
    check = made(ignore=[["panda_hand", "panda_link0"]])
    assert set(made().pairs) - set(check.pairs) == {("panda_link0", "panda_hand")} or set(
        made().pairs
    ) - set(check.pairs) == {("panda_hand", "panda_link0")}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ignore": [["panda_hand"]]}, "must name two links"),
        ({"ignore": [["panda_hand", "panda_linc0"]]}, "did you mean 'panda_link0'"),
        ({"links": ["panda_hand"]}, "no two links"),
        ({"links": ["elbow"]}, "links: no link 'elbow'"),
    ],
)
def test_options_that_cannot_be_name_themselves(options, words):
    with pytest.raises(Unavailable, match=words):
        made(**options)


@pytest.mark.parametrize(
    ("name", "near", "pairs"),
    [("embedded_panda", 0, 35), ("ur5", 0, 15), ("unitree_g1", 8, 900), ("tiago_pro", 40, 500)],
)
def test_the_neutral_pose_of_shipped_robots_is_free(name, near, pairs):
    """At most ``near`` pairs that no joint connects are too near there, and left out."""
    robot, urdf = load_robot(name), urdf_of(name)
    given = setup(self_collision.ENTRY, {}, robot, urdf)
    check, frames = self_collision.make(given), model_of(given).frames
    assert len(check.pairs) > pairs
    grippers = "finger"
    touching = [
        pair
        for pair in check.left_out
        if not frames[pair[0]].connected(frames[pair[1]])
        and not all(grippers in link for link in pair)
    ]
    assert len(touching) <= near, touching
    neutral = home_of(given)
    assert check(context(straight(neutral, neutral, 0.4, robot), robot)).passed


def test_without_pinocchio_the_remedy_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pinocchio", None)
    with pytest.raises(Unavailable, match=r"pip install"):
        made(home=HOME_OF_JOINTS | {"panda_finger_joint1": 0.01}, link_radius={"panda_link1": 0.1})


def test_joints_that_the_urdf_lacks_name_themselves():
    with pytest.raises(Unavailable, match="no joint 'panda_joint1' in the URDF"):
        self_collision.make(setup(self_collision.ENTRY, {}, PANDA, urdf_of("ur5")))
