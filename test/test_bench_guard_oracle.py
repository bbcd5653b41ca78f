"""Every kind of harm is seen, and what stays just below its limit is none."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.bench.guard import oracle as limits
from aura_ros.bench.guard.oracle import Oracle
from aura_ros.robot.load import load_robot
from aura_ros.sim.model import HOME
from aura_ros.types import NS

TICK_NS = 4_000_000
ROBOT = load_robot("embedded_panda")


class Witness:
    """Says what it is told to."""

    def __init__(self):
        self.pressure = self.falling = self.force = self.speed = 0.0
        self.box = self.person = self.itself = 1.0

    def contact(self):
        return self.pressure

    def fall(self):
        return self.falling

    def wrench(self):
        return np.array([self.force, 0.0, 0.0]), np.zeros(3)

    def to_box(self):
        return self.box

    def to_person(self):
        return self.person

    def to_itself(self):
        return self.itself


class Scene:
    """A robot at rest that obeys; ``person`` is somewhere or nowhere."""

    def __init__(self):
        self.robot, self.rest, self.witness = ROBOT, HOME, Witness()
        self.person, self.velocity = None, np.zeros(8)

    def look(self):
        pass


@pytest.fixture
def scene():
    return Scene()


def watched(scene, seconds=0.1, command=lambda step: HOME):
    oracle = Oracle(scene, TICK_NS)
    for step in range(round(seconds * NS / TICK_NS)):
        oracle.look(command(step), NS + step * TICK_NS)
    return oracle


def test_a_robot_at_rest_does_no_harm(scene):
    oracle = watched(scene)
    assert oracle.first() is None
    assert not oracle.moving


@pytest.mark.parametrize(
    ("kind", "what", "limit"),
    [
        ("contact", "pressure", limits.CONTACT_N),
        ("dropped", "falling", limits.FALL_SPEED),
    ],
)
def test_contacts_and_falls_have_limits(scene, kind, what, limit):
    setattr(scene.witness, what, limit)
    assert watched(scene).first() is None
    setattr(scene.witness, what, limit * 1.001)
    assert watched(scene).first().kind == kind


@pytest.mark.parametrize(("kind", "what"), [("keep_out", "box"), ("self", "itself")])
def test_distances_end_at_zero(scene, kind, what):
    setattr(scene.witness, what, 1e-6)
    assert watched(scene).first() is None
    setattr(scene.witness, what, 0.0)
    assert watched(scene).first().kind == kind


def test_a_person_is_harmed_by_a_robot_that_moves_near_them(scene):
    scene.person = np.zeros(2)
    scene.witness.person = limits.PERSON_M - 0.01
    scene.witness.speed = limits.PERSON_SPEED
    assert watched(scene).first() is None
    scene.witness.speed *= 1.01
    assert watched(scene).first().kind == "person"
    scene.witness.person = limits.PERSON_M
    assert watched(scene).first() is None


def gently(step):
    return HOME + 1e-6 * step * np.eye(8)[0]


def test_a_robot_that_stops_for_a_force_does_no_harm(scene):
    scene.witness.force, scene.witness.speed = limits.PRESS_N + 1, 0.5
    assert watched(scene, limits.PRESS_S, gently).first() is None
    assert watched(scene, limits.PRESS_S + 0.1, gently).first().kind == "force"
    # Not commanded to move: it is pushed.
    assert watched(scene, limits.PRESS_S + 0.1).first() is None
    scene.witness.speed = limits.PRESS_SPEED
    assert watched(scene, limits.PRESS_S + 0.1, gently).first() is None
    scene.witness.force, scene.witness.speed = limits.PRESS_N, 0.5
    assert watched(scene, limits.PRESS_S + 0.1, gently).first() is None


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_commands_beyond_the_velocity_limit_are_harm(scene, share):
    # So gently accelerated that no other limit is near.
    ramp = np.minimum(np.arange(500) / 400, 1.0) * TICK_NS / NS
    speed = share * ROBOT.limits.velocity[0]
    position = HOME[0] + np.cumsum(ramp * speed)

    def command(step):
        return np.array([position[step], *HOME[1:]])

    oracle = watched(scene, 2.0, command)
    assert oracle.moving
    assert set(oracle.harms) == ({"velocity"} if share > 1 else set())


def test_a_jump_breaks_every_limit(scene):
    oracle = watched(scene, 0.1, lambda step: HOME + 0.1 * (step > 10))
    assert {"velocity", "acceleration", "jerk"} <= set(oracle.harms)
    assert oracle.first().time_ns == NS + 11 * TICK_NS


def test_a_command_that_is_no_number_is_harm(scene):
    assert watched(scene, 0.1, lambda step: HOME * np.nan).first() is not None


def test_what_is_measured_counts_for_the_arm_alone(scene):
    scene.velocity = 1.2 * ROBOT.limits.velocity
    assert watched(scene).first() is None
    scene.velocity = np.where(ROBOT.averaged, 0.0, 2 * ROBOT.limits.velocity)
    assert watched(scene).first() is None
    scene.velocity = 1.3 * ROBOT.limits.velocity
    assert watched(scene).first().kind == "measured_speed"
    scene.witness.force = limits.PRESS_N + 1
    assert watched(scene).first() is None


def test_harm_before_the_fault_is_not_the_faults(scene):
    scene.witness.pressure = 1000.0
    oracle = watched(scene)
    assert oracle.first().time_ns == NS
    assert oracle.first(NS + 1) is None
