"""The whole guard over recordings of a Unitree G1: faults that a recording can have are caught,
and nothing that was recorded is blocked.

What a recording of positions, commands and images cannot have is named in
``aura_ros/replay/faults``. Severities are those of the guard's benchmark where they have a meaning
here. The least ones of ``MAY_PASS`` move joints by less than policies are inexact.
"""

from dataclasses import replace

import numpy as np
import pytest
from g1_recordings import DATA, LIMIT_SETS, needs_recordings, robots_by_limits
from rosbags.highlevel import AnyReader

from aura_ros.conversions import from_message
from aura_ros.guard.risk.fit import fit
from aura_ros.guard.risk.recorder import Recorder
from aura_ros.guard.rules.built import build
from aura_ros.replay import engine, run
from aura_ros.replay.faults import KINDS
from aura_ros.replay.run import run_replay
from aura_ros.robot.urdf_source import urdf_of
from aura_ros.types import Command, GuardStatus, Verdict

# When faults begin [s since the start]: while the right arm moves.
ONSETS = {"g1_ep001": 5, "g1_ep002": 4}
ELBOW = "right_elbow_joint"

pytestmark = needs_recordings

KINEMATIC = {
    "nan": (f"{ELBOW}:@:1", "all:@:1", "all:@:30"),
    "spike": (f"{ELBOW}:@:0.1", f"{ELBOW}:@:0.4", f"{ELBOW}:@:1.5"),
    "normalisation": ("@:1.15", "@:1.5", "@:2.5"),
    "swapped_frame": (
        "right_wrist_roll_joint,right_wrist_yaw_joint:@",
        "left_arm,right_arm:@",
        f"right_shoulder_roll_joint,{ELBOW}:@",
    ),
    "spliced": ("@:24", "@:12", "@:4"),
}
INTEGRITY = {
    "stale": ("@:1.6", "@:2", "@:3"),
    "future_stamped": ("@:0.08", "@:0.5", "@:5"),
    "replayed": ("@:1", "@:2", "@:4"),
}
SENSORS = {
    "frozen_camera": ("head:@:0.5", "head:@:0.8", "head:@:1.2"),
    "black_camera": ("head:@:3", "head:@:1", "head:@:0"),
    "silent": ("joint_states:@:0.5", "joint_states:@:1.2", "head:@:1.2"),
}
# Rates [rad/s], and steps a chunk as the time that the velocity limit takes for them [s].
SLOW = {"bias_drift": (0.01, 0.03, 0.1), "slow_burn": (0.001, 0.002, 0.005)}
MAY_PASS = ("normalisation", "swapped_frame")
# What is outside of limits is clamped or slowed, where that alone makes a good plan of it.
MAY_BE_CORRECTED = ("spike", "normalisation", "spliced")


@pytest.fixture(scope="module")
def robots():
    return robots_by_limits()


@pytest.fixture(autouse=True)
def no_picture(monkeypatch):
    """It takes longer than the rest."""
    monkeypatch.setattr(run, "draw", lambda seen, path: "")


def replay(robot, out, episode, **options):
    return run_replay(DATA / episode, robot, out, progress=False, **options).metrics


def struck(robot, out, episode, kind, words, before_s=2.0, after_s=2.0, **options):
    """Figures of the part of a recording around the onset of a fault."""
    onset_s = ONSETS[episode]
    return replay(
        robot,
        out,
        episode,
        inject=f"{kind}:{words.replace('@', str(onset_s))}",
        start=onset_s - before_s,
        duration=before_s + after_s,
        **options,
    )


def said(out, kind, topic):
    with AnyReader([out / "decisions"]) as reader:
        return [
            from_message(kind, reader.deserialize(data, connection.msgtype))
            for connection, _, data in reader.messages()
            if connection.topic == topic
        ]


def cases(table):
    return [
        pytest.param(kind, severity, words, id=f"{kind}-{severity}")
        for kind, all_words in table.items()
        for severity, words in enumerate(all_words)
    ]


def test_every_kind_of_fault_is_tried_here():
    assert {*KINEMATIC, *INTEGRITY, *SENSORS, *SLOW, "creep"} == set(KINDS)


# --- what the package's own rules catch, beside people ------------------------------------------


