"""MetaWorld's plant obeys set-points, repeats itself, and its experts succeed within limits."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="MetaWorld needs mujoco")
pytest.importorskip("metaworld", reason="pip install -r requirements/metaworld.txt")

import mujoco

from aura_ros.bench.closed_loop import metaworld
from aura_ros.robot.load import load_robot
from aura_ros.sim.gl import RenderingUnavailableError
from aura_ros.sim.metaworld import tasks
from aura_ros.sim.metaworld.expert import ACCELERATION, FINGERS, SPEED, Expert
from aura_ros.sim.metaworld.plant import ROBOT, MetaWorldPlant
from aura_ros.sim.metaworld.tasks import TASKS, MetaWorldMissingError, find_task
from aura_ros.sim.metaworld.world import STEP_NS, STEP_S, World

SAWYER = load_robot(ROBOT)
ROW_STEPS = SAWYER.row_period_ns // STEP_NS
NOTHING = np.empty((0, 7))


@pytest.fixture(scope="module")
def worlds():
    return {name: World(task) for name, task in TASKS.items()}


@pytest.fixture(scope="module")
def plant():
    try:
        made = MetaWorldPlant("push")
    except RenderingUnavailableError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def state(world):
    everything = mujoco.mjtState.mjSTATE_INTEGRATION
    found = np.empty(mujoco.mj_stateSize(world.model, everything))
    mujoco.mj_getState(world.model, world.data, found, everything)
    return found, world.data.xpos.copy(), world.data.qacc.copy()


def moved(set_point, x=0.0, y=0.0, z=0.0, opening=0.0):
    return set_point + np.array([x, y, z, 0.0, 0.0, 0.0, opening])


def done_by(world, expert, seed):
    """Time at which the expert's chunks, each executed for 0.8 s, have done the task [s]."""
    world.reset(seed)
    position, velocity = world.rest, np.zeros(7)
    for chunk in range(6):
        rows = expert.chunk(NOTHING, position, velocity, 18, ROW_STEPS)
        for row in range(16):
            for share in (np.arange(ROW_STEPS) + 1) / ROW_STEPS:
                world.step(rows[row] + share * (rows[row + 1] - rows[row]))
                if world.success:
                    return chunk * 0.8 + (row + share) * 0.05
        position, velocity = rows[16], (rows[17] - rows[15]) / 0.1
    return None


@pytest.mark.parametrize("name", TASKS)
def test_experts_succeed_by_set_points_within_the_limits(worlds, name):
    expert = Expert(worlds[name], SAWYER)
    times = [done_by(worlds[name], expert, seed) for seed in range(1000, 1003)]
    assert None not in times
    # They need about one second on their own.
    assert max(times) < 3.0


@pytest.mark.parametrize("name", TASKS)
def test_chunks_leave_the_told_state_and_keep_to_the_limits(worlds, name):
    world, limits = worlds[name], SAWYER.limits
    world.reset(1003)
    velocity = np.array([0.1, 0.3, -0.2, 0, 0, 0, 0])
    position = world.position + np.array([0, 0, 0, 0.004, 0, -0.004, 0])
    rows = Expert(world, SAWYER).chunk(NOTHING, position, velocity, 32, ROW_STEPS)
    np.testing.assert_array_equal(rows[0], position)
    rates = np.diff(rows, axis=0) / 0.05
    assert (np.abs(rates) <= limits.velocity).all()
    assert np.abs(rates[0, :3] - velocity[:3]).max() <= ACCELERATION * 0.05 + 1e-9
    assert (rows >= limits.lower).all()
    assert (rows <= limits.upper).all()
    # A rotation that was told is taken back.
    assert np.abs(rows[-1, 3:6]).max() < 1e-4
    assert limits.velocity[:3].min() > SPEED
    assert limits.velocity[6] > FINGERS


