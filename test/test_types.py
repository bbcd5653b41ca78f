"""Values of the waist: frozen, and known by their content."""

import inspect
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import get_type_hints

import numpy as np
import pytest
from chain_values import chunk, moving_plan, stamp, toy

from aura_ros import types
from aura_ros.types import (
    Decision,
    FuserStatus,
    GuardStatus,
    JointState,
    Mode,
    Provenance,
    digest_of,
    frozen_array,
)

ROBOT = toy()
VALUES = [kind for _, kind in inspect.getmembers(types, is_dataclass)]


@pytest.mark.parametrize("kind", VALUES)
def test_every_value_is_frozen_and_described(kind):
    assert kind.__dataclass_params__.frozen
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")


def test_arrays_of_values_cannot_be_written():
    state = JointState(0, np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="read-only"):
        state.position[0] = 1.0
    with pytest.raises(FrozenInstanceError):
        state.stamp_ns = 1


def test_the_array_that_was_given_stays_the_givers():
    given = np.zeros(3)
    state = JointState(0, given, given[:])
    given[0] = 1.0
    assert not state.position.any()
    assert not state.velocity.any()


def test_a_frozen_array_is_not_copied_again():
    frozen = frozen_array([1.0, 2.0])
    assert frozen_array(frozen) is frozen
    assert frozen.dtype == np.float64
    assert frozen_array(np.arange(6).reshape(2, 3).T).flags.c_contiguous


def changed(value, name):
    """Another content of one field of ``value``."""
    old = getattr(value, name)
    if isinstance(old, np.ndarray):
        new = np.array(old)
        if not new.size:
            return np.zeros((1, 2, 3))
        new.flat[-1] = np.nextafter(new.flat[-1], 1e9)
        return new
    if isinstance(old, Provenance):
        return replace(old, model="x")
    return old + 1 if isinstance(old, int) else (*old, "x") if isinstance(old, tuple) else old + "x"


@pytest.mark.parametrize(
    ("value", "name"),
    [(value, f.name) for value in (chunk(ROBOT), moving_plan(ROBOT)) for f in fields(value)],
)
def test_every_field_of_a_chunk_and_of_a_plan_is_in_its_digest(value, name):
    assert replace(value).digest == value.digest
    assert replace(value, **{name: changed(value, name)}).digest != value.digest


def test_digests_tell_shapes_and_boundaries_apart():
    zeros = np.zeros(6)
    pairs = [
        ((zeros,), (zeros.reshape(2, 3),)),
        ((zeros,), (zeros.astype(np.float32),)),
        (("ab", "c"), ("a", "bc")),
        ((1, 2), (12,)),
        ((0.0,), (0,)),
        (("1",), (1,)),
    ]
    for one, other in pairs:
        assert digest_of(*one) != digest_of(*other)
    assert digest_of(zeros[::2]) == digest_of(np.zeros(3))


def test_a_chunk_ends_with_its_last_row_and_orders_by_session_first():
    value = chunk(ROBOT, 1.0)
    assert value.end_ns == stamp(1.0) + 15 * ROBOT.row_period_ns
    later = replace(value, session=2, episode=0, sequence=0)
    assert later.order > value.order


def test_a_plan_ends_with_its_last_knot():
    plan = moving_plan(ROBOT)
    assert plan.end_ns == plan.start_ns + (len(plan.position) - 1) * plan.knot_period_ns


@pytest.mark.parametrize("kind", [GuardStatus, FuserStatus])
def test_counters_are_sorted_and_cannot_be_changed(kind):
    hints = get_type_hints(kind)
    values = {f.name: None for f in fields(kind) if f.name in hints}
    status = kind(**values | {"refused": {"b": 1, "a": 2}})
    assert list(status.refused) == ["a", "b"]
    with pytest.raises(TypeError):
        status.refused["c"] = 1


def test_decisions_are_ordered_by_severity_and_modes_are_those_of_the_messages():
    names = ["ALLOW", "CLAMP", "SLOW", "REFUSE", "HOLD", "ASK", "STOP"]
    assert [d.name for d in sorted(Decision)] == names
    assert [m.value for m in Mode] == list(range(6))
