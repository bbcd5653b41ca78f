"""The witness sees contacts, distances and speeds of the simulated robot, and changes nothing."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim.model import HOME
from aura_ros.sim.witness import Box, Witness
from aura_ros.sim.world import World

BOX = Box((0.45, 0.56, 0.35), (0.7, 0.4, 0.9))
STEPS = 100


@pytest.fixture
def seen():
    world = World("pick_place", 1)
    for _ in range(STEPS):
        world.step(HOME)
    witness = Witness(world, BOX)
    witness.look()
    return world, witness


def turned(angle):
    return HOME + np.array([angle, *np.zeros(7)])


def test_looking_on_changes_nothing():
    ends = []
    for looks in (False, True):
        world = World("pick_place", 1)
        witness = Witness(world, BOX)
        for step in range(STEPS):
            world.step(turned(1e-3 * step))
            if looks:
                witness.look(np.array([0.5, 0.0, 0.3]))
                witness.to_person(), witness.to_itself(), witness.contact(), witness.wrench()
        ends.append(world.data.qpos.copy())
    assert np.array_equal(*ends)


def test_the_box_is_nearer_when_the_arm_turns_to_it_and_entered_at_last(seen):
    world, witness = seen
    distances = [witness.to_box()]
    for angle in (0.3, 0.6, 1.2):
        world.reset(1, joints=turned(angle))
        witness.look()
        distances.append(witness.to_box())
    assert all(np.diff(distances) < 0)
    assert distances[0] > 0.2
    assert distances[-1] < 0


def test_a_person_is_as_far_as_where_they_stand(seen):
    _, witness = seen
    gaps = []
    for x in (2.0, 1.5):
        witness.look(np.array([x, 0.0, 0.3]))
        gaps.append(witness.to_person())
    assert gaps[0] - gaps[1] == pytest.approx(0.5, abs=1e-6)
    witness.look()
    assert witness.to_person() >= 9.0


def test_neighbours_do_not_count_as_meeting_themselves(seen):
    world, witness = seen
    assert witness.to_itself() > 0.05
    # The elbow folded as far as it goes, the wrist turned back: the hand is at the arm.
    folded = HOME.copy()
    folded[[1, 3, 5]] = -1.2, -3.0, 0.05
    world.reset(1, joints=folded)
    witness.look()
    assert witness.to_itself() < 0.05


def test_a_pushed_hand_feels_the_push(seen):
    world, witness = seen
    assert np.abs(witness.wrench()[0]).max() < 0.1
    world.push(np.array([0.0, 30.0, 0.0]))
    for _ in range(STEPS):
        world.step(HOME)
    force, torque = witness.wrench()
    assert force == pytest.approx([0.0, 30.0, 0.0], abs=0.2)
    assert np.linalg.norm(torque) < 30.0 * 0.1
    world.push(np.zeros(3))
    world.step(HOME)
    assert np.linalg.norm(witness.wrench()[0]) < 0.1


def test_pressing_on_the_table_is_a_contact(seen):
    world, witness = seen
    assert witness.contact() == 0.0
    target = HOME.copy()
    for _ in range(800):
        target[1] = min(target[1] + 1.5e-3, 0.8)
        target[3] = min(target[3] + 5e-4, -1.9)
        world.step(target)
    assert witness.contact() > 20.0
    force, _ = witness.wrench()
    assert force[2] > 20.0


def test_speed_is_that_of_the_fastest_link_between_two_looks(seen):
    world, witness = seen
    assert witness.speed == 0.0
    for step in range(200):
        world.step(turned(1e-3 * step))
    witness.look()
    for step in range(200, 205):
        world.step(turned(1e-3 * step))
    witness.look()
    reach = np.linalg.norm(world.tool_position[:2])
    assert witness.speed == pytest.approx(0.5 * reach, rel=0.1)
    witness.forget()
    assert witness.speed == 0.0


def test_a_cube_that_falls_is_seen_falling(seen):
    world, witness = seen
    assert witness.fall() < 0.05
    world.data.joint("red_cube").qpos[2] += 0.2
    for _ in range(50):
        world.step(HOME)
    assert witness.fall() == pytest.approx(9.81 * 0.1, rel=0.1)
