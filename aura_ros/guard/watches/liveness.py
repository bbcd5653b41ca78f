"""Every source is alive: cameras and joint states, by arrival and by content."""

from __future__ import annotations

from typing import Any

import numpy as np

from aura_ros.guard.entry import Setup
from aura_ros.guard.sources import Source
from aura_ros.guard.watch import Watch
from aura_ros.types import Check, ClockJump, Image, JointState, Now

JOINTS = "joint_states"


class Liveness(Watch):
    """One check a source, by the source's name: value: time since its last sign of life [s]."""

    name = "liveness"

    def __init__(self, setup: Setup) -> None:
        self._settings = setup.settings
        self._names = (*(camera.name for camera in setup.robot.cameras), JOINTS)
        self._forget()

    def _forget(self) -> None:
        self._sources = {name: Source(name) for name in self._names}

    def hear(self, value: Any, now: Now) -> None:
        """Images and joint states; content that repeats, is black or not finite is no life."""
        if isinstance(value, Image) and value.source in self._sources:
            source = self._sources[value.source]
            self._sources[value.source] = source.heard(now, value.fingerprint, value.black)
        elif isinstance(value, JointState):
            if np.isfinite(value.position).all() and np.isfinite(value.velocity).all():
                self._sources[JOINTS] = self._sources[JOINTS].heard(now)
        elif isinstance(value, ClockJump):
            self._forget()

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check a source."""
        timeout = self._settings().source_timeout
        return tuple(source.check(now, timeout) for source in self._sources.values())
