"""A process that was away: a guard hears before it judges, a fuser goes on where motion is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.nodes.absence import AWAY_NS, Absence

pytest.importorskip("rclpy")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from live_chain import FRONT, ROBOT, Chain, FakeRobot, Watch, init, moving
from rclpy.parameter import Parameter
from ros_graph import Probe
from std_srvs.srv import SetBool
from sway_policy import HOME

from aura_ros.motion.stop import at_rest
from aura_ros.nodes.fuser import FuserNode
from aura_ros.nodes.guard import GuardNode
from aura_ros.robot.load import load_robot
from aura_ros.types import NS, ClockJump, Diverged, Lease, Mode, Now, Tick, Track

ACTIVATE = Transition(id=Transition.TRANSITION_ACTIVATE)
DEACTIVATE = Transition(id=Transition.TRANSITION_DEACTIVATE)
TICK_NS = 50_000_000
STALL_S = 0.7
# A robot that itself was away for so long may have been silent.
PAUSED_S, TRIES = 0.1, 20


@given(st.lists(st.integers(0, AWAY_NS), max_size=20))
def test_ticks_that_come_in_time_are_all_taken(gaps):
    absence, now = Absence(0), 0
    for gap in gaps:
        now += gap
        assert not absence.lasts(now)
        assert not absence.tick(now)


@given(st.lists(st.integers(0, 20 * AWAY_NS), max_size=20))
def test_however_late_ticks_are_one_of_two_is_taken(gaps):
    absence, now, waited = Absence(0), 0, False
    for gap in gaps:
        now += gap
        waits = absence.tick(now)
        assert not (waits and waited)
        assert waits == (gap > AWAY_NS and not waited)
        waited = waits


def test_what_comes_after_an_absence_waits_for_the_second_tick():
    absence = Absence(0)
    back = AWAY_NS + 1
    assert absence.lasts(back)
    assert absence.tick(back)
    assert absence.lasts(back + 1)
    assert not absence.tick(back + TICK_NS)
    assert not absence.lasts(back + TICK_NS)


# --- live -----------------------------------------------------------------------------------


@pytest.fixture
def live():
    init()
    with Chain("/absence") as chain, Probe(namespace="/absence") as probe:
        robot, watch = FakeRobot(probe), Watch(probe)
        status = probe.hear("guard_status", "aura_ros/msg/GuardStatus")
        moving(robot, probe)
        yield chain, probe, robot, watch, status


def stall(chain, probe, meanwhile=lambda: None):
    """Keep the nodes' executor for a while; the robot goes on."""
    back = []
    chain._executor.create_task(lambda: (time.sleep(STALL_S), back.append(True)))
    meanwhile()
    probe.until(lambda: back, "back")


def reasons(status, since):
    return [m.reason for at, m in status if at >= since and m.mode == Mode.HOLD]


def test_sources_that_never_were_silent_hold_nothing(live):
    chain, probe, robot, watch, status = live
    for _ in range(TRIES):
        began = time.monotonic()
        stall(chain, probe)
        moving(robot, probe, "it goes on by itself")
        if robot.lost_s(began) < PAUSED_S:
            break
    else:
        pytest.fail("the robot was never alive all the time: this machine is too busy")
    assert reasons(status, began) == []
    assert watch.mode == Mode.ACTIVE
    assert not watch.fuser.tripped


def test_a_source_that_fell_silent_meanwhile_does(live):
    chain, probe, robot, watch, status = live
    began = time.monotonic()
    camera = robot.cameras[FRONT]
    stall(chain, probe, lambda: robot.cameras.update({FRONT: None}))
    probe.until(lambda: watch.mode == Mode.HOLD, "held")
    assert "front went silent" in reasons(status, began)[0]
    assert watch.mode == Mode.HOLD
    robot.cameras[FRONT] = camera
    moving(robot, probe, "it goes on by itself")


def test_a_guard_that_is_not_active_keeps_nothing(live):
    chain, probe, robot, watch, _ = live
    guard, chunks = chain.nodes["guard"], probe.hear("chunk", "aura_ros/msg/ActionChunk")
    assert probe.call("guard/change_state", ChangeState, transition=DEACTIVATE).success
    began = time.monotonic()
    probe.until(lambda: len(chunks) > 3 and time.monotonic() > began + STALL_S, "chunks")
    assert not guard._inbox
    assert probe.call("guard/change_state", ChangeState, transition=ACTIVATE).success
    probe.until(lambda: watch.mode == Mode.DISARMED, "a person has to arm again")
    assert probe.call("guard/arm", SetBool, data=True).success
    moving(robot, probe, "it moves again")
    assert watch.mode == Mode.ACTIVE


def test_what_waits_when_the_clock_jumps_is_of_another_time():
    init()
    overrides = [Parameter("robot", value=ROBOT)]
    guard = GuardNode(parameter_overrides=overrides, use_global_arguments=False)
    guard.trigger_configure()
    guard._inbox.append("of the time before")
    guard.deliver(ClockJump())
    assert not guard._inbox
    guard.end()


class Slow:
    """A core that is kept from ending one turn for ``STALL_S``: the command loop goes on."""

    def __init__(self, core, kind):
        self._core, self._kind, self.left = core, kind, 1

    def __getattr__(self, name):
        return getattr(self._core, name)

    def handle(self, value, now):
        said = self._core.handle(value, now)
        if isinstance(value, self._kind) and self.left:
            self.left -= 1
            time.sleep(STALL_S)
        return said


def test_a_turn_that_ends_after_motion_has_stopped_is_taken_back(live):
    """The command loop is in its tail by then; the core hears so, and plans from there."""
    chain, probe, robot, watch, _ = live
    fuser = chain.nodes["fuser"]
    fuser._core = Slow(fuser._core, Lease)
    probe.until(lambda: not fuser._core.left, "a turn hangs")
    probe.until(lambda: "diverged" in watch.fuser.refused_reasons, "said")
    committed = watch.fuser.committed
    probe.until(lambda: watch.fuser.committed > committed + 3, "plans are committed again")
    moving(robot, probe, "it goes on by itself")
    assert not watch.fuser.tripped


class Output:
    """A publisher of trajectories."""

    def __init__(self):
        self.said = []

    def publish(self, message):
        self.said.append(message)


@pytest.mark.parametrize("diverged", [False, True])
def test_a_track_that_the_loop_does_not_take_goes_to_no_controller(diverged, monkeypatch):
    init()
    overrides = [Parameter("robot", value=ROBOT)]
    node = FuserNode(parameter_overrides=overrides, use_global_arguments=False)
    node.trigger_configure()
    now, output, posted = Now(0, 0), Output(), []
    plan = at_rest(HOME, NS, NS // 50, load_robot(ROBOT).joints)
    answer = Diverged(plan) if diverged else None
    monkeypatch.setattr(node._loop, "follow", lambda track: answer)
    monkeypatch.setattr(node, "post", posted.append)
    node._trajectories = [(output, *node._trajectories[0][1:])]
    node.record(now, Tick(), [Track(plan)])
    node.act_on(Track(plan), now)
    assert posted == ([answer] if diverged else [])
    assert len(output.said) == (not diverged)
    node.end()
