"""Experts that are led astray in training's loop come back: recovery is in what it learns from."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="training needs the simulator")

from aura_ros.robot.load import load_robot
from aura_ros.sim import gl
from aura_ros.sim.arm import Arm
from aura_ros.sim.model import HOME
from aura_ros.sim.tasks import DEVELOPMENT_SEED, TASKS
from aura_ros.train.episode import Episode, Pace
from aura_ros.train.labels import biased
from aura_ros.train.scenes import ASSIGNMENTS, IMAGE_SIZE, EmbeddedStage

pytestmark = pytest.mark.skipif(not gl.backends(), reason=f"no OpenGL here: {gl.REMEDY}")
ROBOT = load_robot("embedded_panda")
# Longer than a calm expert needs to reach its object.
SHAKEN_S = 4.0


class Run:
    """One episode of an expert whose chunks are biased by ``shake`` for ``SHAKEN_S``: when it was
    done, what was commanded (k, 8), the world at its end."""

    def __init__(self, task, target=0, seed=DEVELOPMENT_SEED, shake=1.0, away=True):
        rng = np.random.default_rng(seed)
        assignment = next(a for a in ASSIGNMENTS if (a.task, a.target) == (task, target))
        stage = EmbeddedStage(ROBOT, assignment, IMAGE_SIZE)
        self.world, commands = stage.world, []
        try:
            stage.begin(seed, rng if away else None)
            self.begin, self.objects = stage.position, self.world.object_poses()
            step = self.world.step
            self.world.step = lambda target: (commands.append(target), step(target))

            def act(view):
                rows = stage.labels(view, 1, rng)[0].rows
                if rows is None or view.time_s > SHAKEN_S:
                    return rows
                return biased(rows, stage.bias(rows, shake, rng), ROBOT)

            self.done_s = Episode(stage, Pace(limit_s=25.0), act).run()
        finally:
            stage.close()
        self.commands = np.array(commands)


@pytest.mark.parametrize("task", TASKS)
def test_a_shaken_expert_comes_back_and_does_it_with_the_named_object_only(task):
    run = Run(task, target=1, seed=DEVELOPMENT_SEED + 3)
    assert run.done_s is not None
    assert run.world.done_with(1)
    assert not run.world.done_with(0)
    speed = np.abs(np.diff(run.commands, axis=0)) / EmbeddedStage.step_s
    assert (speed <= ROBOT.limits.velocity).all()
    assert (run.commands >= ROBOT.limits.lower).all()
    assert (run.commands <= ROBOT.limits.upper).all()


def test_it_was_led_astray():
    calm, shaken = (Run("reach", shake=shake, away=False) for shake in (0.0, 1.0))
    arm = Arm()
    paths = [[arm.task_of(row)[:3] for row in run.commands[::25]] for run in (calm, shaken)]
    shared = min(map(len, paths))
    apart = np.subtract(paths[0][:shared], paths[1][:shared])
    assert np.linalg.norm(apart, axis=1).max() > 0.01
    assert calm.done_s is not None
    assert shaken.done_s is not None


def test_the_other_instruction_leads_to_the_other_object_of_the_same_scene():
    runs = [Run("reach", target, shake=0.0, away=False) for target in (0, 1)]
    np.testing.assert_array_equal(runs[0].objects, runs[1].objects)
    for row, run in zip((1, 2), runs, strict=True):
        tool = Arm().task_of(run.commands[-1])[:3]
        assert np.linalg.norm(run.objects[row, :3] - tool) < 0.02


def test_episodes_begin_away_from_home_too():
    stage = EmbeddedStage(ROBOT, ASSIGNMENTS[0], IMAGE_SIZE)
    try:
        begun = []
        for seed in (1, 2):
            stage.begin(seed, np.random.default_rng(seed))
            begun.append(stage.position)
        stage.begin(1)
        np.testing.assert_allclose(stage.position, HOME, atol=1e-6)
    finally:
        stage.close()
    assert np.abs(begun[0] - HOME).max() > 0.05
    assert np.abs(begun[0] - begun[1]).max() > 0.05
