"""A calibration is made from episodes, written, read, and refused where it does not fit."""

import json
from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, toy
from risk_episodes import (
    INSTRUCTIONS,
    ROBOT,
    TURNS,
    USES,
    calibrated,
    drawn,
    embeddings,
    judged,
    setup,
    shown,
    turn,
)

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Unavailable
from aura_ros.guard.risk.calibration import load, part_of
from aura_ros.guard.risk.conformal import CalibrationError
from aura_ros.guard.risk.fit import fit
from aura_ros.guard.risk.fit_session import maxima
from aura_ros.guard.risk.made_with import MadeBy
from aura_ros.guard.risk.recorder import Episode, Recorder, episode_of
from aura_ros.guard.rules.built import build
from aura_ros.guard.rules.load import load_rules
from aura_ros.types import Instruction, Reset


def plain(value):
    return json.loads(value.text())


@pytest.fixture
def path(tmp_path):
    calibrated().save(tmp_path / "guard.json")
    return tmp_path / "guard.json"


# --- the file -----------------------------------------------------------------------------------


def test_a_file_says_what_was_written(path):
    read = load(path, ROBOT)
    assert read.text() == calibrated().text()
    assert read.session_risk.shape.uses == ("braking", "plan_velocity", "row_position")
    assert read.uncertainty.limits.tolist() == calibrated().uncertainty.limits.tolist()


def test_all_watches_share_one_reading(path):
    assert load(path, ROBOT) is load(path, ROBOT)


def test_a_file_that_is_written_anew_is_read_anew(path):
    first = load(path, ROBOT)
    replace(calibrated(), source="other").save(path)
    assert first.source != load(path, ROBOT).source == "other"


def limits(**changes):
    return replace(ROBOT, limits=replace(ROBOT.limits, **changes))


OTHERS = {
    "robot.horizon is 16, here 99": replace(ROBOT, horizon=99),
    "robot.row_period_ns is 50000000, here 1": replace(ROBOT, row_period_ns=1),
    "robot.cameras is front, here none": replace(ROBOT, cameras=()),
    r"robot.groups is arm \(joints\): joint_0 joint_1; gripper \(gripper\): finger, here arm": toy(
        2
    ),
    "robot.limits.velocity of joint_0 is 2, here 1.9; robot.limits.velocity of joint_1": limits(
        velocity=ROBOT.limits.velocity - 0.1
    ),
    "robot.limits.jerk of finger is inf, here 9": limits(jerk=np.array([400.0, 400.0, 9.0])),
}


@pytest.mark.parametrize("words", OTHERS)
def test_it_is_refused_for_another_robot_and_for_other_limits(path, words):
    with pytest.raises(CalibrationError, match=words) as raised:
        load(path, OTHERS[words])
    assert str(path) in str(raised.value)
    assert "make it with `aura calibrate --guard` for toy as it is now" in str(raised.value)
    with pytest.raises(CalibrationError, match=words):  # at the guard's configuration
        build(OTHERS[words], GuardConfig, rules_with(path))


def rules_with(path):
    rules = path.parent / "rules.yaml"
    rules.write_text("checks: {session_risk: {calibration: guard.json}}")
    return load_rules(rules)


def test_what_makes_no_difference_to_it_is_not_compared(path):
    """Where topics are, comments in the robot's file, and how its URDF rounds."""
    same = limits(velocity=ROBOT.limits.velocity * (1 + 1e-9))
    same = replace(same, digest="other", joint_states_topic="elsewhere")
    assert load(path, same).robot.groups == calibrated().robot.groups
    assert build(same, GuardConfig, rules_with(path)).missing == ()


def test_it_says_what_it_was_made_with(path):
    episodes = [replace(drawn(seed), policies=(MadeBy("ab", "cd"),)) for seed in range(8)]
    fit(episodes, ROBOT, seeds=(200_000, 200_007), version="1.2.3").save(path)
    read = load(path, ROBOT)
    assert (read.policy, read.seeds, read.version) == (
        MadeBy("ab", "cd"), (200_000, 200_007), "1.2.3"
    )  # fmt: skip
    assert (read.episodes, read.turns) == (8, 8 * TURNS)
    assert read.session_risk.uses_of.tolist() == [1.0, 1.0, 1.0]


