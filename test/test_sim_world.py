"""The world: a robot that tracks its targets, and tasks that are done only when they are done."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim.furniture import CUBE_HALF
from aura_ros.sim.model import HOME, JOINTS, STEP_NS
from aura_ros.sim.simulation import Simulation
from aura_ros.sim.tasks import INSTRUCTIONS, TASKS, Situation, find_task
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


def test_reach_succeeds_within_two_centimetres():
    now = Situation(beside_far(0.0, 0.0, 0.019), FAR + 0.3, FAR, 0.03, False)
    assert find_task("reach").succeeded(now)
    assert not find_task("reach").succeeded(replace(now, tool=beside_far(0.0, 0.0, 0.021)))


def test_push_succeeds_within_four_centimetres():
    now = Situation(FAR + 0.3, beside_far(0.039, 0.0, 0.0), FAR, 0.0, False)
    assert find_task("push").succeeded(now)
    assert not find_task("push").succeeded(replace(now, item=beside_far(0.041, 0.0, 0.0)))


def test_pick_place_needs_lift_place_and_release():
    now = Situation(FAR, beside_far(0.039, 0.0, 0.0), FAR, 0.03, True)
    assert find_task("pick_place").succeeded(now)
    for lacking in ({"lifted": False}, {"finger": 0.02}, {"item": beside_far(0.041, 0.0, 0.0)}):
        assert not find_task("pick_place").succeeded(replace(now, **lacking))


def test_an_unknown_task_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"'pour'.*reach, push, pick_place, drawer"):
        World("pour")


def test_a_drawer_is_open_at_ten_centimetres():
    now = Situation(FAR, beside_far(-0.101, 0.0, 0.0), FAR, 0.03, False)
    assert find_task("drawer").succeeded(now)
    assert not find_task("drawer").succeeded(replace(now, item=beside_far(-0.099, 0.0, 0.0)))


def test_every_task_names_either_object_and_every_instruction_is_its_own():
    assert len(INSTRUCTIONS) == 2 * len(TASKS)
    for text, (name, target) in INSTRUCTIONS.items():
        assert World(name, target=target).instruction == text


def test_episodes_name_one_object_or_take_turns():
    for chosen, named in (("first", "red"), ("second", "blue")):
        simulation = Simulation("drawer", 4, 0, chosen)
        simulation.new_episode()
        assert simulation.instruction == f"open the {named} drawer"
    simulation = Simulation("drawer", 4, 0, "alternate")
    told = [simulation.instruction]
    for _ in range(2):
        simulation.new_episode()
        told.append(simulation.instruction)
    simulation.new_episode()
    simulation.reset(0)
    told.append(simulation.instruction)
    assert [text.split()[2] for text in told] == ["red", "blue", "red", "red"]


def test_a_third_object_is_refused():
    with pytest.raises(ValueError, match="target 2: choose 0"):
        World("push", target=2)


def test_poses_are_in_the_base_frame_with_unit_quaternions(world):
    world.reset(2)
    poses = world.object_poses()
    assert poses.shape == (3, 7)
    np.testing.assert_allclose(np.linalg.norm(poses[:, 3:], axis=1), 1.0)
    np.testing.assert_allclose(poses[:, 2], CUBE_HALF, atol=1e-3)
    np.testing.assert_allclose(poses[1, 3:], [0.0, 0.0, 0.0, 1.0])
    assert len(JOINTS) == len(world.joint_position) == 8


@pytest.mark.parametrize("target", [0, 1])
def test_what_is_done_with_one_object_is_not_done_with_the_other(target):
    world = World("push", seed=3, target=target)
    poses = world.object_poses()
    world._data.joint(world.task.objects[2 * target]).qpos[:3] = poses[1, :3]
    world.step(HOME)
    world.step(HOME)
    assert (world.done_with(target), world.done_with(1 - target)) == (True, False)
    assert world.success
    world.new_episode(3, 1 - target)
    assert not world.done_with(target)
    world._data.joint(world.task.objects[2 * target]).qpos[:3] = poses[1, :3]
    world.step(HOME)
    world.step(HOME)
    assert world.done_with(target)
    assert not world.success


def test_the_named_cube_is_lost_below_the_table_and_the_other_is_not_missed():
    world = World("pick_place", seed=3, target=1)
    for name, lost in (("red_cube", False), ("blue_cube", True)):
        world._data.joint(name).qpos[:3] = [0.5, 1.5, -0.1]
        world.step(HOME)
        world.step(HOME)
        assert world.lost is lost


def test_a_drawer_slides_as_far_as_it_goes_and_is_closed_in_a_new_episode():
    world = World("drawer", seed=1)
    assert world.object_poses().shape == (4, 7)
    assert not world.success
    world._data.joint("red_knob").qvel = 4.0
    settle(world, HOME)
    knob, chest = world.object_poses()[:2, :3]
    assert chest[0] - knob[0] == pytest.approx(0.15, abs=0.005)
    np.testing.assert_allclose(knob[1:], chest[1:], atol=1e-6)
    assert world.success
    assert not world.done_with(1)
    world.new_episode(2)
    assert not world.success


def test_cubes_push_each_other():
    world = World("push", seed=3)
    settle(world, HOME, 50)
    place = world.object_poses()[2, :3]
    world._data.joint("red_cube").qpos[:3] = place + np.array([0.05, 0.0, 0.0])
    world._data.joint("red_cube").qvel[:3] = [-1.0, 0.0, 0.0]
    settle(world, HOME, 200)
    assert world.object_poses()[2, 0] < place[0] - 0.005


def test_time_counts_steps(world):
    world.reset(0)
    settle(world, HOME, 7)
    assert world.time_ns == 7 * STEP_NS
