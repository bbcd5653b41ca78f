"""The chain as one deterministic step over typed values.

``ROUTES`` says which room takes which value. Nodes subscribe by the same table, so a live chain
and a replayed one are connected alike.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from aura_ros.fuser.loop import CommandLoop
from aura_ros.policy.backend import Backend, BackendError, FlowField, Sampler
from aura_ros.policy.sensitivity import sensitivity as directional_sensitivity
from aura_ros.types import (
    NO_ALTERNATIVES,
    ActionChunk,
    Answer,
    Arm,
    Array,
    AuditState,
    ClockJump,
    Command,
    Commitment,
    Distance,
    Diverged,
    FailureRisk,
    Health,
    Image,
    Instruction,
    JointState,
    Lease,
    MemoryState,
    Now,
    Objects,
    PolicyFeatures,
    Proposal,
    Request,
    Response,
    Retreat,
    Tampered,
    Tick,
    Track,
    Tripped,
    Verdict,
    WayBack,
    Wrench,
)

ROOMS = ("policy", "memory", "monitor", "guard", "fuser")

ROUTES: Mapping[type, tuple[str, ...]] = {
    Image: ("guard", "policy"),
    JointState: ("guard", "fuser", "policy"),
    Objects: ("policy",),
    Distance: ("guard",),
    Wrench: ("guard",),
    Instruction: ("policy", "guard", "fuser"),
    Response: ("policy",),
    PolicyFeatures: ("memory", "guard"),
    MemoryState: ("policy", "guard"),
    ActionChunk: ("monitor", "guard", "fuser"),
    WayBack: ("guard",),
    FailureRisk: ("guard", "fuser"),
    Proposal: ("guard",),
    Verdict: ("fuser",),
    Lease: ("fuser",),
    Commitment: ("guard", "policy"),
    Tripped: ("fuser",),
    Diverged: ("fuser",),
    Retreat: ("fuser",),
    Arm: ("guard",),
    Answer: ("guard",),
    Tampered: ("guard",),
    AuditState: ("guard",),
    Tick: ROOMS,
    ClockJump: ROOMS,
}


class Room(Protocol):
    """A deterministic core: the order of its inputs is all that its outputs depend on."""

    def handle(self, value: Any, now: Now) -> list[Any]:
        """Take one value that arrived at ``now``; return what follows from it, in order."""

    def health(self, now: Now) -> Health:
        """How the room is, for diagnostics."""


@dataclass(frozen=True)
class Output:
    """One value and the room it came from."""

    room: str
    value: Any


class Pipeline:
    """All rooms in one process, joined without delay.

    ``ask`` answers a request at once, or with None: then its answer is a later step.
    """

    def __init__(
        self,
        rooms: Mapping[str, Room],
        loop: CommandLoop,
        ask: Callable[[Request], Response | None],
    ) -> None:
        unknown = set(rooms) - set(ROOMS)
        if unknown:
            raise ValueError(f"unknown rooms {sorted(unknown)}; known are {list(ROOMS)}")
        # Bound once: binding a dispatching method takes longer than most of its work.
        self._handle = {name: room.handle for name, room in rooms.items()}
        self._loop = loop
        self._ask = ask
        self._news: list[Any] = []

    def step(self, value: Any, now: Now) -> list[Output]:
        """Deliver ``value`` and everything that follows from it; return all that was said."""
        said: list[Output] = []
        waiting = deque([*self._news, value])
        self._news.clear()
        if isinstance(value, ClockJump):
            self._loop.follow(None)
        while waiting:
            current = waiting.popleft()
            for name in ROUTES.get(type(current), ()):
                if name in self._handle:
                    for out in self._handle[name](current, now):
                        said.append(Output(name, out))
                        waiting.append(self._outside(out))
        return said

    def command(self, now: Now) -> Command | None:
        """The command for ``now``, or None before anything was committed.

        That the loop tripped is news for the next step.
        """
        before = self._loop.tripped
        command = self._loop.command(now)
        if self._loop.tripped != before:
            self._news.append(Tripped(self._loop.tripped))
        return command

    def _outside(self, value: Any) -> Any:
        """What happens outside of the rooms: the policy is asked, the command loop follows."""
        if isinstance(value, Track):
            diverged = self._loop.follow(value)
            if diverged is not None:
                self._news.append(diverged)
        if isinstance(value, Request):
            return self._ask(value)
        return value


def answer(
    backend: Backend, request: Request, samples: int = 1, sensitivity: bool = False
) -> Response:
    """Ask the backend; whatever it raises becomes an answer with an error.

    ``samples``: chunks to draw, of a Sampler; the first is the answer, the others are its
    alternatives. ``sensitivity``: say how sharply the flow turns there, of a FlowField.
    """
    try:
        embedding = backend.encode(request.observation)
        rows, alternatives = _drawn(backend, request, embedding, samples)
        turning = _turning(backend, request, embedding, rows) if sensitivity else math.nan
        return Response(
            request.sequence, rows, embedding, alternatives=alternatives, sensitivity=turning
        )
    except Exception as error:  # a foreign policy may raise anything; the chain goes on
        words = f"{backend.name}: {error or type(error).__name__}"
        return Response(request.sequence, np.zeros((0, 0)), np.zeros(0), words)


def _drawn(
    backend: Backend, request: Request, embedding: Array, samples: int
) -> tuple[Array, Array]:
    """Rows (H, width), and the alternatives (K, H, width) to them."""
    if samples == 1:
        return backend.act(request, embedding), NO_ALTERNATIVES
    if not isinstance(backend, Sampler):
        raise BackendError(f"it draws one chunk alone: set samples to 1, not {samples}")
    drawn = backend.sample(request, embedding, samples)
    return drawn[0], drawn[1:]


def _turning(backend: Backend, request: Request, embedding: Array, rows: Array) -> float:
    """How sharply the flow turns at ``rows``."""
    if not isinstance(backend, FlowField):
        raise BackendError("it shows no flow: set sensitivity to false")
    return directional_sensitivity(backend, request, embedding, rows)
