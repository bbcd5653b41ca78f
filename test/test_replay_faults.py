"""Faults strike what they are asked to strike, from their onset on, and nothing else."""

from itertools import pairwise

import numpy as np
import pytest
from chain_values import at, chunk, joints_at, picture, stamp, toy, wave

from aura_ros.replay.actions import segments
from aura_ros.replay.faults import KINDS, InjectError, fault_of, parse, usage
from aura_ros.replay.faults.room import FaultyPolicy
from aura_ros.types import NS, Health, JointState, Level, Tick

ROBOT = toy()
ONSET_S = 1.0
START_NS = at(0.0).steady_ns
WRITTEN = {
    "nan": "nan:joint_1:1:2",
    "spike": "spike:joint_1:1:0.5",
    "normalisation": "normalisation:1:1.5",
    "swapped_frame": "swapped_frame:joint_0,joint_1:1",
    "spliced": "spliced:1:6",
    "stale": "stale:1:0.5",
    "future_stamped": "future_stamped:1:0.3",
    "replayed": "replayed:1:2",
    "frozen_camera": "frozen_camera:front:1:0.5",
    "black_camera": "black_camera:front:1:1",
    "silent": "silent:joint_states:1:0.5",
    "creep": "creep:joint_1:1:0.3",
    "bias_drift": "bias_drift:joint_1:1:0.3",
    "slow_burn": "slow_burn:joint_1:1:0.01",
}


def commands(seconds=4.0, apart=1.0, start_ns=START_NS):
    """Recorded commands whose joints differ."""
    rows = wave(ROBOT, 0.0, round(seconds * 20) + 1)
    rows[:, 1] += 0.3 * apart
    times = [start_ns + k * NS // 20 for k in range(len(rows))]
    return segments(zip(times, times, rows, strict=True))


def make(text, runs=None):
    fault = fault_of(parse(text), ROBOT, START_NS)
    return fault, fault.recorded(commands() if runs is None else runs)


def rows_at(seconds):
    rows = wave(ROBOT, seconds)
    rows[:, 1] += 0.3
    return rows


def answers(fault, times=(0.6, 0.8, 1.0, 1.2, 1.4)):
    """Chunks said at ``times``, and what is made of each."""
    said = [chunk(ROBOT, t, k + 1, rows_at(t)) for k, t in enumerate(times)]
    return said, [fault.answered(c, at(t)) for c, t in zip(said, times, strict=True)]


# --- what is asked for --------------------------------------------------------------------------


def test_every_kind_is_written_as_its_usage_says():
    assert set(WRITTEN) == set(KINDS)
    for kind, text in WRITTEN.items():
        assert parse(text).kind == kind
        assert len(usage(kind).split(":")) == len(text.split(":"))
        assert parse(text).time == ONSET_S


def test_a_joint_may_have_colons_in_its_name():
    found = parse("spike:left:joint:1:2")
    assert (found.what, found.time, found.size) == ("left:joint", 1.0, 2.0)


@pytest.mark.parametrize(
    "text", ["spike", "spike:a:1", "spike:a:x:1", "spike:a:1:nan", "spike::1:1", "stale:1",
             "stale:a:1:2", "swapped_frame:1", "normalisation:inf:2"],
)  # fmt: skip
def test_what_is_malformed_is_told_how_to_write(text):
    kind = text.partition(":")[0]
    with pytest.raises(InjectError, match=f"give {kind}:"):
        parse(text)


@pytest.mark.parametrize("text", ["", "bump:a:1:2"])
def test_of_an_unknown_kind_the_known_ones_are_named(text):
    with pytest.raises(InjectError, match=r"spike:JOINT:TIME:SIZE\n"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spike:joint_9:1:1", "no joint 'joint_9'"),
        ("spike:joint_1:50:1", "no command is recorded at 50 s"),
        ("bias_drift:elbow:1:1", "no joint 'elbow'"),
        ("nan:elbow:1:1", "no joint or group 'elbow'"),
        ("swapped_frame:joint_0:1", "two names with a comma"),
        ("swapped_frame:arm,joint_1:1", "differ in size"),
        ("frozen_camera:wrist:1:1", "no sensor 'wrist'"),
        ("black_camera:joint_states:1:1", "no sensor 'joint_states'"),
    ],
)
def test_what_the_robot_or_the_recording_has_not_is_told(text, words):
    with pytest.raises(InjectError, match=words):
        make(text)


