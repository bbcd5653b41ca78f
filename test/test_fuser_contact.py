"""Contact phases: from what hands are planned to do, what they feel, and what they did before."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from chain_values import ROS_0, home, ns, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.contact import AHEAD_NS, Contact, Hands
from aura_ros.fuser.executed import recorded
from aura_ros.motion.jerk import integrate
from aura_ros.robot.description import JointGroup, Switching
from aura_ros.types import KinematicState, Now, Plan

ROBOT = toy()
UPPER = 0.05
FREE, TRANSITION, HOLDING = Contact


def motion(*points, robot=ROBOT):
    """A plan whose finger goes smoothly through (time [s], share) ``points``, resting at each."""
    h = 0.02
    parts = [np.zeros(1)]
    for (t0, s0), (t1, s1) in itertools.pairwise(points):
        count = round((t1 - t0) / h)
        push = np.sin(2 * np.pi * np.arange(1, count + 1) / count)
        jerk = np.diff(push, prepend=0.0)[:, None] / h
        rest = KinematicState(0, np.zeros(1), np.zeros(1), np.zeros(1))
        parts.append((s1 - s0) / integrate(rest, jerk, h)[0][-1, 0] * push)
    jerk = np.zeros((sum(map(len, parts)) - 1, len(robot.joints)))
    jerk[:, -1] = UPPER * np.diff(np.concatenate(parts)) / h
    place = home(robot)
    place[-1] = UPPER * points[0][1]
    zero = np.zeros_like(place)
    knots = integrate(KinematicState(0, place, zero, zero), jerk, h)
    start = ROS_0 + round(points[0][0] / h) * robot.knot_period_ns
    return Plan(start, robot.knot_period_ns, *knots, robot.joints)


def phase(plan, seconds, felt=None, robot=ROBOT, begin_s=0.0):
    """The contact phase at ``seconds``, watched every 50 ms; ``felt`` gives measured shares."""
    hands, executed = Hands.of(robot), None
    for t in np.arange(begin_s, seconds + 1e-9, 0.05):
        measured = None
        if felt is not None:
            measured = np.array(plan.position[0])
            measured[-1] = UPPER * felt(t)
        executed = recorded(executed, plan, measured, ROS_0 + ns(t), ns(5.0))
        hands = hands.watched(executed)
    return hands.contact(executed, plan, Now(ROS_0 + ns(seconds), 0))


GRASP = motion((0, 1), (1, 1), (1.4, 0), (3, 0))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.3, FREE), (0.6, FREE), (0.9, TRANSITION), (1.2, TRANSITION), (1.36, TRANSITION),
        (1.6, HOLDING), (2.9, HOLDING),
    ],
)  # fmt: skip
def test_a_grasp(seconds, expected):
    assert phase(GRASP, seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.3, HOLDING), (0.9, TRANSITION), (1.2, TRANSITION), (1.6, FREE), (2.9, FREE)],
)
def test_a_release(seconds, expected):
    assert phase(motion((0, 0), (1, 0), (1.4, 1), (3, 1)), seconds) == expected


def test_the_window_is_the_time_ahead():
    begins_s = 1.0 - AHEAD_NS / 1e9
    assert phase(GRASP, begins_s - 0.05) == FREE
    assert phase(GRASP, begins_s + 0.2) == TRANSITION


def test_half_closed_is_told_by_what_the_hand_did_last():
    assert phase(motion((0, 1), (1, 1), (1.4, 0.5), (3, 0.5)), 2.5) == HOLDING
    assert phase(motion((0, 0), (1, 0), (1.4, 0.5), (3, 0.5)), 2.5) == FREE
    # Closed further and opened a little: it still holds.
    assert phase(motion((0, 1), (0.4, 0.3), (1, 0.4), (3, 0.4)), 2.5) == HOLDING


def test_nothing_known_before_the_place_decides():
    assert phase(motion((0, 0.2), (1, 0.2)), 0.5) == HOLDING
    assert phase(motion((0, 0.8), (1, 0.8)), 0.5) == FREE


def test_stopped_short_of_its_target_it_holds_something():
    # 0.15 of the way is no closing by itself.
    squeeze = motion((0, 0.8), (0.5, 0.8), (0.8, 0.65), (3, 0.65))
    assert phase(squeeze, 2.5, felt=lambda t: max(0.8 - 0.15 * (t > 0.6), 0.65)) == FREE
    assert phase(squeeze, 2.5, felt=lambda t: 0.8) == HOLDING


def test_a_finger_that_lags_behind_is_in_transition():
    late = lambda t: 1 - np.clip((t - 1.5) / 1.0, 0, 1)  # noqa: E731
    assert phase(GRASP, 2.0, felt=late) == TRANSITION
    assert phase(GRASP, 2.9, felt=late) == HOLDING


def test_what_is_not_measured_is_taken_from_the_plan():
    assert phase(GRASP, 2.0, felt=lambda t: float("nan")) == HOLDING
    assert phase(GRASP, 0.3, felt=lambda t: float("nan")) == FREE


def test_without_grippers_it_is_free():
    robot = replace(ROBOT, groups=(JointGroup("arm", "joints", ROBOT.joints, "rad"),))
    assert all(phase(GRASP, t, robot=robot) == FREE for t in (0.3, 1.2, 2.0))


def two_hands():
    groups = (
        JointGroup("left", "gripper", ("joint_0",), "m", Switching(0.0, 1.0)),
        JointGroup("arm", "joints", ("joint_1",), "rad"),
        JointGroup("right", "gripper", ("finger",), "m", Switching(UPPER, 0.0)),
    )
    return replace(ROBOT, groups=groups)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((1, 1), (0, 0), FREE), ((0, 0), (0, 0), HOLDING), ((1, 1), (1, 1), HOLDING),
        ((0, 0), (0, 1), TRANSITION), ((1, 0), (0, 0), TRANSITION),
    ],
)  # fmt: skip
def test_of_two_hands_transition_counts_before_holding(left, right, expected):
    """The right one is closed at its larger position."""
    plan = motion((0, right[0]), (0.5, right[0]), (0.9, right[1]), (2, right[1]))
    position = np.array(plan.position)
    position[:, 0] = np.interp(np.arange(len(position)) * 0.02, [0.5, 0.9], left)
    plan = replace(plan, position=position)
    assert phase(plan, 0.7, robot=two_hands()) == expected


def test_a_late_watcher_sees_the_same():
    for seconds in (0.3, 1.2, 2.0):
        assert phase(GRASP, seconds, begin_s=seconds) == phase(GRASP, seconds)


def test_hands_were_quiet_before_and_after_they_moved():
    executed = recorded(None, GRASP, None, ROS_0 + ns(2.0), ns(5.0))
    quiet = Hands.of(ROBOT).quiet(executed)
    times = np.arange(len(quiet)) * 0.02
    assert quiet[times <= 1.0].all()
    assert not quiet[(times > 1.12) & (times < 1.42)].any()
    assert quiet[times > 1.52].all()


@given(shares=st.lists(st.floats(0, 1), min_size=2, max_size=8), ticks=st.integers(1, 40))
def test_what_a_hand_did_does_not_depend_on_when_it_was_watched(shares, ticks):
    plan = motion(*((0.3 * k, s) for k, s in enumerate(shares)))
    often = rarely = Hands.of(ROBOT)
    executed = None
    for k in range(1, ticks + 1):
        executed = recorded(executed, plan, None, ROS_0 + k * ns(0.05), ns(5.0))
        often = often.watched(executed)
    assert often == rarely.watched(executed)
