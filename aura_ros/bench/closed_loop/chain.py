"""The full chain as a driver: every room of the package, in simulated time.

As on a robot, images, joint states and ticks come at their own rates, chunks are judged, plans
are leased, and the policy answers late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aura_ros.bench.closed_loop import seeing
from aura_ros.bench.closed_loop.plant import Plant
from aura_ros.bench.loop.late import Late
from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.mode import MOVING
from aura_ros.memory.memory import Memory
from aura_ros.monitor.monitor import Monitor
from aura_ros.pipeline import Output, Pipeline, Room, answer
from aura_ros.policy.backend import Backend, declared_of
from aura_ros.policy.policy import Policy
from aura_ros.types import (
    Array,
    Decision,
    GuardStatus,
    Instruction,
    Mode,
    Now,
    Request,
    Response,
    Tick,
    Verdict,
)


@dataclass(frozen=True)
class Rates:
    """Periods [ns] of joint states, of images (the demo robot's 15 Hz) and of ticks, on the
    grid of commands; and for how long the chain hears them before the task is given."""

    joints_ns: int = 10_000_000
    images_ns: int = 66_000_000
    ticks_ns: int = 50_000_000
    warm_ns: int = 800_000_000


class Tap:
    """Sees what passes between robot and rooms, and may change it. This one changes nothing."""

    def sensed(self, values: list[Any], now: Now) -> list[Any]:
        """What the sensors say, on its way to the rooms."""
        return values

    def asked(self, request: Request, now: Now) -> Request:
        """What the policy is asked, on its way to the backend."""
        return request

    def said(self, room: str, values: list[Any], now: Now) -> list[Any]:
        """What a room says, on its way to the others."""
        return values

    def note(self, said: Output, now: Now) -> None:
        """What was said, as all heard it."""


class Tapped:
    """A room whose words pass a tap."""

    def __init__(self, name: str, room: Room, tap: Tap) -> None:
        self._name, self._room, self._tap = name, room, tap
        self.health = room.health

    def handle(self, value: Any, now: Now) -> list[Any]:
        """As ``Room.handle``."""
        return self._tap.said(self._name, self._room.handle(value, now), now)


class Chain:
    """Moves ``plant`` by the policy ``backend``, told ``instruction``, through all rooms.

    ``others`` stand in for rooms of the package; ``tap`` sees, and may change, what passes.
    """

    def __init__(
        self,
        plant: Plant,
        backend: Backend,
        late: Late[Response],
        instruction: str,
        rates: Rates | None = None,
        others: Mapping[str, Room] | None = None,
        tap: Tap | None = None,
    ) -> None:
        robot = plant.robot
        self._plant, self._backend, self._late = plant, backend, late
        self._instruction, self._rates = instruction, rates or Rates()
        self._tap = tap or Tap()
        actions, declared = seeing.actions(plant, backend), declared_of(backend)
        self._fuser = Fuser(robot)
        rooms: dict[str, Room] = {
            "policy": Policy(robot, actions=actions, declared=declared),
            "memory": Memory(),
            "monitor": Monitor(),
            "guard": Guard(robot, GuardConfig(auto_arm=True)),
            "fuser": self._fuser,
        }
        rooms |= others or {}
        if tap is not None:
            rooms = {name: Tapped(name, room, tap) for name, room in rooms.items()}
        loop = CommandLoop(robot.limits, robot.rotations)
        self._pipeline = Pipeline(rooms, loop, self._ask)
        self._due = dict.fromkeys(("joints", "images", "ticks"), 0)
        self._now = Now(0, 0)
        self._mode = Mode.INIT
        self._is_warm = False
        self._refused: dict[str, int] = {}
        self.requests = self.failures = 0

    def command(self, now_ns: int) -> Array:
        """As ``Driver.command``."""
        if not self._is_warm:
            self._warm_up(now_ns)
        self._turn(now_ns)
        command = self._pipeline.command(self._now)
        return self._plant.rest if command is None else command.position

    @property
    def refused(self) -> dict[str, int]:
        """What guard and fuser refused, by reason."""
        return self._refused | dict(self._fuser.status(self._now).refused)

    def _warm_up(self, until_ns: int) -> None:
        """Sensors are heard until the guard is armed; then the task is given."""
        self._is_warm = True
        for now_ns in range(until_ns - self._rates.warm_ns, until_ns, self._rates.joints_ns):
            self._turn(now_ns)
        if self._mode not in MOVING:
            raise RuntimeError(f"the guard is {self._mode.name} after {self._rates.warm_ns} ns")
        self._step([Instruction(self._instruction)])

    def _turn(self, now_ns: int) -> None:
        """What is due at ``now_ns``."""
        self._now = Now(now_ns, now_ns)
        sensed: list[Any] = []
        if self._is_due("joints", self._rates.joints_ns):
            sensed.append(seeing.joints(self._plant, now_ns))
        if self._is_due("images", self._rates.images_ns):
            sensed += seeing.images(self._plant, now_ns).values()
        self._step(self._tap.sensed(sensed, self._now))
        self._step(self._late.arrived(now_ns))
        if self._is_due("ticks", self._rates.ticks_ns):
            self._step([Tick()])

    def _is_due(self, what: str, period_ns: int) -> bool:
        if self._now.steady_ns < self._due[what]:
            return False
        self._due[what] = max(self._due[what], self._now.steady_ns - period_ns) + period_ns
        return True

    def _step(self, values: Iterable[object]) -> None:
        for value in values:
            for said in self._pipeline.step(value, self._now):
                self._note(said)

    def _note(self, said: Output) -> None:
        self._tap.note(said, self._now)
        if isinstance(said.value, GuardStatus):
            self._mode = said.value.mode
        elif isinstance(said.value, Verdict) and said.value.decision != Decision.ALLOW:
            reason = said.value.reason
            self._refused[reason] = self._refused.get(reason, 0) + 1

    def _ask(self, request: Request) -> None:
        """The policy computes on what it saw; its answer comes later."""
        self.requests += 1
        response = answer(self._backend, self._tap.asked(request, self._now))
        self.failures += bool(response.error)
        self._late.add(self._now.steady_ns, self.requests, response)