def test_infinite_limits_of_a_robot_are_read_as_written(path):
    free = limits(lower=np.array([-np.inf, -2, 0]), upper=np.array([np.inf, 2, 1]))
    fit([drawn(seed) for seed in range(8)], free).save(path)
    assert load(path, free).robot.limits.lower.tolist() == [-np.inf, -2, 0]


def test_a_file_that_is_not_there_names_the_remedy(tmp_path):
    with pytest.raises(CalibrationError, match="does not exist: make it with `aura calibrate"):
        load(tmp_path / "none.json", ROBOT)
    with pytest.raises(CalibrationError, match="cannot be read"):
        load(tmp_path, ROBOT)


def changed(record):
    record["session_risk"]["limits"][0] *= 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed, "changed after it was made"),
        (lambda record: record.pop("session_risk"), "changed after it was made"),
        (lambda record: record.pop("digest"), "changed after it was made"),
        (
            lambda record: record.update(format="other"),
            "format is 'other', this version reads 'aura_ros guard calibration 2'",
        ),
    ],
)
def test_a_changed_file_is_refused(path, change, words):
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    with pytest.raises(CalibrationError, match=words):
        load(path, ROBOT)


@pytest.mark.parametrize("text", ["", "[]", "3", "{", '{"format": "aura_ros guard calibration 2"}'])
def test_what_is_no_calibration_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(CalibrationError, match="is no calibration of a guard"):
        load(path, ROBOT)


def test_without_a_file_a_watch_is_unavailable(path):
    with pytest.raises(Unavailable, match="no calibration: make it with"):
        part_of(setup(), "session_risk")
    replace(calibrated(), embedding=None).save(path)
    with pytest.raises(Unavailable, match="has no part embedding"):
        part_of(setup(path), "embedding")
    assert part_of(setup(path), "session_risk")[0].episodes == 40


# --- fitting ------------------------------------------------------------------------------------


def test_the_source_is_that_of_the_episodes():
    episodes = [drawn(seed) for seed in range(8)]
    first = fit(episodes, ROBOT)
    assert first.text() == fit(episodes, ROBOT).text()
    assert first.source != fit([drawn(9), *episodes[1:]], ROBOT).source


def test_few_episodes_hold_a_rate_of_their_own():
    found = fit([drawn(seed) for seed in range(8)], ROBOT, alpha=0.002)
    assert found.session_risk.holds == pytest.approx(1 / 5)
    assert found.sensitivity.holds == pytest.approx(1 / 9)


@pytest.mark.parametrize(
    ("count", "alpha", "words"),
    [(7, 0.002, "7 episodes with motion; at least 8"), (8, 0.0, "alpha is 0.0"), (8, 1.0, "alpha")],
)
def test_what_cannot_be_fitted_is_an_error(count, alpha, words):
    with pytest.raises(CalibrationError, match=words):
        fit([drawn(seed) for seed in range(count)], ROBOT, alpha)


def test_episodes_of_two_policies_are_an_error():
    mixed = [replace(drawn(k), policies=(MadeBy("ab" * 32 if k else ""),)) for k in range(8)]
    with pytest.raises(CalibrationError, match=r"several policies.*abababababab.*runs of one"):
        fit(mixed, ROBOT)


def test_episodes_by_different_rules_are_an_error():
    def by(limit, episode):
        turns = tuple(replace(turn, limits=dict.fromkeys(USES, limit)) for turn in episode.turns)
        return replace(episode, turns=turns)

    mixed = [by(1.0 + (k > 4), drawn(k)) for k in range(8)]
    with pytest.raises(CalibrationError, match="braking has the limit 1 in some episodes, 2 in"):
        fit(mixed, ROBOT)


def test_a_limit_that_changes_within_episodes_is_not_compared():
    def changing(episode):
        turns = [
            replace(turn, limits=dict.fromkeys(USES, 1.0) | {"braking": 1.0 + k})
            for k, turn in enumerate(episode.turns)
        ]
        return replace(episode, turns=tuple(turns))

    found = fit([changing(drawn(k)) for k in range(8)], ROBOT).session_risk
    assert found.uses_of.tolist() == [np.inf, 1.0, 1.0]


