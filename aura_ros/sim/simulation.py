"""The robot that commands reach and sensors read: world, controllers and episodes together."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from aura_ros.sim.controllers import Controllers
from aura_ros.sim.model import HOME, JOINTS
from aura_ros.sim.render import Pose
from aura_ros.sim.trajectory import TrajectoryCommand
from aura_ros.sim.world import World
from aura_ros.types import Array

TARGETS = ("first", "second", "alternate")
"""Which object the instruction names: ``alternate`` the first in episodes of even seeds."""


@dataclass(frozen=True)
class Snapshot:
    """The state at one time: joints (8,), objects (m, 7), what cameras see, success."""

    position: Array
    velocity: Array
    objects: Array
    pose: Pose
    success: bool


class Simulation:
    """Thread-safe. Times are ROS time [ns] and never go back."""

    def __init__(self, task: str, seed: int, now_ns: int, target: str = "first") -> None:
        self._lock = Lock()
        self._target = target
        self._world = World(task, seed, self._target_of(seed))
        self._first_seed = self.seed = seed
        self._controllers = Controllers(JOINTS, HOME, now_ns)
        self.model = self._world.model

    @property
    def instruction(self) -> str:
        """What is asked for in the present episode."""
        return self._world.instruction

    def step(self, now_ns: int, slippery: bool = False) -> None:
        """Advance 2 ms, to ``now_ns``."""
        with self._lock:
            self._world.slippery = slippery
            self._world.step(self._controllers.target(now_ns))

    def snapshot(self) -> Snapshot:
        """The state after the last step."""
        with self._lock:
            world = self._world
            return Snapshot(
                world.joint_position,
                world.joint_velocity,
                world.object_poses(),
                world.pose(),
                world.success,
            )

    def follow(self, command: TrajectoryCommand, now_ns: int) -> None:
        """Take a trajectory. Raises CommandRefused."""
        with self._lock:
            self._controllers.follow(command, now_ns)

    def go_to(self, positions: Array, now_ns: int) -> None:
        """Take positions (8,). Raises CommandRefused."""
        with self._lock:
            self._controllers.go_to(positions, now_ns)

    def reset(self, now_ns: int) -> int:
        """Robot at home and at rest, first episode again; the seed is returned."""
        with self._lock:
            self.seed = self._first_seed
            self._world.reset(self.seed, self._target_of(self.seed))
            self._controllers.hold(HOME, now_ns)
            return self.seed

    def new_episode(self) -> int:
        """Objects placed by the next seed, which is returned; the robot goes on."""
        with self._lock:
            self.seed += 1
            self._world.new_episode(self.seed, self._target_of(self.seed))
            return self.seed

    def _target_of(self, seed: int) -> int:
        return seed % 2 if self._target == "alternate" else TARGETS.index(self._target)
