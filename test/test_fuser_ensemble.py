"""Agreeing chunks are averaged, others are not."""

import numpy as np
from chain_values import chunk, ns, stamp, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.ensemble import Ensemble, Member, Weighting
from aura_ros.fuser.reference import resampled

ROBOT = toy()
PLAIN = Weighting(agreement=0.01, reach=2.5, foresight=2.0)


def ensemble(levels, every_s=0.1):
    """Chunks at rest at ``levels``, one every ``every_s``."""
    made = Ensemble(ROBOT)
    for k, level in enumerate(levels):
        rows = np.full((40, 3), 0.02) + np.array([level, level, 0.01 * (k % 2)])
        value = chunk(ROBOT, begin_s=k * every_s, sequence=k + 1, rows=rows)
        made.add(member(value), PLAIN)
    return made


def member(value):
    reference = resampled(value, value.rows, ROBOT)
    return Member(value.digest, value.observation_stamp_ns, reference)


def level_of(made, at_s, weighting=PLAIN):
    return made.fused(stamp(at_s), 10, weighting)[:, 0] - 0.02


def test_one_chunk_is_followed():
    np.testing.assert_allclose(level_of(ensemble([0.3]), 0.1), 0.3)


def test_chunks_that_scatter_are_averaged():
    generator = np.random.default_rng(3)
    scatter = generator.normal(0, 0.03, 30)
    alone = np.abs(scatter[-1])
    fused = np.abs(level_of(ensemble(scatter), 2.95))
    assert fused.max() < 0.015 < alone


def test_the_average_learns_how_far_apart_chunks_usually_are():
    wide = ensemble(np.random.default_rng(4).normal(0, 0.2, 40))
    assert np.abs(level_of(wide, 3.95)).max() < 0.1


def test_after_a_change_the_newest_chunk_counts_alone():
    quiet = np.random.default_rng(5).normal(0, 0.02, 20)
    np.testing.assert_allclose(level_of(ensemble([*quiet, 0.5]), 2.0), 0.5, atol=0.005)


def two_ways(sides):
    scatter = np.random.default_rng(6).normal(0, 0.01, len(sides))
    return level_of(ensemble(np.array(sides) + scatter), 0.1 * len(sides) - 0.05)


def test_two_ways_are_not_mixed():
    sides = np.random.default_rng(6).choice([-0.25, 0.25], 40)
    followed = two_ways(sides)
    assert np.abs(np.abs(followed) - 0.25).max() < 0.03


def test_what_is_seen_for_the_first_time_is_followed_at_once():
    np.testing.assert_allclose(two_ways([0.25] * 12 + [-0.25]), -0.25, atol=0.03)


def test_a_way_known_from_before_is_followed_when_it_is_seen_twice():
    undecided = [0.25] * 8 + [-0.25, -0.25, 0.25]
    np.testing.assert_allclose(two_ways(undecided), -0.25, atol=0.03)
    np.testing.assert_allclose(two_ways([*undecided, 0.25]), 0.25, atol=0.03)


def test_grippers_follow_the_newest_chunk_only():
    made = ensemble([0.0, 0.001, 0.002])
    finger = made.fused(stamp(0.3), 10, PLAIN)[:, 2]
    np.testing.assert_allclose(finger, 0.02)
    assert not np.allclose(ensemble([0.0, 0.001]).fused(stamp(0.3), 10, PLAIN)[:, 2], 0.02)


def test_before_a_chunk_begins_the_one_before_it_goes_on():
    made = Ensemble(ROBOT)
    for begin, level in ((0.0, 0.0), (1.0, 0.5)):
        rows = np.full((40, 3), 0.02) + np.array([level, level, level / 25])
        value = chunk(ROBOT, begin_s=begin, rows=rows)
        made.add(member(value), PLAIN)
    fused = made.fused(stamp(0.9), 10, PLAIN)
    np.testing.assert_allclose(fused[:5, 0], 0.02, atol=1e-6)
    np.testing.assert_allclose(fused[:5, 2], 0.02)
    np.testing.assert_allclose(fused[5:, 0], 0.52, atol=1e-4)
    np.testing.assert_allclose(fused[5:, 2], 0.04)


def test_recent_observations_weigh_more():
    nearer = ensemble([0.0, 0.004], every_s=0.8)
    short = Weighting(0.01, 2.5, foresight=0.2)
    assert (level_of(nearer, 1.0, short) > level_of(nearer, 1.0)).all()


def test_what_is_cleared_counts_no_more():
    made = ensemble([0.0, 0.0])
    made.clear()
    rows = np.full((40, 3), 0.03)
    value = chunk(ROBOT, begin_s=0.3, rows=rows)
    made.add(member(value), PLAIN)
    np.testing.assert_allclose(made.fused(stamp(0.4), 5, PLAIN)[:, 0], 0.03)


@given(st.lists(st.floats(-0.4, 0.4), min_size=1, max_size=8), st.floats(0, 2))
def test_the_reference_lies_between_the_chunks(levels, at_s):
    made = ensemble(levels)
    fused = level_of(made, round(at_s, 2))
    assert fused.min() >= min(levels) - 1e-9
    assert fused.max() <= max(levels) + 1e-9
    assert ns(0.02) == ROBOT.knot_period_ns


def test_what_a_chunk_is_off_is_taken_from_its_later_rows_too():
    """Where the others have ended the reference does not step to the newest chunk."""
    fused = ensemble([0.0, 0.008], every_s=0.5).fused(stamp(1.5), 48, PLAIN)[:, 0] - 0.02
    assert np.abs(np.diff(fused)).max() < 1e-3
    assert fused[0] < fused[-1] < 0.008


def test_a_chunk_that_was_not_executed_counts_no_more():
    made = ensemble([0.0, 0.0])
    for begin, level in ((0.2, 0.008), (0.3, 0.0)):
        value = chunk(ROBOT, begin_s=begin, rows=np.full((40, 3), 0.02) + level)
        made.add(member(value), PLAIN)
        if level:
            off = value
    assert level_of(made, 0.4).max() > 1e-3
    made.discard(off.digest)
    np.testing.assert_allclose(level_of(made, 0.4), 0.0, atol=1e-9)
