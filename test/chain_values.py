"""A toy robot, and the values of the chain built around it, for tests without ROS."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import settings

from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import LONGEST_STEP_NS, CommandLoop
from aura_ros.motion.jerk import integrate, knot_at_or_after
from aura_ros.motion.stop import stop_jerk
from aura_ros.robot.description import Camera, CommandOutput, JointGroup, Limits, Robot
from aura_ros.types import (
    NS,
    ActionChunk,
    Command,
    Commitment,
    Decision,
    Image,
    JointState,
    KinematicState,
    Lease,
    Mode,
    Now,
    Plan,
    Proposal,
    Tick,
    Track,
    Verdict,
)

# Machines that run tests are busy: time is no error.
settings.register_profile("chain", deadline=None)
settings.load_profile("chain")

# The two clocks are far apart, so that mixing them up cannot go unseen.
ROS_0 = 1_700_000_000 * NS
STEADY_0 = 5_000 * NS

TICK_NS = NS // 20
COMMAND_NS = NS // 200


def ns(seconds: float) -> int:
    return round(seconds * NS)


def at(seconds: float) -> Now:
    """Both clocks ``seconds`` after the tests' beginning."""
    return Now(ROS_0 + ns(seconds), STEADY_0 + ns(seconds))


def stamp(seconds: float) -> int:
    return ROS_0 + ns(seconds)


def toy(joints: int = 3, **changes: Any) -> Robot:
    """A robot of ``joints`` joints, the last of them a gripper, with one camera."""
    names = tuple(f"joint_{k}" for k in range(joints - 1))
    arm, finger = np.ones(joints - 1), np.ones(1)

    def both(of_arm: float, of_finger: float) -> Any:
        return np.concatenate([of_arm * arm, of_finger * finger])

    values: dict[str, Any] = {
        "name": "toy",
        "groups": (
            JointGroup("arm", "joints", names, "rad"),
            JointGroup("gripper", "gripper", ("finger",), "m"),
        ),
        "limits": Limits(
            both(-2.0, 0.0),
            both(2.5, 0.05),
            both(2.0, 0.3),
            both(10.0, 5.0),
            both(400.0, np.inf),
            both(0.01, 0.001),
        ),
        "cameras": (Camera("front", "camera/front/image_raw"),),
        "joint_states_topic": "joint_states",
        "instruction_topic": "instruction",
        "objects_topic": "objects",
        "recorded_action_topic": "actions",
        "row_period_ns": ns(0.05),
        "horizon": 16,
        "knot_period_ns": ns(0.02),
        "stop_knots": 12,
        "commands": (
            CommandOutput("position", "commands", "std_msgs/msg/Float64MultiArray", ("finger",)),
        ),
        "digest": "toy-digest",
    }
    return Robot(**values | changes)


def home(robot: Robot) -> Any:
    """The middle of every joint's range, shape (n,); zero where it has no end."""
    ends = np.stack([robot.limits.lower, robot.limits.upper])
    return np.where(np.isinf(ends), 0.0, ends).mean(axis=0)


def wave(robot: Robot, begin_s: float, rows: int | None = None, size: float = 0.2) -> Any:
    """Smooth rows from ``begin_s`` on; all chunks cut from it agree. Shape (H, n)."""
    times = begin_s + robot.row_period_ns / NS * np.arange(rows or robot.horizon)
    reach = np.minimum(size, 0.2 * (robot.limits.upper - robot.limits.lower))
    return home(robot) + reach * np.sin(1.5 * times)[:, None]


def chunk(
    robot: Robot, begin_s: float = 0.0, sequence: int = 1, rows: Any = None, **changes: Any
) -> ActionChunk:
    """A good chunk, observed and begun ``begin_s`` after the beginning."""
    values: dict[str, Any] = {
        "session": 1,
        "episode": 1,
        "sequence": sequence,
        "observation_stamp_ns": stamp(begin_s),
        "start_ns": stamp(begin_s),
        "row_period_ns": robot.row_period_ns,
        "joint_names": robot.joints,
        "rows": wave(robot, begin_s) if rows is None else rows,
    }
    return ActionChunk(**values | changes)


def joints_at(seconds: float, position: Any, velocity: Any = None) -> JointState:
    still = np.zeros_like(position) if velocity is None else velocity
    return JointState(stamp(seconds), position, still)


def picture(seconds: float, source: str = "front", **changes: Any) -> Image:
    """A 4 x 4 image, unlike every other by its fingerprint."""
    image = Image(source, stamp(seconds), "rgb8", 4, 4, bytes(range(48)), False, stamp(seconds))
    return replace(image, **changes)


def lease(sequence: int, granted: bool = True, duration_s: float = 0.25, session: int = 1) -> Lease:
    mode = Mode.ACTIVE if granted else Mode.HOLD
    reason = "" if granted else "held"
    return Lease(session, sequence, ROS_0, granted, ns(duration_s), mode, reason)


def verdict(plan: Plan, decision: Decision = Decision.ALLOW, reason: str = "") -> Verdict:
    return Verdict(ROS_0, plan.chunk_digest, plan.digest, decision, reason, ())


def moving_plan(
    robot: Robot, begin_s: float = 0.0, knots: int = 20, jerk: Any = None, **changes: Any
) -> Plan:
    """A gentle motion from rest in the home position, with its stop tail."""
    h = robot.knot_period_ns / NS
    start = knot_at_or_after(stamp(begin_s), robot.knot_period_ns)
    rest = np.zeros(len(robot.joints))
    state = KinematicState(start, home(robot), rest, rest)
    if jerk is None:
        jerk = 0.3 * np.cos(0.3 * np.arange(knots))[:, None] * robot.limits.velocity / h
    _, v, a = integrate(state, jerk, h)
    tail = stop_jerk(v[-1], a[-1], robot.stop_knots, h)
    position, velocity, acceleration = integrate(state, np.concatenate([jerk, tail]), h)
    velocity[-1] = acceleration[-1] = 0.0  # rest is exact, as in every plan
    values = (start, robot.knot_period_ns, position, velocity, acceleration, robot.joints)
    return replace(Plan(*values), **changes)