def test_what_no_episode_shows_is_left_out():
    nothing = np.zeros((0, 0))
    blind = [
        replace(
            drawn(seed),
            instruction="",
            embeddings=nothing,
            sensitivities=np.full(3, np.nan),
            uncertainties=np.zeros(0),
        )
        for seed in range(8)
    ]
    found = fit(blind, ROBOT)
    assert [found.instruction, found.embedding, found.sensitivity, found.uncertainty] == [None] * 4


def test_policies_are_not_mixed():
    other = replace(drawn(1), embeddings=np.ones((5, 7)))
    with pytest.raises(CalibrationError, match="lengths"):
        fit([drawn(seed) for seed in range(8)] + [other], ROBOT)


def test_checks_that_not_every_turn_has_or_that_count_the_other_way_are_no_uses():
    episodes = [drawn(seed) for seed in range(8)]
    first = episodes[0].turns[0]
    rare = replace(first, uses={**first.uses, "rare": 0.5})
    episodes[0] = replace(episodes[0], turns=(rare, *episodes[0].turns[1:]))
    uses = [replace(t, uses={**t.uses, "gap": 4.0}) for e in episodes for t in e.turns]
    episodes = [
        replace(e, turns=tuple(uses[40 * i : 40 * (i + 1)])) for i, e in enumerate(episodes)
    ]
    assert fit(episodes, ROBOT).session_risk.shape.uses == (
        "braking",
        "plan_velocity",
        "row_position",
    )


# --- recording ----------------------------------------------------------------------------------


def heard(*values):
    recorder = Recorder(ROBOT)
    for value in values:
        recorder.hear(value, at(0.0))
    return recorder


def test_a_recorder_collects_episodes():
    seen = embeddings(np.random.default_rng(5), 2)
    recorder = heard(
        Instruction(INSTRUCTIONS[0]),
        judged(1),
        shown(1, seen[0], 0.5),
        turn(1),
        judged(2),
        shown(2, seen[1]),
        turn(2),
        Instruction(INSTRUCTIONS[1]),
        judged(3, episode=2),
        turn(3, episode=2),
    )
    assert recorder.checks(at(0.0)) == ()
    first, second = recorder.take()
    assert (first.instruction, second.instruction) == INSTRUCTIONS[:2]
    assert [len(first.turns), len(second.turns)] == [2, 1]
    assert first.embeddings.tolist() == seen.tolist()
    assert first.sensitivities[0] == 0.5
    assert np.isnan(first.sensitivities[1])
    assert first.uncertainties.shape == (2, 4)
    assert np.isfinite(first.turns[1].disagreement).all()
    assert np.isnan(second.turns[0].disagreement).all()
    assert recorder.take() == ()


def test_an_episode_without_motion_is_none():
    assert heard(Instruction("open"), judged(1), Reset()).take() == ()


def test_an_episode_survives_json():
    episode = drawn(3)
    again = episode_of(json.loads(json.dumps(episode.record())))
    assert isinstance(again, Episode)
    assert again.record() == episode.record()
    assert again.turns[5].start.tolist() == episode.turns[5].start.tolist()


def test_the_halves_of_a_calibration_have_every_task():
    """Episodes in the order of their tasks, which use limits differently, hold their rate too."""
    tasks = [drawn(seed, use=0.2 * (seed >= 40)) for seed in range(80)]
    part = fit(tasks, ROBOT, alpha=0.05).session_risk
    shape, worst = part.shape, []
    for seed in range(3000, 3040):
        table = [t.vector(shape.uses) for t in drawn(seed, use=0.2 * (seed % 2)).turns]
        worst.append((maxima(shape, np.array(table)) / part.limits).max())
    assert np.mean(np.array(worst) > 1) <= 0.15
    centre = shape.centres[shape.uses.index("plan_velocity")]
    assert 0.5 < centre < 0.7  # between those of the two tasks
