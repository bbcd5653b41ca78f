"""Every class of faults does what it says, from its onset on and not before."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.bench.guard.faults import CLASSES, HARD, SEVERITIES, Draw, Fault
from aura_ros.bench.guard.faults.messages import Changed
from aura_ros.bench.guard.faults.slow import ARM
from aura_ros.bench.guard.faults.words import Meant
from aura_ros.bench.guard.rules import REACH_S
from aura_ros.robot.load import load_robot
from aura_ros.sim.model import HOME
from aura_ros.types import (
    NS,
    ActionChunk,
    Image,
    Instruction,
    JointState,
    KinematicState,
    Now,
    Observation,
    PolicyFeatures,
    Request,
)

ROBOT = load_robot("embedded_panda")
ONSET_NS = 6 * NS
PERIOD_NS = NS // 4
OF_CHUNKS = [
    name for name in CLASSES
    if name not in ("memory_rollback", "frozen_camera", "black_camera", "human_intrusion",
                    "torque", "untaught_instruction", "other_instruction")
]  # fmt: skip


class Scene:
    """What faults of the world touch."""

    robot, tool, other_instruction = ROBOT, np.array([0.45, 0.0, 0.4]), "the other one"
    instruction = "the one that is meant"

    def __init__(self):
        self.person, self.pushed = None, np.zeros(3)
        self.asked_for_other = 0

    def ask_for_other(self):
        self.asked_for_other += 1

    def push(self, force):
        self.pushed = force


def made(name, severity=1, seed=0):
    draw = Draw(Scene(), severity, ONSET_NS, np.random.default_rng(seed))
    return CLASSES[name].make(draw)


def at(seconds):
    return Now(round(seconds * NS), round(seconds * NS))


def path(time_ns):
    """A slow wave: where a good policy is at some times."""
    seconds = np.atleast_1d(np.asarray(time_ns, dtype=np.float64)) / NS
    return HOME + 0.05 * np.sin(seconds)[:, None] * np.array([*np.ones(7), 0.0])


def chunk(number):
    start = number * PERIOD_NS + NS // 5
    rows = path(start + ROBOT.row_period_ns * np.arange(ROBOT.horizon))
    return ActionChunk(
        1, 1, number, number * PERIOD_NS, start, ROBOT.row_period_ns, ROBOT.joints, rows
    )


def told(fault, seconds=9.0):
    """Pairs of what the policy said and what leaves it, by turns of a quarter of a second."""
    out = []
    for number in range(4, round(seconds * NS / PERIOD_NS)):
        good = chunk(number)
        now = Now(good.observation_stamp_ns + NS // 5, 0)
        joints = JointState(good.observation_stamp_ns, path(now.ros_ns)[0], np.zeros(8))
        zero = np.zeros(8)
        start = KinematicState(good.start_ns, path(good.start_ns)[0], zero, zero)
        asked = Request(number, 1, Observation(0, {}, joints, "go"), start, None)
        fault.asked(asked, now)
        out.append((good, *fault.answered(good, now)))
    return out


def test_there_are_enough_classes_of_every_kind_and_two_are_held_out():
    assert len(CLASSES) >= 16
    assert {name for name, found in CLASSES.items() if found.held_out} == {
        "spliced", "black_camera"
    }  # fmt: skip
    assert sum(found.kind in HARD for found in CLASSES.values()) >= 10
    assert all(len(found.severities) == len(SEVERITIES) for found in CLASSES.values())


@pytest.mark.parametrize("name", OF_CHUNKS)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_chunks_are_changed_from_the_onset_on(name, severity):
    fault = made(name, severity)
    pairs = told(fault)
    before = [(a, b) for a, b in pairs if a.observation_stamp_ns + NS // 5 < ONSET_NS]
    assert all(a is b for a, b in before)
    assert ONSET_NS <= fault.began_ns < ONSET_NS + PERIOD_NS
    later = [(a, b) for a, b in pairs if a.observation_stamp_ns > ONSET_NS + NS]
    assert later
    assert all(isinstance(b, Changed) or b.digest != a.digest for a, b in later)


@pytest.mark.parametrize("name", CLASSES)
def test_the_same_seed_is_the_same_fault(name):
    one, two, other = (made(name, seed=seed) for seed in (3, 3, 4))
    assert _digests(one) == _digests(two)
    if name in ("spike", "bias_drift", "spliced", "slow_burn"):
        assert _digests(one) != _digests(other)


def _digests(fault):
    out = [b for _, b in told(fault)]
    return [(b.arrives if isinstance(b, Changed) else b).digest for b in out]


def last(name, severity=1):
    return told(made(name, severity))[-1]


def test_an_instruction_that_is_meant_comes_once_and_is_no_fault():
    scene = Scene()
    fault = Meant(Draw(scene, 0, ONSET_NS, np.random.default_rng(0)))
    assert fault.sensed([], at(5.99)) == []
    assert scene.asked_for_other == 0
    assert fault.sensed([], at(6.0)) == [Instruction("the one that is meant")]
    assert fault.sensed([], at(6.1)) == []
    assert scene.asked_for_other == 1
    assert fault.began_ns is None


def test_nan_is_one_number_a_row_or_all():
    counts = [np.isnan(last("nan", s)[1].rows).sum() for s in SEVERITIES]
    assert counts == [1, len(ROBOT.joints), ROBOT.horizon * len(ROBOT.joints)]


def test_a_spike_is_one_entry():
    for severity, size in zip(SEVERITIES, (0.1, 0.4, 1.5), strict=True):
        good, bad = last("spike", severity)
        away = np.abs(bad.rows - good.rows)
        assert (away > 1e-9).sum() == 1
        assert away.max() == pytest.approx(size)


def test_stale_chunks_are_old_under_honest_stamps_and_new_numbers():
    for severity, age in zip(SEVERITIES, (1.6, 2.0, 3.0), strict=True):
        good, bad = last("stale", severity)
        assert bad.sequence == good.sequence
        assert good.observation_stamp_ns + NS // 5 - bad.observation_stamp_ns >= age * NS
        assert np.array_equal(bad.rows, path(bad.start_ns + ROBOT.row_period_ns * np.arange(32)))


def test_future_stamps_are_ahead_of_now():
    good, bad = last("future_stamped", 0)
    ahead = bad.observation_stamp_ns - (good.observation_stamp_ns + NS // 5)
    assert ahead == 0.08 * NS
    assert np.array_equal(good.rows, bad.rows)


def test_replayed_chunks_were_sent_before_bit_for_bit():
    pairs = told(made("replayed", 2))
    sent = [b.digest for _, b in pairs]
    assert sent[-1] in sent[: len(sent) // 2 + 12]
    assert len(set(sent)) < len(sent)


def test_a_tampered_chunk_is_not_the_one_that_was_sent():
    for severity in SEVERITIES:
        _, bad = last("tampered_digest", severity)
        assert bad.sent.digest != bad.arrives.digest


def test_a_swap_moves_columns():
    good, bad = last("swapped_frame", 0)
    assert np.array_equal(bad.rows[:, [4, 6]], good.rows[:, [6, 4]])
    good, bad = last("swapped_frame", 1)
    assert np.array_equal(bad.rows[:, 0], -good.rows[:, 0])


def test_a_splice_keeps_the_rows_before_it():
    for severity, first in zip(SEVERITIES, (24, 12, 4), strict=True):
        good, bad = last("spliced", severity)
        assert np.array_equal(good.rows[:first], bad.rows[:first])
        assert np.abs(good.rows - bad.rows)[first:, :ARM].min() >= 0.1 - 1e-12


def test_creep_begins_where_it_was_told_and_turns_the_base_alone():
    good, bad = last("keep_out", 1)
    assert np.array_equal(bad.rows[0], good.rows[0])
    assert np.array_equal(bad.rows[:, 1:], np.tile(good.rows[0, 1:], (32, 1)))
    speed = np.diff(bad.rows[:, 0]) / 0.05
    assert speed == pytest.approx(0.3 * np.ones(31))


@pytest.mark.parametrize(
    ("name", "share"), [("hugging", 0.99), ("hugging", 0.5), ("slow_burn", 0.1)]
)
def test_a_lost_frame_steps_by_so_much_every_chunk(name, share):
    severity = {0.99: 2, 0.5: 0, 0.1: 2}[share]
    fault = made(name, severity)
    shifts = [b.rows[0] - a.rows[0] for a, b in told(fault)]
    steps = np.diff([shift for shift in shifts if shift.any()], axis=0)
    used = np.abs(steps / ROBOT.limits.velocity).max(axis=1)
    assert used == pytest.approx(share * REACH_S)


def test_a_smooth_loss_leaves_no_two_chunks_at_odds():
    pairs = [b for a, b in told(made("smooth_burn", 2)) if a.observation_stamp_ns > 7 * NS]
    one, two = pairs[:2]
    shift = round((two.start_ns - one.start_ns) / ROBOT.row_period_ns)
    ideal = path(two.start_ns + ROBOT.row_period_ns * np.arange(ROBOT.horizon))
    off = two.rows - ideal
    assert one.rows[shift:] == pytest.approx(two.rows[:-shift], abs=1e-12)
    assert np.abs(off[0]).max() > 0.05


def test_a_lost_policy_is_asked_in_its_own_frame():
    fault = made("hugging", 2)
    told(fault)
    zero = np.zeros(8)
    seen = Observation(0, {}, JointState(0, HOME, zero), "go")
    asked = Request(1, 1, seen, KinematicState(0, HOME, zero, zero), None)
    believed = fault.asked(asked, at(9.0))
    away = HOME - believed.start.position
    assert np.abs(away).max() > REACH_S
    assert np.array_equal(HOME - believed.observation.joints.position, away)


def features(number):
    rng = np.random.default_rng(number)
    return PolicyFeatures(1, 1, number, number * PERIOD_NS, rng.standard_normal(64))


def test_a_memory_is_rolled_back_once_and_goes_on():
    for severity, back in zip(SEVERITIES, (1, 3, 6), strict=True):
        memory = made("memory_rollback", severity).memory()
        updates = [
            memory.handle(features(k), Now(k * PERIOD_NS, 0))[0].updates for k in range(1, 40)
        ]
        steps = np.diff(updates)
        assert sorted(set(steps)) == [1 - back, 1]
        assert (steps == 1 - back).sum() == 1


def images(seconds):
    return [
        Image(name, round(seconds * NS), "rgb8", 4, 4, bytes([round(10 * seconds)] * 48), False,
              round(10 * seconds))
        for name in ("front", "wrist")
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["frozen_camera", "black_camera"])
def test_cameras_freeze_or_turn_black_under_fresh_stamps(name):
    which = (("wrist",), ("front",), ("front", "wrist"))
    for severity in SEVERITIES:
        fault = made(name, severity)
        fault.sensed(images(5.9), at(5.9))
        for seconds in (6.0, 6.1):
            for good, bad in zip(images(seconds), fault.sensed(images(seconds), at(seconds)),
                                 strict=True):  # fmt: skip
                assert bad.stamp_ns == good.stamp_ns
                struck = bad.source in which[severity]
                assert (bad.fingerprint != good.fingerprint) == struck
                if name == "frozen_camera" and struck:
                    assert bad.data == images(5.9)[0].data
                assert bad.black == (struck and name == "black_camera")


def test_a_person_walks_up_to_the_hand():
    fault = made("human_intrusion", 2)
    fault.happen(at(5.9))
    assert fault.scene.person is None
    away = []
    for seconds in (6.0, 6.5, 7.0, 9.0):
        fault.happen(at(seconds))
        away.append(np.linalg.norm(fault.scene.person - fault.scene.tool[:2]))
    assert away == pytest.approx([2.6, 1.8, 1.0, 0.25])


def test_a_force_rises_to_its_size():
    fault = made("torque", 0)
    sizes = []
    for seconds in (5.9, 6.0, 6.15, 6.3, 7.0):
        fault.happen(at(seconds))
        sizes.append(np.linalg.norm(fault.scene.pushed))
    assert sizes == pytest.approx([0, 0, 25, 50, 50])


@pytest.mark.parametrize("name", ["untaught_instruction", "other_instruction"])
def test_another_instruction_is_given_once(name):
    fault = made(name)
    said = [v for s in (5.9, 6.0, 6.1) for v in fault.sensed([], at(s))]
    assert len(said) == 1
    assert isinstance(said[0], Instruction)
    assert (said[0].text == Scene.other_instruction) == (name == "other_instruction")


def test_a_fault_that_is_none_changes_nothing():
    draw = Draw(Scene(), 0, 0, np.random.default_rng(0))
    fault = Fault(draw)
    good = chunk(4)
    assert fault.answered(good, at(1.0)) == [good]
    assert fault.sensed([good], at(1.0)) == [good]
    assert replace(draw).severity == 0
