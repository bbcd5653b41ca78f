"""Robots read from configuration files, and what is said of bad ones."""

import subprocess
import sys
import time
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from robot_files import CONFIG, URDF, config, write

from aura_ros.robot.description import Camera, CommandOutput, Robot
from aura_ros.robot.load import load_robot, urdf_topic
from aura_ros.robot.problems import RobotConfigError

NAN = float("nan")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("robot")


def load(folder, values=None, **options):
    return load_robot(write(folder, values), **options)


def refusal(folder, values=None, **options):
    with pytest.raises(RobotConfigError) as caught:
        load(folder, values, **options)
    return caught.value


def changed(path, value):
    """The valid configuration with ``value`` at a dotted path; None removes the key."""
    values = config()
    *parents, last = path.split(".")
    table = values
    for parent in parents:
        table = table.setdefault(parent, {})
    if value is None:
        del table[last]
    else:
        table[last] = value
    return values


# --- what a valid file says -----------------------------------------------------------------


def test_reads_groups_topics_and_timing(folder):
    robot = load(folder)
    assert robot.joints == ("shoulder", "elbow", "wrist", "finger", "thumb", "index")
    assert [(g.name, g.kind, g.unit) for g in robot.groups] == [
        ("arm", "joints", "rad"), ("gripper", "gripper", "m"), ("hand", "gripper", "normalised")]
    assert robot.cameras == (
        Camera("front", "camera/front/image_raw"),
        Camera("wrist", "camera/wrist/image_raw/compressed", compressed=True))
    assert (robot.joint_states_topic, robot.instruction_topic) == ("joint_states", "instruction")
    assert robot.objects_topic == "objects"
    assert robot.recorded_action_topic == "controller/joint_trajectory"
    assert (robot.row_period_ns, robot.horizon) == (33_333_333, 16)
    assert (robot.knot_period_ns, robot.stop_knots) == (20_000_000, 12)


def test_limits_are_the_urdfs_tightened(folder):
    limits = load(folder).limits
    np.testing.assert_array_equal(limits.lower, [-2, -1, -np.inf, 0, 0, 0])
    np.testing.assert_array_equal(limits.upper, [2, 1.5, np.inf, 0.04, 1, 0.9])
    np.testing.assert_array_equal(limits.velocity, [2.5, 2, 4, 0.2, 10, 10])
    np.testing.assert_array_equal(limits.acceleration, [10, 20, 30, 5, 400, 400])
    np.testing.assert_array_equal(limits.jerk, [500, 500, 500, np.inf, np.inf, np.inf])
    np.testing.assert_array_equal(limits.margin, [0.01, 0.01, 0.01, 0.0005, 0.01, 0.01])


def test_limit_set_replaces_only_what_it_names(folder):
    base, slow = load(folder), load(folder, limit_set="slow")
    np.testing.assert_array_equal(slow.limits.velocity, [1, 1, 1, 0.2, 10, 10])
    np.testing.assert_array_equal(slow.limits.acceleration, [5, 5, 5, 5, 400, 400])
    np.testing.assert_array_equal(slow.limits.lower, base.limits.lower)


def test_outputs_by_default_and_by_choice(folder):
    trajectory = CommandOutput("trajectory", "controller/joint_trajectory",
                               "trajectory_msgs/msg/JointTrajectory", load(folder).joints)
    assert load(folder).commands == (trajectory,)
    assert load(folder, commands=[]).commands == (trajectory,)
    (position,) = load(folder, commands=("position",)).commands
    assert position.joints == ("finger", "shoulder", "elbow", "wrist", "index", "thumb")


def test_defaults(folder):
    values = config()
    del values["motion"], values["limit_sets"], values["observation"]["objects"]
    values["action"] = {"row_period": 0.05, "horizon": 16, "recorded_topic": "commands"}
    robot = load(folder, values)
    assert (robot.row_period_ns, robot.knot_period_ns, robot.stop_knots) == (50_000_000,
                                                                            20_000_000, 12)
    assert robot.objects_topic == ""
    assert (robot.wrench_topic, robot.distance_topic) == ("", "")


def test_forces_and_distances_of_people_have_topics(folder):
    values = config()
    values["observation"] |= {"wrench": "wrist/wrench", "human_distance": "people/nearest"}
    robot = load(folder, values)
    assert (robot.wrench_topic, robot.distance_topic) == ("wrist/wrench", "people/nearest")
    assert robot.digest != load(folder).digest
    error = refusal(folder, changed("observation.human_distance", "/people"))
    assert "observation.human_distance" in str(error)


