"""Pieces of a plan: cut ones are the same motion, and no joint travels farther than stated."""

import numpy as np
from chain_values import dense, moving_plan, toy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aura_ros.guard.geometry.stretch import PARTS, stretch_of
from aura_ros.motion.stop import at_rest
from aura_ros.types import NS

ROBOT = toy()
JERKS = arrays(float, (6, 3), elements=st.floats(-300.0, 300.0))


@given(JERKS)
def test_travel_bounds_the_way_of_every_joint(jerk):
    plan = moving_plan(ROBOT, jerk=jerk)
    stretch, pieces = stretch_of(plan), 50
    way = np.abs(np.diff(dense(plan, pieces)[0], axis=0))
    way = way.reshape(-1, pieces, way.shape[1]).sum(axis=1)
    assert (way <= stretch.travel[:-1] + 1e-9).all()
    np.testing.assert_array_equal(stretch.travel[-1], 0.0)
    np.testing.assert_allclose(stretch.position, plan.position, atol=1e-9)


@given(JERKS)
def test_cut_pieces_are_the_same_motion(jerk):
    plan = moving_plan(ROBOT, jerk=jerk)
    whole = stretch_of(plan)
    cut = whole.cut([0, 4]).cut([1, PARTS + 1 + 3])
    h = plan.knot_period_ns / NS
    exact = dense(plan, PARTS * PARTS)[0]
    for node, position in enumerate(cut.position):
        at = round(cut.time_s(node) / h * PARTS * PARTS)
        np.testing.assert_allclose(position, exact[at], atol=1e-9)
    assert cut.time_s(0) == whole.time_s(0) + h / PARTS
    assert cut.travel.sum() <= whole.travel[[0, 4]].sum() + 1e-9


def test_a_plan_of_one_knot_stays():
    stretch = stretch_of(at_rest(np.full(3, 0.1), 0, ROBOT.knot_period_ns, ROBOT.joints))
    np.testing.assert_allclose(stretch.position, 0.1)
    assert not stretch.travel.any()
