"""How far near pairs are apart at one configuration, and how joints change that."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
from geometry_values import HOME, HOME_OF_JOINTS, context, setup, straight

from aura_ros.guard.checks import self_collision, workspace
from aura_ros.guard.correct.barrier import Geometry
from aura_ros.guard.entry import Stage
from aura_ros.guard.geometry.bodies import Bodies, body, coal
from aura_ros.guard.geometry.chain import Chain
from aura_ros.guard.geometry.nearby import AHEAD_M, Nearby
from aura_ros.guard.geometry.pairs import pairs_of

REGIONS = [
    {"name": "post", "box": {"center": [0.36, 0.22, 0.4], "size": [0.08, 0.08, 0.5]}},
    {"name": "floor", "half_space": {"normal": [0, 0, 1], "offset": 0.0}},
]
TURNS = arrays(float, 8, elements=st.floats(-0.6, 0.6))
STEP = 1e-5


def among_regions(**options):
    return workspace.make(setup(workspace.ENTRY, {"regions": REGIONS} | options))


def of_itself(**options):
    return self_collision.make(setup(self_collision.ENTRY, {"home": HOME_OF_JOINTS} | options))


EXACT = (among_regions(tracking_error=0.0), of_itself(tracking_error=0.0))
WIDENED = (among_regions(), of_itself())


def differences(check, position, count):
    """Slopes (m, n) by differences; None where another pair came near."""
    slopes = []
    for step in STEP * np.eye(8):
        ends = [check.clearances(position + sign * step)[0] for sign in (1, -1)]
        if any(len(end) != count for end in ends):
            return None
        slopes.append((ends[0] - ends[1]) / (2 * STEP))
    return np.array(slopes).T


def at(turns):
    return HOME + np.append(turns[:7], 0.0)


def test_a_check_of_geometry_is_a_geometry():
    for check, entry in zip(WIDENED, (workspace.ENTRY, self_collision.ENTRY), strict=True):
        assert isinstance(check, Geometry)
        assert entry.stage is Stage.PLAN


@given(TURNS)
@settings(max_examples=30)
def test_gradients_are_those_of_the_clearances(turns):
    for check in EXACT:
        clearance, gradient = check.clearances(at(turns))
        found = differences(check, at(turns), len(clearance))
        if found is None:
            continue
        # Where a face meets a face the nearest points jump: the slopes of both sides are mixed.
        smooth = np.abs(found - gradient).max(axis=1, initial=0.0) < 1e-5
        assert smooth.mean() > 0.7 if len(smooth) else True
        assert (np.abs(gradient) < 1.5).all()


@given(TURNS)
@settings(max_examples=30)
def test_what_tracking_errors_take_changes_slowly(turns):
    """The gradient leaves that out: it is a few percent of what joints move."""
    for check in WIDENED:
        clearance, gradient = check.clearances(at(turns))
        found = differences(check, at(turns), len(clearance))
        if found is not None and len(found):
            assert np.median(np.abs(found - gradient).max(axis=1)) < 0.1


@given(TURNS)
@settings(max_examples=20)
def test_clearances_are_what_the_check_finds_at_rest(turns):
    """0 is where the check refuses; what is passed over is centimetres from there."""
    for check in WIDENED:
        left, (near, _) = check._clearance.at(at(turns)), check.clearances(at(turns))
        np.testing.assert_allclose(np.sort(near[near < 0.05]), np.sort(left[left < 0.05]))
        assert np.isclose(near[:, None], left).any(axis=1).all()
        passed = check(context(straight(at(turns), at(turns), 0.1))).passed
        assert passed == (near >= 0).all()


def two_balls(axis=(0.0, 0.0, 1.0), turning=True):
    """A ball on an arm of 1 m whose joint turns or slides, another fixed in front of its root."""
    chain = Chain(
        np.array([0]), np.eye(3)[None], np.zeros((1, 3)), np.array([axis]), np.array([turning]),
        np.array([1]), np.array([2.0]), np.zeros(1),
    )  # fmt: skip
    ball = coal().Sphere(0.1)
    bodies = Bodies.of(
        (body("arm", 1, ball, np.eye(3), np.array([1.0, 0.0, 0.0])),
         body("post", 0, ball, np.eye(3), np.array([1.0, 0.3, 0.0])))
    )  # fmt: skip
    return chain, pairs_of(bodies, chain, [(0, 1)])


@pytest.mark.parametrize("turning", [True, False])
def test_two_balls_by_hand(turning):
    """The robot's second joint moves the arm twice as far towards the post; the first nothing."""
    chain, pairs = two_balls((0.0, 0.0, 1.0) if turning else (0.0, 1.0, 0.0), turning)
    clearance, gradient = Nearby(chain, pairs, 0.02, np.zeros(1), 2).at(np.zeros(2))
    assert clearance == pytest.approx([0.3 - 0.2 - 0.02])
    assert gradient == pytest.approx(np.array([[0.0, -2.0]]))


def test_inside_of_each_other_the_way_out_is_shown():
    chain, pairs = two_balls((0.0, 1.0, 0.0), turning=False)
    clearance, gradient = Nearby(chain, pairs, 0.0, np.zeros(1), 2).at(np.array([0.0, 0.1]))
    assert clearance == pytest.approx([-0.1], abs=1e-5)
    assert gradient == pytest.approx(np.array([[0.0, -2.0]]), abs=1e-4)


@pytest.mark.parametrize(("spare", "count"), [(1e-6, 1), (-1e-6, 0)])
def test_what_is_far_is_passed_over(spare, count):
    chain, pairs = two_balls()
    found = Nearby(chain, pairs, 0.1 - AHEAD_M + spare, np.zeros(1), 2).at(np.zeros(2))
    assert found[0].shape == (count,)
    assert found[1].shape == (count, 2)
