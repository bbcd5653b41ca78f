"""Which correction is tried for which failure, and where only refusing is left."""

from dataclasses import replace

import numpy as np
import pytest
from corrections import ALL, OF_ROWS, ROBOT, context, failing, swing

from aura_ros.guard.correct.corrections import ATTEMPTS, Corrections
from aura_ros.guard.lattice import failed, passed, unknown
from aura_ros.types import Decision

CORRECTIONS = Corrections(ROBOT, ALL)
FAST, OUTSIDE, GENTLE = swing(0.5, 6.0), swing(1.3, 2.0, rows=40), swing(0.2, 1.0)


class Wall:
    """A check of plans that knows how far joint 0 is from a wall."""

    def __init__(self, reach):
        self.reach = reach

    def __call__(self, context):
        return passed("workspace", 0.0, 1.0)

    def clearances(self, position):
        return np.array([self.reach - position[0]]), np.array([[-1.0, 0.0, 0.0]])


def refused(name, value=2.0, limit=1.0, decision=Decision.REFUSE):
    return failed(name, value, limit, decision, "too much")


def proposed(rows, checks=None, attempt=1, corrections=CORRECTIONS, **changes):
    made = context(rows, **changes)
    found = corrections.propose(made, failing(made) if checks is None else checks, attempt)
    return made, found


@pytest.mark.parametrize("name", ["row_velocity", "row_acceleration"])
def test_what_is_too_fast_is_slowed(name):
    made, found = proposed(FAST)
    decision, chunk = found
    assert decision == Decision.SLOW
    assert name in {check.name for check in failing(made)}
    assert not failing(replace(made, chunk=chunk))


def test_what_leaves_the_limits_is_kept_inside():
    made, (decision, chunk) = proposed(OUTSIDE)
    assert decision == Decision.CLAMP
    assert chunk.row_period_ns == made.chunk.row_period_ns
    assert not failing(replace(made, chunk=chunk))


@pytest.mark.parametrize("name", ["row_velocity", "row_position", "workspace"])
def test_rows_that_jump_are_neither_slowed_nor_kept_inside(name):
    rows = np.array(swing(0.2, 2.0))
    rows[len(rows) // 2 :, 0] += 0.6
    knowing = Corrections(ROBOT, (*ALL, ("workspace", Wall(5.0))))
    assert proposed(rows, (refused(name),), corrections=knowing)[1] is None


def test_another_draw_is_tried_before_anything_else():
    _, (decision, chunk) = proposed(FAST, alternatives=GENTLE[None])
    assert decision == Decision.CLAMP
    np.testing.assert_array_equal(chunk.rows, GENTLE)


def test_where_slowness_is_asked_for_another_draw_is_none():
    checks = (refused("caution", 0.8, 0.5, Decision.SLOW),)
    _, (decision, chunk) = proposed(GENTLE, checks, alternatives=GENTLE[None] + 0.001)
    assert decision == Decision.SLOW
    np.testing.assert_array_equal(chunk.rows, GENTLE)


def test_another_draw_may_begin_where_the_chunk_did_not():
    _, (decision, _) = proposed(GENTLE, (refused("row_start"),), alternatives=GENTLE[None] + 0.001)
    assert decision == Decision.CLAMP
    assert proposed(GENTLE, (refused("row_start"),))[1] is None


@pytest.mark.parametrize(
    "check",
    [
        refused("row_velocity", decision=Decision.HOLD),
        unknown("plan_velocity", "raised"),
        refused("freshness"),
        refused("fidelity"),
        refused("mode"),
    ],
)
def test_what_no_other_motion_would_mend_is_refused(check):
    assert proposed(FAST, (refused("row_velocity"), check), alternatives=GENTLE[None])[1] is None


def test_what_passed_is_not_corrected():
    assert proposed(GENTLE, ())[1] is None
    assert proposed(GENTLE, (passed("row_velocity", 0.5, 1.0),))[1] is None


def test_three_corrections_of_one_chunk_are_enough():
    assert proposed(FAST, attempt=ATTEMPTS)[1] is not None
    assert proposed(FAST, attempt=ATTEMPTS + 1)[1] is None


def test_a_region_is_kept_off_where_somebody_knows_how_far_it_is():
    checks = (refused("workspace", 0.1, 0.0),)
    assert proposed(GENTLE, checks)[1] is None
    knowing = Corrections(ROBOT, (*OF_ROWS, ("workspace", Wall(0.28))))
    made, (decision, chunk) = proposed(GENTLE, checks, corrections=knowing)
    assert decision == Decision.CLAMP
    assert made.chunk.rows[:, 0].max() > 0.28 >= chunk.rows[:, 0].max()


@pytest.mark.parametrize(("attempt", "kept"), [(1, False), (2, True)])
def test_from_the_second_correction_on_all_regions_are_kept_off(attempt, kept):
    walls = (("workspace", Wall(0.4)), ("self_collision", Wall(0.28)))
    knowing = Corrections(ROBOT, (*OF_ROWS, *walls))
    checks = (refused("workspace", 0.1, 0.0),)
    _, (_, chunk) = proposed(swing(0.2, 1.0, rows=40), checks, attempt, knowing)
    assert bool(chunk.rows[:, 0].max() <= 0.28) is kept


def test_a_clamp_is_slow_where_caution_is_asked_for_too():
    checks = (refused("row_position"), refused("caution", 0.8, 0.3, Decision.SLOW))
    made, (decision, chunk) = proposed(OUTSIDE, checks, share=0.3)
    assert decision == Decision.CLAMP
    velocity, _ = replace(made, chunk=chunk).row_rates
    assert np.abs(velocity / ROBOT.limits.velocity).max() <= 0.3