def test_joints_in_no_urdf_may_declare_all_their_limits(folder):
    values = changed("groups.arm.joints", ["shoulder", "bare", "other"])
    values["groups"]["arm"]["limits"] |= {"lower": -1.0, "upper": 1.0}
    values["commands"]["position"]["joints"] = ["shoulder", "bare", "other"]
    np.testing.assert_array_equal(load(folder, values).limits.upper[:3], 1.0)


def test_no_urdf_is_needed_where_all_is_declared(folder):
    values = changed("urdf", None)
    values["groups"] = {"hand": values["groups"]["hand"]}
    values["commands"] = {"hand": values["commands"]["trajectory"] | {"groups": ["hand"]}}
    del values["limit_sets"]
    assert load(folder, values).joints == ("thumb", "index")


def test_urdf_from_a_topic_is_handed_in(folder):
    values = changed("urdf", {"topic": "robot_description"})
    assert urdf_topic(write(folder, values)) == "robot_description"
    assert "pass its text as urdf_text" in str(refusal(folder, values))
    assert load(folder, values, urdf_text=URDF).joints == load(folder).joints
    assert urdf_topic(write(folder)) == ""


def test_overrides_are_laid_over_the_file(folder):
    robot = load(folder, overrides={"motion": {"stop_time": 0.3},
                                    "groups": {"arm": {"limits": {"velocity": 1.5}}}})
    assert robot.stop_knots == 15
    np.testing.assert_array_equal(robot.limits.velocity[:3], 1.5)
    assert robot.limits.acceleration[0] == 10.0
    error = refusal(folder, overrides={"motion": {"stop_tme": 0.3}})
    assert "with overrides" in str(error)
    assert "did you mean 'stop_time'" in str(error)


def test_digest_names_file_urdf_limit_set_and_overrides(folder):
    digests = [
        load(folder).digest,
        load(folder, limit_set="slow").digest,
        load(folder, urdf_text=URDF + " ").digest,
        load(folder, overrides={"motion": {"stop_time": 0.3}}).digest,
        load(folder, config()).digest,
    ]
    assert len(set(digests)) == len(digests)
    assert digests[0] == load(folder).digest == load(folder, commands=["position"]).digest


# --- what is said of a bad file ---------------------------------------------------------------

