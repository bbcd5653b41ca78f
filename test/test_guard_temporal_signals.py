"""What formulas may speak of: values in the run and along a plan, and names that do not exist."""

import numpy as np
import pytest
from chain_values import at, home, joints_at, moving_plan, stamp, toy
from kinds import every_kind

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.temporal.heard import Heard
from aura_ros.guard.temporal.signals import Catalogue, Motion
from aura_ros.motion.jerk import sample
from aura_ros.types import Commitment, Distance, FailureRisk, Instruction, RiskLevel, Wrench

ROBOT = toy()
CATALOGUE = Catalogue(ROBOT)
PLAN = moving_plan(ROBOT)


def heard(robot=ROBOT):
    """Everything was heard at 0.1 s; the committed motion is PLAN's like."""
    known = Heard(robot)
    position = home(robot) + np.linspace(0.0, 0.02, len(robot.joints))
    values = (
        Commitment(moving_plan(robot)),
        joints_at(0.1, position, np.linspace(-1.0, 0.5, len(robot.joints))),
        FailureRisk(stamp(0.1), 1, RiskLevel.OK, 0.25, 1.0, (), ()),
        Distance(stamp(0.1), 1.5),
        Wrench(stamp(0.1), np.array([3.0, 4.0, 0.0]), np.array([0.0, 0.0, 2.0])),
    )
    known.hear(Instruction("go"), at(-3.0))
    for value in values:
        known.hear(value, at(0.1))
    return known


def value_of(name, robot=ROBOT, known=None):
    catalogue = Catalogue(robot)
    return (known or heard(robot)).signals([name], catalogue, at(0.1))[name].item()


PLANNED = sample(PLAN, stamp(0.1))
AWAY = np.abs(PLANNED.position - home(ROBOT) - np.linspace(0.0, 0.02, 3))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("position[joint_1]", home(ROBOT)[1] + 0.01),
        ("velocity[joint_0]", -1.0),
        ("acceleration[joint_0]", PLANNED.acceleration[0]),
        ("speed", 1.0),
        ("speed[gripper]", 0.5),
        ("command_speed[arm]", np.abs(PLANNED.velocity[:2]).max()),
        ("tracking_error", AWAY.max()),
        ("tracking_error[gripper]", AWAY[2]),
        ("opening[gripper]", (0.025 + 0.02) / 0.05),
        ("failure_risk", 0.25),
        ("human_distance", 1.5),
        ("force", 5.0),
        ("torque", 2.0),
        ("instruction_time", 3.1),
    ],
)
def test_values_in_the_run(name, value):
    assert value_of(name) == pytest.approx(value, abs=1e-12)


def test_without_committed_motion_the_robot_rests_where_it_is():
    known = Heard(ROBOT)
    known.hear(joints_at(0.1, home(ROBOT)), at(0.1))
    for name in ("acceleration[joint_0]", "command_speed", "tracking_error"):
        assert value_of(name, known=known) == 0.0


def test_joint_states_that_are_not_finite_are_not_heard():
    known = heard()
    known.hear(joints_at(0.1, np.full(3, np.nan)), at(0.1))
    assert value_of("speed", known=known) == 1.0


def test_a_discrete_gripper_is_open_by_its_own_positions():
    robot = every_kind()
    known = Heard(robot)
    position = home(robot)
    position[-1] = 0.03
    known.hear(joints_at(0.1, position), at(0.1))
    assert value_of("opening[gripper]", robot, known) == pytest.approx(0.75)


def test_a_base_moves_as_committed_and_its_way_is_no_signal():
    robot = every_kind()
    planned = sample(moving_plan(robot), stamp(0.1))
    assert planned.velocity[2] != 0.0
    assert value_of("velocity[x]", robot) == planned.velocity[2]
    assert "position has no 'x'" in Catalogue(robot).fault("position", "x")


def test_values_along_a_plan():
    knots = PLAN.position, PLAN.velocity, PLAN.acceleration
    motion = Motion(*knots, PLAN.velocity, np.zeros_like(PLAN.position))
    elapsed = 0.02 * np.arange(len(PLAN.position))

    def along(name):
        return CATALOGUE.along(name, 7.0, elapsed, motion)

    assert np.array_equal(along("position[joint_1]"), PLAN.position[:, 1])
    assert np.array_equal(along("acceleration[finger]"), PLAN.acceleration[:, 2])
    assert np.array_equal(along("command_speed[arm]"), np.abs(PLAN.velocity[:, :2]).max(axis=1))
    assert np.array_equal(along("speed"), along("command_speed"))
    assert along("instruction_time") == pytest.approx(7.0 + elapsed)
    for held in ("force", "failure_risk", "tracking_error", "tracking_error[arm]"):
        assert np.array_equal(along(held), np.full(len(elapsed), 7.0))


@pytest.mark.parametrize(
    ("name", "index", "words"),
    [
        ("sped", None, "unknown signal 'sped': did you mean 'speed'?"),
        ("speed", "arn", "speed has no 'arn': did you mean 'arm'?"),
        ("position", "jont_1", "position has no 'jont_1': did you mean 'joint_1'?"),
        ("position", None, "position needs a joint or group: write position[joint_0]"),
        ("force", "x", "force is one signal alone: write it without brackets"),
    ],
)
def test_names_that_do_not_exist(name, index, words):
    assert CATALOGUE.fault(name, index) == words


@pytest.mark.parametrize("name", ["speed", "force", "human_distance", "failure_risk"])
def test_what_was_never_heard_or_went_silent_is_missing(name):
    config = GuardConfig()
    limit = config.risk_timeout if name == "failure_risk" else config.source_timeout
    assert heard().missing([name], at(0.1 + limit), config) == ""
    late = at(0.1 + limit + 0.001)
    assert heard().missing([name], late, config).startswith(f"{name} went silent")
    assert Heard(ROBOT).missing([name], at(0.1), config).startswith(f"{name} was never heard")


def test_an_instruction_does_not_go_silent():
    assert heard().missing(["instruction_time"], at(100.0), GuardConfig()) == ""
