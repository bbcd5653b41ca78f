"""Where faults enter the chain, sensors of the surroundings are heard, and decisions are noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aura_ros.bench.closed_loop.chain import Tap
from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.bench.guard.faults.messages import Changed
from aura_ros.bench.guard.scene import Scene
from aura_ros.guard.mode import MOVING
from aura_ros.pipeline import Output
from aura_ros.types import (
    ActionChunk,
    Decision,
    GuardStatus,
    Mode,
    Now,
    Request,
    Tampered,
    Verdict,
)

PERIOD_NS = 20_000_000
"""Between messages of the force sensor and of the scanner."""

Filter = Callable[[ActionChunk], ActionChunk]


class Decisions:
    """What the guard decided, in order: (time [ns], decision or mode, check that made it)."""

    def __init__(self) -> None:
        self.against: list[tuple[int, str, str]] = []
        self.allowed_ns = -1
        self.actions = 0
        self.mode: Mode | None = None

    def hear(self, value: Any, now: Now) -> None:
        """A verdict or a status of the guard."""
        if isinstance(value, Verdict):
            self.actions += 1
            if value.decision == Decision.ALLOW:
                self.allowed_ns = now.ros_ns
            else:
                self.against.append((now.ros_ns, value.decision.name, value.reason))
        elif isinstance(value, GuardStatus):
            if value.mode not in MOVING and self.mode in MOVING:
                self.against.append((now.ros_ns, value.mode.name, _first(value)))
            self.mode = value.mode

    def since(self, time_ns: int) -> tuple[int, str, str] | None:
        """The first decision against motion from ``time_ns`` on."""
        return next((found for found in self.against if found[0] >= time_ns), None)


def _first(status: GuardStatus) -> str:
    """The check that stands against motion."""
    failing = [check.name for check in status.checks if not check.passed]
    return failing[0] if failing else status.reason


class FaultTap(Tap):
    """One episode's: ``fault`` strikes, ``filtered`` is what the arm does to chunks.

    With ``authentic`` a chunk that is not what its sender wrote is not delivered, and the guard is
    told, as the edge of its node does.
    """

    def __init__(self, scene: Scene, fault: Fault, filtered: Filter, authentic: bool) -> None:
        self._scene, self._fault = scene, fault
        self._filtered, self._authentic = filtered, authentic
        self._due_ns = 0
        self.decisions = Decisions()
        self.chunks_ns: list[int] = []

    def sensed(self, values: list[Any], now: Now) -> list[Any]:
        """What the sensors say, those of the surroundings among them."""
        self._fault.happen(now)
        if now.ros_ns >= self._due_ns:
            self._due_ns = now.ros_ns + PERIOD_NS
            scene = self._scene
            values = [*values, scene.distance(now.ros_ns), scene.wrench(now.ros_ns)]
        return self._fault.sensed(values, now)

    def asked(self, request: Request, now: Now) -> Request:
        """What the policy believes to be asked."""
        return self._fault.asked(request, now)

    def said(self, room: str, values: list[Any], now: Now) -> list[Any]:
        """What a room says, with the policy's chunks as the fault and the arm leave them."""
        if room != "policy":
            return values
        out: list[Any] = []
        for value in values:
            is_chunk = isinstance(value, ActionChunk)
            out += self._arriving(value, now) if is_chunk else [value]
        return out

    def _arriving(self, chunk: ActionChunk, now: Now) -> list[Any]:
        self.chunks_ns.append(now.ros_ns)
        return [self._received(value) for value in self._fault.answered(chunk, now)]

    def _received(self, value: Any) -> Any:
        if not isinstance(value, Changed):
            return self._filtered(value)
        if self._authentic and value.arrives.digest != value.sent.digest:
            return Tampered("chunk", "its digest is that of another chunk")
        return self._filtered(value.arrives)

    def note(self, said: Output, now: Now) -> None:
        """What the guard said."""
        if said.room == "guard":
            self.decisions.hear(said.value, now)