@pytest.mark.parametrize("limits", LIMIT_SETS)
@pytest.mark.parametrize("episode", ONSETS)
def test_nothing_of_a_recording_is_blocked_with_every_automatic_check_on(
    robots, tmp_path, episode, limits
):
    found = replay(robots[limits], tmp_path, episode)
    assert found["chunks"] > 4 * found["duration_s"]
    assert found["blocked_chunks"] == found["holds"] == found["held_commands"] == 0
    of_plans = {c.name for v in said(tmp_path, Verdict, "/verdict") for c in v.checks}
    assert {"row_start", "fidelity", "row_acceleration", "braking"} <= of_plans
    status = said(tmp_path, GuardStatus, "/guard_status")[-1]
    assert {"head", "joint_states", "memory_integrity", "memory_norm"} <= {
        check.name for check in status.checks
    }
    off = {words.partition(":")[0] for words in status.off}
    assert not off & {"provenance", "row_start", "fidelity", "memory_integrity"}


@pytest.mark.parametrize(("kind", "severity", "words"), cases(KINEMATIC | INTEGRITY))
@pytest.mark.parametrize("episode", ONSETS)
def test_faulty_chunks_are_not_allowed_as_they_are(
    robots, tmp_path, episode, kind, severity, words
):
    found = struck(robots["collaborative"], tmp_path, episode, kind, words)
    assert found["injected_began"]
    assert found["blocked_before_fault"] == 0
    assert found["faulty_fuser_refused"] == 0, "the guard looks first"
    if severity == 0 and kind in MAY_PASS:
        return
    assert found["caught"], found
    # A chunk that ends beside a spike has the beginning of it in its last row.
    beside = int(kind == "spike")
    assert found["faulty_committed"] <= beside
    assert found["faulty_refused"] >= found["faulty_chunks"] - beside > 2
    assert found["caught_after_s"] <= beside * 0.25
    if kind not in MAY_BE_CORRECTED:
        assert found["faulty_corrected"] == 0


@pytest.mark.parametrize(("kind", "severity", "words"), cases(SENSORS))
@pytest.mark.parametrize("episode", ONSETS)
def test_dead_sensors_hold_motion_until_they_live(robots, tmp_path, episode, kind, severity, words):
    found = struck(robots["collaborative"], tmp_path, episode, kind, words)
    assert found["caught"], found
    assert (found["caught_decision"], found["caught_by"]) == ("HOLD", words.partition(":")[0])
    # The time-out, what is left of a tick, and of the time between two readings.
    assert 0.2 < found["caught_after_s"] <= 0.3 + 0.05 + 0.034
    assert found["blocked_before_fault"] == 0
    assert found["holds"] == 1
    last = said(tmp_path, Verdict, "/verdict")[-1]
    assert (last.decision > 0) == (kind == "black_camera"), "motion goes on where it is safe"


# --- what rules for this robot catch -------------------------------------------------------------


def near_start(path, robot, distance=0.1):
    """Rules by which a chunk may begin so far from the motion [rad], twice what ``start_tolerance``
    allows a first plan: with the velocities that the arms' motors reach, 22 to 37 rad/s, the
    package's rule lets any place pass."""
    reach = distance / robot.limits.velocity[robot.averaged].max()
    path.write_text(f"checks: {{row_start: {{reach: {reach:.6f}}}}}\n")
    return path


@pytest.mark.parametrize("limits", LIMIT_SETS)
@pytest.mark.parametrize("episode", ONSETS)
def test_chunks_of_another_place_are_refused_whatever_motors_can_do(
    robots, tmp_path, episode, limits
):
    robot = robots[limits]
    rules = near_start(tmp_path / "rules.yaml", robot)
    found = replay(robot, tmp_path, episode, rules=rules)
    assert found["blocked_chunks"] == found["holds"] == 0
    wrong = [("swapped_frame", words) for words in KINEMATIC["swapped_frame"][1:]]
    for kind, words in (*wrong, ("normalisation", KINEMATIC["normalisation"][2])):
        # From the start: in the midst of motion the first plans have to catch up with it.
        found = struck(robot, tmp_path, episode, kind, words, ONSETS[episode], rules=rules)
        assert found["caught"], (kind, words, found)
        assert found["caught_decision"] == "REFUSE"
        assert found["blocked_before_fault"] == 0
        assert found["faulty_committed"] == found["faulty_corrected"] == 0, (kind, words)


@pytest.mark.parametrize("episode", ONSETS)
def test_spikes_and_splices_are_told_at_the_motors_limits_too(robots, tmp_path, episode):
    for kind in ("nan", "spike", "spliced"):
        for words in KINEMATIC[kind][1:]:
            found = struck(robots[None], tmp_path, episode, kind, words)
            assert found["caught"], (kind, words, found)
            assert found["blocked_before_fault"] == 0
            assert found["faulty_committed"] <= (kind == "spike"), (kind, words)


LINKS = ("wrist_yaw_link", "hand_palm_link", "hand_index_1_link", "hand_middle_1_link",
         "hand_thumb_2_link")  # fmt: skip
TABLE_Z = -0.05