def test_without_recorded_commands_there_is_no_mean_of_them():
    with pytest.raises(InjectError, match="no commands are recorded"):
        make("normalisation:1:1.5", runs=[])


# --- what they do -------------------------------------------------------------------------------


def test_a_spike_changes_one_command_of_one_joint():
    before = commands()
    fault, (after,) = make("spike:joint_1:1.01:0.5", before)
    difference = after.position - before[0].position
    assert np.argwhere(difference).tolist() == [[20, 1]]
    assert difference[20, 1] == 0.5
    assert fault.began_ns is None


def test_a_chunk_is_faulty_where_it_looks_at_struck_commands():
    fault = fault_of(parse("spike:joint_1:1:0.5"), ROBOT, at(0).ros_ns)
    fault.recorded(commands(start_ns=at(0).ros_ns))
    seen = []
    for t in (0.0, 0.2, 0.3, 0.9, 1.0, 1.1):
        fault.answered(chunk(ROBOT, t), at(t))
        seen.append(fault.faulty)
    # A chunk has 16 rows of 0.05 s.
    assert seen == [False, False, True, True, True, False]
    assert fault.began_ns == at(0.3).steady_ns
    assert fault.due_ns == stamp(1.0)


def test_creep_gains_speed_smoothly():
    before = commands()
    _, (after,) = make("creep:joint_1:1:0.4", before)
    off = (after.position - before[0].position)[:, 1]
    assert not off[:21].any()
    speed = np.diff(off) * 20
    assert speed.max() == pytest.approx(0.4)
    assert np.diff(speed).max() <= 0.4 / 0.4 / 20 + 1e-9


@pytest.mark.parametrize("kind", ["nan", "normalisation", "swapped_frame", "spliced", "bias_drift",
                                  "slow_burn", "stale", "future_stamped", "replayed"])  # fmt: skip
def test_before_its_onset_nothing_is_changed_and_then_every_chunk(kind):
    fault, _ = make(WRITTEN[kind])
    said, arrived = answers(fault, (0.2, 0.4, 0.6, 0.8, 1.1, 1.2, 1.4))
    changed = [a.digest != s.digest for a, s in zip(arrived, said, strict=True)]
    assert changed == [False] * 4 + [True] * 3
    assert fault.began_ns == at(1.1).steady_ns
    assert fault.due_ns is not None
    assert fault.faulty


def changes(text):
    """Rows that are sent less rows that were said, of the first faulty chunk and the next."""
    fault, _ = make(text)
    said, arrived = answers(fault)
    return [a.rows - s.rows for a, s in zip(arrived, said, strict=True)][2:4], arrived, said


def test_rows_that_are_no_numbers_are_in_the_middle():
    (first, _), _, _ = changes("nan:joint_1:1:2")
    assert np.argwhere(np.isnan(first)).tolist() == [[7, 1], [8, 1]]
    (first, _), _, _ = changes("nan:all:1:99")
    assert np.isnan(first).all()
    (first, _), _, _ = changes("nan:arm:1:1")
    assert np.isnan(first).sum() == 2


def test_a_wrong_normalisation_scales_about_the_mean_of_the_commands():
    _, arrived, said = changes("normalisation:1:1.5")
    mean = commands()[0].position.mean(axis=0)
    assert arrived[2].rows - mean == pytest.approx(1.5 * (said[2].rows - mean))


def test_two_joints_change_places():
    _, arrived, said = changes("swapped_frame:joint_0,joint_1:1")
    assert (arrived[2].rows == said[2].rows[:, [1, 0, 2]]).all()


