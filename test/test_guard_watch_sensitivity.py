"""The flow's sensitivity against its calibrated quantile."""

import numpy as np
import pytest
from chain_values import lease
from risk_episodes import (
    assert_holds_for_another_policy,
    calibrated,
    judged,
    setup,
    shown,
    told,
)

from aura_ros.guard.watches.sensitivity import ENTRY, SensitivityWatch
from aura_ros.types import Decision, Instruction

NONE = np.zeros(0)


@pytest.fixture
def path(tmp_path):
    calibrated().save(tmp_path / "guard.json")
    return tmp_path / "guard.json"


def features(*values):
    return [shown(i, NONE, value) for i, value in enumerate(values)]


def test_a_steady_flow_passes(path):
    check = told(SensitivityWatch(setup(path)), features(*[0.4] * 5))
    assert (check.name, check.passed, check.value) == ("sensitivity", True, 0.4)
    assert ENTRY.decision == Decision.SLOW


def test_an_unsteady_flow_slows_down_after_three_of_five(path):
    watch = SensitivityWatch(setup(path, Decision.SLOW))
    limit = calibrated().sensitivity.limit
    assert told(watch, features(0.1, 9.0, 0.1, 9.0)).passed
    check = told(watch, features(limit))
    assert (check.passed, check.value) == (True, limit)  # the boundary
    check = told(watch, features(np.nextafter(limit, 9.0)))
    assert (check.passed, check.decision) == (False, Decision.SLOW)
    assert told(watch, [Instruction("another")]).passed


def test_what_is_shown_while_motion_is_held_does_not_count(path):
    watch = SensitivityWatch(setup(path))
    assert told(watch, [lease(1, False), *features(*[9.0] * 5)]).value == 0.0
    assert told(watch, [lease(2), *features(*[9.0] * 5)]).value == 9.0
    assert told(watch, [lease(3, False), *features(*[0.1] * 5)]).value == 9.0


def test_chunks_of_another_policy_hold(path):
    assert_holds_for_another_policy(SensitivityWatch(setup(path)))


def test_a_policy_without_flow_passes_unless_one_is_required(path):
    assert told(SensitivityWatch(setup(path)), features(np.nan)).passed
    check = told(SensitivityWatch(setup(path, require=True)), features(np.nan))
    assert (check.passed, check.decision) == (False, Decision.HOLD)
    assert check.detail == "sensitivity is required: the policy shows no flow"


def test_silence_holds_where_a_flow_is_required(path):
    chunks = [judged(i) for i in range(6)]
    assert told(SensitivityWatch(setup(path)), chunks).passed
    required = SensitivityWatch(setup(path, require=True))
    assert told(required, chunks[:5]).passed
    assert told(required, chunks[5:]).decision == Decision.HOLD
    assert told(required, features(0.1)).passed
