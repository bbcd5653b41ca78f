"""Condition numbers against pinocchio's Jacobian, and what they allow."""

import numpy as np
import pytest

pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
from dataclasses import replace

import pinocchio as pin
from geometry_values import HOME, PANDA, PANDA_URDF, context, setup, straight

from aura_ros.guard.checks import singularity
from aura_ros.guard.entry import Unavailable
from aura_ros.guard.geometry.model import model_of
from aura_ros.types import Decision

TOOLS = {"tools": {"arm": "panda_hand_tcp"}}
# The elbow on its way to being straight.
STRETCHED = HOME + np.array([0.0, 0.0, 0.0, 1.5, 0.0, 0.0, 0.0, 0.0])


def made(**options):
    return singularity.make(setup(singularity.ENTRY, TOOLS | options))


def condition_of(position):
    """Condition number of the tool's Jacobian, by pinocchio."""
    model = pin.buildModelFromXML(PANDA_URDF.decode())
    data = model.createData()
    q = np.append(position, position[7])
    frame = model.getFrameId("panda_hand_tcp")
    aligned = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
    return np.linalg.cond(pin.computeFrameJacobian(model, data, q, frame, aligned)[:, :7])


def test_condition_numbers_are_those_of_pinocchio():
    given = setup(singularity.ENTRY, TOOLS)
    model, check = model_of(given), made()
    positions = np.array([HOME, STRETCHED, HOME + 0.3])
    found = singularity.conditions(model.chain, model.chain.place(positions), check._tools[0])
    np.testing.assert_allclose(found, [condition_of(p) for p in positions], rtol=1e-6)


def test_what_goes_into_a_singularity_is_refused_at_its_limit():
    plan = context(straight(HOME, STRETCHED, 3.0))
    worst = condition_of(STRETCHED)
    assert made(slow_above=worst + 2, refuse_above=worst * (1 + 1e-6))(plan).passed
    refused = made(refuse_above=worst * (1 - 1e-6))(plan)
    assert refused.decision == Decision.REFUSE
    assert refused.value == pytest.approx(worst)
    assert made()(plan).decision == Decision.REFUSE


def test_what_is_near_one_is_slow():
    plan = straight(HOME, STRETCHED, 3.0)
    limits = {"slow_above": condition_of(HOME) + 3, "refuse_above": 1e6}
    check = made(**limits, slow_share=0.1)(context(plan))
    assert check.decision == Decision.SLOW
    assert check.value > check.limit == limits["slow_above"]
    slower = straight(HOME, STRETCHED, 20.0)
    assert made(**limits, slow_share=0.1)(context(slower)).passed


def test_a_robot_may_leave_a_singularity():
    assert condition_of(STRETCHED) > 30
    assert made()(context(straight(STRETCHED, HOME, 3.0))).passed
    beyond = STRETCHED + np.array([0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0])
    assert not made()(context(straight(STRETCHED, beyond, 3.0))).passed


def test_what_is_not_finite_is_no_plan():
    plan = straight(HOME, HOME)
    velocity = np.array(plan.velocity)
    velocity[3, 2] = np.inf
    assert made()(context(replace(plan, velocity=velocity))).decision >= Decision.HOLD


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ({"leg": "panda_hand"}, "no group 'leg'"),
        ({"arm": "panda_hnd"}, "tools.arm: no link 'panda_hnd'"),
        ({"arm": "panda_link0"}, "no joint of arm moves"),
    ],
)
def test_tools_that_cannot_be_name_themselves(tools, words):
    with pytest.raises(Unavailable, match=words):
        made(tools=tools)


def test_every_step_of_a_joint_is_looked_at():
    plan = straight(HOME, STRETCHED, 1.0)
    knots = singularity._apart(plan.position)
    assert knots[0] == 0
    assert knots[-1] == len(plan.position) - 1
    single = np.abs(np.diff(plan.position, axis=0)).max()
    assert np.abs(np.diff(plan.position[knots], axis=0)).max() <= singularity.STEP + single
    assert PANDA.joints[0] in plan.joint_names
