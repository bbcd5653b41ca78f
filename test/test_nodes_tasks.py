"""Another task on the live graph: what happens to the motion in flight, and that work goes on."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("rclpy")

import live_chain
from live_chain import Chain, FakeRobot, Watch, init, moving
from ros_graph import Probe
from sway_policy import Sway, SwayPolicy

from aura_ros.nodes.messages import make
from aura_ros.nodes.policy import Worker
from aura_ros.nodes.topics import LATCHED
from aura_ros.policy.policy import Policy
from aura_ros.types import ROLLBACK, Mode

OPENED, CLOSED = 0.038, 0.002
# Grasps that are interrupted, until one is half way when the word arrives.
TRIES = 5


class Grasp(Sway):
    """The arm sways; the instruction says what the hand does."""

    def act(self, request, embedding):
        self._hand = CLOSED if request.observation.instruction == "close" else OPENED
        return super().act(request, embedding)

    def _target(self, time_ns):
        away, drift = super()._target(time_ns)
        away[-1] = self._hand
        return away, drift


class GraspPolicy(SwayPolicy):
    """The policy node with that backend."""

    def build(self, robot, settings):
        self._worker = Worker(Grasp(robot), self.post)
        return Policy(robot, settings, session=time.time_ns())


@pytest.fixture(scope="module")
def live():
    init()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(live_chain.KINDS, "policy", GraspPolicy)
        with Chain(), Probe() as probe:
            robot, watch = FakeRobot(probe), Watch(probe)
            chunks = probe.hear("chunk", "aura_ros/msg/ActionChunk")
            backs = probe.hear("way_back", "aura_ros/msg/ActionChunk")
            told = probe.publisher("instruction", "std_msgs/msg/String", LATCHED)

            def tell(text):
                told.publish(make("std_msgs/msg/String", {"data": text}))

            yield probe, robot, watch, (chunks, backs), tell


def finger(robot):
    return robot.moved[-1][1].position[-1] if robot.moved else 0.0


def switched(probe, robot, watch, tell):
    """What the fuser did at an instruction that came in motion.

    One that comes while a busy machine has let it stop finds no motion, and nothing is said: then
    another is told.
    """
    for k in range(TRIES):
        moving(robot, probe)
        at, committed = time.monotonic(), watch.fuser.committed
        tell(f"sway on {k}")

        def said(at=at, committed=committed):
            since = watch.fuser_since(at)
            word = next((status.task_switch for status in since if status.task_switch), "")
            goes_on = since and since[-1].committed > committed + 10
            return word or (goes_on and "nothing")

        word = probe.until(said, "the fuser says what it did, or goes on")
        if word != "nothing":
            return word
    pytest.fail(f"no instruction came in motion in {TRIES} tries")


def test_a_new_instruction_drops_the_motion_and_the_new_task_begins(live):
    probe, robot, watch, (chunks, _), tell = live
    moving(robot, probe)
    probe.until(lambda: finger(robot) > OPENED - 0.002, "the hand is open")
    before = chunks[-1][1].episode
    assert switched(probe, robot, watch, tell) == "dropped"
    probe.until(lambda: chunks[-1][1].episode > before, "an episode begins")
    committed = watch.fuser.committed
    probe.until(lambda: watch.fuser.committed > committed + 3, "its chunks are taken")
    probe.until(lambda: watch.mode == Mode.ACTIVE, "the guard lets it move")
    assert not watch.fuser.tripped


def half_a_grasp_is_interrupted(probe, robot, watch, tell):
    """What the fuser did at an instruction that came while the hand closed.

    It repeats what it did last in every status, so the word on the instruction before, at which
    the open hand was free, does not count.
    """
    at = time.monotonic()
    tell("close")
    probe.until(lambda: finger(robot) < 0.03, "the hand closes")
    tell("open")

    def said():
        words = (status.task_switch for status in watch.fuser_since(at))
        word = next((word for word in words if word in ("kept", "rolled_back")), "")
        return word or (finger(robot) > OPENED - 0.002 and "nothing")

    return probe.until(said, "the fuser says what it did, or the hand opens without a word")


def test_half_a_grasp_is_rolled_back_by_a_chunk_that_the_guard_allows(live):
    probe, robot, watch, (chunks, backs), tell = live
    moving(robot, probe)
    for _ in range(TRIES):
        if half_a_grasp_is_interrupted(probe, robot, watch, tell) == "rolled_back":
            break
        # On a busy machine the word came after the grasp, which is kept, rightly, or in no motion.
        probe.until(lambda: finger(robot) > OPENED - 0.002, "the hand opens for another try")
    else:
        pytest.fail(f"no grasp was interrupted half way in {TRIES} tries")
    back = probe.until(lambda: next((m for _, m in backs), None), "the way back is heard")
    assert back.source == ROLLBACK
    others = [m for _, m in chunks if m.session == back.session]
    assert back.episode in {m.episode for m in others}
    committed = watch.fuser.committed
    probe.until(lambda: watch.fuser.committed > committed + 3, "the new task goes on")
    probe.until(lambda: finger(robot) > OPENED - 0.002, "the hand is open again")
    probe.until(lambda: watch.mode == Mode.ACTIVE, "the guard lets it move")
    assert not watch.fuser.tripped
