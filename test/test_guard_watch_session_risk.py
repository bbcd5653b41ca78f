"""The watch of a session: what adds up asks a person, who may let it resume."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, lease
from risk_episodes import (
    USES,
    assert_holds_for_another_policy,
    calibrated,
    drawn,
    setup,
    told,
    turn,
)

from aura_ros.guard.risk.features import Features
from aura_ros.guard.watch import About
from aura_ros.guard.watches.session_risk import ENTRY, SessionRiskWatch
from aura_ros.types import Answer, ClockJump, Decision, Instruction, Now, Reset


@pytest.fixture
def watch(tmp_path):
    calibrated().save(tmp_path / "guard.json")
    return SessionRiskWatch(setup(tmp_path / "guard.json"))


def turns(episode, first=1, **changes):
    return [turn(first + i, features, **changes) for i, features in enumerate(episode.turns)]


BIASED = drawn(901, shift=0.04)


def test_a_nominal_episode_passes(watch):
    check = told(watch, turns(drawn(3000)))
    assert (check.name, check.passed, check.limit) == ("session_risk", True, 1.0)
    assert 0 < check.value < 1
    assert (watch.about, ENTRY.decision) == (About.POLICY, Decision.ASK)


def test_a_policy_that_begins_beside_its_state_asks(watch):
    check = told(watch, turns(BIASED))
    assert not check.passed
    assert check.decision == Decision.ASK
    assert "the start of joint_0 (+)" in check.detail


def test_the_value_is_the_worst_statistic_over_its_limit(watch):
    """Boundary: a limit as high as the statistic passes, one a little lower does not."""
    reached = told(watch, turns(BIASED)).value
    for factor, passes in ((reached * (1 + 1e-9), True), (reached * (1 - 1e-9), False)):
        watch._limits = calibrated().session_risk.limits * factor
        watch._forget()
        check = told(watch, turns(BIASED))
        assert check.passed == passes
        assert check.value == pytest.approx(1.0)


@pytest.mark.parametrize(
    "value", [Instruction("another"), Reset(), Answer("resume"), ClockJump(), turn(9, episode=2)]
)
def test_another_session_begins_anew(watch, value):
    assert not told(watch, turns(BIASED)).passed
    assert told(watch, [value]).value < 0.5


def test_what_follows_a_persons_word_is_judged_again(watch):
    told(watch, [*turns(BIASED), Answer("resume")])
    assert not told(watch, turns(BIASED, first=100)).passed


def test_the_same_instruction_again_is_no_other_session(watch):
    values = [Instruction("open the red drawer"), *turns(BIASED)]
    assert not told(watch, [*values, Instruction("open the red drawer")]).passed


def test_turns_that_moved_nothing_do_not_count(watch):
    assert told(watch, turns(BIASED, allowed=False)).value == 0.0
    assert not told(watch, turns(BIASED)).passed


def test_a_bias_from_the_beginning_is_seen_though_the_first_turn_is_no_evidence(watch):
    begin = [Instruction("open the red drawer"), lease(1, False), lease(2)]
    assert told(watch, [*begin, *turns(BIASED)[:1]]).value == 0.0
    assert not told(watch, [*begin, *turns(BIASED)]).passed


def test_a_bias_is_seen_between_words_that_drop_the_motion(watch):
    """Every tenth turn something else is asked for: nine turns of evidence a session."""
    passed = []
    for k, value in enumerate(turns(drawn(901, shift=0.12))):
        now = Now(value.chunk.start_ns, value.chunk.start_ns)
        for said in [lease(k, False), Instruction(f"task {k}")] if k % 10 == 0 else []:
            watch.hear(said, now)
        watch.hear(value, now)
        passed.append(watch.checks(now)[0].passed)
    assert passed[0]
    assert not all(passed)


def test_a_check_that_was_calibrated_and_is_off_holds(watch):
    uses = {name: use for name, use in USES.items() if name != "braking"}
    features = Features(uses, 0.5, np.zeros(3), np.zeros(3), dict.fromkeys(uses, 1.0))
    assert told(watch, [turn(1, features, allowed=False)]).passed
    check = told(watch, [turn(2, features)])
    assert (check.passed, check.decision) == (False, Decision.HOLD)
    assert "calibrated with braking, which is off" in check.detail
    assert told(watch, [turn(3)]).passed


def test_chunks_of_another_policy_hold(watch):
    assert_holds_for_another_policy(watch)


def test_a_check_that_has_another_limit_than_in_calibration_holds(watch):
    """What is used of a limit says nothing where the limit is another."""
    found = told(watch, [turn(1, limit=2.0)])
    assert (found.passed, found.decision) == (False, Decision.HOLD)
    assert "braking at its limit 1, which is 2 now" in found.detail
    assert "make it with `aura calibrate --guard` by these rules" in found.detail
    assert told(watch, [turn(2)]).passed


def test_a_use_too_high_for_too_long_is_named(watch):
    check = told(watch, turns(drawn(5, use=0.25)))
    assert not check.passed
    assert "the use of" in check.detail


def test_every_feature_has_a_name(watch):
    names = [watch._feature(i) for i in range(len(calibrated().session_risk.shape.slacks))]
    assert len(set(names)) == len(names) == 16
    assert names[:4] == [*(f"the use of {name}" for name in sorted(USES)), "the monitor's score"]
    assert names[4] == "the start of joint_0 (+)"
    assert names[7] == "the disagreement of joint_0 (+)"
    assert names[10] == "the start of joint_0 (-)"
    assert names[-1] == "the disagreement of finger (-)"


def test_an_unknown_state_is_neutral(watch):
    unknown = replace(turn(1), committed=None)
    assert told(watch, [unknown]).passed
    assert watch.checks(at(1.0))[0].value < 0.5