def dense(plan: Plan, pieces: int = 23) -> tuple[Any, Any, Any]:
    """Position, velocity and acceleration between all knots, each (K * pieces + 1, n)."""
    s = np.linspace(0, plan.knot_period_ns / NS, pieces, endpoint=False)[None, :, None]
    p, v, a = (x[:-1, None, :] for x in (plan.position, plan.velocity, plan.acceleration))
    j = np.diff(plan.acceleration, axis=0)[:, None, :] * (NS / plan.knot_period_ns)
    parts = (p + s * (v + s * (a / 2 + s * j / 6)), v + s * (a + s * j / 2), a + s * j)
    ends = (plan.position, plan.velocity, plan.acceleration)
    n = plan.position.shape[1]
    return tuple(  # type: ignore[return-value]
        np.concatenate([x.reshape(-1, n), end[-1:]]) for x, end in zip(parts, ends, strict=True)
    )


def assert_within(plan: Plan, limits: Limits, rounding: float = 1e-7) -> None:
    """Dense samples of ``plan`` meet every limit."""
    p, v, a = dense(plan)
    assert (p >= limits.lower - rounding).all()
    assert (p <= limits.upper + rounding).all()
    assert (np.abs(v) <= limits.velocity * (1 + rounding)).all()
    assert (np.abs(a) <= limits.acceleration * (1 + rounding)).all()
    jerk = np.abs(np.diff(plan.acceleration, axis=0)) * (NS / plan.knot_period_ns)
    assert (jerk <= limits.jerk * (1 + rounding)).all()


def assert_smooth(plan: Plan, rounding: float = 1e-7) -> None:
    """Knots belong to one motion that is C2, and it ends at rest."""
    h = plan.knot_period_ns / NS
    state = KinematicState(plan.start_ns, plan.position[0], plan.velocity[0], plan.acceleration[0])
    knots = integrate(state, np.diff(plan.acceleration, axis=0) / h, h)
    for stated, found in zip((plan.position, plan.velocity, plan.acceleration), knots, strict=True):
        assert np.abs(stated - found).max() < rounding
    assert not plan.velocity[-1].any()
    assert not plan.acceleration[-1].any()


class Cell:
    """A fuser with its command loop, a robot that follows at once, and a guard that says yes.

    ``step`` goes on by one command period; ``tracks``, ``proposals`` and ``commands`` collect.
    """

    def __init__(self, robot: Robot, fuser: Fuser | None = None) -> None:
        self.robot = robot
        self.fuser = fuser or Fuser(robot)
        self.loop = CommandLoop(robot.limits)
        self.now = at(0.0)
        self.position = home(robot)
        self.leases = 0
        self.beating = True
        self.feeling = True
        self.tracks: list[Track] = []
        self.proposals: list[Plan] = []
        self.commitments: list[Plan] = []
        self.commands: list[Command] = []

    @property
    def seconds(self) -> float:
        return (self.now.ros_ns - ROS_0) / NS

    def tell(self, value: Any, vetted: bool = True) -> list[Any]:
        """Give the fuser ``value`` and everything that follows from it."""
        said = self.fuser.handle(value, self.now)
        for out in list(said):
            if isinstance(out, Track):
                self.tracks.append(out)
                self.loop.follow(out)
            elif isinstance(out, Commitment):
                self.commitments.append(out.plan)
            elif isinstance(out, Proposal):
                self.proposals.append(out.plan)
                if vetted:
                    said += self.tell(verdict(out.plan))
        return said

    def beat(self, granted: bool = True, duration_s: float = 0.25) -> list[Any]:
        self.leases += 1
        given = lease(self.leases, granted, duration_s)
        return self.tell(replace(given, stamp_ns=self.now.ros_ns))

    def step(self) -> Command | None:
        self.now = Now(self.now.ros_ns + COMMAND_NS, self.now.steady_ns + COMMAND_NS)
        command = self.loop.command(self.now)
        if command is not None:
            self.commands.append(command)
            self.position = command.position
        if self.feeling:
            self.tell(JointState(self.now.ros_ns, self.position, np.zeros_like(self.position)))
        if (self.now.ros_ns - ROS_0) % TICK_NS == 0:
            if self.beating:
                self.beat()
            self.tell(Tick())
        return command

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * NS / COMMAND_NS)):
            self.step()

    def chunk(self, rows: Any = None, late_s: float = 0.0, vetted: bool = True, **more: Any) -> Any:
        """Give the fuser a chunk that began ``late_s`` ago."""
        begin = self.seconds - late_s
        sequence = more.pop("sequence", self.now.ros_ns)
        return self.tell(chunk(self.robot, begin, sequence, rows, **more), vetted)

    def assert_sound(self) -> None:
        """Every command passed, and no set-point jumped by more than its speed explains."""
        assert all(command.passed for command in self.commands), self.loop.tripped
        position = np.array([command.position for command in self.commands])
        if len(position) > 1:
            step = np.abs(np.diff(position, axis=0))
            pause_ns = np.diff([command.stamp_ns for command in self.commands])
            seconds = np.minimum(pause_ns, LONGEST_STEP_NS)[:, None] / NS
            allowed = self.robot.limits.velocity * seconds * (1 + 1e-6) + 1e-9
            assert (step <= allowed).all()
