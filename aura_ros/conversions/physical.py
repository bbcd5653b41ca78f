"""Messages of sensors of the physical world to values: forces, distances of people."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aura_ros.conversions.fields import nanoseconds
from aura_ros.types import Distance, Wrench


def read_wrench(message: Any) -> Wrench:
    """The value of a geometry_msgs/WrenchStamped message; NaN stays NaN, for a check to find."""
    force, torque = message.wrench.force, message.wrench.torque
    return Wrench(
        nanoseconds(message.header.stamp),
        np.array([force.x, force.y, force.z], dtype=np.float64),
        np.array([torque.x, torque.y, torque.z], dtype=np.float64),
    )


def read_distance(message: Any) -> Distance:
    """The value of a sensor_msgs/Range message [m], by REP 117.

    +inf: nothing within reach, -inf: too close to measure, NaN: an error. A number outside of
    ``min_range`` and ``max_range`` says nothing by the message's own words, and becomes NaN.
    """
    metres, low, high = float(message.range), float(message.min_range), float(message.max_range)
    # A sensor of one fixed distance has both ranges equal, and one that leaves them out too.
    if math.isfinite(metres) and low < high and not low <= metres <= high:
        metres = math.nan
    return Distance(nanoseconds(message.header.stamp), metres)
