"""A live run's journals, run through fresh cores, give the same outputs bit for bit."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

pytest.importorskip("rclpy")

from live_chain import KINDS, ROBOT, Chain, FakeRobot, Watch, init, moving
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from ros_graph import Probe
from std_srvs.srv import SetBool, Trigger

from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.journal import encode, read_journal
from aura_ros.memory.memory import Memory
from aura_ros.monitor.monitor import Monitor
from aura_ros.policy.policy import Policy
from aura_ros.robot.load import load_robot
from aura_ros.types import (
    ActionChunk,
    ClockJump,
    Command,
    Configure,
    Lease,
    MemoryState,
    Reset,
    Tick,
    Track,
)


@pytest.fixture(scope="module")
def journals(tmp_path_factory):
    """Entries by node of a run with stops, a fault, a reset and a changed setting."""
    folder = tmp_path_factory.mktemp("journal")
    init()
    with Chain(namespace="/j", all={"journal": str(folder)}), Probe(namespace="/j") as probe:
        robot, watch = FakeRobot(probe), Watch(probe)
        moving(robot, probe)
        good, robot.joints = robot.joints, None
        probe.until(lambda: robot.speed == 0.0, "stopped by a silent source")
        robot.joints = good
        moving(robot, probe)
        change = Parameter("min_knots", value=5).to_parameter_msg()
        probe.call("fuser/set_parameters", SetParameters, parameters=[change])
        probe.call("fuser/set_enabled", SetBool, data=False)
        probe.until(lambda: robot.speed == 0.0, "stopped by a person")
        probe.call("fuser/set_enabled", SetBool, data=True)
        for node in KINDS:
            probe.call(f"{node}/reset", Trigger)
        committed = watch.fuser.committed
        probe.until(lambda: watch.fuser.committed > committed + 5, "work goes on")
    found = {node: list(read_journal(folder / f"j_{node}.jsonl")) for node in KINDS}
    assert all(found.values())
    return found


def text(value):
    """A value to the bit; as text NaN equals NaN."""
    return json.dumps(encode(value))


def session_of(entries, kind):
    """The session that a core was made with, from its outputs."""
    return next(e.value.session for e in entries if e.said and isinstance(e.value, kind))


def core_of(node, entries):
    robot = load_robot(ROBOT)
    if node == "policy":
        return Policy(robot, session=session_of(entries, ActionChunk))
    if node == "guard":
        return Guard(robot, GuardConfig(auto_arm=True), session=session_of(entries, Lease))
    if node == "memory":
        return Memory(session=session_of(entries, MemoryState))
    return {"monitor": Monitor, "fuser": lambda: Fuser(robot)}[node]()


def again(node, entries):
    """What a fresh core says to the inputs, encoded, without the commands of the loop."""
    core, said = core_of(node, entries), []
    for entry in entries:
        if not entry.said:
            said += [text(value) for value in core.handle(entry.value, entry.now)]
    return said


def spoken(entries):
    return [text(e.value) for e in entries if e.said and not isinstance(e.value, Command)]


@pytest.mark.parametrize("node", KINDS)
def test_the_core_says_the_same_again(journals, node):
    entries = journals[node]
    then, now = spoken(entries), again(node, entries)
    assert len(then) == len(now) > 0
    for index, (first, second) in enumerate(zip(then, now, strict=True)):
        assert first == second, f"output {index}"


def test_the_loop_commands_the_same_again(journals):
    """The loop follows the tracks where the journal has them."""
    loop, commands = CommandLoop(load_robot(ROBOT).limits), 0
    for entry in journals["fuser"]:
        if isinstance(entry.value, Command):
            assert text(loop.command(entry.now)) == text(entry.value), f"command {commands}"
            commands += 1
        elif isinstance(entry.value, Track):
            loop.follow(entry.value)
        elif isinstance(entry.value, Reset):
            loop.reset()
        elif isinstance(entry.value, ClockJump):
            loop.follow(None)
    assert commands > 100


def test_one_input_less_or_one_nanosecond_more_is_noticed(journals):
    """The comparison can fail: a lost chunk and a later arrival change what is said."""
    entries = journals["fuser"]
    at = next(i for i, e in enumerate(entries) if isinstance(e.value, ActionChunk))
    assert again("fuser", entries[:at] + entries[at + 1 :]) != spoken(entries)
    tick = next(i for i, e in enumerate(entries) if isinstance(e.value, Tick))
    later = replace(entries[tick].now, ros_ns=entries[tick].now.ros_ns + 1)
    moved = replace(entries[tick], now=later)
    assert again("fuser", [*entries[:tick], moved, *entries[tick + 1 :]]) != spoken(entries)


def test_the_run_had_something_to_repeat(journals):
    """Stops, changes and people are in it."""
    kinds = {type(e.value).__name__ for e in journals["fuser"] if not e.said}
    assert {"ActionChunk", "Verdict", "Lease", "Configure", "Reset", "SetEnabled"} <= kinds
    changed = [e.value for e in journals["fuser"] if isinstance(e.value, Configure)]
    assert changed[0].values["min_knots"] == 5
    assert any(not e.value.granted for e in journals["guard"] if isinstance(e.value, Lease))
