"""The least risky of several draws: what most of them agree on, and what uses limits least."""

import numpy as np
import pytest
from chain_values import home
from corrections import OF_ROWS, ROBOT, context, swing

from aura_ros.guard.correct.best import best, risks
from aura_ros.guard.correct.scaling import CORRECTED
from aura_ros.types import ROLLBACK

BAD = swing(1.5, 3.0)
GOOD = [swing(size, 1.5) for size in (0.2, 0.3, 0.31, 0.6)]


class Below:
    """Joint 0 must stay below a reach."""

    def __init__(self, reach):
        self.reach = reach

    def clearances(self, position):
        return np.array([self.reach - position[0]]), np.array([[-1.0, 0.0, 0.0]])


def chosen(alternatives, rows=BAD, geometry=(), share=1.0, **changes):
    made = context(rows, share=share, alternatives=np.array(alternatives), **changes)
    return best(made, OF_ROWS, geometry)


def test_the_draw_that_most_agree_with_is_taken():
    found = chosen(GOOD)
    assert any(np.array_equal(found.rows, draw) for draw in GOOD[1:3])
    assert found.source == CORRECTED


def test_draws_that_fail_a_check_of_rows_are_none():
    assert chosen([BAD, BAD + 0.01]) is None
    np.testing.assert_array_equal(chosen([BAD, GOOD[0]]).rows, GOOD[0])


def test_the_others_that_pass_stay_alternatives_the_least_risky_first():
    found = chosen([*GOOD, BAD])
    assert found.alternatives.shape == (3, *BAD.shape)
    again = chosen(found.alternatives, found.rows)
    assert again.alternatives.shape == (2, *BAD.shape)
    last = chosen(again.alternatives[:1], again.rows)
    assert last.alternatives.shape == (0, *BAD.shape)


def test_without_alternatives_there_is_nothing_to_choose():
    assert best(context(BAD), OF_ROWS) is None
    assert chosen(GOOD, source=ROLLBACK) is None


def test_draws_that_come_too_near_are_passed_over():
    highest = [float(draw[:, 0].max()) for draw in GOOD]
    found = chosen(GOOD, geometry=(Below(highest[0] + 0.01),))
    np.testing.assert_array_equal(found.rows, GOOD[0])
    assert chosen(GOOD, geometry=(Below(-1.0),)) is None


def test_where_caution_is_asked_for_only_slow_draws_pass():
    slow, fast = swing(0.2, 1.0), swing(0.6, 2.5)
    np.testing.assert_array_equal(chosen([fast, fast, slow], share=0.3).rows, slow)
    assert chosen([fast], share=0.3) is None


def test_risk_is_distance_to_the_medoid_and_use_of_limits():
    draws = np.array([GOOD[0], GOOD[1], GOOD[2], GOOD[3], swing(-0.9, 1.5)])
    found = risks(draws, ROBOT)
    assert int(np.argmin(found)) in (1, 2)
    assert int(np.argmax(found)) == 4


def test_draws_that_are_alike_differ_by_their_use_of_limits_alone():
    alike = np.tile(home(ROBOT), (3, 5, 1))
    found = risks(alike, ROBOT)
    assert found == pytest.approx([0.0] * 3)
    alike[:, :, 0] = 2.5
    assert risks(alike, ROBOT) == pytest.approx([1.0] * 3)


def test_grippers_do_not_tell_draws_apart():
    draws = np.tile(home(ROBOT), (3, 5, 1))
    draws[1, :, 2] = 0.03
    assert risks(draws, ROBOT)[1] == pytest.approx(risks(draws, ROBOT)[0], abs=0.3)
