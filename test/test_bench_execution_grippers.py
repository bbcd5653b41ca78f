"""Grippers as Open-RAIL filters them."""

import numpy as np
from row_methods import setup

from aura_ros.bench.execution.grippers import AHEAD_S, GripperTrack


def followed(fingers):
    rows = np.stack([np.zeros(len(fingers)), np.array(fingers, dtype=float)], axis=1)
    track = GripperTrack(setup())
    track.follow(rows)
    return track


def finger(track, row):
    """The finger half way between two rows, given the lead."""
    return track.at(0.1 * row - AHEAD_S)[1]


def test_a_mean_over_nine_rows_smooths_a_step():
    track = followed([0.0] * 10 + [1.0] * 10)
    # Rows 8 and 9 see 3 and 4 of 9 ones.
    assert finger(track, 8.5) == (3 / 9 + 4 / 9) / 2


def test_near_an_end_of_its_range_it_is_set_to_that_end():
    assert finger(followed([0.97] * 9), 4.5) == 1.0
    assert finger(followed([0.03] * 9), 4.5) == 0.0
    assert finger(followed([0.5] * 9), 4.5) == 0.5


def test_it_is_commanded_ahead_of_the_arm():
    track = followed([0.0] * 20 + [1.0] * 20)
    now = 0.1 * 20.0
    assert track.at(now - AHEAD_S / 2)[1] > track.at(now - 1.5 * AHEAD_S)[1]


def test_the_end_of_a_short_chunk_is_held():
    assert followed([0.2, 0.4]).at(7.0)[1] == np.mean([0.2, 0.4])
