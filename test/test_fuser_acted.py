"""What is acted on: the trusted rows, never fewer than motion needs, under the chunk's identity."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, home, ns, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.acted import acted_on, trusted_rows
from aura_ros.motion.stop import at_rest
from aura_ros.robot.description import Switching
from aura_ros.types import ROLLBACK

ROBOT = toy()
CHUNK = chunk(ROBOT)  # 16 rows of 50 ms
START = CHUNK.start_ns


@pytest.mark.parametrize(("trust", "rows"), [(1.0, 16), (0.5, 9), (0.4, 7), (0.01, 2), (0.0, 2)])
def test_the_first_rows_are_trusted(trust, rows):
    assert trusted_rows(CHUNK, trust, START) == rows
    found = acted_on(CHUNK, trust, START, None, ROBOT)
    assert np.array_equal(found.rows, CHUNK.rows[:rows])
    assert found.end_ns == START + (rows - 1) * CHUNK.row_period_ns


@pytest.mark.parametrize(("needed_s", "rows"), [(0.0, 2), (0.1, 3), (0.101, 4), (9.0, 16)])
def test_what_is_needed_to_start_is_kept(needed_s, rows):
    assert trusted_rows(CHUNK, 0.0, START + ns(needed_s)) == rows


@given(trust=st.floats(0, 1), needed_s=st.floats(-1, 2))
def test_rows_cover_the_share_and_the_need(trust, needed_s):
    needed = START + ns(needed_s)
    found = acted_on(CHUNK, trust, needed, None, ROBOT)
    assert 2 <= len(found.rows) <= len(CHUNK.rows)
    lasts = found.end_ns - START
    assert lasts >= min(max(needed - START, trust * ns(0.75) - 1), ns(0.75))


def test_the_identity_is_that_of_the_chunk():
    found = acted_on(CHUNK, 0.5, START, None, ROBOT)
    assert found.digest == CHUNK.digest
    assert found.order == CHUNK.order
    assert replace(CHUNK, rows=found.rows).digest != CHUNK.digest


def test_nothing_is_made_anew_where_all_is_trusted():
    assert acted_on(CHUNK, 1.0, START, None, ROBOT).digest == CHUNK.digest
    assert np.array_equal(acted_on(CHUNK, 1.0, START, None, ROBOT).rows, CHUNK.rows)


def switching():
    groups = (ROBOT.groups[0], replace(ROBOT.groups[1], switching=Switching(0.0, 0.05)))
    return replace(ROBOT, groups=groups)


def test_grippers_are_decided_from_the_motion_on_all_rows():
    made = switching()
    rows = np.tile(home(made), (8, 1))
    rows[5:, 2] = 0.0
    told = chunk(made, rows=rows)
    rest = at_rest([0, 0, 0.05], START, made.knot_period_ns, made.joints)
    assert acted_on(told, 1.0, START, rest, made).rows[:, 2].tolist() == [0.05] * 5 + [0.0] * 3
    # Row 6 says that the change at row 5 lasts: it is taken although row 6 is not acted on.
    assert acted_on(told, 5 / 7, START, rest, made).rows[:, 2].tolist() == [0.05] * 5 + [0.0]
    assert acted_on(told, 1.0, START, None, made).rows[0, 2] == 0.0  # 0.025 of 0.05: not open


def test_a_retraced_path_is_left_as_it_is():
    back = chunk(switching(), source=ROLLBACK)
    assert acted_on(back, 0.0, START, None, switching()) is back


def test_trust_outside_its_range_is_all_or_least():
    assert trusted_rows(CHUNK, 7.0, at(0).ros_ns) == 16
    assert trusted_rows(CHUNK, -7.0, at(0).ros_ns) == 2
