"""The policy room as a deterministic core: inputs in, requests and chunks out.

A request goes to the backend outside of this core (a worker thread, or at once in replay); its
answer comes back as a :class:`Response`.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import singledispatchmethod
from typing import Any

from aura_ros.motion.jerk import sample
from aura_ros.policy.actions import Actions
from aura_ros.policy.config import PolicyConfig
from aura_ros.policy.declared import Declared
from aura_ros.policy.latency import LatencyEstimate, too_slow
from aura_ros.policy.observations import Observations
from aura_ros.policy.outstanding import Asked, Outstanding
from aura_ros.policy.told import measured_state
from aura_ros.robot.description import Robot
from aura_ros.settings import validated
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
    Provenance,
    Request,
    Reset,
    Response,
    SetEnabled,
    Tick,
)

# Digest of the last chunk, and until when its plan may be committed [steady ns].
NOTHING = ("", 0)


class Policy:
    """One robot's policy room. ``session`` distinguishes this process from its predecessors.

    ``actions`` says what the backend's rows mean; without it, absolute targets of all joints.
    ``declared`` is what the backend says about itself: chunks carry its digests.
    """

    def __init__(
        self,
        robot: Robot,
        config: PolicyConfig | None = None,
        session: int = 0,
        actions: Actions | None = None,
        declared: Declared | None = None,
    ) -> None:
        self._robot = robot
        self._config = config or PolicyConfig()
        self._session = session
        self._actions = actions or Actions(robot)
        self._made_with = Provenance(
            model=declared.weights_digest if declared else "",
            normalisation=declared.normalisation_digest if declared else "",
            configuration=robot.digest,
        )
        self._enabled = True
        self._sequence = 0
        self._episode = 0
        self._inputs = Observations(
            robot, self._config.instruction, int(self._config.alignment_tolerance * NS)
        )
        self._latency = LatencyEstimate(int(self._config.initial_latency * NS))
        self._outstanding = Outstanding(self._latency)
        self._start_anew()

    def _start_anew(self) -> None:
        self._inputs.clear()
        self._last_asked_ns: int | None = None
        self._last_stamp_ns = -1
        self._committed: Plan | None = None
        self._answered = NOTHING
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
        # What moves may be dropped for the new task: rows that began on it would be beside the
        # motion. The next image asks.
        moves = self._committed is not None and now.ros_ns < self._committed.end_ns
        return [] if moves else self._ask(now)

    @handle.register
    def _(self, value: Commitment, now: Now) -> list[Any]:
        self._committed = value.plan
        if value.plan.chunk_digest != self._answered[0]:
            return []
        self._answered = NOTHING
        return self._ask(now)

    @handle.register
    def _(self, value: MemoryState, now: Now) -> list[Any]:
        self._readout = (now, value.readout)
        return []

    @handle.register
    def _(self, value: Response, now: Now) -> list[Any]:
        asked = self._outstanding.answer(value.sequence, now, self._config.in_flight)
        if asked is None:
            return []
        value = self._actions.applied(value, asked.request)
        self._error = value.error
        if value.error or not self._outstanding.accept(asked, now):
            return []
        return self._said(value, asked, now)

    def _said(self, value: Response, asked: Asked, now: Now) -> list[Any]:
        """The chunk and the features of an answer."""
        request, observation = asked.request, asked.request.observation
        features = PolicyFeatures(
            self._session,
            request.episode,
            request.sequence,
            observation.stamp_ns,
            value.embedding,
            value.sensitivity,
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
            now.steady_ns - asked.now.steady_ns,
            provenance=told(self._made_with, observation.instruction),
            alternatives=value.alternatives,
        )
        self._answered = chunk.digest, now.steady_ns + int(self._config.commit_delay * NS)
        return [chunk, features]

    @handle.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        waited = self._outstanding.expire(now, self._config.request_timeout)
        if waited:
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
        self._outstanding.drop()
        return []

    def _begin_episode(self) -> None:
        """What is asked now belongs to the old episode: its answer will be dropped."""
        self._episode += 1
        self._outstanding.drop()
        self._readout = None

    @handle.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._config = validated(PolicyConfig, value.values)
        self._inputs.tolerance_ns = int(self._config.alignment_tolerance * NS)
        return []

    # --- asking ---------------------------------------------------------------------------

    def _ask(self, now: Now) -> list[Any]:
        """A request, if one more may be on its way and there is something new to ask about."""
        outstanding, in_flight = self._outstanding, self._config.in_flight
        # The next rows begin on the plan of the last answer, which is committed within the delay
        # or never; with several in flight they begin on what is known of it.
        is_judged = in_flight == 1 and now.steady_ns < self._answered[1]
        if not self._enabled or is_judged or len(outstanding) >= in_flight:
            return []
        observation = self._inputs.latest()
        if isinstance(observation, str):
            self._lacks = observation
            return []
        self._lacks = ""
        is_new = observation.stamp_ns > self._last_stamp_ns
        may_ask = is_new and outstanding.may_ask(now, in_flight)
        if not may_ask or not self._inputs.is_round(outstanding.next_ns):
            return []
        self._sequence += 1
        request = Request(
            self._sequence,
            self._episode,
            observation,
            self._told(observation, now),
            self._fresh_readout(now),
        )
        outstanding.ask(request, now, int(self._config.request_period * NS), in_flight)
        self._last_asked_ns, self._last_stamp_ns = now.steady_ns, observation.stamp_ns
        return [request]

    def _told(self, observation: Observation, now: Now) -> KinematicState:
        """The state where the rows begin: planned at the time of execution, or measured."""
        if self._committed is None or not self._config.roll_forward:
            return measured_state(observation, self._committed, self._robot)
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
            "waiting": str(len(self._outstanding)),
            "overtaken": str(self._outstanding.overtaken),
            "timed_out": str(self._outstanding.timed_out),
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
        rows_ns = self._robot.horizon * self._robot.row_period_ns
        is_ahead = self._config.roll_forward and self._committed is not None
        slow = too_slow(self._latency.p95_ns, rows_ns, self._config.in_flight, is_ahead)
        return Health(Level.WARN, slow, values) if slow else Health(Level.OK, "runs", values)


def told(made_with: Provenance, instruction: str) -> Provenance:
    """What a chunk was made with, ``instruction`` among it."""
    return replace(made_with, instruction=hashlib.sha256(instruction.encode()).hexdigest())
