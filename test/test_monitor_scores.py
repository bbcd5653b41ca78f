"""Scores against values computed by hand; NaN where something is missing, never 0."""

import math

import numpy as np
import pytest
from chain_values import chunk, ns, stamp, toy

from aura_ros.monitor.scores import ChunkOverlap, ElapsedTime

ROBOT = toy()


def of(rows, begin_s, period_s=0.1, **changes):
    rows = np.array(rows, dtype=float)
    return chunk(ROBOT, begin_s, rows=rows, row_period_ns=ns(period_s), **changes)


def lines(*values):
    """Rows of the given first column; the others are 0."""
    return [[value, 0.0, 0.0] for value in values]


def test_chunks_that_agree_have_no_distance():
    score = ChunkOverlap()
    assert math.isnan(score.update(of(lines(0, 1, 2, 3), 0.0)))
    assert score.update(of(lines(1, 2, 3, 4), 0.1)) == pytest.approx(0.0, abs=1e-12)


def test_distance_is_the_mean_norm_over_the_overlap():
    score = ChunkOverlap()
    score.update(of([[0, 0, 0], [0, 0, 0], [0, 0, 0]], 0.0))
    # Rows at 0.1, 0.2 overlap with distances 5 and 0; the row at 0.3 has nothing before it.
    assert score.update(of([[3, 4, 0], [0, 0, 0], [9, 9, 9]], 0.1)) == pytest.approx(2.5)


def test_rows_between_those_of_the_previous_chunk_are_interpolated():
    score = ChunkOverlap()
    score.update(of(lines(0, 1), 0.0))
    assert score.update(of(lines(0.75, 9), 0.05)) == pytest.approx(0.25)


def test_other_row_periods_are_compared_in_time():
    score = ChunkOverlap()
    score.update(of(lines(0, 1, 2), 0.0, 0.1))
    assert score.update(of(lines(0, 0.5, 1, 1.5, 2), 0.0, 0.05)) == pytest.approx(0.0, abs=1e-12)


def test_the_last_instant_of_a_chunk_still_counts():
    score = ChunkOverlap()
    score.update(of(lines(0, 1), 0.0))
    assert score.update(of(lines(3, 3), 0.1)) == pytest.approx(2.0)


@pytest.mark.parametrize("begin_s", [0.11, 5.0, -5.0])
def test_without_overlap_there_is_no_score(begin_s):
    score = ChunkOverlap()
    score.update(of(lines(0, 1), 0.0))
    assert math.isnan(score.update(of(lines(0, 1), begin_s)))


def test_chunks_of_other_joints_are_not_compared():
    score = ChunkOverlap()
    score.update(of(lines(0, 1), 0.0))
    assert math.isnan(score.update(of([[0.0], [1.0]], 0.0, joint_names=("finger",))))


def test_elapsed_time_counts_from_the_first_observation():
    score = ElapsedTime()
    assert score.update(of(lines(0, 1), 2.0)) == 0.0
    assert score.update(of(lines(0, 1), 3.5)) == pytest.approx(1.5)
    late = of(lines(0, 1), 9.0, observation_stamp_ns=stamp(4.0))
    assert score.update(late) == pytest.approx(2.0)


@pytest.mark.parametrize("kind", [ChunkOverlap, ElapsedTime])
def test_a_new_episode_forgets(kind):
    score = kind()
    score.update(of(lines(0, 1), 0.0))
    score.reset()
    first = score.update(of(lines(0, 1), 0.05))
    assert first == 0.0 or math.isnan(first)
