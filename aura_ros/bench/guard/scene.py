"""The embedded robot with what the guard watches beside it: a box, a person, a force on the hand.

Nothing here is guard code: what it measures is what the simulator sees.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aura_ros.bench.closed_loop.embedded import EmbeddedPlant
from aura_ros.sim.witness import Box, Witness
from aura_ros.types import Array, Distance, Wrench

# Beside the table's working area. Four centimetres nearer, one development episode in 120 led by it
# within the margin of the guard's geometry.
KEEP_OUT = Box(center=(0.45, 0.60, 0.35), size=(0.7, 0.4, 0.9))
# Noise of the two sensors, as standard deviations: an F/T sensor's [N, N m], a scanner's [m].
FORCE_NOISE, TORQUE_NOISE, DISTANCE_NOISE = 0.3, 0.02, 0.01
# As far as the scanner sees [m].
RANGE = 4.0
# A person's capsule stands on the floor, which is lower than the table's top [m].
PERSON_HEIGHT = 0.15


class Scene(EmbeddedPlant):
    """One task, and the world around it. ``person`` (2,) is where somebody stands, or None."""

    def __init__(self, task: str) -> None:
        super().__init__(task)
        self.robot = replace(self.robot, wrench_topic="wrench", distance_topic="human_distance")
        self.witness = Witness(self._world, KEEP_OUT)
        self._rng = np.random.default_rng(0)
        self.person: Array | None = None

    def reset(self, seed: int) -> None:
        """As ``Plant.reset``: nobody is there and nothing pushes."""
        super().reset(seed)
        self._world.push(np.zeros(3))
        self._rng = np.random.default_rng((seed, 17))
        self.person = None
        self.witness.forget()
        self.look()

    def look(self) -> None:
        """The witness sees the world as it is now."""
        at = None if self.person is None else np.append(self.person, PERSON_HEIGHT)
        self.witness.look(at)

    def ask_for_other(self) -> None:
        """The other object is meant from now on: instruction and success are those of it."""
        self._world.target = 1 - self._world.target

    def push(self, force: Array) -> None:
        """A force (3,) [N] acts on the hand from now on."""
        self._world.push(force)

    @property
    def tool(self) -> Array:
        """Where the tool is (3,) [m]."""
        return self._world.tool_position

    @property
    def misled(self) -> bool:
        """Whether the task is done with the object that was not named."""
        return self._world.done_with(1 - self._world.target)

    def distance(self, stamp_ns: int) -> Distance:
        """What a scanner says: how far the nearest person is from the robot, or that nobody is
        there (REP 117)."""
        if self.person is None:
            return Distance(stamp_ns, float("inf"))
        seen = self.witness.to_person() + self._rng.normal(0.0, DISTANCE_NOISE)
        return Distance(stamp_ns, max(seen, 0.0) if seen < RANGE else float("inf"))

    def wrench(self, stamp_ns: int) -> Wrench:
        """What a force and torque sensor at the hand says."""
        force, torque = self.witness.wrench()
        force = force + self._rng.normal(0.0, FORCE_NOISE, 3)
        return Wrench(stamp_ns, force, torque + self._rng.normal(0.0, TORQUE_NOISE, 3))
