"""Motion is as slow as the distance of people demands, held where it is not, and latched where
somebody may be touched."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, joints_at, moving_plan, picture, stamp, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Setup, Unavailable
from aura_ros.guard.guard import Guard
from aura_ros.guard.watches.human_separation import ENTRY, OPTIONS, HumanSeparation
from aura_ros.motion.stop import at_rest
from aura_ros.types import ClockJump, Commitment, Decision, Distance, Mode, Tick

ROBOT = toy(distance_topic="people")
CONFIG = GuardConfig()
DEFAULTS = OPTIONS.defaults
# The toy stops in 12 knots of 20 ms; its reaction is a tick, the lease and a knot.
STOP_S, REACTION_S = 0.24, 0.05 + 0.25 + 0.02
TOUCH = 0.208 + 0.1 + 0.05
STANDING = 1.6 * (REACTION_S + STOP_S) + TOUCH
MOVING = moving_plan(ROBOT)


def watch(robot=ROBOT, decision=Decision.STOP, **options):
    return HumanSeparation(Setup(robot, lambda: CONFIG, DEFAULTS | options, decision))


def seen(metres, plan=None, when=0.0, **options):
    """The one check right after a reading."""
    found = watch(**options)
    if plan is not None:
        found.hear(Commitment(plan), at(when))
    found.hear(Distance(stamp(when), metres), at(when))
    (check,) = found.checks(at(when))
    return check


def share(metres, **options):
    found = watch(**options)
    found.hear(Distance(stamp(0.0), metres), at(0.0))
    return found.share(at(0.0))


def test_a_robot_without_such_a_sensor_has_no_such_check():
    with pytest.raises(Unavailable, match=r"observation\.human_distance"):
        watch(toy())


def test_the_separation_of_a_standing_robot_is_its_boundary():
    assert seen(STANDING + 1e-9).passed
    check = seen(STANDING - 1e-6)
    assert (check.passed, check.decision) == (False, Decision.HOLD)
    assert check.value == pytest.approx(STANDING)
    assert check.limit == STANDING - 1e-6


def test_who_may_be_touched_stops_it():
    assert seen(TOUCH + 1e-9).decision == Decision.HOLD
    assert seen(TOUCH - 1e-9).decision == Decision.STOP
    assert seen(-math.inf).decision == Decision.STOP
    # What the rules say may not be less than a HOLD.
    assert seen(0.0, decision=Decision.SLOW).decision == Decision.HOLD


def test_nobody_is_far_enough_for_anything():
    assert seen(math.inf, MOVING).passed
    assert share(math.inf) == 1.0


def test_motion_needs_room_for_reaction_and_stop():
    """S = v_h (T_r + T_s) + v_r T_r + B + C + Z_d + Z_r, B at most v_r T_s."""
    check = seen(10.0, MOVING)
    window = MOVING.velocity[: round((REACTION_S + STOP_S) / 0.02) + 3, :-1]
    speed = 5.0 * np.abs(window / ROBOT.limits.velocity[:-1]).max()
    assert check.value == pytest.approx(STANDING + speed * (REACTION_S + STOP_S))
    assert seen(check.value + 1e-9, MOVING).passed
    assert seen(check.value - 1e-6, MOVING).decision == Decision.HOLD
    # A motion that has ended needs no more than standing does.
    late = (MOVING.end_ns - stamp(0.0)) / 1e9
    assert seen(10.0, MOVING, late).value == pytest.approx(STANDING)


def test_the_gripper_moves_no_one():
    rest = at_rest(MOVING.position[0], MOVING.start_ns, MOVING.knot_period_ns, ROBOT.joints)
    closing = np.zeros((2, 3))
    closing[:, -1] = ROBOT.limits.velocity[-1]
    plan = replace(rest, position=np.zeros((2, 3)), velocity=closing, acceleration=closing)
    assert seen(10.0, plan).value == pytest.approx(STANDING)


def test_the_reaction_may_be_stated():
    assert seen(10.0, reaction=1.0).value == pytest.approx(1.6 * (1.0 + STOP_S) + TOUCH)


def test_the_age_of_a_reading_is_time_to_walk():
    found = watch()
    found.hear(Distance(stamp(0.0), 10.0), at(0.1))
    (check,) = found.checks(at(0.2))
    assert check.value == pytest.approx(STANDING + 1.6 * 0.2)


@given(st.floats(0.0, 20.0))
def test_at_the_share_the_separation_is_the_distance(metres):
    given_share = share(metres, anticipation=0.0)
    assert 0.0 < given_share <= 1.0
    needed = STANDING + given_share * 5.0 * (REACTION_S + STOP_S)
    if given_share > 0.01:
        assert needed <= metres + 1e-9
    if 0.01 < given_share < 1.0:
        assert needed == pytest.approx(metres)


def test_motion_is_slowed_for_where_people_can_be_soon():
    assert share(2.0) == pytest.approx(share(2.0 - 1.6 * 0.3, anticipation=0.0))
    assert share(2.0) < share(3.0) < 1.0


def test_a_sensor_that_was_never_heard_or_went_silent_holds():
    found = watch()
    (check,) = found.checks(at(0.0))
    assert (check.decision, "people" in check.detail) == (Decision.HOLD, True)
    found.hear(Distance(stamp(0.0), math.inf), at(0.0))
    assert found.checks(at(0.3))[0].passed
    (check,) = found.checks(at(0.301))
    assert (check.decision, check.detail) == (Decision.HOLD, "people went silent")
    assert found.share(at(0.301)) == 1.0
    found.hear(ClockJump(), at(0.302))
    assert "remapped" in found.checks(at(0.302))[0].detail


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (Distance(stamp(0.2), math.nan), "in error"),
        (Distance(stamp(0.0), 9.0), "repeats a stamp"),
        (Distance(stamp(0.3), 9.0), "from the future"),
    ],
    ids=["nan", "repeated", "future"],
)
def test_what_is_no_reading_is_no_sign_of_life(late, words):
    found = watch()
    found.hear(Distance(stamp(0.0), 10.0), at(0.0))
    found.hear(late, at(0.2))
    assert found.checks(at(0.3))[0].passed
    (check,) = found.checks(at(0.31))
    assert check.decision == Decision.HOLD
    assert words in check.detail


def test_readings_that_come_late_are_old():
    found = watch()
    found.hear(Distance(stamp(0.0), 10.0), at(0.5))
    (check,) = found.checks(at(0.5))
    assert (check.decision, "are old" in check.detail) == (Decision.HOLD, True)


def test_the_entry_is_on_where_the_robot_has_the_topic():
    assert (ENTRY.name, ENTRY.automatic, ENTRY.decision) == (
        "human_separation", True, Decision.STOP)  # fmt: skip
    assert isinstance(ENTRY.make(Setup(ROBOT, lambda: CONFIG, DEFAULTS)), HumanSeparation)


def test_the_guard_waits_for_the_sensor_holds_and_stops():
    guard = Guard(ROBOT, GuardConfig(auto_arm=True))

    def tell(seconds, *values):
        alive = (picture(seconds), joints_at(seconds, MOVING.position[0]))
        for value in (*alive, *values, Tick()):
            guard.handle(value, at(seconds))
        return guard.mode

    assert tell(0.0) == Mode.INIT
    assert tell(0.05, Distance(stamp(0.05), math.inf)) == Mode.ARMED
    assert tell(0.1, Distance(stamp(0.1), 0.9 * STANDING)) == Mode.HOLD
    assert tell(0.15, Distance(stamp(0.15), 5.0)) == Mode.HOLD
    assert tell(0.4, Distance(stamp(0.4), 5.0)) == Mode.ARMED
    assert tell(0.45, Distance(stamp(0.45), 0.9 * TOUCH)) == Mode.STOP_LATCHED
    assert tell(0.8, Distance(stamp(0.8), math.inf)) == Mode.STOP_LATCHED
