"""What a perfect policy would do: smooth motion of the arm, switches of the gripper, events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aura_ros.bench.fuser.draws import Purpose, stream
from aura_ros.bench.fuser.robot import ARM_JOINTS
from aura_ros.bench.fuser.scenario import DURATION_S, START_NS, UNSCORED_S, Cell
from aura_ros.types import NS, Array

SINES = 4
LOWEST, HIGHEST = 1.0, 6.0  # [rad/s]
PEAK_VELOCITY, PEAK_ACCELERATION = 1.0, 4.0
TURNING_SPEED = 0.8
# Sine motion on top of turning stays well within the velocity limit.
TURNING_SHARE = 0.5
# Chunks reach beyond the end of a run.
REACH_S = DURATION_S + 6.0
EVENT_RANGE_S = (UNSCORED_S + 1.0, DURATION_S - 3.0)
TOGGLE_EVERY_S = (1.5, 3.0)


@dataclass(frozen=True)
class Truth:
    """The truth of one cell and seed; ``event_s``: when the goal steps [s], None for never."""

    cell: Cell
    seed: int
    arm_joints: int = ARM_JOINTS
    event_s: float | None = None

    @cached_property
    def _sines(self) -> tuple[Array, Array, Array]:
        """Amplitude, angular frequency [rad/s] and phase of every joint, each (SINES, n)."""
        drawn = stream(self.seed, 0, Purpose.TRUTH)
        shape = (SINES, self.arm_joints)
        omega = drawn.uniform(LOWEST, HIGHEST, shape)
        phase = drawn.uniform(0.0, 2 * np.pi, shape)
        size = drawn.uniform(0.3, 1.0, shape) / omega
        t = np.arange(0.0, REACH_S, 0.01)[:, None, None]
        angle = omega * t + phase
        velocity = np.abs((size * omega * np.cos(angle)).sum(axis=1)).max(axis=0)
        acceleration = np.abs((size * omega**2 * np.sin(angle)).sum(axis=1)).max(axis=0)
        size = size * np.minimum(PEAK_VELOCITY / velocity, PEAK_ACCELERATION / acceleration)
        if self.cell.turning:
            size[:, 0] *= TURNING_SHARE
        return size, omega, phase

    def arm(self, times_ns: NDArray[np.int64], seen_ns: int | None = None) -> Array:
        """Position (m, n) [rad] at ``times_ns`` (m,) as one knows who looked at ``seen_ns``.

        None: as it is. A joint that turns is not wrapped.
        """
        t = (np.asarray(times_ns) - START_NS) / NS
        size, omega, phase = self._sines
        angle = omega * t[:, None, None] + phase
        position = np.asarray((size * np.sin(angle)).sum(axis=1))
        if self.cell.turning:
            position[:, 0] += TURNING_SPEED * t
        if self.event_s is not None:
            event_ns = START_NS + round(self.event_s * NS)
            changed = (
                times_ns >= event_ns if seen_ns is None else np.full(len(t), seen_ns >= event_ns)
            )
            position += self.cell.step * changed[:, None]
        return position

    @cached_property
    def toggles_s(self) -> Array:
        """When the gripper switches [s]; it begins closed."""
        drawn = stream(self.seed, 0, Purpose.TOGGLES)
        return np.cumsum(drawn.uniform(*TOGGLE_EVERY_S, round(REACH_S / TOGGLE_EVERY_S[0])))

    def opened(self, times_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the gripper is open at ``times_ns``, shape (m,)."""
        t = (np.asarray(times_ns) - START_NS) / NS
        return np.asarray(np.searchsorted(self.toggles_s, t, side="right") % 2 == 1)


def scored_event_s(seed: int) -> float:
    """When the goal of a scored run steps [s], at a random phase."""
    return float(stream(seed, 0, Purpose.EVENT).uniform(*EVENT_RANGE_S))
