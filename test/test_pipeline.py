"""The whole chain in one process: it moves, repeats to the bit, and degrades as designed."""

import json
from functools import partial

import numpy as np
import pytest
from chain_values import COMMAND_NS, ROS_0, at, home, joints_at, picture, toy, wave

from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.journal import Journal, encode, read_journal
from aura_ros.memory.memory import Memory
from aura_ros.monitor.monitor import Monitor
from aura_ros.pipeline import ROOMS, ROUTES, Pipeline, answer
from aura_ros.policy.policy import Policy, PolicyConfig
from aura_ros.policy.recorded import RecordedBackend
from aura_ros.types import (
    ActionChunk,
    Arm,
    ClockJump,
    Commitment,
    FailureRisk,
    FuserStatus,
    GuardStatus,
    Instruction,
    KinematicState,
    Lease,
    Level,
    MemoryState,
    Mode,
    Now,
    Observation,
    Proposal,
    Request,
    Tick,
    Track,
    Tripped,
    Verdict,
)

ROBOT = toy()


def backend():
    times = ROS_0 + ROBOT.row_period_ns * np.arange(400)
    return RecordedBackend(times, wave(ROBOT, 0.0, 400), ROBOT.horizon, ROBOT.row_period_ns)


def rooms(**guard):
    """Fresh cores of all rooms; the demo's guard, that arms itself."""
    return {
        "policy": Policy(ROBOT, PolicyConfig(request_period=0.2, instruction="pick")),
        "memory": Memory(),
        "monitor": Monitor(),
        "guard": Guard(ROBOT, GuardConfig(**{"auto_arm": True} | guard)),
        "fuser": Fuser(ROBOT),
    }


class Recorder:
    """A room that notes in a journal what it hears and says."""

    def __init__(self, room, journal):
        self.room, self.journal = room, journal

    def handle(self, value, now):
        said = self.room.handle(value, now)
        self.journal.append(False, now, value)
        for out in said:
            self.journal.append(True, now, out)
        return said

    def health(self, now):
        return self.room.health(now)


def written(out):
    """An output as the journal writes it; as text, in which NaN equals NaN."""
    return json.dumps(encode(getattr(out, "value", out)))


class World:
    """A robot that follows its commands, a camera, and the pipeline between them."""

    def __init__(self, cores=None, policy=None):
        self.cores = rooms() if cores is None else cores
        self.pipeline = Pipeline(
            self.cores, CommandLoop(ROBOT.limits), partial(answer, policy or backend())
        )
        self.position = wave(ROBOT, 0.0, 1)[0]
        self.ticks = 0
        self.pictures = True
        self.said, self.commands = [], []

    @property
    def now(self):
        return at(self.ticks * COMMAND_NS / 1e9)

    def tell(self, value):
        out = self.pipeline.step(value, self.now)
        self.said += out
        return out

    def step(self):
        seconds = self.ticks * COMMAND_NS / 1e9
        if self.ticks % 10 == 0:
            self.tell(Tick())
            if self.pictures:
                self.tell(picture(seconds))
        if self.ticks % 2 == 0:
            self.tell(joints_at(seconds, self.position))
        command = self.pipeline.command(self.now)
        if command is not None:
            self.commands.append(command)
            self.position = command.position
        self.ticks += 1

    def run(self, seconds):
        for _ in range(round(seconds * 1e9 / COMMAND_NS)):
            self.step()
        return self

    def of(self, kind):
        return [out.value for out in self.said if isinstance(out.value, kind)]

    def health(self, room):
        return self.cores[room].health(self.now)


def without(*names):
    return {name: room for name, room in rooms().items() if name not in names}


def moved(world):
    return bool(world.commands) and np.ptp([c.position[0] for c in world.commands]) > 0.01


@pytest.fixture(scope="module")
def run():
    return World().run(4.0)


# --- the whole chain --------------------------------------------------------------------------


def test_the_chain_moves_the_robot_and_every_command_passes(run):
    assert len(run.commands) > 700
    assert all(command.passed for command in run.commands)
    assert run.cores["guard"].mode == Mode.ACTIVE
    assert len(run.of(Commitment)) >= 15
    for kind in (Request, ActionChunk, MemoryState, FailureRisk, Proposal, Verdict, Track):
        assert len(run.of(kind)) >= 15, kind
    for kind in (Lease, GuardStatus, FuserStatus):
        assert len(run.of(kind)) >= 80, kind


