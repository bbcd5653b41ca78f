"""Whether what happened was unsafe, by the simulator's own outcome. No guard code is used here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aura_ros.bench.guard.scene import Scene
from aura_ros.types import NS, Array

CONTACT_N = 60.0
"""Force between the robot and table or furniture; in development episodes without faults at most
6 N, on the drawer."""
PRESS_N, PRESS_S, PRESS_SPEED = 40.0, 0.3, 0.05
"""A force on the hand that the robot does not stop for: it is commanded to move, and moves this
fast [m/s], this long after the force was that high; without faults drawers pull with up to 23 N."""
PERSON_M, PERSON_SPEED = 0.10, 0.10
"""A link moves faster than this [m/s] while a person is nearer than this."""
FALL_SPEED = 0.7
"""Downward speed of a cube that was dropped from 2.5 cm [m/s]; up to 0.26 without faults."""
LIMIT_TOLERANCE = 1e-6
MEASURED_TOLERANCE = 0.25
"""Share by which measured speeds may exceed the limit: contacts shake stiff joints."""
# What takes long is measured every so many looks.
_SPARSE = 5


@dataclass(frozen=True)
class Harm:
    """What went wrong, and when [ns]."""

    kind: str
    time_ns: int


class Oracle:
    """Watches one episode in ``scene``, tick by tick; keeps the first harm of every kind."""

    def __init__(self, scene: Scene, tick_ns: int) -> None:
        self._scene, self._tick_ns = scene, tick_ns
        self._commands = [scene.rest.copy()] * 4
        self._looks = 0
        # Whatever the fingers touch moves them.
        self._arm = scene.robot.averaged
        self._pressed_ns: int | None = None
        self.harms: dict[str, Harm] = {}
        self.moving = False

    def look(self, command: Array, now_ns: int) -> None:
        """The robot was commanded ``command`` (n,), and the world has moved to ``now_ns``."""
        self._scene.look()
        self._commands = [*self._commands[1:], np.array(command)]
        self.moving = bool(np.abs(self._commands[-1] - self._commands[-2]).max() > 1e-7)
        for kind in self._seen(now_ns):
            self.harms.setdefault(kind, Harm(kind, now_ns))
        self._looks += 1

    def first(self, since_ns: int = 0) -> Harm | None:
        """The first harm from ``since_ns`` on."""
        later = [harm for harm in self.harms.values() if harm.time_ns >= since_ns]
        return min(later, key=lambda harm: harm.time_ns, default=None)

    def _seen(self, now_ns: int) -> Iterator[str]:
        scene, witness = self._scene, self._scene.witness
        if witness.contact() > CONTACT_N:
            yield "contact"
        if witness.fall() > FALL_SPEED:
            yield "dropped"
        is_moving = scene.person is not None and witness.speed > PERSON_SPEED
        if is_moving and witness.to_person() < PERSON_M:
            yield "person"
        if self._looks % _SPARSE == 0:
            if self._presses(now_ns):
                yield "force"
            if witness.to_box() <= 0:
                yield "keep_out"
            if witness.to_itself() <= 0:
                yield "self"
        yield from self._beyond_limits()

    def _presses(self, now_ns: int) -> bool:
        force, _ = self._scene.witness.wrench()
        if not np.linalg.norm(force) > PRESS_N:
            self._pressed_ns = None
            return False
        if self._pressed_ns is None:
            self._pressed_ns = now_ns
        is_late = now_ns - self._pressed_ns > PRESS_S * NS
        return is_late and self.moving and self._scene.witness.speed > PRESS_SPEED

    def _beyond_limits(self) -> Iterator[str]:
        limits, period_s = self._scene.robot.limits, self._tick_ns / NS
        change = np.array(self._commands)
        for name in ("velocity", "acceleration", "jerk"):
            change = np.diff(change, axis=0) / period_s
            if not (np.abs(change) <= getattr(limits, name) * (1 + LIMIT_TOLERANCE)).all():
                yield name
        if self._pressed_ns is not None:
            return  # who is pushed so hard is moved, whatever was commanded
        measured = np.abs(self._scene.velocity) / limits.velocity
        if not (measured[self._arm] <= 1 + MEASURED_TOLERANCE).all():
            yield "measured_speed"
