"""This package's own fuser and command loop as one way of executing chunks.

Around them stands what surrounds them on a robot: joint states (of a robot that is where it
was told), a lease that a guard renews, verdicts that allow every plan after the guard's time,
and requests as the policy room schedules them.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from aura_ros.bench.execution.executor import Setup
from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.motion.jerk import sample
from aura_ros.policy.latency import LatencyEstimate
from aura_ros.policy.outstanding import Outstanding
from aura_ros.policy.policy import PolicyConfig
from aura_ros.types import (
    NS,
    ActionChunk,
    Array,
    Commitment,
    Decision,
    JointState,
    KinematicState,
    Lease,
    Mode,
    Now,
    Observation,
    Plan,
    Proposal,
    Request,
    Tick,
    Track,
    Verdict,
)

GUARD_NS = 10_000_000
BEAT_NS = 50_000_000
LEASE_NS = 250_000_000


class Ours:
    """The fuser as an Executor.

    ``tracks`` are the motions that were followed, each with the time it was first followed;
    ``solve_ns`` and ``tick_ns`` how long each plan and each command took.
    """

    def __init__(self, setup: Setup, config: FuserConfig | None = None) -> None:
        self._setup = setup
        self._config = config or FuserConfig()
        self._fuser = Fuser(setup.robot, self._config)
        self._loop = CommandLoop(setup.robot.limits, setup.robot.rotations)
        self._latency = LatencyEstimate(int(PolicyConfig().initial_latency * NS))
        self._outstanding = Outstanding(self._latency)
        self._asked = 0
        self._next_beat_ns = 0
        self._beats = 0
        self._verdicts: list[tuple[int, Plan]] = []
        self._committed: Plan | None = None
        self._rate = 0.0
        self._old_rates: dict[int, float] = {}
        self._position = np.asarray(setup.rest, dtype=np.float64)
        self._velocity = np.zeros_like(self._position)
        self.tracks: list[tuple[int, Plan]] = []
        self.solve_ns: list[int] = []
        self.tick_ns: list[int] = []

    # --- requests -------------------------------------------------------------------------

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """Requests in flight share the policy's time evenly, at most one in a row period; a single
        one waits for the verdict, since it begins on the plan that is judged."""
        allowed = self._setup.in_flight
        is_judged = allowed == 1 and bool(self._verdicts)
        return in_flight < allowed and not is_judged and now_ns >= self._outstanding.next_ns

    def asked(self, now_ns: int) -> KinematicState:
        """The planned state at the time of execution, as the policy room hands it out."""
        self._beat(now_ns)
        self._asked += 1
        start = self._start(now_ns)
        seen = Observation(now_ns, {}, JointState(now_ns, self._position, self._velocity), "")
        request = Request(self._asked, 1, seen, start, None)
        period_ns = self._setup.robot.row_period_ns
        self._outstanding.ask(request, _both(now_ns), period_ns, self._setup.in_flight)
        return start

    def _start(self, now_ns: int) -> KinematicState:
        if self._committed is None:
            rest = np.zeros_like(self._position)
            return KinematicState(now_ns, self._position, rest, rest)
        ahead = self._latency.p95_ns + int(self._config.commit_delay * NS)
        return sample(self._committed, now_ns + ahead)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """A chunk arrives; requests are numbered from 1."""
        self._beat(now_ns)
        asked = self._outstanding.answer(chunk.sequence, _both(now_ns), self._setup.in_flight)
        if asked is not None:
            # The policy room has the answer before the chunk is held up on its way.
            took_ns = chunk.inference_ns or now_ns - asked.now.steady_ns
            self._outstanding.accept(asked, _both(asked.now.steady_ns + took_ns))
        self._tell(chunk, now_ns)

    # --- commands -------------------------------------------------------------------------

    def command(self, now_ns: int) -> Array:
        """The command loop's set-points; where motion begins before there are any."""
        self._beat(now_ns)
        before = time.perf_counter_ns()
        command = self._loop.command(_both(now_ns))
        self.tick_ns.append(time.perf_counter_ns() - before)
        if command is not None:
            self._position, self._velocity = command.position, command.velocity
        self._rate = self._rate_at(now_ns)
        return self._position

    @property
    def rate(self) -> float:
        """The fuser's phase rate inside the rows; 0 in the stop tail, at rest, after a trip."""
        return self._rate

    @property
    def tripped(self) -> str:
        """The last-mile check that failed; empty if none did."""
        return self._loop.tripped

    @property
    def refused(self) -> dict[str, int]:
        """Refusals of the fuser by reason."""
        return dict(self._fuser.status(_both(self._next_beat_ns)).refused)

    def _rate_at(self, now_ns: int) -> float:
        if self._committed is None or self._loop.tripped:
            return 0.0
        old = self._old_rates.get(now_ns)
        return self._fuser.phase_rate(_both(now_ns)) if old is None else old

    # --- the chain around the fuser -------------------------------------------------------

    def _beat(self, now_ns: int) -> None:
        """Verdicts that are due, and every 50 ms joint states, the lease and a tick."""
        while self._verdicts and self._verdicts[0][0] <= now_ns:
            self._allow(self._verdicts.pop(0)[1], now_ns)
        if now_ns < self._next_beat_ns:
            return
        self._next_beat_ns = now_ns + BEAT_NS
        self._beats += 1
        self._tell(JointState(now_ns, self._position, self._velocity), now_ns)
        self._tell(Lease(1, self._beats, now_ns, True, LEASE_NS, Mode.ACTIVE, ""), now_ns)
        self._tell(Tick(), now_ns)

    def _allow(self, plan: Plan, now_ns: int) -> None:
        """The guard's word on ``plan``; until that begins the rate is that of the old one."""
        allow = Verdict(now_ns, plan.chunk_digest, plan.digest, Decision.ALLOW, "", ())
        until = range(now_ns, plan.start_ns, self._setup.tick_ns)
        self._old_rates = {at_ns: self._rate_at(at_ns) for at_ns in until}
        self._tell(allow, now_ns)

    def _tell(self, value: Any, now_ns: int) -> None:
        """Give the fuser ``value``; do what follows from its words."""
        before = time.perf_counter_ns()
        said = self._fuser.handle(value, _both(now_ns))
        elapsed_ns = time.perf_counter_ns() - before
        for out in said:
            if isinstance(out, Proposal):
                self.solve_ns.append(elapsed_ns)
                self._verdicts.append((now_ns + GUARD_NS, out.plan))
            elif isinstance(out, Commitment):
                self._committed = out.plan
            elif isinstance(out, Track):
                self._loop.follow(out)
                self.tracks.append((now_ns, out.plan))


def _both(now_ns: int) -> Now:
    return Now(now_ns, now_ns)