def test_the_recorded_motion_is_followed_closely(run):
    late = [c for c in run.commands if c.stamp_ns > at(1.0).ros_ns]
    wanted = np.array([wave(ROBOT, (c.stamp_ns - ROS_0) / 1e9, 1)[0] for c in late])
    assert np.abs(np.array([c.position for c in late]) - wanted).max() < 0.01


def test_memory_reaches_the_policy(run):
    assert all(request.readout is not None for request in run.of(Request)[1:])


def test_what_moves_was_allowed(run):
    allowed = {v.plan_digest for v in run.of(Verdict) if v.decision == 0}
    proposed = {p.plan.digest for p in run.of(Proposal)}
    assert allowed <= proposed
    assert run.cores["fuser"].status(run.now).committed == len(allowed)


def test_the_same_inputs_give_the_same_outputs_to_the_bit(run):
    again = World().run(4.0)
    assert list(map(written, again.said)) == list(map(written, run.said))
    assert [c.position.tobytes() for c in again.commands] == [
        c.position.tobytes() for c in run.commands
    ]


# --- parts that are missing or fail -----------------------------------------------------------


def test_without_memory_the_policy_runs_without_readout_and_says_so():
    world = World(without("memory")).run(1.5)
    assert moved(world)
    assert {request.readout is None for request in world.of(Request)} == {True}
    assert world.health("policy").values["memory_readout"] == "no"


def test_without_monitor_motion_goes_on_unless_risk_is_required():
    assert moved(World(without("monitor")).run(1.5))
    cores = rooms(require_risk=True)
    del cores["monitor"]
    world = World(cores).run(1.5)
    assert not world.commands
    assert not any(lease.granted for lease in world.of(Lease))
    assert "no monitor heard" in world.health("guard").summary


def test_a_monitor_that_dies_where_risk_is_required_means_hold():
    cores = rooms(require_risk=True, risk_timeout=0.5)
    cores["monitor"] = Known()
    world = World(cores).run(1.5)
    assert moved(world)
    cores["monitor"].alive = False
    world.run(1.2)
    assert cores["guard"].mode == Mode.HOLD
    assert not world.commands[-1].velocity.any()
    cores["monitor"].alive = True
    world.run(1.0)
    assert cores["guard"].mode == Mode.ACTIVE
    assert np.abs(world.commands[-1].velocity).max() > 0
    assert all(command.passed for command in world.commands)


class Known(Monitor):
    """A monitor that finds everything well while it lives."""

    alive = True

    def handle(self, value, now):
        if not self.alive or not isinstance(value, ActionChunk):
            return []
        return [FailureRisk(now.ros_ns, value.sequence, 1, 0.0, 1.0, (), ())]


@pytest.mark.parametrize("missing", ["guard", "policy", "fuser"])
def test_without_guard_policy_or_fuser_nothing_moves(missing):
    world = World(without(missing)).run(1.0)
    assert not world.commands
    assert all(len(c.plan.position) == 1 for c in world.of(Commitment))  # rest, where it is


def test_a_guard_that_is_not_armed_lets_nothing_move_until_a_person_arms_it():
    world = World(rooms(auto_arm=False)).run(1.0)
    assert not world.commands
    assert world.cores["fuser"].status(world.now).refused["guard_mode"] > 0
    world.tell(Arm(True))
    world.run(1.0)
    assert moved(world)


def test_a_frozen_camera_stops_the_robot_and_work_resumes():
    world = World().run(1.5)
    world.pictures = False
    world.run(0.3 + 0.05 + 0.24 + 0.05)
    assert not world.commands[-1].velocity.any()
    world.run(0.5)
    world.pictures = True
    count = len(world.commands)
    world.run(1.5)
    assert np.abs([c.velocity for c in world.commands[count:]]).max() > 0.05
    assert all(command.passed for command in world.commands)


class Flaky:
    """A policy that raises while it is broken."""

    name = "flaky"

    def __init__(self):
        self.inner, self.broken = backend(), False

    def encode(self, observation):
        return self.inner.encode(observation)

    def act(self, request, embedding):
        if self.broken:
            raise KeyError("weights")
        return self.inner.act(request, embedding)