LIMITS = "groups.arm.limits"
BAD = [
    # path, value (None: removed), key of the problem, words
    ("name", "Toy Robot", "name", "lower-case"),
    ("naem", "toy", "naem", "did you mean 'name'"),
    ("groups", {}, "groups", "at least one entry"),
    ("groups", None, "groups", "is missing"),
    ("groups", [1], "groups", "must be a table"),
    ("groups.Arm", {}, "groups.Arm", "lower-case"),
    ("groups.arm", "arm", "groups.arm", "must be a table"),
    ("groups.arm.kind", "hand", "groups.arm.kind", "joints, gripper"),
    ("groups.arm.unit", "deg", "groups.arm.unit", "rad, m, normalised"),
    ("groups.arm.unit", "m", "groups.arm.unit", "is revolute in the URDF; write rad"),
    ("groups.arm.joints", [], "groups.arm.joints", "at least one entry"),
    ("groups.arm.joints", ["shoulder", "elbow", "elbow"], "groups.arm.joints[2]", "twice"),
    ("groups.arm.joints", ["shoulder", "elbw", "wrist"], "groups.arm.joints[1]", "'elbow'"),
    ("groups.arm.joints", ["shoulder", 3, "wrist"], "groups.arm.joints[1]", "name of a joint"),
    ("groups.arm.joints", ["shoulder", "bare", "wrist"], "groups.arm.joints[1]", "no <limit>"),
    ("groups.gripper.joints", ["finger2"], "groups.gripper.joints[0]", "mimics 'finger'"),
    ("groups.hand.joints", ["shoulder", "index"], "groups.hand.joints", "group 'arm' already"),
    (f"{LIMITS}.acceleration", None, f"{LIMITS}.acceleration", "is missing"),
    (f"{LIMITS}.margin", None, f"{LIMITS}.margin", "is missing"),
    (f"{LIMITS}.acceleration", [1.0, 2.0], f"{LIMITS}.acceleration", "2 values for 3 joints"),
    (f"{LIMITS}.acceleration", 0.0, f"{LIMITS}.acceleration", "above 0"),
    (f"{LIMITS}.acceleration", True, f"{LIMITS}.acceleration", "finite number"),
    (f"{LIMITS}.acceleration", "1e3", f"{LIMITS}.acceleration", "1.0e+3"),
    (f"{LIMITS}.acceleration", 10**400, f"{LIMITS}.acceleration", "finite number"),
    (f"{LIMITS}.jerk", [1.0, NAN, 1.0], f"{LIMITS}.jerk[1]", "finite number"),
    (f"{LIMITS}.jerk", float("inf"), f"{LIMITS}.jerk", "finite number"),
    (f"{LIMITS}.margin", -0.1, f"{LIMITS}.margin", "at least 0"),
    (f"{LIMITS}.margin", 1.25, LIMITS, "no room between lower, upper and margin of 'elbow'"),
    (f"{LIMITS}.velocity", 2.4, f"{LIMITS}.velocity", "'elbow' has 2 in its URDF"),
    (f"{LIMITS}.upper", [2.0, 1.6, 3.0], f"{LIMITS}.upper", "'elbow' has 1.5 in its URDF"),
    (f"{LIMITS}.lower", [-2.1, -1.0, -1.0], f"{LIMITS}.lower", "'shoulder' has -2 in its URDF"),
    (f"{LIMITS}.upper", [2.0, 1.5, 3.0], f"{LIMITS}.lower", "'wrist'; declare it"),
    ("groups.hand.limits.upper", None, "groups.hand.limits.upper", "'thumb', 'index'"),
    ("groups.hand.limits.velocity", None, "groups.hand.limits.velocity", "declare it"),
    ("urdf", None, f"{LIMITS}.lower", "no URDF gives it for 'shoulder', 'elbow', 'wrist'"),
    ("urdf", "toy.urdf", "urdf", "must be a table"),
    ("urdf.file", "toy.yaml", "urdf", "not XML"),
    ("urdf.file", "\n", "urdf.file", "text of one line"),
    ("limit_sets.slow.arm.velocity", 5.0, "limit_sets.slow.arm.velocity", "may only be tighter"),
    ("limit_sets.slow.arm.jerk", 501.0, "limit_sets.slow.arm.jerk", "has 500 in groups.arm"),
    ("limit_sets.slow.arm.margin", 0.1, "limit_sets.slow.arm.margin", "unknown key"),
    ("limit_sets.slow.arms", {}, "limit_sets.slow.arms", "did you mean 'arm'"),
    ("observation.cameras", {}, "observation.cameras", "at least one entry"),
    ("observation.cameras.wrist.topic", "camera/front/image_raw",
     "observation.cameras.wrist.topic", "topic of 'front' already"),
    ("observation.cameras.wrist.type", "sensor_msgs/msg/PointCloud2",
     "observation.cameras.wrist.type", "CompressedImage"),
    ("observation.joint_states", "/joint_states", "observation.joint_states", "relative"),
    ("observation.instruction", None, "observation.instruction", "is missing"),
    ("action.row_period", 0.02, "action.row_period", "exactly one"),
    ("action.row_rate", None, "action.row_period", "exactly one"),
    ("action.row_rate", 0.0, "action.row_rate", "from 1 to 1000"),
    ("action.horizon", 1, "action.horizon", "whole number from 2"),
    ("action.horizon", 2.5, "action.horizon", "whole number"),
    ("motion.stop_time", 0.25, "motion.stop_time", "set it to 0.24"),
    ("motion.stop_time", 0.04, "motion.stop_time", "set it to 0.06"),
    ("commands", {}, "commands", "at least one entry"),
    ("commands.trajectory.type", "JointTrajectory", "commands.trajectory.type",
     "did you mean 'trajectory_msgs/msg/JointTrajectory'"),
    ("commands.trajectory.groups", ["arm", "griper", "hand"], "commands.trajectory.groups[1]",
     "did you mean 'gripper'"),
    ("commands.position.joints", ["elbw"], "commands.position.joints[0]", "'elbow'"),
    ("commands.trajectory.joints", ["elbow"], "commands.trajectory", "either groups or joints"),
    ("commands.trajectory.groups", None, "commands.trajectory", "either groups or joints"),
    ("commands.trajectory.groups", ["arm", "hand"], "commands", "commands 'finger'"),
    ("commands.position.default", True, "commands", "commanded by trajectory and position"),
    ("commands.position.default", "no", "commands.position.default", "true or false"),
]


@pytest.mark.parametrize(("path", "value", "key", "words"), BAD)
def test_says_where_what_and_how_to_repair(path, value, key, words, folder):
    error = refusal(folder, changed(path, value))
    assert str(folder / "toy.yaml") in str(error)
    found = [str(problem) for problem in error.problems if problem.key == key]
    assert any(words in text for text in found), str(error)
    assert all(problem.limit and problem.remedy for problem in error.problems)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit_set": "slwo"}, "has no set 'slwo'; did you mean 'slow'"),
        ({"commands": ["positoin"]}, "has no output 'positoin'; did you mean 'position'"),
        ({"commands": ["trajectory", "position"]}, "commanded by trajectory and position"),
        ({"urdf_text": ""}, "not XML"),
    ],
)
def test_refuses_bad_choices(options, words, folder):
    assert words in str(refusal(folder, **options))


