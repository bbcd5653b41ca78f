"""Rotations against scipy, transforms3d and finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from transforms3d.euler import _AXES2TUPLE, euler2quat

pytest.importorskip("scipy", reason="scipy is absent")
from scipy.spatial.transform import Rotation

from aura_ros.motion import rotations as r

settings.register_profile("rotations", deadline=None)
settings.load_profile("rotations")

IDENTITY = np.array([0.0, 0.0, 0.0, 1.0])
DOWN = np.array([1.0, 0.0, 0.0, 0.0])
FINITE = {"allow_nan": False, "allow_infinity": False}
vectors = arrays(np.float64, 3, elements=st.floats(-3.0, 3.0, **FINITE))
quaternions = arrays(np.float64, 4, elements=st.floats(-1.0, 1.0, **FINITE)).filter(
    lambda q: np.linalg.norm(q) > 0.1
)


def unit(q):
    return q / np.linalg.norm(q)


def away(a, b):
    """Angle between two orientations [rad]."""
    return (Rotation.from_quat(a).inv() * Rotation.from_quat(b)).magnitude()


# --- the chart ------------------------------------------------------------------------------


@given(vectors, quaternions)
def test_a_vector_comes_back_from_its_quaternion(v, reference):
    v = v * min(1.0, 3.1 / max(np.linalg.norm(v), 1e-9))
    again = r.from_quaternion(r.to_quaternion(v, reference), reference)
    np.testing.assert_allclose(again, v, atol=1e-9)


@given(quaternions, quaternions)
def test_a_quaternion_comes_back_from_its_vector(q, reference):
    v = r.from_quaternion(q, reference)
    assert np.linalg.norm(v) <= np.pi + 1e-12
    assert away(r.to_quaternion(v, reference), q) < 1e-7


def test_the_reference_is_turned_first():
    v = r.from_quaternion(r.from_euler([0.0, 0.0, 0.3], "sxyz"), DOWN)
    turn = Rotation.from_quat(DOWN).inv() * Rotation.from_rotvec([0, 0, 0.3])
    np.testing.assert_allclose(v, turn.as_rotvec(), atol=1e-12)


@given(vectors, st.lists(st.booleans(), min_size=30, max_size=30), quaternions)
def test_a_sequence_goes_on_beyond_pi_whatever_the_signs(axis, signs, reference):
    axis = axis + np.array([0.0, 0.0, 4.0])
    angles = np.linspace(0.2, 5.8, 30)[:, None]
    wanted = angles * axis / np.linalg.norm(axis)
    q = r.to_quaternion(wanted, reference) * np.where(signs, 1.0, -1.0)[:, None]
    np.testing.assert_allclose(r.from_quaternion(q, reference), wanted, atol=1e-7)


def test_a_sequence_may_not_leave_the_chart():
    v = np.linspace(0.0, 6.2, 32)[:, None] * [0.0, 1.0, 0.0]
    with pytest.raises(r.RotationError, match=r"row 31 turns by 6\.20 rad .*; 6 rad"):
        r.from_quaternion(r.to_quaternion(v, IDENTITY), IDENTITY)


def test_a_sequence_may_not_leap_past_the_end_of_the_chart():
    v = np.array([0.0, 2.0, 4.0, 5.9, 6.8])[:, None] * [0.0, 1.0, 0.0]
    with pytest.raises(r.RotationError, match=r"row 4 .* in small steps"):
        r.from_quaternion(r.to_quaternion(v, IDENTITY), IDENTITY)


def test_several_sequences_are_continuous_each_for_itself():
    angles = np.array([np.linspace(3.0, 3.4, 5), np.linspace(-3.0, -3.4, 5)])
    v = angles[..., None] * [0.0, 0.0, 1.0]
    np.testing.assert_allclose(r.from_quaternion(r.to_quaternion(v, DOWN), DOWN), v, atol=1e-12)


@pytest.mark.parametrize("q", [np.zeros(4), [[0, 0, 0, 1.0], [0, 0.05, 0, 0]]])
def test_a_quaternion_of_about_zero_is_no_rotation(q):
    with pytest.raises(r.RotationError, match="at least"):
        r.from_quaternion(q, IDENTITY)


def test_a_quaternion_need_not_be_of_length_one():
    q = unit(np.array([0.1, 0.2, -0.3, 0.9]))
    np.testing.assert_allclose(
        r.from_quaternion(1.7 * q, IDENTITY), r.from_quaternion(q, IDENTITY), atol=1e-12
    )


# --- angular velocity -----------------------------------------------------------------------


@given(vectors, vectors, quaternions)
def test_the_angular_velocity_is_that_of_the_motion(v, rate, reference):
    step = 1e-5
    before, after = (r.to_quaternion(v + s * rate, reference) for s in (-step, step))
    turn = Rotation.from_quat(after) * Rotation.from_quat(before).inv()
    found = r.angular_velocity(v, rate, unit(reference))
    np.testing.assert_allclose(found, turn.as_rotvec() / (2 * step), atol=1e-5)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-3, 0.0199, 0.0201, 0.5, 3.0])
def test_the_jacobian_is_the_sum_of_its_series(angle):
    v, rate = angle * unit(np.array([1.0, -2.0, 0.5])), np.array([0.3, 0.2, -0.7])
    term, wanted = rate, rate
    for k in range(2, 40):
        term = np.cross(v, term) / k
        wanted = wanted + term
    np.testing.assert_allclose(r.angular_velocity(v, rate, IDENTITY), wanted, atol=1e-12)


@given(vectors, vectors, quaternions, st.sampled_from([1e-9, 1e-3, 0.02, 1.0, 2.0]))
def test_it_is_never_larger_than_the_rate(v, rate, reference, size):
    omega = r.angular_velocity(size * v, rate, unit(reference))
    assert np.linalg.norm(omega) <= np.linalg.norm(rate) * (1 + 1e-9)


def test_angular_velocities_of_many_rows_are_those_of_each():
    random = np.random.default_rng(1)
    v, rate = random.standard_normal((2, 4, 5, 3))
    found = r.angular_velocity(v, rate, DOWN)
    assert found.shape == (4, 5, 3)
    np.testing.assert_allclose(found[2, 3], r.angular_velocity(v[2, 3], rate[2, 3], DOWN))


# --- other representations ------------------------------------------------------------------


@pytest.mark.parametrize("axes", sorted(_AXES2TUPLE))
def test_euler_angles_are_those_of_transforms3d(axes):
    for angles in np.random.default_rng(2).uniform(-3, 3, (5, 3)):
        w, x, y, z = euler2quat(*angles, axes=axes)
        assert away(r.from_euler(angles, axes), [x, y, z, w]) < 1e-9


@pytest.mark.parametrize("axes", ["", "xyz", "sxxy", "szyy", "qxyz", "sxy", "sxyzx"])
def test_other_axes_are_refused(axes):
    with pytest.raises(r.RotationError, match="such as sxyz"):
        r.check_euler(axes)


@given(arrays(np.float64, (6, 4), elements=st.floats(-1.0, 1.0, **FINITE)))
def test_orientations_come_back_from_6d(q):
    q = q + np.where(np.linalg.norm(q, axis=1, keepdims=True) < 0.2, IDENTITY, 0.0)
    again = r.from_6d(r.to_6d(q))
    assert max(map(away, again, q)) < 1e-7


def test_6d_is_two_columns_made_perpendicular():
    matrix = Rotation.from_euler("xyz", [0.3, -0.4, 0.5]).as_matrix()
    pair = np.concatenate([3 * matrix[:, 0], matrix[:, 1] + 0.2 * matrix[:, 0]])
    np.testing.assert_allclose(Rotation.from_quat(r.from_6d(pair)).as_matrix(), matrix, atol=1e-12)


@pytest.mark.parametrize("pair", [[1, 0, 0, 2, 0, 0], [0, 0, 0, 0, 1, 0]])
def test_columns_that_span_no_plane_are_no_rotation(pair):
    with pytest.raises(r.RotationError, match=r"parallel|norm 0"):
        r.from_6d(np.array([[1, 0, 0, 0, 1, 0], pair], dtype=float))


@given(quaternions, quaternions)
def test_the_right_factor_turns_first(a, b):
    expected = Rotation.from_quat(a) * Rotation.from_quat(b)
    assert away(r.multiply(a, b), expected.as_quat()) < 1e-7
