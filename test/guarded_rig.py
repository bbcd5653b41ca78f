"""Guard, fuser and command loop, with a wire between them that delays, loses and doubles."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from chain_values import (
    COMMAND_NS,
    NS,
    STEADY_0,
    TICK_NS,
    assert_smooth,
    assert_within,
    chunk,
    home,
    joints_at,
    picture,
    stamp,
    toy,
)

from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.motion.jerk import sample, slice_from
from aura_ros.pipeline import ROUTES
from aura_ros.robot.description import Robot
from aura_ros.types import (
    NO_ALTERNATIVES,
    ActionChunk,
    ClockJump,
    Commitment,
    Decision,
    FailureRisk,
    Image,
    JointState,
    KinematicState,
    Lease,
    Mode,
    Now,
    Plan,
    Proposal,
    Reset,
    RiskLevel,
    SetEnabled,
    Tick,
    Track,
    Verdict,
)

ROBOT = toy()
MOVING = (Mode.ARMED, Mode.ACTIVE)
# What becomes of a message: so many turns of the command loop later, for every copy of it.
Fate = tuple[int, ...]
PROMPT: Fate = (0,)
Fates = Mapping[type, Sequence[Fate]]


def reaching(here: Any, by: float, robot: Robot = ROBOT) -> Any:
    """Rows from ``here`` with the arm turned by ``by`` [rad] in the end, smoothly, (H, n)."""
    u = np.linspace(0.0, 1.0, robot.horizon)
    away = np.where(robot.averaged, by, 0.0)
    return here + away * (u * u * (3 - 2 * u))[:, None]


def wild(rows: Any, kind: str) -> Any:
    """``rows`` as no policy should send them."""
    rows = np.array(rows)
    if kind == "spike":
        rows[7, 0] += 1.5
    elif kind == "not finite":
        rows[5, 1] = np.nan
    elif kind == "elsewhere":
        rows[:, 0] += 0.9
    elif kind == "outside":
        rows[8:, 0] = ROBOT.limits.upper[0] + 0.2
    return rows


class Wired:
    """``fates`` say by kind, in turn, what becomes of the messages between guard and fuser."""

    def __init__(self, fates: Fates | None = None, robot: Robot = ROBOT) -> None:
        self.robot = robot
        self._fates: dict[type, Iterator[Fate]] = {}
        for kind, each in (fates or {}).items():
            self.fate(kind, *each)
        self._guards = 1
        self.guard = Guard(robot, GuardConfig(auto_arm=True), session=self._guards)
        self.fuser, self.loop = Fuser(robot), CommandLoop(robot.limits)
        self.position = home(robot)
        self.ticks, self._sent, self._jumped_s = 0, 0, 0.0
        self._wire: list[tuple[int, int, Callable[[Any, Now], list[Any]], Any]] = []
        self._motion: Plan | None = None
        self._committed: Plan | None = None
        self.verdicts: list[Verdict] = []
        self.commitments: list[tuple[Any, Plan, Plan | None]] = []
        self.proposals: dict[str, Plan] = {}
        self.leased_until_ns = self.granted_ns = -1
        self.stopped = (-1, -1)
        self.states: list[tuple[int, KinematicState]] = []
        self.longest_ns = 0
        self.session, self.episode, self.sequence = 1, 1, 0
        self.last: ActionChunk | None = None

    @property
    def seconds(self) -> float:
        """ROS time since the beginning."""
        return self.ticks * COMMAND_NS / NS + self._jumped_s

    @property
    def now(self) -> Now:
        return Now(stamp(self.seconds), STEADY_0 + self.ticks * COMMAND_NS)

    # --- the wire -------------------------------------------------------------------------

    def fate(self, kind: type, *each: Fate) -> None:
        """What becomes of messages of ``kind`` from now on, in turn."""
        self._fates[kind] = itertools.cycle(each)

    def fate_of_all(self, *each: Fate) -> None:
        """What becomes of every message from now on, in turn."""
        self._fates.clear()
        for kind in ROUTES:
            self.fate(kind, *each)

    def send(self, value: Any) -> None:
        """To every room that takes it, at once or as its fate is."""
        for room in ROUTES.get(type(value), ()):
            if room not in ("guard", "fuser"):
                continue
            hear = self._guarded if room == "guard" else self._fused
            for turns in next(self._fates.get(type(value), itertools.repeat(PROMPT))):
                self._sent += 1
                heapq.heappush(self._wire, (self.ticks + turns, self._sent, hear, value))

    def deliver(self) -> None:
        """What is due."""
        while self._wire and self._wire[0][0] <= self.ticks:
            _, _, hear, value = heapq.heappop(self._wire)
            hear(value, self.now)

    def _guarded(self, value: Any, now: Now) -> list[Any]:
        said = self.guard.handle(value, now)
        for out in said:
            if isinstance(out, Verdict):
                self.verdicts.append(out)
            if isinstance(out, Lease) and out.granted:
                self.granted_ns = now.steady_ns
            self.send(out)
        return said

    def _fused(self, value: Any, now: Now) -> list[Any]:
        said = self.fuser.handle(value, now)
        self._note_lease(value, now)
        for out in said:
            if isinstance(out, Track):
                assert self.loop.follow(out) is None
                self._motion = out.plan
            elif isinstance(out, Proposal):
                self.proposals[out.plan.digest] = out.plan
            elif isinstance(out, Commitment):
                self._check_commitment(value, out.plan, now)
                self._committed = out.plan
            self.send(out)
        return said

    def _note_lease(self, value: Any, now: Now) -> None:
        """When the lease ends that the fuser knows, by its own words alone."""
        if not isinstance(value, Lease):
            return
        order = (value.session, value.sequence)
        if not value.granted:
            self.stopped = max(self.stopped, order)
            self.leased_until_ns = now.steady_ns - 1
        elif order > self.stopped and abs(now.ros_ns - value.stamp_ns) <= value.duration_ns:
            self.stopped = order
            self.leased_until_ns = now.steady_ns + value.duration_ns

    # --- time -----------------------------------------------------------------------------

    def step(self) -> None:
        """One turn of the command loop, and what comes with it."""
        seconds = self.seconds
        if (self.ticks * COMMAND_NS) % TICK_NS == 0:
            self._guarded(picture(seconds), self.now)
            self._guarded(Tick(), self.now)
            self._fused(Tick(), self.now)
        joints = joints_at(seconds, self.position)
        self._guarded(joints, self.now)
        self._fused(joints, self.now)
        self.deliver()
        command = self.loop.command(self.now)
        if command is not None:
            assert command.passed, command.check
            assert self._motion is not None
            self.position = command.position
            state = sample(self._motion, self.now.ros_ns)
            self.states.append((self.now.steady_ns, state))
            self._check_lease(state)
        self.ticks += 1

    def run(self, seconds: float) -> Wired:
        for _ in range(round(seconds * NS / COMMAND_NS)):
            self.step()
        return self

    def stall(self, seconds: float) -> None:
        """For so long nobody does anything."""
        self.ticks += round(seconds * NS / COMMAND_NS)

    def jump(self, seconds: float) -> None:
        """ROS time steps by so much, and the steady clock goes on."""
        self._jumped_s += seconds
        self.loop.command(self.now)  # it may come before the word
        self.tell(ClockJump())
        self.loop.follow(None)
        self._committed = None

    # --- what comes from outside ----------------------------------------------------------

    def chunk(self, kind: str, by: float) -> None:
        """A chunk of the policy, good or not."""
        changes: dict[str, Any] = {}
        rows = wild(reaching(self.position, by), kind)
        self.sequence += 1
        if kind == "restarted":
            self.session, self.sequence = self.session + 1, 1
        elif kind == "old":
            changes["observation_stamp_ns"] = stamp(self.seconds - 2.0)
        elif kind == "future":
            changes["observation_stamp_ns"] = stamp(self.seconds + 0.2)
        elif kind == "far number":
            changes["sequence"] = 10**9
        elif kind == "alternatives":
            changes["alternatives"] = np.stack([reaching(self.position, by * k) for k in (0.2, 0)])
            rows = wild(rows, "spike")
        elif kind == "again" and self.last is not None:
            self.send(self.last)
            return
        values = {
            "session": self.session,
            "episode": self.episode,
            "alternatives": NO_ALTERNATIVES,
            **changes,
        }
        sequence = values.pop("sequence", self.sequence)
        self.last = chunk(self.robot, self.seconds, sequence, rows, **values)
        self.send(self.last)

    def tell(self, value: Any) -> None:
        """A person's word, or a sensor's: it comes as it is."""
        for room in ROUTES.get(type(value), ()):
            if room == "guard":
                self._guarded(value, self.now)
            elif room == "fuser" and not isinstance(value, Image | JointState):
                self._fused(value, self.now)

    def risk(self, level: RiskLevel) -> None:
        self.tell(FailureRisk(self.now.ros_ns, 1, level, 2.0, 1.0, (), ()))

    def reset(self) -> None:
        self._guarded(Reset(), self.now)
        self._fused(Reset(), self.now)
        self.loop.reset()

    def enable(self, enabled: bool) -> None:
        """A person switches the fuser."""
        self._fused(SetEnabled(enabled), self.now)

    def restart(self, room: str) -> None:
        """A process dies, and another comes in its place."""
        if room == "policy":
            self.session, self.sequence = self.session + 1, 0
        elif room == "guard":
            self._guards += 1
            self.guard = Guard(self.robot, GuardConfig(auto_arm=True), session=self._guards)
            if self._committed is not None:
                self._guarded(Commitment(self._committed), self.now)
        else:
            self.fuser, self.loop = Fuser(self.robot), CommandLoop(self.robot.limits)
            self._committed, self.leased_until_ns, self.stopped = None, -1, (-1, -1)

    # --- what must hold -------------------------------------------------------------------

    def _check_lease(self, state: KinematicState) -> None:
        """Without a lease nothing moves but a stop tail; ``longest_ns`` is how long anything
        moved after the guard last granted one."""
        if not state.velocity.any():
            return
        steady_ns = self.now.steady_ns
        tail_ns = (self.robot.stop_knots + 2) * self.robot.knot_period_ns
        assert steady_ns <= self.leased_until_ns + tail_ns
        self.longest_ns = max(self.longest_ns, steady_ns - self.granted_ns)

    def _check_commitment(self, cause: Any, plan: Plan, now: Now) -> None:
        self.commitments.append((cause, plan, self._committed))
        assert_within(plan, self.robot.limits)
        assert_smooth(plan)
        before = self._committed
        # By that order whoever hears two of them tells which is the later.
        assert before is None or plan.start_ns >= before.start_ns
        if isinstance(cause, Verdict) and cause.decision == Decision.ALLOW:
            proposed = self.proposals[cause.plan_digest]
            ahead = slice_from(plan, proposed.start_ns)
            # What comes is what was judged; and it was allowed while a lease held.
            assert ahead.digest == replace(proposed, base_digest=plan.base_digest).digest or (
                np.array_equal(ahead.position, proposed.position)
                and np.array_equal(ahead.acceleration, proposed.acceleration)
            )
            assert now.steady_ns <= self.leased_until_ns
            return
        assert before is None or self.is_tail(plan, before)

    def is_tail(self, plan: Plan, before: Plan) -> bool:
        """Whether ``plan`` is ``before`` up to some knot and then comes to rest, or only rests."""
        if np.ptp(plan.position, axis=0).max() < 1e-9:
            return True
        ahead = slice_from(before, plan.start_ns)
        if ahead.start_ns != plan.start_ns:
            return False
        count = min(len(plan.position), len(ahead.position))
        same = np.all(plan.acceleration[:count] == ahead.acceleration[:count], axis=1)
        agreed = count if same.all() else int(np.argmin(same))
        return len(plan.position) - agreed <= self.robot.stop_knots

    def assert_moved_within_limits(self) -> None:
        """What was commanded is continuous up to the acceleration, and within every limit."""
        limits, h = self.robot.limits, COMMAND_NS / NS
        p, v, a = (
            np.array([getattr(state, name) for _, state in self.states]).reshape(
                -1, limits.lower.size
            )
            for name in ("position", "velocity", "acceleration")
        )
        assert (p >= limits.lower - 1e-6).all()
        assert (p <= limits.upper + 1e-6).all()
        assert (np.abs(v) <= limits.velocity * (1 + 1e-6)).all()
        assert (np.abs(a) <= limits.acceleration * (1 + 1e-6)).all()
        jerk = np.where(np.isfinite(limits.jerk), limits.jerk, 1e4)
        assert (np.abs(np.diff(a, axis=0)) <= jerk * h * (1 + 1e-6) + 1e-6).all()
        away = np.abs(np.diff(p, axis=0) - h * (v[1:] + v[:-1]) / 2)
        assert (away <= jerk * h**3 + 1e-9).all()
