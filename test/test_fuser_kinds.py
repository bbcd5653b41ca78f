"""Where motion begins for every kind of group, and what is said of how far the robot is."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import ROS_0, Cell, at, chunk, home, joints_at, moving_plan, ns
from kinds import BASE, FINGER, LONGEST, PLACE, SPIN, TURN, every_kind

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.loop import CommandLoop
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.report import Tally, status_of
from aura_ros.fuser.rest import rest_position
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.rules.built import build
from aura_ros.guard.running import run_checks
from aura_ros.motion.stop import at_rest
from aura_ros.types import Now, Track

ROBOT = every_kind()
HOME = home(ROBOT)


def there(**columns):
    position = np.array(HOME)
    for name, value in columns.items():
        position[ROBOT.joints.index(name)] = value
    return position


def rest(position, robot=ROBOT):
    return rest_position((at(0.0), joints_at(0.0, position)), at(0.0), robot, 0.3, 0.2)


def test_motion_begins_at_the_measured_angle_whatever_its_turn():
    np.testing.assert_array_equal(rest(there(spin=50.0)), there(spin=50.0))


def test_motion_begins_with_what_a_tool_measures_and_no_farther_round_than_its_chart():
    inside = LONGEST / np.sqrt(3) * (1 - 1e-9)
    np.testing.assert_array_equal(
        rest(there(rx=inside, ry=inside, rz=inside)), there(rx=inside, ry=inside, rz=inside)
    )
    refusal = rest(there(rx=inside, ry=inside, rz=1.1 * inside))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "infeasible_start"
    assert "tool is turned by" in refusal.words


def test_silence_names_every_topic_that_is_needed():
    refusal = rest_position(None, at(0.0), ROBOT, 0.3, 0.2)
    assert "joint_states and tool_pose" in refusal.words


# --- a robot that stopped ---------------------------------------------------------------------


def stopped(far):
    """A robot whose committed motion has ended at ``far``, and no lease holds."""
    moving = Moving(ROBOT, FuserConfig())
    moving.measure(joints_at(0.0, HOME), at(0.0))
    moving.renew(ns(0.25), at(0.0))
    moving.commit(moving_plan(ROBOT, 0.1, jerk=np.zeros((4, 12))), at(0.05))
    plan = at_rest(far, at(0.2).ros_ns, ROBOT.knot_period_ns, ROBOT.joints)
    moving.leased = replace(moving.leased, committed=plan, identity=plan.digest)
    return moving


def anchored(moving, measured, seconds=1.0):
    moving.measure(joints_at(seconds, measured), at(seconds))
    return [out for out in moving.settle(at(seconds)) if isinstance(out, Track)]


@pytest.mark.parametrize(
    ("planned", "measured"),
    [
        ({"x": 3.0, "yaw": -8.0}, {}),  # what a base has driven, nobody measures
        ({"spin": 7.0}, {"spin": 7.0 - 2 * np.pi}),  # a driver that wraps
    ],
)
def test_a_robot_is_not_moved_where_nothing_differs(planned, measured):
    assert not anchored(stopped(there(**planned)), there(**measured))


def test_a_robot_that_was_moved_begins_there_but_its_base_counts_on():
    moving = stopped(there(x=3.0, yaw=-8.0, spin=7.0))
    (track,) = anchored(moving, there(spin=1.0, elbow=0.5))
    assert track.anchored
    np.testing.assert_array_equal(
        track.plan.position, [there(x=3.0, yaw=-8.0, spin=1.0, elbow=0.5)]
    )


def test_after_a_trip_a_base_counts_on_too():
    moving = stopped(there(x=3.0))
    moving.measure(joints_at(1.0, there(elbow=0.5)), at(1.0))
    _, track = moving.begin_anew(at(1.0))
    np.testing.assert_array_equal(track.plan.position, [there(x=3.0, elbow=0.5)])


@pytest.mark.parametrize(
    ("measured", "deviation"),
    [
        ({"x": 9.0, "spin": 4 * np.pi}, 0.0),
        ({"spin": 0.2 - 2 * np.pi}, 0.2),
        ({"px": 0.1}, 0.1),
    ],
)
def test_the_deviation_that_is_said_is_of_what_is_measured(measured, deviation):
    moving = stopped(HOME)
    moving.measure(joints_at(1.0, there(**measured)), at(1.0))
    status = status_of(moving, Tally(), "", False, "", at(1.0))
    assert status.tracking_deviation == pytest.approx(deviation, abs=1e-12)


# --- the last mile ------------------------------------------------------------------------------


def loop_at(position):
    loop = CommandLoop(ROBOT.limits, ROBOT.rotations)
    loop.follow(Track(at_rest(position, at(0.0).ros_ns, ROBOT.knot_period_ns, ROBOT.joints)))
    return loop


def test_a_base_far_away_and_a_joint_many_turns_round_are_commanded():
    far = np.array(HOME)
    far[[SPIN, *range(BASE.start, BASE.stop)]] = 1e4
    assert loop_at(far).command(Now(at(0.1).ros_ns, 0)).passed


def test_no_command_turns_a_tool_beyond_its_chart():
    edge = np.array(HOME)
    edge[TURN] = LONGEST / np.sqrt(3)
    assert loop_at(edge).command(at(0.1)).passed
    edge[TURN] *= 1 + 1e-5
    assert (edge[TURN] < ROBOT.limits.upper[TURN]).all()
    loop = loop_at(edge)
    assert loop.command(at(0.1)) is None
    assert loop.tripped == "rotation"
    edge[TURN] = 0.0
    edge[PLACE.start] = 1.1
    loop = loop_at(edge)
    loop.command(at(0.1))
    assert loop.tripped == "position"


# --- the whole way ------------------------------------------------------------------------------


def rows_of_every_kind(begin_s):
    """A joint beyond pi and wrapped, a base that drives on, a tool that turns, a toggle."""
    times = begin_s + 0.05 * np.arange(16)
    rows = np.repeat(HOME[None], 16, axis=0)
    rows[:, SPIN] = (3.0 + 0.4 * times + np.pi) % (2 * np.pi) - np.pi
    rows[:, BASE] = times[:, None] * [0.2, -0.1, 0.4]
    rows[:, TURN] = np.sin(times)[:, None] * [0.4, 0.2, -0.3]
    rows[:, FINGER] = np.where(times < 1.2, 0.0, 0.04)
    return rows


def test_plans_of_every_kind_are_smooth_and_pass_the_guards_checks():
    made = Cell(ROBOT)
    made.position = rows_of_every_kind(0.0)[0]
    made.run(0.1)
    begin = made.seconds
    for _ in range(12):
        since = made.seconds - begin
        made.chunk(rows_of_every_kind(since))
        made.run(0.2)
    made.assert_sound()
    assert len(made.commitments) > 10
    for plan in made.proposals:
        measured = joints_at(0.0, made.commands[0].position)
        judged = Context(
            Now(plan.start_ns, 0), ROBOT, GuardConfig(),
            chunk(ROBOT, (plan.start_ns - ROS_0) / 1e9, rows=rows_of_every_kind(0.0)),
            plan, None, measured,
        )  # fmt: skip
        # The chunk that it is held against here is another one, and what it continues is unknown.
        left_out = ("continuity", "fidelity")
        checks = [named for named in build(ROBOT, GuardConfig).plan if named[0] not in left_out]
        found = run_checks(checks, judged)
        assert all(check.passed for check in found), found
    end = made.commands[-1].position
    np.testing.assert_allclose(
        end[BASE], (made.seconds - begin) * np.array([0.2, -0.1, 0.4]), atol=0.1
    )
    assert end[SPIN] == pytest.approx(3.0 + 0.4 * (made.seconds - begin), abs=0.1)
    assert end[FINGER] == pytest.approx(0.04, abs=1e-3)
