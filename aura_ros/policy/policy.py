"""The policy room as a deterministic core: inputs in, requests and chunks out.

A request goes to the backend outside of this core (a worker thread, or at once in replay); its
answer comes back as a :class:`Response`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any

import numpy as np

from aura_ros.motion.jerk import sample
from aura_ros.policy.latency import LatencyEstimate
from aura_ros.policy.observations import Observations
from aura_ros.robot.description import Robot
from aura_ros.settings import setting, validated
from aura_ros.types import (
    NS,
    ActionChunk,
    Array,
    ClockJump,
    Commitment,
    Configure,
    Health,
    Image,
    Instruction,
    JointState,
    KinematicState,
    Level,
    MemoryState,
    Now,
    Objects,
    Observation,
    Plan,
    PolicyFeatures,
    Request,
    Reset,
    Response,
    SetEnabled,
    Tick,
)


@dataclass(frozen=True)
class PolicyConfig:
    """Settings of the policy room."""

    request_period: float = setting(0.1, "shortest time between requests [s]", 0.0, 60.0)
    request_timeout: float = setting(10.0, "longest wait for an answer [s]", 0.1, 600.0)
    alignment_tolerance: float = setting(
        0.1, "how far apart capture times of images and joints may be [s]", 0.0, 1.0
    )
    commit_delay: float = setting(0.04, "time between a chunk and its first motion [s]", 0.0, 1.0)
    initial_latency: float = setting(0.2, "latency assumed until it was measured [s]", 0.0, 60.0)
    readout_timeout: float = setting(2.0, "oldest memory readout that is used [s]", 0.0, 60.0)
    roll_forward: bool = setting(
        True, "hand the policy the planned state at the time of execution (VLASH)"
    )
    instruction: str = setting("", "instruction until one is heard")


class Policy:
    """One robot's policy room. ``session`` distinguishes this process from its predecessors."""

    def __init__(self, robot: Robot, config: PolicyConfig | None = None, session: int = 0) -> None:
        self._robot = robot
        self._config = config or PolicyConfig()
        self._session = session
        self._enabled = True
        self._sequence = 0
        self._episode = 0
        self._inputs = Observations(
            robot, self._config.instruction, int(self._config.alignment_tolerance * NS)
        )
        self._latency = LatencyEstimate(int(self._config.initial_latency * NS))
        self._start_anew()

    def _start_anew(self) -> None:
        self._inputs.clear()
        self._asked: tuple[Now, Request] | None = None
        self._last_asked_ns: int | None = None
        self._next_ns = 0
        self._last_stamp_ns = -1
        self._committed: Plan | None = None
        self._readout: tuple[Now, Array] | None = None
        self._lacks = ""
        self._error = ""

    # --- inputs ---------------------------------------------------------------------------

    @singledispatchmethod
    def handle(self, value: Any, now: Now) -> list[Any]:
        """Take one value that arrived at ``now``; return what follows from it, in order."""
        raise TypeError(f"the policy takes no {type(value).__name__}")

    @handle.register
    def _(self, value: Image | JointState | Objects, now: Now) -> list[Any]:
        self._inputs.add(value, now.steady_ns)
        is_trigger = isinstance(value, Image) or not self._robot.cameras
        return self._ask(now) if is_trigger else []

    @handle.register
    def _(self, value: Instruction, now: Now) -> list[Any]:
        if value.text == self._inputs.instruction and self._episode > 0:
            return []  # repeated by its publisher, not given anew
        self._inputs.add(value, now.steady_ns)
        self._begin_episode()
        return self._ask(now)

    @handle.register
    def _(self, value: Commitment, now: Now) -> list[Any]:
        self._committed = value.plan
        return []

    @handle.register
    def _(self, value: MemoryState, now: Now) -> list[Any]:
        self._readout = (now, value.readout)
        return []

    @handle.register
    def _(self, value: Response, now: Now) -> list[Any]:
        if self._asked is None or value.sequence != self._asked[1].sequence:
            return []
        asked, request = self._asked
        self._asked = None
        # The next request waits for images that are newer than this answer.
        self._next_ns = max(self._next_ns, now.steady_ns)
        self._error = value.error
        if value.error:
            return []
        inference_ns = now.steady_ns - asked.steady_ns
        self._latency.add(inference_ns)
        observation = request.observation
        features = PolicyFeatures(
            self._session, request.episode, request.sequence, observation.stamp_ns, value.embedding
        )
        chunk = ActionChunk(
            self._session,
            request.episode,
            request.sequence,
            observation.stamp_ns,
            request.start.time_ns,
            self._robot.row_period_ns,
            self._robot.joints,
            value.rows,
            "policy",
            inference_ns,
        )
        return [chunk, features]

    @handle.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        if self._asked is not None:
            waited = (now.steady_ns - self._asked[0].steady_ns) / NS
            if waited > self._config.request_timeout:
                self._asked = None
                self._error = f"no answer for {waited:.1f} s: asked again"
        return self._ask(now)

    @handle.register
    def _(self, value: ClockJump, now: Now) -> list[Any]:
        self._start_anew()
        self._begin_episode()
        return []

    @handle.register
    def _(self, value: Reset, now: Now) -> list[Any]:
        self._begin_episode()
        return []

    @handle.register
    def _(self, value: SetEnabled, now: Now) -> list[Any]:
        self._enabled = value.enabled
        self._asked = None  # what was asked before is not answered after
        return []

    def _begin_episode(self) -> None:
        """What is asked now belongs to the old episode: its answer will be dropped."""
        self._episode += 1
        self._asked = None
        self._readout = None

    @handle.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._config = validated(PolicyConfig, value.values)
        self._inputs.tolerance_ns = int(self._config.alignment_tolerance * NS)
        return []

    # --- asking ---------------------------------------------------------------------------

    def _ask(self, now: Now) -> list[Any]:
        """A request, if the policy is idle and there is something new to ask about."""
        if not self._enabled or self._asked is not None:
            return []
        observation = self._inputs.latest()
        if isinstance(observation, str):
            self._lacks = observation
            return []
        self._lacks = ""
        is_new = observation.stamp_ns > self._last_stamp_ns
        if now.steady_ns < self._next_ns or not is_new or not self._inputs.is_round(self._next_ns):
            return []
        self._sequence += 1
        request = Request(
            self._sequence,
            self._episode,
            observation,
            self._start(observation, now),
            self._fresh_readout(now),
        )
        self._asked, self._last_asked_ns = (now, request), now.steady_ns
        self._next_ns = now.steady_ns + int(self._config.request_period * NS)
        self._last_stamp_ns = observation.stamp_ns
        return [request]

    def _start(self, observation: Observation, now: Now) -> KinematicState:
        """The state where the rows begin: planned at the time of execution, or measured."""
        if self._committed is None or not self._config.roll_forward:
            rest = np.zeros_like(observation.joints.position)
            return KinematicState(observation.stamp_ns, observation.joints.position, rest, rest)
        ahead = self._latency.p95_ns + int(self._config.commit_delay * NS)
        return sample(self._committed, now.ros_ns + ahead)

    def _fresh_readout(self, now: Now) -> Array | None:
        if self._readout is None:
            return None
        heard, readout = self._readout
        is_old = now.steady_ns - heard.steady_ns > self._config.readout_timeout * NS
        return None if is_old else readout

    def health(self, now: Now) -> Health:
        """What the policy waits for, its latency, and whether it has a memory."""
        values = {
            "requests": str(self._sequence),
            "latency_p95_ms": f"{self._latency.p95_ns / 1e6:.1f}",
            "memory_readout": "yes" if self._fresh_readout(now) is not None else "no",
        }
        if not self._enabled:
            return Health(Level.WARN, "disabled: no chunks are asked for", values)
        if self._error:
            return Health(Level.ERROR, self._error, values)
        if self._lacks:
            return Health(Level.WARN, self._lacks, values)
        last = self._last_asked_ns
        if last is None or now.steady_ns - last > self._config.request_timeout * NS:
            return Health(Level.WARN, "no new observation", values)
        return Health(Level.OK, "runs", values)