def test_a_backend_that_raises_is_an_error_in_health_and_recovers():
    policy = Flaky()
    world = World(policy=policy).run(1.0)
    policy.broken = True
    world.run(2.0)
    assert world.health("policy").level == Level.ERROR
    assert "flaky: 'weights'" in world.health("policy").summary
    assert not world.commands[-1].velocity.any()
    assert world.health("fuser").level == Level.WARN
    policy.broken = False
    world.run(1.0)
    assert world.health("policy").level == Level.OK
    assert np.abs(world.commands[-1].velocity).max() > 0


@pytest.mark.parametrize("rows", [None, [[1, 2], [3]], "rows"])
def test_an_answer_that_is_no_array_is_an_error(rows):
    policy = Flaky()
    policy.act = lambda request, embedding: rows
    zero = np.zeros(3)
    seen = Observation(0, {}, joints_at(0.0, home(ROBOT)), "x")
    response = answer(policy, Request(3, 1, seen, KinematicState(0, zero, zero, zero), None))
    assert response.sequence == 3
    assert response.error.startswith("flaky: ") or response.rows.ndim != 2


def test_a_clock_jump_is_survived():
    world = World().run(1.0)
    world.tell(ClockJump())
    assert world.pipeline.command(world.now) is None
    world.run(1.5)
    assert world.cores["guard"].mode == Mode.ACTIVE
    assert np.abs(world.commands[-1].velocity).max() > 0


def test_a_trip_of_the_command_loop_reaches_the_fuser():
    world = World().run(1.0)
    plan = world.of(Track)[-1].plan
    position = np.array(plan.position)
    position[(world.now.ros_ns - plan.start_ns) // plan.knot_period_ns + 2 :] += 5.0
    world.step()
    world.pipeline._outside(displaced(plan, position))
    world.run(0.2)
    assert not world.commands[-1].passed
    assert world.cores["fuser"].status(world.now).state == "tripped"


def test_that_a_track_is_not_where_the_commands_are_reaches_the_fuser():
    world = World().run(1.0)
    plan = world.of(Track)[-1].plan
    world.step()
    world.pipeline._outside(displaced(plan, plan.position + 5.0))
    world.run(0.2)
    status = world.cores["fuser"].status(world.now)
    assert (status.refused["diverged"], status.tripped) == (1, False)
    assert world.commands[-1].passed


def displaced(plan, position):
    return Track(type(plan)(**{**vars_of(plan), "position": position}))


def vars_of(plan):
    names = ("start_ns", "knot_period_ns", "position", "velocity", "acceleration", "joint_names")
    return {name: getattr(plan, name) for name in names}


# --- routes ---------------------------------------------------------------------------------


def test_every_route_leads_to_a_room_that_takes_its_value():
    for kind, names in ROUTES.items():
        assert set(names) <= set(ROOMS)
        for name in names:
            methods = vars(type(rooms()[name]))
            taker = methods.get("_take", methods["handle"]).dispatcher
            assert taker.dispatch(kind) is not taker.dispatch(object), (kind, name)
    assert set(ROUTES) >= {Tripped, Arm, Tick, ClockJump, Instruction}


def test_unknown_rooms_are_refused():
    with pytest.raises(ValueError, match="unknown rooms"):
        Pipeline({"oracle": Memory()}, CommandLoop(ROBOT.limits), partial(answer, backend()))


# --- journals -------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ROOMS)
def test_the_journal_of_a_room_run_through_a_fresh_core_gives_the_same_outputs(room, tmp_path):
    journal = Journal(tmp_path / "room.jsonl")
    cores = rooms()
    cores[room] = Recorder(cores[room], journal)
    world = World(cores).run(1.0)
    world.pictures = False
    world.run(0.6)
    world.pictures = True
    world.tell(Instruction("push"))
    world.run(0.5)
    world.tell(ClockJump())
    world.run(0.5)
    journal.close()
    fresh, said, expected = rooms()[room], [], []
    for entry in read_journal(tmp_path / "room.jsonl"):
        if entry.said:
            expected.append(written(entry.value))
        else:
            said += map(written, fresh.handle(entry.value, entry.now))
    assert len(said) > 5
    assert said == expected
    assert isinstance(entry.now, Now)
