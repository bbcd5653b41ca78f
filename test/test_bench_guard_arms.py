"""Simpler guards: what they let through, what they refuse, and what they cannot know."""

import numpy as np
import pytest
from chain_values import at, chunk, moving_plan, toy, wave
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.bench.guard.arms import make_arm
from aura_ros.bench.guard.experiment import ARMS, BARRIER, OURS, Conditions
from aura_ros.bench.guard.filters import barrier, clamped
from aura_ros.bench.guard.gates import NoGate, Stateless
from aura_ros.bench.guard.rules import artifact
from aura_ros.bench.guard.srm import BASELINE, SMOOTHING, THRESHOLD, SessionRisk
from aura_ros.guard.lattice import passed
from aura_ros.types import NS, Decision, GuardStatus, Instruction, Lease, Mode, Proposal, Tick

ROBOT = toy()


def judged(guard, one, plan):
    out = guard.handle(one, at(0.1))
    return out or guard.handle(Proposal(plan), at(0.1))


def pair(rows=None, **changes):
    one = chunk(ROBOT, 0.0, 1, rows, **changes)
    return one, moving_plan(ROBOT, 0.2, chunk_digest=one.digest)


def test_no_gate_allows_everything_and_grants_every_lease():
    bad, plan = pair(np.full((16, 3), np.nan))
    guard = NoGate()
    verdict = judged(guard, bad, plan)[0]
    assert (verdict.decision, verdict.plan_digest) == (Decision.ALLOW, plan.digest)
    lease, status = guard.handle(Tick(), at(0.1))
    assert isinstance(lease, Lease)
    assert lease.granted
    assert isinstance(status, GuardStatus)
    assert status.mode == Mode.ACTIVE


def test_stateless_allows_good_plans_and_refuses_bad_chunks():
    assert judged(Stateless(ROBOT), *pair())[0].decision == Decision.ALLOW
    spiked = wave(ROBOT, 0.0)
    spiked[5, 0] += 1.0
    for rows, reason in ((spiked, "row_velocity"), (spiked * np.nan, "schema")):
        verdict = judged(Stateless(ROBOT), *pair(rows))[0]
        assert (verdict.decision, verdict.reason) == (Decision.REFUSE, reason)


def test_stateless_knows_no_past():
    guard = Stateless(ROBOT)
    one, plan = pair()
    assert [judged(guard, one, plan)[0].decision for _ in range(2)] == [Decision.ALLOW] * 2


def test_a_plan_of_another_chunk_is_not_judged():
    guard = Stateless(ROBOT)
    one, _ = pair()
    guard.handle(one, at(0.1))
    assert guard.handle(Proposal(moving_plan(ROBOT, 0.2)), at(0.1)) == []


def risk_after(risk, values):
    return [risk.judged([passed("row_velocity", value, 1.0)]) for value in values]


def test_session_risk_trips_on_what_strays_and_lasts():
    calm = risk_after(SessionRisk(), [0.2] * 50)
    assert all(check.passed for check in calm)
    strays = risk_after(SessionRisk(), [0.1] * 5 + [1.0] * 20)
    assert strays[4].passed
    assert not strays[8].passed
    assert strays[8].decision == Decision.ASK


def test_session_risk_misses_what_stays_just_below():
    # The weakness that a sum beside the average answers to.
    away = 0.99 * THRESHOLD + BASELINE
    risk = SessionRisk()
    risk_after(risk, [0.0])
    risk._centroid, risk._turns = np.zeros(1), 10**9
    assert all(check.passed for check in risk_after(risk, [away] * 1000))
    assert risk_after(risk, [away])[0].value == pytest.approx(0.99 * THRESHOLD, rel=1e-4)
    assert 0 < SMOOTHING < 1


def test_another_instruction_is_another_session():
    risk = SessionRisk()
    guard = Stateless(ROBOT, risk)
    risk_after(risk, [0.1] * 5 + [1.0] * 20)
    guard.handle(Instruction("go"), at(0.0))
    assert risk_after(risk, [0.1])[0].value == 0.0


rows = st.lists(st.floats(-10, 10), min_size=48, max_size=48).map(
    lambda values: np.array(values).reshape(16, 3)
)


@given(rows)
def test_clamped_rows_meet_position_and_velocity_limits(wild):
    tame = clamped(chunk(ROBOT, rows=wild), ROBOT).rows
    limits, period = ROBOT.limits, ROBOT.row_period_ns / NS
    assert (tame >= limits.lower).all()
    assert (tame <= limits.upper).all()
    assert (np.abs(np.diff(tame, axis=0)) <= limits.velocity * period * (1 + 1e-9)).all()


def test_good_rows_stay_as_they_are():
    good = chunk(ROBOT)
    assert np.array_equal(clamped(good, ROBOT).rows, good.rows)
    assert barrier(ROBOT, ())(good).rows == pytest.approx(good.rows, abs=1e-6)


def test_the_barrier_keeps_rows_inside_and_lets_nan_be():
    wild = wave(ROBOT, 0.0)
    wild[8:, 0] += 4.0
    tame = barrier(ROBOT, ())(chunk(ROBOT, rows=wild)).rows
    assert tame[:, 0].max() <= ROBOT.limits.upper[0]
    bad = chunk(ROBOT, rows=wild * np.nan)
    assert barrier(ROBOT, ())(bad) is bad


def test_every_arm_is_made_by_its_name_and_others_are_named():
    from aura_ros.robot.load import load_robot

    robot = load_robot("embedded_panda")
    for name in ARMS:
        if name != BARRIER:  # its geometry takes time
            assert make_arm(name, robot, Conditions(artifact())).authentic == (name == OURS)
    with pytest.raises(ValueError, match="there are: no_gate, clamp"):
        make_arm("nobody", robot, Conditions(artifact()))
