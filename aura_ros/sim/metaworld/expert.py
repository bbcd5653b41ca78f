"""MetaWorld's scripted experts as chunks of set-points within the robot's limits.

They say how fast to move the hand, from the present state alone. So what they would do from any
state is found by trying it on a copy of the simulator.
"""

from __future__ import annotations

import warnings

import numpy as np

from aura_ros.robot.description import Robot
from aura_ros.sim.metaworld.tasks import scripted
from aura_ros.sim.metaworld.world import (
    COLUMNS,
    GRIPPER,
    PLACE,
    ROTATION,
    STEP_S,
    WIDE_OPEN,
    World,
)
from aura_ros.types import Array

SPEED, ACCELERATION = 0.65, 7.0
"""Of the tool on each axis [m/s, m/s^2], below the robot's limits, so that a policy that errs a
little keeps to them."""
FINGERS = 0.4
"""Of the gripper [m/s]."""
_FULL_SPEED = 0.8
# A rotation that errors left in a set-point is taken back within about this time [s].
_UPRIGHT_S = 0.3
# The set-point stays this near to the hand [m]: an expert that pushes against something moves it
# ever farther, and would have to bring it all the way back.
_LEASH = 0.08


class Expert:
    """The expert of the task of ``world``, as set-points for ``robot``."""

    def __init__(self, world: World, robot: Robot) -> None:
        self._world, self._act = world, scripted(world.task)
        limits = robot.limits
        self._low, self._high = limits.lower + limits.margin, limits.upper - limits.margin

    def chunk(
        self, lead: Array, position: Array, velocity: Array, horizon: int, steps: int
    ) -> Array:
        """Set-points (horizon, 7), ``steps`` steps apart, that leave ``position`` (7,) with
        ``velocity`` (7,) after the set-points ``lead`` (k, 7) were executed.

        The state of the world is left as it is.
        """
        with self._world.imagined(), warnings.catch_warnings():
            # MetaWorld warns of every action that it clips.
            warnings.simplefilter("ignore")
            for set_point in lead:
                self._world.advance(set_point)
            rows = np.empty((horizon, COLUMNS))
            rows[0] = position
            for row in range(1, horizon):
                for _ in range(steps):
                    position, velocity = self._moved(position, velocity)
                    self._world.advance(position)
                rows[row] = position
        return rows

    def _moved(self, position: Array, velocity: Array) -> tuple[Array, Array]:
        """Set-point and its velocity a step later."""
        action = np.clip(self._act(self._world.observation), -1.0, 1.0)
        speed = np.clip(_FULL_SPEED * action[:3], -SPEED, SPEED)
        change = ACCELERATION * STEP_S
        moved = np.zeros(COLUMNS)
        moved[PLACE] = velocity[PLACE] + np.clip(speed - velocity[PLACE], -change, change)
        moved[ROTATION] = -position[ROTATION] / _UPRIGHT_S
        wanted = WIDE_OPEN * (1.0 - action[3]) / 2.0
        moved[GRIPPER] = np.clip((wanted - position[GRIPPER]) / STEP_S, -FINGERS, FINGERS)
        target = position + moved * STEP_S
        hand = self._world.position[PLACE]
        target[PLACE] = np.clip(target[PLACE], hand - _LEASH, hand + _LEASH)
        target = np.clip(target, self._low, self._high)
        # Neither the leash nor the ends may pull a set-point back in one go.
        stride = SPEED * STEP_S
        target[PLACE] = np.clip(target[PLACE], position[PLACE] - stride, position[PLACE] + stride)
        return target, (target - position) / STEP_S
