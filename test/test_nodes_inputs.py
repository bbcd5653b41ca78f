"""Bad and missing inputs of the live chain: said within 0.5 s, motion ends, and comes back."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("rclpy")

from live_chain import FRONT, Chain, FakeRobot, Watch, init, moving
from ros_graph import Probe

from aura_ros.sim import messages
from aura_ros.types import Mode

SAID_S = 0.5
# Time-out of a source, one tick, a lease taken back at once, the stop tail, and transport.
STOPPED_S = 0.3 + 0.05 + 0.02 + 0.2 + 0.25


@pytest.fixture(scope="module")
def live():
    init()
    with Chain(), Probe() as probe:
        yield probe, FakeRobot(probe), Watch(probe)


def other_robot(now, position, velocity):
    message = messages.joint_state(now, position, velocity)
    message.name = [f"shoulder_{i}" for i in range(len(position))]
    return message


def misspelt(now, position, velocity):
    message = messages.joint_state(now, position, velocity)
    message.name = ["panda_joint_1", *message.name[1:]]
    return message


def nan(now, position, velocity):
    return messages.joint_state(
        now, np.where(np.arange(len(position)) == 2, np.nan, position), 0 * velocity
    )


def short(now, position, velocity):
    message = messages.joint_state(now, position, velocity)
    message.position = message.position[:-1]
    return message


class Bad:
    """A camera's publisher whose messages are spoilt."""

    def __init__(self, publisher, **fields):
        self._publisher, self._fields = publisher, fields

    def publish(self, message):
        for name, value in self._fields.items():
            setattr(message, name, value)
        self._publisher.publish(message)


def stops_and_resumes(live, node, words, spoil, mend):
    """Spoil an input in motion: said, HOLD, at rest; mend it: the chain moves again."""
    probe, robot, watch = live
    moving(robot, probe)
    began = time.monotonic()
    spoil()
    try:
        is_noticed(live, node, words, began)
    finally:  # the next test begins with what this one leaves
        mended = time.monotonic()
        mend()
    moving(robot, probe, "the arm moves again")
    probe.until(lambda: watch.said(node, mended) and words not in watch.said(node)[-1][1], "well")
    assert watch.mode == Mode.ACTIVE


def is_noticed(live, node, words, began):
    """A spoilt input is said, HOLD, at rest: each in time, as far as the machine gave time."""
    probe, robot, watch = live
    at, text, _ = probe.until(
        lambda: next((s for s in watch.said(node, began) if words in s[1]), None), f"{words!r} said"
    )
    assert at - began < SAID_S + robot.lost_s(began), text
    probe.until(lambda: watch.mode == Mode.HOLD, "HOLD")
    probe.until(lambda: robot.moved[-1][0] - began > STOPPED_S + 0.3, "time passes")
    limit = STOPPED_S + robot.lost_s(began)
    probe.until(lambda: robot.moved[-1][0] - began > limit + 0.1, "at rest")
    late = [state for at, state in robot.moved if at - began > limit]
    assert late
    assert not any(state.velocity.any() for state in late)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (other_robot, "is for another robot"),
        (misspelt, "did you mean"),
        (nan, "joint panda_joint3 has a position that is not finite"),
        (short, "8 names and 7 positions"),
        (None, "nothing on /joint_states"),
    ],
    ids=["other robot", "misspelt", "nan", "short", "silent"],
)
def test_joint_states(live, make, words):
    _, robot, _ = live

    def joints(value):
        return lambda: setattr(robot, "joints", value)

    stops_and_resumes(live, "/guard", words, joints(make), joints(messages.joint_state))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"encoding": "16UC1"}, "one of"),
        ({"width": 17}, "but 17 x 12 rgb8 has 612"),
        ({"data": b""}, "empty image"),
        (None, "nothing on /camera/front/image_raw"),
    ],
    ids=["encoding", "size", "empty", "silent"],
)
def test_cameras(live, fields, words):
    _, robot, _ = live
    good = robot.cameras[FRONT]
    bad = None if fields is None else Bad(good, **fields)

    def camera(publisher):
        return lambda: robot.cameras.__setitem__(FRONT, publisher)

    stops_and_resumes(live, "/guard", words, camera(bad), camera(good))


def test_stamps_from_the_future_are_refused_and_said(live):
    """A refusal takes no motion back: the plan goes on to its end, and nothing new is adopted."""
    probe, robot, watch = live
    robot.ahead_ns = 0  # an earlier try may have ended in the middle
    moving(robot, probe)
    began = time.monotonic()
    robot.ahead_ns = 80_000_000
    for node in ("/guard", "/policy"):
        found = probe.until(
            lambda n=node: [s for s in watch.said(n, began) if "synchronise the clocks" in s[1]],
            "said",
        )
        assert found[0][0] - began < SAID_S + robot.lost_s(began)
    probe.until(lambda: watch.fuser.state == "starved", "the plan is at its end")
    assert dict(zip(watch.fuser.refused_reasons, watch.fuser.refused_counts, strict=True))["future"]
    probe.until(lambda: robot.speed == 0.0, "at rest")
    assert watch.mode == Mode.ACTIVE
    robot.ahead_ns = 0
    moving(robot, probe, "the arm moves again")