def test_two_outputs_need_two_topics(folder):
    values = config()
    values["commands"]["trajectory"]["groups"] = ["arm", "gripper"]
    values["commands"]["hand"] = values["commands"]["trajectory"] | {"groups": ["hand"]}
    assert "used by two outputs" in str(refusal(folder, values))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be a table"),
        ("- name", "must be a table"),
        ("name: [", "not valid YAML"),
        ("name: \t- 1", "not valid YAML"),
        ("when: 2024-99-99", "not valid YAML"),
        ("? [1]\n: 2", "not valid YAML"),
        (CONFIG + "\nname: again", "'name' stands twice"),
        ("[" * 100_000, "nested too deeply"),
        ("a: &a [*a]", "unknown key"),
    ],
)
def test_refuses_what_is_not_a_configuration(text, words, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(RobotConfigError, match=words):
        load_robot(path)


def test_refuses_binary_files(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"\x00\xff\xfe")
    with pytest.raises(RobotConfigError, match="not valid YAML"):
        load_robot(path)


def test_all_problems_are_told_at_once(folder):
    values = config()
    values["naem"] = values.pop("name")
    values["groups"]["arm"]["limits"]["velocity"] = 9.0
    values["groups"]["arm"]["limits"]["acceleration"] = -1.0
    values["groups"]["gripper"]["joints"] = ["fingr"]
    values["action"]["horizon"] = "many"
    values["commands"]["trajectory"]["topic"] = "/absolute"
    error = refusal(folder, values)
    assert {problem.key for problem in error.problems} >= {
        "naem", "name", "groups.arm.limits.velocity", "groups.arm.limits.acceleration",
        "groups.gripper.joints[0]", "action.horizon", "commands.trajectory.topic"}
    assert f"{len(error.problems)} problems" in str(error)


# --- any single mutation ----------------------------------------------------------------------


def paths(values, path=()):
    """Paths of all values in a document."""
    items = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from paths(value, (*path, key))


NUMBERS = st.floats() | st.integers() | st.sampled_from([NAN, 0, -1, 10**400])
TEXTS = st.text(max_size=8) | st.sampled_from(["", "/", "elbow", "arm", "1e3", "toy.urdf"])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | st.dates()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | NUMBERS, inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(list(paths(config()))), change=st.sampled_from(["set", "drop", "name"]),
       value=VALUES, key=TEXTS)
def test_any_mutation_loads_or_is_refused(folder, path, change, value, key):
    values = deepcopy(config())
    table = values
    for step in path[:-1]:
        table = table[step]
    if change == "set":
        table[path[-1]] = value
    elif isinstance(table, list):
        del table[path[-1]]
    else:
        old = table.pop(path[-1])
        if change == "name":
            table[key] = old
    try:
        robot = load(folder, values)
    except RobotConfigError:
        return
    assert_valid(robot)


def assert_valid(robot):
    assert isinstance(robot, Robot)
    limits, n = robot.limits, len(robot.joints)
    assert len(set(robot.joints)) == n > 0
    for rate in (limits.velocity, limits.acceleration, limits.jerk):
        assert rate.shape == (n,)
        assert np.all(rate > 0)
    assert np.all(np.isfinite(limits.velocity) & np.isfinite(limits.acceleration))
    assert np.all(limits.lower + limits.margin < limits.upper - limits.margin)
    assert np.all(np.isfinite(limits.lower) == np.isfinite(limits.upper))
    assert min(robot.row_period_ns, robot.knot_period_ns) > 0
    assert robot.horizon >= 2
    assert robot.stop_knots >= 3
    assert all([robot.cameras, robot.joint_states_topic, robot.instruction_topic])
    commanded = [joint for output in robot.commands for joint in output.joints]
    assert sorted(commanded) == sorted(robot.joints)


# --- cost -------------------------------------------------------------------------------------


def test_loads_in_less_than_50_ms(folder):
    path = write(folder)

    def seconds():
        start = time.perf_counter()
        load_robot(path)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.05


def test_imports_nothing_heavy():
    code = (
        "import sys, numpy, yaml; before = set(sys.modules); import aura_ros.robot.load; "
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before} "
        "- sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"aura_ros", "numpy", "yaml"}
