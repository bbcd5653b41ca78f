"""The world: a robot that tracks its targets, and tasks that are done only when they are done."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim.model import CUBE_HALF, HOME, JOINTS, STEP_NS
from aura_ros.sim.tasks import TASKS, Situation, find_task
from aura_ros.sim.world import World

FAR = np.array([0.6, 0.1, CUBE_HALF])


def beside_far(*offset):
    return FAR + np.array(offset)


@pytest.fixture(scope="module")
def world():
    return World("pick_place", seed=1)


def settle(world, target, steps=500):
    for _ in range(steps):
        world.step(target)


def test_reset_is_repeatable_and_puts_the_robot_home(world):
    world.reset(5)
    objects = world.object_poses()
    settle(world, HOME + 0.01, 50)
    world.reset(5)
    np.testing.assert_array_equal(world.object_poses(), objects)
    np.testing.assert_array_equal(world.joint_position, HOME)
    np.testing.assert_array_equal(world.joint_velocity, np.zeros(8))


def test_the_same_seed_and_targets_give_the_same_motion_bit_for_bit(world):
    runs = []
    for _ in range(2):
        world.reset(3)
        settle(world, HOME + 0.05, 200)
        runs.append(np.concatenate([world.joint_position, *world.object_poses()]))
    np.testing.assert_array_equal(*runs)


def test_the_robot_holds_still_against_gravity(world):
    world.reset(0)
    settle(world, HOME)
    assert np.abs(world.joint_position - HOME).max() < 1e-4


def test_references_at_one_radian_per_second_are_tracked_within_10_mrad(world):
    world.reset(0)
    amplitude = np.array([0.5, 0.4, 0.5, 0.4, 0.5, 0.5, 0.5])
    worst = np.zeros(7)
    for time_s in np.arange(0.0, 5.0, STEP_NS * 1e-9):
        reference = HOME.copy()
        reference[:7] += min(1.0, time_s) * amplitude * np.sin(time_s / amplitude)
        world.step(reference)
        if time_s > 1.5:
            worst = np.maximum(worst, np.abs(world.joint_position - reference)[:7])
    assert worst.max() < 0.010


def test_the_second_finger_mirrors_the_first(world):
    world.reset(0)
    closed = HOME.copy()
    closed[7] = 0.005
    settle(world, closed)
    assert world.joint_position[7] == pytest.approx(0.005, abs=5e-4)
    assert world.pose().qpos[8] == pytest.approx(world.joint_position[7], abs=2e-4)


def test_a_new_episode_moves_objects_but_not_the_robot(world):
    world.reset(0)
    settle(world, HOME + 0.02, 100)
    robot, objects = world.joint_position, world.object_poses()
    world.new_episode(1)
    np.testing.assert_array_equal(world.joint_position, robot)
    assert np.linalg.norm((world.object_poses() - objects)[:, :2], axis=1).min() > 0.001


@pytest.mark.parametrize("task", TASKS)
def test_positions_spread_over_20_by_30_cm_and_begin_unsolved(task):
    tool = np.array([0.5, 0.0, 0.03])
    chosen, rng = find_task(task), np.random.default_rng(0)
    places = [chosen.place(rng, tool) for _ in range(500)]
    for corner in (np.array([p.cube for p in places]), np.array([p.goal for p in places])):
        assert (np.ptp(corner[:, :2], axis=0) > [0.20, 0.30]).all()
    for place in places:
        assert np.linalg.norm(place.cube[:2] - tool[:2]) >= 0.10
        assert np.linalg.norm(place.cube - place.goal) >= 0.12
        assert not chosen.succeeded(Situation(tool, place.cube, place.goal, 0.03, False))


def test_reach_succeeds_within_two_centimetres():
    now = Situation(beside_far(0.0, 0.0, 0.019), FAR + 0.3, FAR, 0.03, False)
    assert find_task("reach").succeeded(now)
    assert not find_task("reach").succeeded(replace(now, tool=beside_far(0.0, 0.0, 0.021)))


def test_push_succeeds_within_four_centimetres():
    now = Situation(FAR + 0.3, beside_far(0.039, 0.0, 0.0), FAR, 0.0, False)
    assert find_task("push").succeeded(now)
    assert not find_task("push").succeeded(replace(now, cube=beside_far(0.041, 0.0, 0.0)))


def test_pick_place_needs_lift_place_and_release():
    now = Situation(FAR, beside_far(0.039, 0.0, 0.0), FAR, 0.03, True)
    assert find_task("pick_place").succeeded(now)
    for lacking in ({"lifted": False}, {"finger": 0.02}, {"cube": beside_far(0.041, 0.0, 0.0)}):
        assert not find_task("pick_place").succeeded(replace(now, **lacking))


def test_an_unknown_task_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"'pour'.*reach, push, pick_place"):
        World("pour")


def test_poses_are_in_the_base_frame_with_unit_quaternions(world):
    world.reset(2)
    poses = world.object_poses()
    assert poses.shape == (2, 7)
    np.testing.assert_allclose(np.linalg.norm(poses[:, 3:], axis=1), 1.0)
    np.testing.assert_allclose(poses[:, 2], CUBE_HALF, atol=1e-3)
    np.testing.assert_allclose(poses[1, 3:], [0.0, 0.0, 0.0, 1.0])
    assert len(JOINTS) == len(world.joint_position) == 8


def test_time_counts_steps(world):
    world.reset(0)
    settle(world, HOME, 7)
    assert world.time_ns == 7 * STEP_NS
