"""The recurrent state: constant size, exact recall of what was written last."""

import chain_values  # noqa: F401  its profile has no deadline
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aura_ros.memory.state import KEY_SIZE, VALUE_SIZE, State, project

SIZE = 4224
embeddings = arrays(
    np.float64, st.integers(1, 80), elements=st.floats(-1e300, 1e300, allow_subnormal=True)
)


def pair(seed):
    return project(np.random.default_rng(seed).standard_normal(64))


def test_the_state_has_4224_bytes_whatever_is_written():
    state = State()
    assert state.size_bytes == (KEY_SIZE * VALUE_SIZE + VALUE_SIZE) * 4 == SIZE
    for seed in range(200):
        state = state.written(*pair(seed))
    assert state.size_bytes == SIZE
    assert (state.weights.dtype, state.bias.dtype) == (np.float32, np.float32)


@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=12))
def test_what_was_written_last_is_recalled_exactly(seeds):
    state = State()
    for seed in seeds:
        state = state.written(*pair(seed))
    key, value = pair(seeds[-1])
    np.testing.assert_allclose(state.recall(key), value, atol=2e-6)


def test_an_orthogonal_key_keeps_what_was_written_but_for_the_drift_of_the_bias():
    first, second = np.eye(KEY_SIZE, dtype=np.float32)[:2]
    a, b = pair(1)[1], pair(2)[1]
    state = State().written(first, a)
    after = state.written(second, b)
    drift = after.bias - state.bias
    np.testing.assert_allclose(after.recall(first), a + drift, atol=1e-6)
    assert np.linalg.norm(drift) <= 0.05 * 2


def test_the_bias_drifts_toward_what_is_written():
    key, value = pair(1)
    state = State().written(key, value)
    np.testing.assert_allclose(state.bias, 0.05 * value, atol=1e-7)
    np.testing.assert_allclose(state.written(key, value).bias, 0.0975 * value, atol=1e-7)


def test_a_state_cannot_be_written_in_place():
    state = State().written(*pair(0))
    for array in (state.weights, state.bias, State().weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_the_digest_names_the_content():
    one = State().written(*pair(0))
    assert one.digest == State().written(*pair(0)).digest
    assert len({one.digest, State().digest, State().written(*pair(1)).digest}) == 3


@given(embeddings)
def test_keys_and_values_are_units_or_nothing(embedding):
    for vector in project(embedding):
        assert np.isfinite(vector).all()
        norm = np.linalg.norm(vector)
        assert norm == pytest.approx(1.0, abs=1e-5) if embedding.any() else norm == 0


@given(arrays(np.float64, 16, elements=st.floats(-10, 10)), st.floats(1e-3, 1e3))
def test_the_length_of_an_embedding_has_no_say(embedding, scale):
    for mine, theirs in zip(project(embedding), project(scale * embedding), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_projections_are_the_same_in_every_process():
    key, value = project(np.arange(1.0, 9.0))
    np.testing.assert_array_equal(key, project(np.arange(1.0, 9.0))[0])
    assert not np.allclose(key, value)
