"""Regions along whole plans, against MuJoCo's distances of the plan that moves."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
pytest.importorskip("mujoco", reason="mujoco is absent")
from geometry_post import BOX, POST, Oracle
from geometry_values import HOME, PANDA, PANDA_URDF, context, dense, setup, straight

from aura_ros.guard.checks import workspace
from aura_ros.guard.entry import Unavailable
from aura_ros.robot.problems import RobotConfigError
from aura_ros.types import Decision, Plan

AROUND = {"regions": [POST]}
ERROR = 0.01
TURNED = np.array([0.35, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])


def made(**options):
    return workspace.make(setup(workspace.ENTRY, AROUND | options))


def floor(height):
    return [{"name": "floor", "half_space": {"normal": [0, 0, 1], "offset": height}}]


ORACLE = Oracle()
CHECK = made()


def near_post(turns):
    """A plan past the post: both ends turned from where it stands."""
    begin, end = np.split(turns, 2)
    return straight(HOME + np.append(begin, 0.0), HOME + np.append(end, 0.0), 1.0)


TURNS = arrays(float, 14, elements=st.floats(-0.6, 0.6))


@given(TURNS, st.integers(0, 2**32))
@settings(max_examples=25)
def test_what_passes_stays_out_whatever_the_tracking_error(turns, seed):
    """Also: what is refused is near: the check is not safe by refusing all."""
    plan, random = near_post(turns), np.random.default_rng(seed)
    check = CHECK(context(plan))
    moved = dense(plan, 0.004)
    if check.passed:
        for position in moved:
            error = np.append(random.uniform(-ERROR, ERROR, 7), 0.0)
            assert ORACLE.distance(position + error) > 0.0
    else:
        assert min(ORACLE.distance(position) for position in moved) < 0.06
        assert check.decision == Decision.REFUSE
        assert "post" in check.detail


@given(st.floats(0.5, 0.9), st.floats(-0.1, 0.1), st.floats(0.1, 1.0))
@settings(max_examples=20)
def test_a_plan_through_a_box_is_refused_however_fast(turn, lift, seconds):
    """Both ends are clear; the box is in the way."""
    ends = [HOME + np.array([side, lift, 0, 0, 0, 0, 0, 0]) for side in (0.54 - turn, 0.54 + turn)]
    plan = straight(*ends, seconds)
    assert min(ORACLE.distance(position) for position in dense(plan, 0.004)) < 0.0
    assert min(ORACLE.distance(end) for end in ends) > 0.0
    check = CHECK(context(plan))
    assert not check.passed
    assert check.value > check.limit


def test_the_boundary_is_margin_and_widening():
    rest, finger = context(straight(HOME, HOME, 0.4)), {"links": ["panda_leftfinger"]}
    exact = {"margin": 0.0, "tracking_error": 0.0} | finger
    height = 0.45 - made(regions=floor(0.45), **exact)(rest).value
    assert made(regions=floor(height - 1e-6), **exact)(rest).passed
    assert not made(regions=floor(height + 1e-6), **exact)(rest).passed
    margin = {"margin": 0.03, "tracking_error": 0.0} | finger
    assert made(regions=floor(height - 0.03 - 1e-6), **margin)(rest).passed
    assert not made(regions=floor(height - 0.03 + 1e-6), **margin)(rest).passed
    # The joints are 0.05 to 1 m away: 10 mrad each move the finger by centimetres.
    erring = made(regions=floor(height), margin=0.0, **finger)(rest).value
    assert 0.015 < erring < 0.04


def test_the_stop_tail_counts():
    plan = straight(HOME, HOME + TURNED, 1.0)
    check = CHECK(context(plan))
    assert not check.passed
    few = len(plan.position) // 4
    knots = (plan.position[:few], plan.velocity[:few], plan.acceleration[:few])
    assert CHECK(context(Plan(0, plan.knot_period_ns, *knots, plan.joint_names))).passed


def test_links_stay_in_a_cell():
    cell = [{"name": "cell", "keep": "in", "box": {"center": [0, 0, 0.6], "size": [1.5, 1.5, 1.6]}}]
    check = made(regions=cell)
    assert check(context(straight(HOME, HOME))).passed
    reach = HOME + np.array([0.0, 1.2, 0.0, 1.4, 0.0, 0.0, 0.0, 0.0])
    refused = check(context(straight(HOME, reach)))
    assert not refused.passed
    assert "cell" in refused.detail


def test_regions_are_given_in_the_frame_of_a_link():
    """A plane through the hand's own frame moves with it: fingers stay in front of it."""
    behind = [{"name": "palm", "half_space": {"normal": [0, 0, 1], "offset": 0.03}}]
    check = made(regions=behind, frame="panda_hand", margin=0.0, links=["panda_leftfinger"])
    assert check(context(straight(HOME, HOME + 0.3 * TURNED))).passed
    nearer = [{"name": "palm", "half_space": {"normal": [0, 0, 1], "offset": 0.07}}]
    check = made(regions=nearer, frame="panda_hand", margin=0.0, links=["panda_leftfinger"])
    assert not check(context(straight(HOME, HOME + 0.3 * TURNED))).passed


