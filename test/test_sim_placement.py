"""Where things lie: everywhere they may, never in the way, and the same for a seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim.placement import place_balls, place_cubes, place_drawers
from aura_ros.sim.tasks import DEVELOPMENT_SEED, TASKS, TEST_SEED, TRAINING_SEED, Situation

LOW_TOOL = np.array([0.5, 0.0, 0.03])
SEEDS = st.integers(0, 2**31 - 1)
TOOLS = st.tuples(st.floats(0.3, 0.65), st.floats(-0.2, 0.2), st.floats(0.02, 0.5)).map(np.array)


def placed(place, seed, tool=LOW_TOOL):
    return place(np.random.default_rng(seed), tool)


def positions(place, count=500):
    """Positions (count, 3) of every body by name."""
    found = [placed(place, seed) for seed in range(count)]
    return {name: np.array([places[name].position for places in found]) for name in found[0]}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_everything_lies_anywhere_on_20_by_30_centimetres(task):
    for places in positions(task.place).values():
        assert (np.ptp(places[:, :2], axis=0) > [0.20, 0.30]).all()


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_neither_object_stands_out_by_its_place(task):
    items = [task.objects[pair[task.name == "reach"]] for pair in task.pairs]
    bodies = [name.replace("knob", "chest") for name in items]
    found = positions(task.place)
    first, second = (found[name] for name in bodies)
    assert np.abs(first.mean(axis=0) - second.mean(axis=0)).max() < 0.02


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_no_episode_begins_solved(task):
    for seed in range(200):
        places = placed(task.place, seed)
        chests = {name.replace("chest", "knob"): place for name, place in places.items()}
        rows = [{**chests, **places}[name].position for name in task.objects]
        for item, goal in task.pairs:
            now = Situation(LOW_TOOL, rows[item], rows[goal], 0.03, False)
            assert not task.succeeded(now)


@given(SEEDS, TOOLS)
@settings(max_examples=100, deadline=None)
def test_cubes_are_apart_from_each_other_the_goal_and_the_hand(seed, tool):
    places = placed(place_cubes, seed, tool)
    red, blue, disc = (places[name].position[:2] for name in ("red_cube", "blue_cube", "disc"))
    for one, other in ((red, blue), (red, disc), (blue, disc)):
        assert np.linalg.norm(one - other) >= 0.12
    if tool[2] <= 0.25:
        assert min(np.linalg.norm(cube - tool[:2]) for cube in (red, blue)) >= 0.10
    assert all(abs(place.yaw) <= np.pi / 4 for place in places.values())


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_no_cube_lies_on_the_way_of_a_push_of_the_other_nor_where_it_begins(seed):
    places = placed(place_cubes, seed)
    red, blue, disc = (places[name].position[:2] for name in ("red_cube", "blue_cube", "disc"))
    for cube, other in ((red, blue), (blue, red)):
        along = (disc - cube) / np.linalg.norm(disc - cube)
        way = np.linspace(cube - 0.10 * along, disc, 200)
        assert np.linalg.norm(way - other, axis=1).min() >= 0.07 - 1e-9


@given(SEEDS, TOOLS)
@settings(max_examples=100, deadline=None)
def test_chests_leave_room_for_fingers_and_hand(seed, tool):
    try:
        places = placed(place_drawers, seed, tool)
    except RuntimeError:
        # Two chests fit neither on one side of a low hand there, nor on both.
        assert tool[2] <= 0.12
        assert 0.05 < abs(tool[1]) < 0.08
        return
    red, blue = (places[name].position for name in ("red_chest", "blue_chest"))
    assert abs(red[1] - blue[1]) >= 0.13
    for knob in (red, blue):
        over = knob[0] - 0.02 < tool[0] < knob[0] + 0.22 and abs(tool[1] - knob[1]) < 0.05
        assert tool[2] > 0.12 or not over


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_balls_hang_in_the_air_within_reach(seed):
    places = placed(place_balls, seed)
    heights = [places[name].position[2] for name in ("green_ball", "yellow_ball")]
    assert all(0.15 <= height <= 0.40 for height in heights)


@pytest.mark.parametrize("place", [place_balls, place_cubes, place_drawers])
def test_a_seed_is_a_placement(place):
    first, again, other = (placed(place, seed) for seed in (5, 5, 6))
    for name in first:
        np.testing.assert_array_equal(first[name].position, again[name].position)
        assert first[name].yaw == again[name].yaw
        assert np.abs(first[name].position - other[name].position).max() > 1e-4


def test_a_hand_that_leaves_no_room_is_an_error_with_a_remedy():
    with pytest.raises(RuntimeError, match=r"no placement leaves room.*move the tool up, or reset"):
        place_drawers(Stuck(), LOW_TOOL)


class Stuck:
    """Draws the same place every time."""

    def uniform(self, low, high, size):
        return np.zeros(size)


def test_seeds_to_report_to_try_and_to_train_are_apart():
    assert TEST_SEED < DEVELOPMENT_SEED < TRAINING_SEED
    assert DEVELOPMENT_SEED - TEST_SEED >= 1000
    assert TRAINING_SEED - DEVELOPMENT_SEED >= 10_000
