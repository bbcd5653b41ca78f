"""Rows of a chunk on the knot grid."""

import numpy as np
from chain_values import chunk, ns, stamp, toy

from aura_ros.fuser.reference import MAX_KNOTS, knots_left, reference

ROBOT = toy()
PERIOD = ns(0.02)


def ramp(count=16):
    """Rows that rise by 0.01 each, inside all limits of the arm."""
    return np.repeat(0.01 * np.arange(count)[:, None], 3, axis=1) * [1.0, 1.0, 0.1] + [0, 0, 0.01]


def test_rows_are_interpolated_in_time():
    value = chunk(ROBOT, rows=ramp())
    found = reference(value, stamp(0.1), PERIOD, ROBOT.limits)
    times = 0.1 + 0.02 * np.arange(1, len(found) + 1)
    np.testing.assert_allclose(found[:, 0], 0.01 * times / 0.05, atol=1e-12)
    assert len(found) == knots_left(value, stamp(0.1), PERIOD) == (15 * 50 - 100) // 20


def test_before_its_first_row_a_chunk_waits_there():
    value = chunk(ROBOT, begin_s=0.2, rows=ramp())
    found = reference(value, stamp(0.0), PERIOD, ROBOT.limits)
    np.testing.assert_allclose(found[:10, 0], 0.0, atol=1e-12)
    assert found[12, 0] > 0


def test_rows_are_kept_inside_the_margin():
    rows = np.array([[9.0, -9.0, 9.0]] * 4)
    found = reference(chunk(ROBOT, rows=rows), stamp(0.0), PERIOD, ROBOT.limits)
    inside = [ROBOT.limits.upper[0] - 0.01, ROBOT.limits.lower[1] + 0.01, 0.049]
    np.testing.assert_allclose(found, np.broadcast_to(inside, found.shape))


def test_a_chunk_that_has_passed_has_no_knots_left():
    value = chunk(ROBOT, rows=ramp())
    assert knots_left(value, stamp(5.0), PERIOD) == 0
    assert reference(value, stamp(5.0), PERIOD, ROBOT.limits).shape == (0, 3)


def test_an_endless_chunk_is_planned_in_parts():
    value = chunk(ROBOT, rows=ramp(), row_period_ns=ns(3600))
    assert len(reference(value, stamp(0.0), PERIOD, ROBOT.limits)) == MAX_KNOTS