def test_a_turned_box():
    """A quarter turn about z swaps its edges: across, it is in the hand's way."""
    half = float(np.sqrt(0.5))
    bar = {"center": [0.63, 0.0, 0.5], "size": [0.02, 0.6, 0.02]}
    turned = bar | {"rotation": [0.0, 0.0, half, half]}
    rest = context(straight(HOME, HOME, 0.4))
    assert made(regions=[{"name": "bar", "box": bar}], links=["panda_hand"])(rest).passed
    assert not made(regions=[{"name": "bar", "box": turned}], links=["panda_hand"])(rest).passed


def test_a_tool_makes_the_hand_longer():
    tool = {"link": "panda_hand_tcp", "offset": [0.0, 0.0, 0.1], "radius": 0.05}
    rest, hand = context(straight(HOME, HOME, 0.4)), {"links": ["panda_hand"]}
    assert made(regions=floor(0.3), **hand)(rest).passed
    refused = made(regions=floor(0.3), tool=tool, **hand)(rest)
    assert not refused.passed
    assert refused.detail.startswith("tool comes too near floor")


def test_what_is_not_finite_is_no_plan():
    plan = straight(HOME, HOME)
    position = np.array(plan.position)
    position[3, 2] = np.nan
    check = CHECK(context(replace(plan, position=position)))
    assert not check.passed
    assert check.decision >= Decision.HOLD


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"frame": "panda_hnd"}, "did you mean 'panda_hand'"),
        ({"links": ["panda_link99"]}, "links: no link 'panda_link99'"),
        ({"links": ["panda_link0"]}, "no link with a collision shape moves"),
        ({"regions": floor(0.0) * 2}, "two of them have one name"),
        ({"regions": [{"name": "a"}]}, "either box or half_space"),
        ({"regions": [floor(0.0)[0] | {"box": BOX}]}, "either box or half_space"),
        ({"regions": [{"name": "a", "half_space": {"normal": [0, 0, 0], "offset": 0}}]}, "length"),
        ({"regions": [{"name": "a", "box": BOX | {"rotation": [1, 1, 0, 0]}}]}, "quaternion"),
        ({"tracking_error": {"leg": 0.1}}, "no group 'leg'"),
        ({"tracking_error": 0.2}, "name a smaller one"),
        ({"home": {"panda_joint99": 0.0}}, "home: no joint 'panda_joint99'"),
        ({"link_radius": {"hand": 0.1}}, "link_radius: no link 'hand'"),
    ],
)
def test_options_that_cannot_be_name_themselves(options, words):
    with pytest.raises(Unavailable, match=words):
        made(**options)


@pytest.mark.parametrize(
    "options",
    [{"regions": []}, {"margin": -1.0}, {"regions": [{"name": "a", "box": {"center": [0, 0]}}]}],
)
def test_options_of_the_wrong_kind_name_their_key(options):
    with pytest.raises(RobotConfigError, match="workspace"):
        made(**options)


def test_without_a_urdf_it_says_so():
    with pytest.raises(Unavailable, match="URDF"):
        workspace.make(setup(workspace.ENTRY, AROUND, urdf=None))
    with pytest.raises(Unavailable, match="not XML"):
        workspace.make(setup(workspace.ENTRY, AROUND, urdf=b"<robot"))
    lost = PANDA_URDF.replace(b"collision/link4.stl", b"collision/lost.stl")
    with pytest.raises(Unavailable, match=r"link 'panda_link4': its mesh .*lost.stl"):
        workspace.make(setup(workspace.ENTRY, AROUND, urdf=lost))
    drawn = AROUND | {"link_radius": {"panda_link4": 0.08}}
    check = workspace.make(setup(workspace.ENTRY, drawn, urdf=lost))
    assert ("panda_link4", "post") in check.pairs
    assert check(context(straight(HOME, HOME, robot=PANDA))).passed
