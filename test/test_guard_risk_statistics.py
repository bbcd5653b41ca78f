"""What adds up trips; what does not, does not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_episodes import ROBOT, calibrated, drawn

from aura_ros.guard.risk.fit_session import maxima
from aura_ros.guard.risk.statistics import (
    CENTROID,
    CLIP,
    CUSUM,
    E_PROCESS,
    EMA,
    FEATURE_CUSUM,
    Memory,
    Shape,
)

PLAIN = Shape((), np.zeros(3), np.ones(3), 0.0, 1.0, 0.5, 2.0, np.ones(5), np.ones(5))


def risk_of(episode):
    """Every statistic over its limit, at its highest in an episode."""
    part = calibrated().session_risk
    table = np.array([features.vector(part.shape.uses) for features in episode.turns])
    return maxima(part.shape, table) / part.limits


def test_a_risk_that_hugs_the_limit_of_the_ema_trips_what_adds_up():
    part = calibrated().session_risk
    shape, memory = part.shape, Memory(part.shape)
    risk = shape.baseline + 0.99 * part.limits[EMA]
    found = np.array([memory.update_risk(risk) for _ in range(300)])
    ema, cusum, e_process = found.T
    assert ema[-1] == pytest.approx(0.99 * part.limits[EMA])
    assert cusum[-1] > part.limits[CUSUM]
    assert e_process[-1] > part.limits[E_PROCESS]


def test_a_slow_burn_trips():
    burn = np.linspace(0.0, 0.05, 200)
    assert risk_of(drawn(900, shift=burn, turns=200)).max() > 1
    assert risk_of(drawn(900, use=burn * 5, turns=200)).max() > 1


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_bias_trips_both_ways(sign):
    found = risk_of(drawn(901, shift=sign * 0.03))
    assert found[FEATURE_CUSUM] > 1
    assert np.argmax(found) == FEATURE_CUSUM


def test_noise_around_zero_does_not_trip():
    rng = np.random.default_rng(3)
    worst = [risk_of(drawn(1000 + k, shift=rng.normal(0, 0.01, 40))).max() for k in range(40)]
    assert np.mean(np.array(worst) > 1) <= 0.1


def test_nominal_episodes_alarm_no_more_often_than_alpha():
    worst = np.array([risk_of(drawn(2000 + k)).max() for k in range(120)])
    # alpha is 0.05: with 120 episodes more than 14 have a probability below 0.002.
    assert np.sum(worst > 1) <= 14


def test_less_use_of_limits_is_no_risk():
    scaled = PLAIN.scaled(np.array([-5.0, 0.0, 0.0]))
    assert PLAIN.risk(scaled) == 0
    assert PLAIN.risk(PLAIN.scaled(np.array([0.0, -5.0, 0.0]))) > 0


def test_one_wild_turn_is_bounded_and_the_unknown_is_neutral():
    scaled = PLAIN.scaled(np.array([np.inf, np.nan, -1e9]))
    assert scaled.tolist() == [CLIP, 0.0, -CLIP]
    unused = replace(PLAIN, precisions=np.array([1.0, 0.0, 0.0]))
    assert unused.scaled(np.array([0.0, 1e9, np.nan])).tolist() == [0.0, 0.0, 0.0]


def test_cusum_grows_by_what_is_above_mean_and_slack():
    memory = Memory(PLAIN)
    assert [memory.update_risk(2.0)[1] for _ in range(3)] == [0.5, 1.0, 1.5]
    assert memory.update_risk(1.5)[1] == 1.5
    assert memory.update_risk(0.0)[1] == 0.0


def test_the_cusum_of_a_feature_knows_its_direction():
    memory = Memory(PLAIN)
    for _ in range(5):
        found = memory.update(np.array([0.0, 0.0, -3.0]))
    assert found[FEATURE_CUSUM] == pytest.approx(10.0)
    assert memory.worst_feature == 4  # the last one, downwards
    assert found[CENTROID] > 0


def test_forgetting_begins_anew():
    memory = Memory(PLAIN)
    first = memory.update(np.array([3.0, 3.0, 3.0]))
    memory.update(np.array([8.0, 8.0, 8.0]))
    memory.forget()
    assert memory.update(np.array([3.0, 3.0, 3.0])).tolist() == first.tolist()


@given(st.lists(st.sampled_from([0.0, 1.0, 3.0, 4.0]), max_size=30))
def test_the_e_process_is_a_fair_game(past):
    """After any past, a fair next turn (mean m) leaves its value the same on average."""
    values = []
    for following in (None, 0.0, 4.0):  # 0 and 4 with equal chances: the mean is m = 2
        memory, found = Memory(PLAIN), 0.0
        for risk in past if following is None else [*past, following]:
            found = memory.update_risk(risk)[2]
        values.append(np.exp(found))
    now, lost, won = values
    assert (lost + won) / 2 == pytest.approx(now, rel=1e-9)


def test_villes_rate_holds_where_turns_are_independent():
    rng = np.random.default_rng(4)
    alpha, tops = 0.05, []
    for _ in range(400):
        memory = Memory(PLAIN)
        tops.append(max(memory.update_risk(risk)[2] for risk in rng.choice([0.0, 4.0], 100)))
    assert np.mean(np.array(tops) > np.log(1 / alpha)) <= alpha + 0.02


def test_features_fit_the_robot():
    shape = calibrated().session_risk.shape
    assert len(shape.centres) == len(shape.uses) + 1 + 2 * len(ROBOT.joints)
    assert len(shape.slacks) == len(shape.centres) + 2 * len(ROBOT.joints)
