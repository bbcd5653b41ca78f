"""Spread of samples and disagreement of chunks, group by group."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, lease, wave
from risk_episodes import ROBOT, judged, turn

from aura_ros.guard.ood.uncertainty import Uncertainties
from aura_ros.types import ROLLBACK, ClockJump

ROWS = wave(ROBOT, 0.0)


def alternatives(*shifts):
    return {"alternatives": np.array([ROWS + shift for shift in shifts])}


def read(*values):
    """What a reader makes of values 0.1 s apart."""
    reader = Uncertainties(ROBOT)
    return [reader.read(value, at(0.1 * i)) for i, value in enumerate(values)]


def heard(begin, rows=None, **changes):
    return replace(judged(1), chunk=chunk(ROBOT, begin, round(begin * 100), rows, **changes))


def followed(begin, allowed=True, **changes):
    """A chunk, and its plan, which moved the robot."""
    value = heard(begin, **changes)
    return value, replace(turn(1, allowed=allowed), chunk=value.chunk)


def test_spread_is_the_deviation_of_the_samples_in_a_group():
    shift = np.array([0.03, 0.0, 0.003])
    (found,) = read(heard(0.0, ROWS, **alternatives(shift, -shift)))
    deviation = np.sqrt(2 / 3)
    assert found[:2] == pytest.approx([0.03 * deviation / np.sqrt(2), 0.003 * deviation])
    assert np.isnan(found[2:]).all()


def test_disagreement_is_that_with_the_chunk_before():
    rows = wave(ROBOT, 0.1) + np.array([0.02, 0.02, 0.001])
    *_, found = read(*followed(0.0), heard(0.1, rows))
    assert np.isnan(found[:2]).all()
    assert found[2:] == pytest.approx([0.02, 0.001])


def test_chunks_that_moved_nothing_are_not_compared_with():
    far = wave(ROBOT, 0.1) + 0.02
    between = replace(heard(0.1, far)), replace(turn(2, allowed=False), chunk=heard(0.1, far).chunk)
    found = read(*followed(0.0), *between, heard(0.2))
    assert found[2][2:] == pytest.approx([0.02, 0.02])
    assert (found[4][2:] < 2e-4).all()


def test_a_motion_that_was_held_is_forgotten():
    *_, first, second = read(*followed(0.0), lease(1, False), heard(0.4), heard(0.5))
    assert np.isnan(first[2:]).all()
    assert np.isnan(second[2:]).all()
    *_, found = read(*followed(0.0), lease(1, False), *followed(0.4), heard(0.5))
    assert (found[2:] < 2e-4).all()


def test_what_was_asked_for_before_it_was_held_is_not_compared():
    late = followed(0.1)  # seen before the lease was taken back at 0.2
    *_, found = read(*followed(0.0), lease(1, False), *late, heard(0.5))
    assert np.isnan(found[2:]).all()
    *_, found, _ = read(*followed(0.0), lease(1, False), *followed(0.5), *late)
    assert np.isnan(found[2:]).all()


def test_equal_samples_have_no_spread():
    (found,) = read(heard(0.0, ROWS, **alternatives(0.0, 0.0)))
    assert found[:2] == pytest.approx([0.0, 0.0], abs=1e-12)


def test_chunks_of_two_episodes_are_not_compared():
    for second in (heard(0.1, episode=2), heard(0.1, session=2)):
        assert np.isnan(read(*followed(0.0), second)[-1]).all()
    assert np.isnan(read(*followed(0.0), ClockJump(), heard(0.5))[-1]).all()


def test_chunks_that_were_refused_or_lead_back_say_nothing():
    assert read(judged(1, good=False), heard(0.1, source=ROLLBACK)) == [None, None]