def test_the_end_of_a_spliced_chunk_is_that_of_the_first_one():
    _, arrived, said = changes("spliced:1:6")
    assert (arrived[3].rows[:6] == said[3].rows[:6]).all()
    assert (arrived[3].rows[6:] == said[0].rows[6:]).all()


def test_a_bias_grows_with_time_and_a_slow_burn_with_chunks():
    (first, second), _, _ = changes("bias_drift:joint_1:0.9:0.5")
    assert first[:, 1] == pytest.approx(0.05)
    assert second[:, 1] == pytest.approx(0.15)
    assert not first[:, [0, 2]].any()
    (first, second), _, _ = changes("slow_burn:joint_1:1:0.01")
    assert (first[:, 1], second[:, 1]) == (pytest.approx(0.02), pytest.approx(0.04))


def test_stale_chunks_are_old_under_honest_stamps():
    _, arrived, said = changes("stale:1:0.35")
    assert (arrived[3].rows == said[1].rows).all()
    assert arrived[3].observation_stamp_ns == said[1].observation_stamp_ns
    assert arrived[3].sequence == said[3].sequence


def test_a_future_stamp_is_so_far_ahead():
    _, arrived, _ = changes("future_stamped:1:0.3")
    assert arrived[2].observation_stamp_ns == stamp(1.3)


def test_a_replayed_chunk_comes_bit_for_bit_and_stays_the_same():
    _, arrived, said = changes("replayed:1:2")
    assert [a.digest for a in arrived[2:]] == [said[0].digest] * 3


# --- sensors ------------------------------------------------------------------------------------


def sensed(text, seconds=2.0):
    fault, _ = make(text)
    times = [k / 20 for k in range(round(seconds * 20))]
    pictures = [fault.sensed(picture(t), at(t)) for t in times]
    joints = [fault.sensed(joints_at(t, wave(ROBOT, t, 1)[0]), at(t)) for t in times]
    return fault, times, pictures, joints


def test_a_frozen_camera_repeats_its_last_frame_under_fresh_stamps_for_so_long():
    fault, times, pictures, joints = sensed(WRITTEN["frozen_camera"])
    prints = [p.fingerprint for p in pictures]
    assert set(prints[20:30]) == {prints[19]}
    assert len(set(prints)) == len(times) - 10
    assert [p.stamp_ns for p in pictures] == [stamp(t) for t in times]
    assert all(isinstance(value, JointState) for value in joints)
    assert fault.began_ns == at(1.0).steady_ns
    assert fault.due_ns is None


def test_a_black_camera_is_told_by_the_chains_own_reader_and_never_repeats():
    _, times, pictures, _ = sensed("black_camera:front:1:1")
    assert [p.black for p in pictures] == [t >= 1 for t in times]
    dark = [p.fingerprint for p in pictures[20:]]
    assert all(a != b for a, b in pairwise(dark))
    _, _, pictures, _ = sensed("black_camera:front:1:40")
    assert not any(p.black for p in pictures), "dim is not black"


@pytest.mark.parametrize("source", ["front", "joint_states"])
def test_a_silent_sensor_says_nothing_for_so_long(source):
    _, times, pictures, joints = sensed(f"silent:{source}:1:0.5")
    struck, other = (pictures, joints) if source == "front" else (joints, pictures)
    assert [value is None for value in struck] == [1 <= t < 1.5 for t in times]
    assert None not in other


# --- where chunks leave the policy --------------------------------------------------------------


class Says:
    """A room that answers every value with a chunk and a word."""

    def handle(self, value, now):
        return [chunk(ROBOT, 1.2, rows=rows_at(1.2)), "word"]

    def health(self, now):
        return Health(Level.OK, "well", {})


def test_only_chunks_of_a_policy_are_struck():
    fault, _ = make(WRITTEN["nan"])
    room = FaultyPolicy(Says(), fault)
    said, word = room.handle(Tick(), at(1.2))
    assert np.isnan(said.rows).any()
    assert word == "word"
    assert room.health(at(1.2)).summary == "well"
