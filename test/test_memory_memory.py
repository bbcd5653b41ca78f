"""The memory: it writes what is new, not what repeats, and costs the same for ever."""

import numpy as np
import pytest
from chain_values import at

from aura_ros.memory.gate import ErrorThresholdGate
from aura_ros.memory.memory import Memory
from aura_ros.memory.state import State
from aura_ros.settings import SettingError
from aura_ros.types import (
    ClockJump,
    Configure,
    Level,
    PolicyFeatures,
    Reset,
    SetEnabled,
    Tick,
)

NOW = at(0.0)
EMPTY = State().digest


def features(seed, sequence=1, session=1, episode=1, embedding=None):
    if embedding is None:
        embedding = np.random.default_rng(seed).standard_normal(40)
    return PolicyFeatures(session, episode, sequence, NOW.ros_ns, embedding)


def tell(memory, *values):
    """The last state said."""
    out = [memory.handle(value, NOW) for value in values]
    return out[-1][-1] if out[-1] else None


def test_novelty_is_written_and_repetition_is_not():
    memory = Memory()
    first = tell(memory, features(1))
    assert (first.wrote, first.prediction_error) == (True, pytest.approx(1.0))
    again = tell(memory, features(1))
    assert (again.wrote, again.prediction_error < 1e-5) == (False, True)
    other = tell(memory, features(2))
    assert other.wrote


def test_the_readout_is_what_was_known_before_the_write():
    memory = Memory()
    first, again = tell(memory, features(1)), tell(memory, features(1))
    assert not first.readout.any()
    assert np.linalg.norm(again.readout) == pytest.approx(1.0, abs=1e-5)
    assert again.readout.shape == (32,)
    assert (again.sequence, again.stamp_ns) == (1, NOW.ros_ns)


def test_writes_and_bytes_are_counted_and_the_state_never_grows():
    memory = Memory()
    for seed in range(50):
        for _ in range(3):
            state = tell(memory, features(seed))
    assert state.updates == 150
    assert 40 <= state.writes <= 50
    assert state.bytes_written == state.writes * 4224
    assert state.state_bytes == 4224
    assert memory.health(NOW).values["writes"] == str(state.writes)


@pytest.mark.parametrize("change", [{"episode": 2}, {"session": 2}, {"session": 2, "episode": 0}])
def test_a_new_episode_begins_with_an_empty_state(change):
    memory = Memory()
    tell(memory, features(1), features(2))
    state = tell(memory, features(1, **change))
    assert state.wrote
    assert not state.readout.any()


@pytest.mark.parametrize("value", [Reset(), ClockJump()])
def test_a_reset_empties_it(value):
    memory = Memory()
    tell(memory, features(1, session=5))
    assert memory.handle(value, NOW) == []
    state = tell(memory, features(1))
    assert (state.updates, state.wrote) == (1, True)


@pytest.mark.parametrize("embedding", [[], [1.0, np.nan], [np.inf, 1.0]])
def test_bad_features_are_refused_and_said(embedding):
    memory = Memory()
    before = tell(memory, features(1))
    assert tell(memory, features(0, 7, embedding=np.array(embedding))) is None
    health = memory.health(NOW)
    assert health.level == Level.WARN
    assert "features 7 are empty or not finite" in health.summary
    after = tell(memory, features(1))
    assert after.state_digest == before.state_digest
    assert memory.health(NOW).level == Level.OK


def test_features_of_an_earlier_episode_are_refused():
    memory = Memory()
    tell(memory, features(1, episode=3))
    assert tell(memory, features(2, episode=2)) is None
    assert "earlier episode 2" in memory.health(NOW).summary


@pytest.mark.parametrize("size", [1e300, 1e-300, 0.0])
def test_features_of_any_size_leave_the_readout_finite(size):
    memory = Memory()
    for _ in range(3):
        state = tell(memory, features(0, embedding=size * np.ones(40)))
    assert np.isfinite(state.readout).all()
    assert np.isfinite(state.prediction_error)


def test_features_may_change_their_width():
    memory = Memory()
    tell(memory, features(1))
    assert tell(memory, features(1, embedding=np.ones(7))).state_bytes == 4224


def test_disabled_it_says_nothing_and_why():
    memory = Memory()
    memory.handle(SetEnabled(False), NOW)
    assert tell(memory, features(1)) is None
    assert "without readout" in memory.health(NOW).summary
    memory.handle(SetEnabled(True), NOW)
    assert tell(memory, features(1)).wrote


@pytest.mark.parametrize(("threshold", "wrote"), [(0.5, True), (1.5, False)])
def test_the_threshold_of_the_gate_is_a_setting(threshold, wrote):
    memory = Memory()
    memory.handle(Configure({"threshold": threshold}), NOW)
    assert tell(memory, features(1)).wrote is wrote
    with pytest.raises(SettingError, match="threshold"):
        memory.handle(Configure({"threshold": -1.0}), NOW)


def test_the_gate_opens_above_its_threshold_only():
    gate = ErrorThresholdGate(0.5)
    assert not gate.opens(0.5)
    assert gate.opens(np.nextafter(0.5, 1))
    assert not gate.opens(float("nan"))


def test_the_same_features_give_the_same_state():
    def digest():
        memory = Memory()
        return [tell(memory, features(seed % 7)).state_digest for seed in range(30)]

    assert digest() == digest()


def test_time_alone_changes_nothing():
    memory = Memory()
    assert memory.handle(Tick(), NOW) == []
    assert "waits" in memory.health(NOW).summary
    with pytest.raises(TypeError, match="int"):
        memory.handle(1, NOW)
