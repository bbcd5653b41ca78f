"""Jerk in blocks: sizes, and the best blocks without limits."""

import numpy as np
import pytest

from aura_ros.fuser.basis import ENDS, basis_of, block_sizes
from aura_ros.motion.jerk import integrate
from aura_ros.motion.stop import stop_jerk
from aura_ros.types import KinematicState


@pytest.mark.parametrize("knots", [1, 2, 7, 8, 9, 23, 24, 25, 83, 250])
def test_blocks_add_up_and_grow(knots):
    sizes = block_sizes(knots)
    assert sizes.sum() == knots
    assert (sizes > 0).all()
    assert (sizes[: min(knots, 8)] == 1).all()
    assert (np.diff(sizes[:-1]) >= 0).all()


def test_the_gain_is_the_least_squares_solution():
    basis = basis_of(20, 0.02, 0.1, 12)
    wanted = np.sin(np.arange(20.0))
    zero = KinematicState(0, np.zeros(1), np.zeros(1), np.zeros(1))

    def cost(blocks):
        jerk = basis.spread @ blocks
        p, v, a = integrate(zero, jerk[:, None], 0.02)
        tail = stop_jerk(v[-1], a[-1], 12, 0.02)
        end = integrate(KinematicState(0, p[-1], v[-1], a[-1]), tail, 0.02)[0][-1, 0]
        far = ((p[1:, 0] - wanted) ** 2).sum() + (ENDS * (end - wanted[-1])) ** 2
        return far + 0.1**6 * (jerk**2).sum()

    best = basis.gain @ np.append(wanted, ENDS * wanted[-1])
    for direction in np.eye(len(best)):
        for size in (-1e-3, 1e-3):
            assert cost(best) <= cost(best + size * direction)


def test_edges_are_the_motion_where_blocks_meet():
    basis = basis_of(30, 0.02, 0.1, 12)
    blocks = np.random.default_rng(1).normal(size=len(basis.lengths))
    zero = KinematicState(0, np.zeros(1), np.zeros(1), np.zeros(1))
    knots = integrate(zero, (basis.spread @ blocks)[:, None], 0.02)
    at = np.round(basis.times / 0.02).astype(int)
    for edge, knot in zip(basis.edges, knots, strict=True):
        np.testing.assert_allclose(edge @ blocks, knot[at, 0], atol=1e-12)
