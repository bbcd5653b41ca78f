"""Places of many configurations against pinocchio's, and reaches against the motion they bound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
import pinocchio as pin
from geometry_values import PANDA, PANDA_URDF, setup

from aura_ros.guard.checks import self_collision
from aura_ros.guard.geometry.bodies import Bodies
from aura_ros.guard.geometry.coarse import farthest
from aura_ros.guard.geometry.model import model_of
from aura_ros.robot.load import load_robot
from aura_ros.robot.urdf_source import urdf_of

MODEL = model_of(setup(self_collision.ENTRY, {}))
RANDOM = np.random.default_rng(7)
JOINTS = st.lists(st.floats(-2.8, 2.8), min_size=7, max_size=7)


def of_pinocchio(urdf, values):
    """Places of all links (name -> SE3) at joint positions by name; the others are zero."""
    model = pin.buildModelFromXML(urdf.decode())
    data, q = model.createData(), pin.neutral(model)
    for name, value in values.items():
        joint = model.joints[model.getJointId(name)]
        q[joint.idx_q : joint.idx_q + joint.nq] = (
            value if joint.nq == 1 else [np.cos(value), np.sin(value)]
        )
    pin.framesForwardKinematics(model, data, q)
    return {frame.name: data.oMf[k] for k, frame in enumerate(model.frames)}


def assert_placed(model, position, expected):
    places = model.chain.place(position)
    for name, frame in model.frames.items():
        pose = places.pose[frame.place, 0]
        np.testing.assert_allclose(pose[:, :3] @ frame.rotation, expected[name].rotation, atol=1e-9)
        origin = pose[:, :3] @ frame.origin + pose[:, 3]
        np.testing.assert_allclose(origin, expected[name].translation, atol=1e-9)


def test_places_are_those_of_pinocchio_and_fingers_mimic():
    position = RANDOM.uniform(-1.5, 1.5, (3, 8))
    position[:, 7] = 0.02
    values = dict(zip(PANDA.joints, position[0], strict=True)) | {"panda_finger_joint2": 0.02}
    assert_placed(MODEL, position, of_pinocchio(PANDA_URDF, values))


def test_joints_that_slide_and_joints_that_stay_at_home():
    robot, urdf = load_robot("tiago_pro"), urdf_of("tiago_pro")
    model = model_of(setup(self_collision.ENTRY, {"home": {"arm_left_2_joint": 0.4}}, robot, urdf))
    position = RANDOM.uniform(0.0, 0.3, (1, len(robot.joints)))
    names = [joint for joint in robot.joints if not joint.startswith("base")]
    values = {name: position[0, robot.joints.index(name)] for name in names}
    placed = of_pinocchio(urdf, values | {"arm_left_2_joint": 0.4})
    # The fingers that mimic are left to the Panda.
    moved = {k: f for k, f in model.frames.items() if "gripper_right" not in k}
    assert_placed(type(model)(model.along, moved, (), (), model.gripping), position, placed)


@given(JOINTS, st.integers(0, 6), st.floats(-0.5, 0.5))
@settings(max_examples=40)
def test_no_point_moves_farther_than_the_reach_tells(joints, joint, turn):
    bodies, chain = Bodies.of(MODEL.bodies), MODEL.chain
    position = np.array([[*joints, 0.02]])
    places = chain.place(position)
    center = places.points(bodies.place, bodies.center)
    reach = chain.reach(places, center, bodies.radius)[0, joint]
    position[0, joint] += turn
    after = chain.place(position)
    for column, body in enumerate(bodies.items):
        offsets = RANDOM.normal(size=(20, 3))
        offsets *= body.radius / np.linalg.norm(offsets, axis=1)[:, None]
        place, points = np.full(20, body.place), body.center + offsets
        moved = after.points(place, points) - places.points(place, points)
        bound = abs(turn) * reach[column] if chain.supports[body.place, joint] else 0.0
        assert np.linalg.norm(moved, axis=-1).max() <= bound + 1e-9


@given(JOINTS)
@settings(max_examples=30)
def test_the_farthest_reach_holds_in_every_configuration(joints):
    bodies, chain = Bodies.of(MODEL.bodies), MODEL.chain
    position = np.array([[*joints, 0.03]])
    places = chain.place(position)
    reach = chain.reach(places, places.points(bodies.place, bodies.center), bodies.radius)[0]
    fixed, slid = farthest(chain, bodies)
    bound = fixed + slid @ np.abs(chain.joints(position)[0])
    own = chain.supports[bodies.place].T
    assert (reach <= bound + 1e-9)[own].all()
    assert (bound[own] < 2.0).all()  # m: the arm is no longer
