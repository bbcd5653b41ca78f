"""Forces and distances of people become values; what says nothing is not taken for a number."""

from __future__ import annotations

import math
from types import SimpleNamespace as Message

import numpy as np
import pytest

from aura_ros.conversions.physical import read_distance, read_wrench

HEADER = Message(stamp=Message(sec=3, nanosec=5))
STAMP = 3_000_000_005


def vector(x, y, z):
    return Message(x=x, y=y, z=z)


def ranged(metres, low=0.1, high=8.0):
    return Message(header=HEADER, range=metres, min_range=low, max_range=high)


def test_a_wrench_keeps_its_stamp_its_axes_and_what_is_not_finite():
    wrench = Message(force=vector(1.0, 2.0, 3.0), torque=vector(4.0, math.nan, 6.0))
    value = read_wrench(Message(header=HEADER, wrench=wrench))
    assert value.stamp_ns == STAMP
    np.testing.assert_array_equal(value.force, [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(value.torque, [4.0, math.nan, 6.0])


@pytest.mark.parametrize("metres", [0.1, 1.5, 8.0, math.inf, -math.inf])
def test_a_distance_in_range_nobody_and_too_close_are_readings(metres):
    assert read_distance(ranged(metres)).metres == metres
    assert read_distance(ranged(metres)).stamp_ns == STAMP


@pytest.mark.parametrize("metres", [0.09, 8.01, -1.0, math.nan])
def test_what_is_out_of_range_says_nothing(metres):
    assert math.isnan(read_distance(ranged(metres)).metres)


@pytest.mark.parametrize("bounds", [(0.0, 0.0), (2.0, 2.0)])
def test_a_sensor_that_states_no_range_is_believed(bounds):
    assert read_distance(ranged(1.5, *bounds)).metres == 1.5
