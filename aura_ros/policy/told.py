"""The state that the policy is told: where its rows begin."""

from __future__ import annotations

import numpy as np

from aura_ros.motion.jerk import sample
from aura_ros.robot.description import Robot
from aura_ros.types import KinematicState, Observation, Plan


def measured_state(
    observation: Observation, committed: Plan | None, robot: Robot
) -> KinematicState:
    """At rest where the robot was seen, at the time of the observation.

    How far a base drove is not measured: it is where it was planned to be.
    """
    position = observation.joints.position
    if committed is not None:
        planned = sample(committed, observation.stamp_ns).position
        position = np.where(robot.measured, position, planned)
    rest = np.zeros_like(position)
    return KinematicState(observation.stamp_ns, position, rest, rest)
