"""Distances against MuJoCo's, and the bounds that let plans be looked at in few places."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
from geometry_values import HOME, HOME_OF_JOINTS, dense, setup, straight

from aura_ros.guard.checks import self_collision
from aura_ros.guard.geometry.bodies import Bodies
from aura_ros.guard.geometry.clearance import Clearance, _search
from aura_ros.guard.geometry.coarse import Coarse
from aura_ros.guard.geometry.exact import Exact
from aura_ros.guard.geometry.model import model_of
from aura_ros.guard.geometry.options import tracking_error
from aura_ros.guard.geometry.pairs import approach, balls_of, pairs_of
from aura_ros.guard.geometry.stretch import PARTS, stretch_of

GIVEN = setup(self_collision.ENTRY, {"home": HOME_OF_JOINTS})
MODEL = model_of(GIVEN)
CHAIN, BODIES = MODEL.chain, Bodies.of(MODEL.bodies)
NAMES = [body.name for body in MODEL.bodies]
COLUMNS = [(a, b) for a in range(len(NAMES)) for b in range(a)]
PAIRS = pairs_of(BODIES, CHAIN, COLUMNS)
# Pairs that move against each other, and never touch near HOME.
APART = PAIRS.some(np.flatnonzero(PAIRS.path.sum(axis=1) >= 2))
ERROR = tracking_error(GIVEN, CHAIN)
EXACT = Exact(APART)
SWINGS = arrays(float, 16, elements=st.floats(-0.8, 0.8))


def distances(position):
    """Distances (M, P) of APART at (M, n)."""
    EXACT.move(CHAIN.place(position))
    pairs = range(APART.count)
    return np.array([[EXACT.distance(p, node) for p in pairs] for node in range(len(position))])


def swing(turns, seconds=1.0):
    begin, end = np.split(np.array(turns), 2)
    begin[7] = end[7] = 0.0
    return straight(HOME + begin, HOME + end, seconds)


def test_distances_are_those_of_mujoco():
    """Of links that are one mesh; fingers are a hull of four boxes here, never farther."""
    mujoco = pytest.importorskip("mujoco", reason="mujoco is absent")
    from aura_ros.sim.model import robot_spec

    model = robot_spec().compile()
    data = mujoco.MjData(model)
    exact, random = Exact(PAIRS), np.random.default_rng(3)
    compared = 0
    for _ in range(20):
        position = HOME + np.append(random.uniform(-0.8, 0.8, 7), 0.0)
        data.qpos[:8], data.qpos[8] = position, position[7]
        mujoco.mj_kinematics(model, data)
        exact.move(CHAIN.place(position[None]))
        for pair in range(PAIRS.count):
            names, found = PAIRS.names(pair), exact.distance(pair, 0)
            geoms = [[g for g in range(model.ngeom) if model.geom(g).name.startswith(f"{name}_")]
                     for name in names]  # fmt: skip
            known = min(mujoco.mj_geomDistance(model, data, a, b, 2.0, None)
                        for a in geoms[0] for b in geoms[1])  # fmt: skip
            if known <= 1e-3:
                continue
            compared += 1
            assert found <= known + 1e-5
            if not any("finger" in name for name in names):
                assert found == pytest.approx(known, abs=1e-5)
    assert compared > 500


@given(SWINGS, st.floats(0.3, 2.0))
@settings(max_examples=15)
def test_no_pair_comes_nearer_than_its_bound_allows(turns, seconds):
    stretch = stretch_of(swing(turns, seconds))
    travel, places = CHAIN.spread(stretch.travel), CHAIN.place(stretch.position)
    balls = balls_of(BODIES, CHAIN, places, travel, 0 * ERROR)
    used = pairs_of(BODIES, CHAIN, [c for c, path in zip(COLUMNS, PAIRS.path, strict=True)
                                    if path.sum() >= 2])  # fmt: skip
    loss, widening = approach(used, balls, travel, 0 * ERROR)
    assert not widening.any()
    at_nodes = distances(stretch.position)
    for node in range(0, len(travel) - 1, 7):
        fine = distances(stretch.cut([node]).position)
        clear = (at_nodes[node] > 0) & (at_nodes[node + 1] > 0)
        least = (at_nodes[node] + at_nodes[node + 1] - loss[node]) / 2
        assert (fine >= least - 1e-5)[:, clear].all()
        assert len(fine) == PARTS + 1


@given(SWINGS, st.integers(0, 2**32))
@settings(max_examples=30)
def test_widening_bounds_what_tracking_errors_take_away(turns, seed):
    """|d(q + e) - d(q)| <= sum of reach_j e_j over the joints between."""
    position = (HOME + np.append(turns[:7], 0.0))[None]
    still = np.zeros((1, len(ERROR)))
    balls = balls_of(APART.bodies, CHAIN, CHAIN.place(position), still, ERROR)
    _, widening = approach(APART, balls, still, ERROR)
    planned = distances(position)[0]
    random = np.random.default_rng(seed)
    errors = random.choice([-0.01, -0.004, 0.01], (10, 8))
    measured = distances(position + errors)
    clear = (planned > widening[0]) & (planned > 0)
    assert (measured >= planned - widening[0] - 1e-5)[:, clear].all()
    # It is no bound without use: centimetres for the hand at 10 mrad a joint.
    assert (widening[0] < 0.05).all()


@given(SWINGS, st.floats(0.3, 2.0))
@settings(max_examples=15)
def test_the_coarse_look_never_says_more_than_there_is(turns, seconds):
    stretch = stretch_of(swing(turns, seconds))
    travel, places = CHAIN.spread(stretch.travel), CHAIN.place(stretch.position)
    coarse = Coarse(CHAIN, APART, 0.02, ERROR)
    spare = coarse.spare(places, CHAIN.joints(stretch.position), travel)
    assert (spare <= distances(stretch.position[::5]).min(axis=0) - 0.02 + 1e-5).all()


def test_clearance_at_the_boundary():
    """At rest what is left is distance less margin; past it a plan lacks as much."""
    exact = Clearance(MODEL.along, APART, 0.0, 0 * ERROR)
    left = exact.at(HOME)
    np.testing.assert_allclose(left, distances(HOME[None])[0], atol=2e-4)
    nearest = int(np.argmin(left))
    rest = straight(HOME, HOME, 0.2)
    for margin, lacking in ((left[nearest] - 1e-6, -1e-6), (left[nearest] + 1e-6, 1e-6)):
        found = Clearance(MODEL.along, APART, margin, 0 * ERROR).along(rest)
        assert found.lacking == pytest.approx(lacking, abs=1e-9)
        assert found.pair == nearest


def test_what_is_too_fast_to_tell_is_cut_finer_and_else_not_cleared(monkeypatch):
    """Half a turn within four knots: between them anything may be met."""
    end = HOME + np.array([3.0, 0.5, 0.0, 0.5, 0.0, 0.5, 1.0, 0.0])
    plan = straight(HOME, end, 0.08)
    assert distances(dense(plan)).min() > 0.01
    clearance = Clearance(MODEL.along, APART, 0.0, 0 * ERROR)
    assert clearance.along(plan).lacking < 0
    monkeypatch.setattr("aura_ros.guard.geometry.clearance._DEPTH", 0)
    found = clearance.along(plan)
    assert found.lacking > 0
    assert not found.proved


@given(st.lists(st.floats(0.001, 1.0), min_size=2, max_size=30), st.floats(0.0, 0.2))
def test_the_search_proves_what_it_clears(clear, margin):
    """Losses just as large as steps need: at every node clearance is as the bound allows."""
    losses = np.abs(np.diff(clear))
    way = np.concatenate([[0.0], losses.cumsum()]).tolist()
    looked = []

    def at(node):
        looked.append(node)
        return clear[node]

    found = _search(at, way, 0, len(clear) - 1, margin)
    assert found.least == min(clear[node] for node in looked)
    assert not found.left or margin < max(losses)
    assert len(looked) == len(set(looked))
    clear[len(clear) // 2] = -1.0
    losses = np.abs(np.diff(clear))
    way = np.concatenate([[0.0], losses.cumsum()]).tolist()
    assert _search(at, way, 0, len(clear) - 1, 0.0).least == -1.0