def lowest(robot, positions):
    """Least height [m] of the origins of the right hand's links in the torso's frame, by
    pinocchio's own kinematics."""
    pinocchio = pytest.importorskip("pinocchio")
    model = pinocchio.buildModelFromXML(urdf_of("unitree_g1").decode())
    data, torso = model.createData(), model.getFrameId("torso_link")
    columns = [(robot.joints.index(j), model.joints[model.getJointId(j)].idx_q)
               for j in robot.joints if model.existJointName(j)]  # fmt: skip
    frames = [model.getFrameId(f"right_{link}") for link in LINKS]
    least = np.inf
    for position in positions:
        q = pinocchio.neutral(model)
        for column, place in columns:
            q[place] = position[column]
        pinocchio.framesForwardKinematics(model, data, q)
        heights = [(data.oMf[torso].inverse() * data.oMf[f]).translation[2] for f in frames]
        least = min(least, *heights)
    return least


@pytest.mark.parametrize("speed", [0.15, 0.3, 0.6])
@pytest.mark.parametrize("episode", ONSETS)
def test_a_hand_that_creeps_into_the_table_does_not_get_there(robots, tmp_path, episode, speed):
    pytest.importorskip("pinocchio")
    robot = "unitree_g1"
    links = ", ".join(f"right_{link}" for link in LINKS)
    table = f"{{name: table, half_space: {{normal: [0, 0, 1], offset: {TABLE_Z}}}}}"
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        f"checks: {{workspace: {{frame: torso_link, regions: [{table}], links: [{links}]}}}}\n"
    )
    options = {"limit_set": "collaborative", "rules": rules}
    assert replay(robot, tmp_path, episode, **options)["blocked_chunks"] == 0
    words = f"right_shoulder_pitch_joint:@:{speed}"
    found = struck(robot, tmp_path, episode, "creep", words, 1.0, 6.0, **options)
    assert found["blocked_before_fault"] == 0
    assert found["blocked_workspace"] > 0
    assert found["caught_by"] == "workspace"
    known = robots["collaborative"]
    commands = [c.position for c in said(tmp_path, Command, "/command")]
    assert lowest(known, commands[::4]) > TABLE_Z
    struck(robot, tmp_path, episode, "creep", words, 1.0, 6.0, limit_set="collaborative")
    commands = [c.position for c in said(tmp_path, Command, "/command")]
    assert lowest(known, commands[::4]) < TABLE_Z, "without the rule it goes in"


# --- what a calibration catches -----------------------------------------------------------------

WINDOW_S, STEP_S, WINDOWS = 5.0, 0.7, 9
# How far a joint may have gone off when that is noticed [rad].
OFF = 0.1


@pytest.fixture(scope="module")
def calibrated(robots, tmp_path_factory):
    """Rules with a calibration from parts of both recordings. They overlap and two are few, so
    that nothing is known of a third one: limits from one of them held motion of the other in
    three of eight ways to cut it."""
    robot, out = robots["collaborative"], tmp_path_factory.mktemp("calibration")
    recorder = Recorder(robot)

    def recording(*args):
        checks = build(*args)
        return replace(checks, watches=(*checks.watches, recorder))

    episodes = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "build", recording)
        patch.setattr(run, "draw", lambda seen, path: "")
        for episode in ONSETS:
            for k in range(WINDOWS):
                replay(robot, out, episode, start=k * STEP_S, duration=WINDOW_S)
                episodes += recorder.take()
    fit(episodes, robot).save(out / "calibration.json")
    rules = out / "rules.yaml"
    rules.write_text(f"checks: {{session_risk: {{calibration: {out / 'calibration.json'}}}}}\n")
    return rules


@pytest.mark.slow
@pytest.mark.parametrize("episode", ONSETS)
def test_slow_faults_are_noticed_while_they_are_small(robots, calibrated, tmp_path, episode):
    robot = robots["collaborative"]
    found = replay(robot, tmp_path, episode, rules=calibrated)
    assert found["blocked_chunks"] == found["holds"] == 0
    limit = robot.limits.velocity[robot.joints.index(ELBOW)]
    for kind, sizes in SLOW.items():
        for severity, size in enumerate(sizes):
            words = f"{ELBOW}:@:{size}"
            found = struck(robot, tmp_path, episode, kind, words, 4.0, 7.0, rules=calibrated)
            assert found["blocked_before_fault"] == 0
            assert found["caught_by"] == "session_risk" or severity == 0, (kind, size, found)
            # How far off the joint was when that was said.
            steps, after_s = found["faulty_committed"] + 1, found["caught_after_s"] or 7.0
            off = size * (after_s if kind == "bias_drift" else limit * steps)
            assert off < OFF, (kind, size, off)
