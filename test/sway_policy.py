"""A policy node whose arm sways for ever: motion without a simulator or its model."""

from __future__ import annotations

import sys
import time

import numpy as np

from aura_ros.nodes.policy import PolicyNode, Worker
from aura_ros.nodes.run import run
from aura_ros.policy.policy import Policy
from aura_ros.types import NS

HOME = np.array([0.0, -0.4, 0.0, -2.0, 0.0, 1.6, 0.8, 0.02])
_PERIOD_NS = 6 * NS


class Sway:
    """Two joints in quadrature around ``HOME``, so that the arm never rests: 0.5 rad/s."""

    name = "sway"

    def __init__(self, robot):
        self._steps, self._period_ns = robot.horizon, robot.row_period_ns

    def encode(self, observation):
        return observation.joints.position

    def act(self, request, embedding):
        """Rows that run into the sway from the state where they begin."""
        position, velocity = request.start.position, request.start.velocity
        step_s = self._period_ns / NS
        rows = []
        for i in range(self._steps):
            rows.append(position)
            away, drift = self._target(request.start.time_ns + i * self._period_ns)
            pull = 4.0 * (away - position) + 4.0 * (drift - velocity)
            velocity = velocity + np.clip(pull, -1.5, 1.5) * step_s
            position = position + velocity * step_s
        return np.array(rows)

    def _target(self, time_ns):
        rate = 2 * np.pi * NS / _PERIOD_NS
        phase = 2 * np.pi * (time_ns % _PERIOD_NS) / _PERIOD_NS
        away, drift = HOME.copy(), np.zeros(len(HOME))
        away[:2] += 0.5 * np.array([np.sin(phase), np.cos(phase)])
        drift[:2] = 0.5 * rate * np.array([np.cos(phase), -np.sin(phase)])
        return away, drift


class SwayPolicy(PolicyNode):
    """The policy node with that backend."""

    def build(self, robot, settings):
        self._worker = Worker(Sway(robot), self.post)
        return Policy(robot, settings, session=time.time_ns())


if __name__ == "__main__":
    sys.exit(run(SwayPolicy))