@pytest.mark.parametrize("name", TASKS)
def test_what_is_imagined_leaves_the_simulator_bit_for_bit(worlds, name):
    world = worlds[name]
    world.reset(7)
    for _ in range(20):
        world.step(world.rest)
    before = state(world)
    rows = Expert(world, SAWYER).chunk(NOTHING, world.rest, np.zeros(7), 32, ROW_STEPS)
    for found, expected in zip(state(world), before, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert np.abs(rows[-1] - rows[0]).max() > 0.05


def test_imagined_steps_are_the_real_ones(worlds):
    world = worlds["drawer_open"]
    world.reset(7)
    targets = world.rest + np.linspace(0, 1, 40)[:, None] * [0.1, 0.1, -0.1, 0, 0, 0, -0.05]
    with world.imagined():
        for target in targets:
            world.advance(target)
        imagined = world.position
    for target in targets:
        world.step(target)
    np.testing.assert_allclose(world.position, imagined, atol=1e-6)


@pytest.mark.parametrize("name", TASKS)
def test_the_same_seed_is_the_same_bit_for_bit(worlds, name):
    world, other = worlds[name], World(TASKS[name])
    other.reset(3, np.array([0.1, 0.6, 0.3]))
    runs = []
    for each in (world, other):
        each.reset(11)
        begun = each.layout
        for step in range(30):
            each.step(moved(each.rest, 0.002 * step, 0.003 * step))
        runs.append([begun, *state(each)])
    for found, expected in zip(*runs, strict=True):
        np.testing.assert_array_equal(found, expected)
    world.reset(12)
    assert not np.array_equal(world.layout, runs[0][0])


def test_the_tool_goes_where_set_points_say_and_fingers_too(worlds):
    world = worlds["reach"]
    world.reset(2)
    target = moved(world.rest, 0.08, 0.06, -0.05, opening=-0.1)
    for _ in range(80):
        world.step(target)
    away = world.position - target
    assert np.abs(away[:3]).max() < 0.001
    # Fingers touch before they are closed.
    assert np.abs(world.velocity[:3]).max() < 0.01
    assert world.position[6] < 0.06
    for _ in range(40):
        world.step(moved(target, opening=0.1))
    assert world.position[6] > 0.09


def test_the_hand_moves_at_most_as_fast_as_metaworld_lets_it(worlds):
    world = worlds["reach"]
    world.reset(2)
    for _ in range(10):
        world.step(moved(world.rest, 0.4))
    assert world.data.mocap_pos[0, 0] == pytest.approx(0.8 * 10 * STEP_S)


def test_episodes_outlast_metaworlds_own(worlds):
    world = worlds["reach"]
    world.reset(2)
    for _ in range(520):
        world.step(world.rest)
    assert not world.success


def test_the_hand_may_begin_anywhere_free(worlds):
    for world in worlds.values():
        for corner in np.array(world.task.free):
            world.reset(5, corner)
            assert np.abs(world.position[:3] - corner).max() < 0.03
            begun = world.layout
            for _ in range(20):
                world.step(world.position)
            np.testing.assert_allclose(world.layout, begun, atol=0.05)


def test_a_puck_that_fell_is_lost(worlds):
    world = worlds["push"]
    world.reset(5)
    assert not world.lost
    world.data.qpos[9:12] = [0.0, 0.7, -0.3]
    mujoco.mj_forward(world.model, world.data)
    assert world.lost


def test_pictures_show_the_seed_upright_and_are_never_twice_alike(plant):
    plant.reset(4)
    first, again = plant.pictures(), plant.pictures()
    assert list(first) == [camera.name for camera in SAWYER.cameras]
    assert {image.shape for image in first.values()} == {(96, 96, 3)}
    # The noise of a sensor: a watchdog takes a picture that stays the same for a frozen one.
    assert (first["corner"] != again["corner"]).any()
    plant.reset(4)
    same = plant.pictures()
    plant.reset(5)
    other = plant.pictures()
    for name, image in first.items():
        np.testing.assert_array_equal(same[name], image)
        assert np.abs(other[name].astype(int) - image).max() > 60
        # The arm comes from above; below is the table.
        assert image[:48].std() > image[48:].std()


def test_a_plant_is_what_the_closed_loop_asks_for(plant):
    plant.reset(4)
    assert plant.instruction == TASKS["push"].instruction
    assert plant.other_instruction == ""
    assert not plant.success
    assert not plant.lost
    assert plant.rest.shape == plant.position.shape == plant.velocity.shape == (7,)
    assert np.abs(plant.rest - plant.position).max() < 0.001
    limits = SAWYER.limits
    assert (plant.rest >= limits.lower).all()
    assert (plant.rest <= limits.upper).all()
    assert SAWYER.row_period_ns % plant.step_ns == 0


def test_metaworlds_experts_succeed_on_their_own():
    for name in TASKS:
        assert metaworld.expert_success(name, range(1000, 1003)) == [True] * 3


def test_an_unknown_task_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="'fly': choose one of drawer_open"):
        find_task("fly")


def test_without_the_package_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(tasks, "is_installed", lambda: False)
    with pytest.raises(MetaWorldMissingError, match=r"requirements/metaworld.txt"):
        World(TASKS["reach"])
    with pytest.raises(MetaWorldMissingError, match=r"requirements/metaworld.txt"):
        tasks.scripted(TASKS["reach"])


def test_plants_of_one_thread_do_not_draw_into_each_other():
    """Each has the meshes of its own task, in a context of its own."""
    one = MetaWorldPlant("drawer_open")
    one.reset(1000)
    alone = one.pictures()
    other = MetaWorldPlant("push")
    try:
        other.pictures()
        again = one.pictures()
        # Another picture of the same moment: only the sensor's noise differs.
        for name, picture in alone.items():
            assert np.abs(again[name].astype(int) - picture).max() <= 12
    finally:
        one.close()
        other.close()
