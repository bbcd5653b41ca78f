"""Faults of the world: a person walks in, something pushes the hand."""

from __future__ import annotations

import numpy as np

from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.types import Array, Now


class Intrusion(Fault):
    """A person walks in and up to the hand [m/s]; 1.6 is ISO 13855's walking speed."""

    speeds = (0.4, 0.8, 1.6)
    # Where they come from [m], and how near to the tool they go.
    far, near = 2.6, 0.25

    def prepare(self) -> None:
        """From which side: across the table, not through the robot's base."""
        angle = self.rng.uniform(-0.35 * np.pi, 0.35 * np.pi)
        self._from = np.array([np.cos(angle), np.sin(angle)])
        self._away = self.far

    def happen(self, now: Now) -> None:
        """The person is where they have walked to."""
        if not self.strikes(now):
            self.scene.person = None
            return
        walked = self.speeds[self.severity] * self.seconds(now)
        self._away = max(self.far - walked, self.near)
        self.scene.person = self.scene.tool[:2] + self._away * self._from


class HandForce(Fault):
    """Something pushes or catches the hand, harder and harder up to so much [N]."""

    forces = (50.0, 65.0, 80.0)
    rise_s = 0.3

    def prepare(self) -> None:
        """To which side."""
        side = self.rng.standard_normal(3)
        self._side: Array = side / np.linalg.norm(side)

    def happen(self, now: Now) -> None:
        """The force acts."""
        share = min(self.seconds(now) / self.rise_s, 1.0) if self.strikes(now) else 0.0
        self.scene.push(share * self.forces[self.severity] * self._side)
