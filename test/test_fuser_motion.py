"""Whatever chunks come and whatever becomes of leases, motion stays within the limits."""

import numpy as np
from chain_values import (
    Cell,
    assert_smooth,
    assert_within,
    toy,
    wave,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from aura_ros.motion.jerk import sample
from aura_ros.motion.stop import cut

ROBOT = toy()
PIECE_S = 0.1

# What may happen in each tenth of a second: chunks, and what becomes of the lease.
chunks = st.sampled_from(["none", "smooth", "smooth", "jump", "wild", "again", "late", "edge"])
leases = st.sampled_from(["beats", "beats", "beats", "beats", "silent", "revoked", "short"])
stories = st.lists(st.tuples(chunks, leases), min_size=3, max_size=14)
seeds = st.integers(0, 2**16)


def rows_of(kind, cell, generator):
    """Rows inside the joints' range, as good or as bad as ``kind`` says."""
    limits = ROBOT.limits
    rows = wave(ROBOT, cell.seconds)
    if kind == "jump":
        rows = rows + 0.5 * generator.choice([-1, 1], 3) * [1, 1, 0.03]
    if kind == "wild":
        rows = generator.uniform(limits.lower, limits.upper, rows.shape)
    if kind == "edge":
        rows = np.where(generator.random(3) < 0.5, limits.lower, limits.upper) + 0 * rows
    return np.clip(rows, limits.lower, limits.upper)


def play(story, seed):
    """Live through the story; every track is checked as it comes."""
    cell, generator = Cell(ROBOT), np.random.default_rng(seed)
    cell.run(0.1)
    sequence = 0
    for kind, lease in story:
        sequence += kind != "again"
        if kind not in ("none",):
            late_s = 0.4 if kind == "late" else float(generator.uniform(0, 0.1))
            cell.chunk(rows_of(kind, cell, generator), late_s, sequence=sequence)
        cell.beating = lease == "beats"
        if lease == "revoked":
            cell.beat(granted=False)
        if lease == "short":
            cell.beat(duration_s=float(generator.uniform(0, 0.1)))
        cell.run(PIECE_S)
    return cell


@settings(max_examples=40)
@given(stories, seeds)
def test_every_proposal_and_every_track_meets_every_limit(story, seed):
    cell = play(story, seed)
    for plan in cell.proposals:
        assert_smooth(plan)
        assert_within(plan, ROBOT.limits)
    for track in cell.tracks:
        assert_smooth(track.plan)
        assert_within(track.plan, ROBOT.limits)


@settings(max_examples=40)
@given(stories, seeds)
def test_commands_never_trip_jump_or_skip(story, seed):
    cell = play(story, seed)
    cell.assert_sound()
    velocity = np.array([command.velocity for command in cell.commands])
    if len(velocity) > 1:
        change = np.abs(np.diff(velocity, axis=0))
        assert (change <= ROBOT.limits.acceleration * 0.005 * (1 + 1e-6) + 1e-6).all()


@settings(max_examples=20)
@given(stories, seeds)
def test_left_alone_every_story_ends_at_rest(story, seed):
    cell = play(story, seed)
    cell.beating = False
    cell.run(0.6)
    if cell.commands:
        assert not cell.commands[-1].velocity.any()
    assert cell.fuser.status(cell.now).state == "idle"


@settings(max_examples=20)
@given(stories, seeds)
def test_proposals_begin_in_the_state_of_the_committed_motion(story, seed):
    cell, generator = Cell(ROBOT), np.random.default_rng(seed)
    cell.run(0.1)
    for sequence, (kind, lease) in enumerate(story):
        cell.beating = lease == "beats"
        before = len(cell.proposals)
        committed = cell.commitments[-1] if cell.commitments else None
        held = cell.fuser._moving.leased is not None and cell.fuser._moving.leased.holds(cell.now)
        cell.chunk(rows_of(kind, cell, generator), sequence=sequence)
        if len(cell.proposals) > before and committed is not None and held:
            plan = cell.proposals[before]
            state = sample(committed, plan.start_ns)
            np.testing.assert_allclose(plan.position[0], state.position, atol=1e-9)
            np.testing.assert_allclose(plan.velocity[0], state.velocity, atol=1e-9)
            np.testing.assert_allclose(plan.acceleration[0], state.acceleration, atol=1e-7)
        cell.run(PIECE_S)


@settings(max_examples=20)
@given(stories, seeds, st.integers(1, 100))
def test_a_lease_may_end_at_any_knot_of_any_plan(story, seed, knot):
    cell = play(story, seed)
    for plan in cell.proposals[-3:]:
        time_ns = plan.start_ns + knot * plan.knot_period_ns
        assert_within(cut(plan, time_ns, ROBOT.stop_knots), ROBOT.limits)


def test_stories_repeat_to_the_bit():
    story = [("smooth", "beats"), ("jump", "beats"), ("wild", "short"), ("edge", "beats")]
    first, second = play(story, 3), play(story, 3)
    assert [plan.digest for plan in first.proposals] == [p.digest for p in second.proposals]
    assert len(first.proposals) >= 4
