"""The last mile: every command is checked, and a bad one is never passed on."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, home, moving_plan, ns, toy

from aura_ros.fuser.loop import CommandLoop
from aura_ros.motion.jerk import sample
from aura_ros.motion.stop import at_rest
from aura_ros.types import Diverged, Now, Track

ROBOT = toy()
LIMITS = ROBOT.limits
PLAN = moving_plan(ROBOT)


def running():
    """A loop that has given one good command at 0.1 s."""
    loop = CommandLoop(LIMITS)
    loop.follow(Track(PLAN))
    good = loop.command(at(0.1))
    assert good.passed
    return loop, good


def with_knots(field, joint, value, first=0):
    knots = np.array(getattr(PLAN, field))
    knots[first:, joint] = value
    return replace(PLAN, **{field: knots})


# They go on from where the loop is at 0.1 s, and are bad from the next knot on.
BAD = {
    "not_finite": with_knots("position", 1, np.nan, 6),
    "position": with_knots("position", 0, LIMITS.upper[0] + 1e-4, 6),
    "velocity": with_knots("velocity", 1, LIMITS.velocity[1] * 1.001, 6),
    "step": with_knots("position", 0, PLAN.position[5, 0] + 0.3, 6),
}


def test_nothing_is_commanded_before_there_is_a_track():
    loop = CommandLoop(LIMITS)
    assert loop.command(at(0.0)) is None
    assert loop.end_ns is None


def test_commands_are_samples_of_the_track():
    loop, good = running()
    state = sample(PLAN, at(0.1).ros_ns)
    np.testing.assert_array_equal(good.position, state.position)
    np.testing.assert_array_equal(good.velocity, state.velocity)
    assert (good.stamp_ns, good.check, loop.end_ns) == (at(0.1).ros_ns, "", PLAN.end_ns)


@pytest.mark.parametrize("check", BAD)
def test_each_violation_trips_and_the_last_safe_command_is_repeated(check):
    loop, good = running()
    loop.follow(Track(BAD[check]))
    for k in range(3):
        command = loop.command(at(0.12 + 0.005 * k))
        assert (command.passed, command.check, loop.tripped) == (False, check, check)
        np.testing.assert_array_equal(command.position, good.position)
        assert not command.velocity.any()


@pytest.mark.parametrize("check", ["not_finite", "position", "velocity"])
def test_a_bad_first_command_is_not_passed_on_either(check):
    loop = CommandLoop(LIMITS)
    loop.follow(Track(BAD[check]))
    assert loop.command(at(0.12)) is None
    assert loop.tripped == check


@pytest.mark.parametrize("joint", [0, 2])
def test_limits_hold_at_their_boundary(joint):
    for bound in (LIMITS.lower, LIMITS.upper):
        edge = np.array(home(ROBOT))
        edge[joint] = bound[joint]
        loop = CommandLoop(LIMITS)
        loop.follow(Track(at_rest(edge, at(0).ros_ns, ns(0.02), ROBOT.joints)))
        assert loop.command(at(0.1)).passed
    loop = CommandLoop(LIMITS)
    loop.follow(Track(with_knots("velocity", joint, LIMITS.velocity[joint])))
    assert loop.command(Now(PLAN.start_ns, 0)).passed


def test_a_trip_outlives_good_tracks_until_a_reset():
    loop, good = running()
    loop.follow(Track(BAD["velocity"]))
    loop.command(at(0.12))
    loop.follow(Track(PLAN))
    loop.follow(Track(at_rest(home(ROBOT), at(0).ros_ns, ns(0.02), ROBOT.joints), anchored=True))
    np.testing.assert_array_equal(loop.command(at(0.2)).position, good.position)
    loop.reset()
    assert loop.tripped == ""


def test_after_a_trip_the_old_track_is_not_taken_up_again():
    # Its motion went on while the robot stood: following it would be a jump.
    loop, _ = running()
    loop.follow(Track(BAD["velocity"]))
    loop.command(at(0.12))
    loop.follow(Track(PLAN))
    loop.reset()
    assert loop.command(at(0.2)) is None
    loop.follow(Track(PLAN))
    assert loop.command(at(0.205)).passed


def test_a_reset_without_a_trip_changes_nothing():
    loop, _ = running()
    loop.reset()
    loop.follow(Track(BAD["step"]))
    assert not loop.command(at(0.12)).passed


def test_a_robot_moved_by_hand_may_be_anchored_far_away():
    loop, _ = running()
    there = home(ROBOT) + 0.5 * (LIMITS.upper - home(ROBOT))
    rest = at_rest(there, at(0).ros_ns, ns(0.02), ROBOT.joints)
    loop.follow(Track(rest, anchored=True))
    np.testing.assert_array_equal(loop.command(at(0.105)).position, there)


def test_a_track_that_is_elsewhere_is_not_followed():
    loop, _ = running()
    elsewhere = replace(PLAN, position=PLAN.position + 0.3)
    assert loop.follow(Track(elsewhere)) == Diverged(PLAN)
    state = sample(PLAN, at(0.105).ros_ns)
    np.testing.assert_array_equal(loop.command(at(0.105)).position, state.position)
    later = at_rest(home(ROBOT), at(0.2).ros_ns, ns(0.02), ROBOT.joints)
    assert loop.follow(Track(later)) == Diverged(PLAN)  # it would leap where that begins
    assert loop.follow(Track(PLAN)) is None


def test_where_time_goes_back_nothing_is_commanded_until_a_new_track_and_nothing_trips():
    loop, _ = running()
    assert loop.command(at(0.05)) is None
    assert loop.command(at(0.2)) is None
    assert (loop.tripped, loop.end_ns) == ("", None)
    # Nobody has said yet that the clock jumped: a leap would still be found.
    loop.follow(Track(replace(PLAN, position=PLAN.position + 0.3)))
    assert not loop.command(at(0.2)).passed
    loop.reset()
    loop.follow(Track(PLAN))
    assert loop.command(at(0.06)).passed


def test_a_late_loop_goes_on_where_it_was_instead_of_leaping_ahead():
    loop, good = running()
    late = loop.command(at(0.3))
    assert late.passed
    assert (np.abs(late.position - good.position) <= LIMITS.velocity * 0.03).all()
    np.testing.assert_array_equal(late.position, sample(PLAN, at(0.13).ros_ns).position)
    assert loop.end_ns == PLAN.end_ns + ns(0.17)
    for k in range(1, 400):
        last = loop.command(at(0.3 + 0.005 * k))
    np.testing.assert_array_equal(last.position, PLAN.position[-1])
    assert loop.end_ns == PLAN.end_ns  # at rest there is nothing to catch up with
