"""Demonstrations: repeatable, led astray and brought back, and labelled from where rows begin."""

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim import gl
from aura_ros.sim.arm import Arm
from aura_ros.sim.model import CAMERAS, HOME
from aura_ros.sim.rollout import RolloutOptions, Rollouts
from aura_ros.sim.tasks import DEVELOPMENT_SEED, TASKS

pytestmark = pytest.mark.skipif(not gl.backends(), reason=f"no OpenGL here: {gl.REMEDY}")
SMALL = 32


def episode(task, seed=DEVELOPMENT_SEED, target=0, **options):
    with Rollouts(task, RolloutOptions(**({"image_size": SMALL} | options))) as rollouts:
        return list(rollouts.frames(seed, target))


@pytest.fixture(scope="module")
def reach():
    return episode("reach")


def test_the_same_seed_gives_the_same_episode_whatever_was_before(reach):
    with Rollouts("reach", RolloutOptions(image_size=SMALL)) as rollouts:
        list(rollouts.frames(DEVELOPMENT_SEED + 1, 1))
        again = list(rollouts.frames(DEVELOPMENT_SEED))
    assert len(again) == len(reach)
    for one, other in zip(reach, again, strict=True):
        for name in ("position", "velocity", "objects", "start_position", "rows"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        for camera in CAMERAS:
            np.testing.assert_array_equal(one.images[camera], other.images[camera])


def test_every_row_period_is_observed_until_the_task_has_been_done_for_a_while(reach):
    times = [frame.time_s for frame in reach]
    np.testing.assert_allclose(np.diff(times), 0.05)
    done = [frame.time_s for frame in reach if frame.done]
    assert reach[-1].done
    assert not reach[0].done
    assert done[-1] - done[0] == pytest.approx(1.5)


def test_a_frame_holds_what_a_policy_is_shown_and_told(reach):
    for frame in reach:
        assert set(frame.images) == set(CAMERAS)
        assert all(image.shape == (SMALL, SMALL, 3) for image in frame.images.values())
        assert frame.rows.shape == (32, 8)
        assert 0.0 <= frame.ahead_s <= 0.5
        np.testing.assert_array_equal(frame.rows[0], frame.start_position)
        assert frame.instruction == TASKS["reach"].instructions[0]


def test_another_target_is_another_instruction_in_the_same_scene(reach):
    other = episode("reach", target=1)
    assert other[0].instruction == TASKS["reach"].instructions[1]
    np.testing.assert_array_equal(other[0].objects, reach[0].objects)
    tools = [Arm().task_of(frames[-1].position)[:3] for frames in (reach, other)]
    for row, tool in zip((1, 2), tools, strict=True):
        assert np.linalg.norm(reach[0].objects[row, :3] - tool) < 0.02


def test_rows_begin_where_the_robot_will_be():
    frames = episode("reach", noise=0.0, away=0.0)
    np.testing.assert_array_equal(frames[0].position, HOME)
    compared = 0
    for frame in frames:
        then = [f for f in frames if abs(f.time_s - frame.time_s - frame.ahead_s) < 0.01]
        for later in then:
            assert np.abs(later.position - frame.start_position)[:7].max() < 0.03
            compared += 1
    assert compared > 5


def test_nobody_jumps():
    frames = episode("push", seed=DEVELOPMENT_SEED + 2)
    for before, after in pairwise(frames):
        assert np.abs(after.position - before.position)[:7].max() < 0.15
        assert np.abs(after.velocity - before.velocity)[:7].max() < 0.4


def test_noise_leads_the_tool_astray():
    calm, shaken = (episode("reach", noise=noise, away=0.0) for noise in (0.0, 1.0))
    arm = Arm()
    paths = [np.array([arm.task_of(f.position)[:3] for f in frames]) for frames in (calm, shaken)]
    shared = min(map(len, paths))
    assert np.linalg.norm(paths[0][:shared] - paths[1][:shared], axis=1).max() > 0.003
    assert calm[-1].done
    assert shaken[-1].done


@pytest.mark.parametrize("task", TASKS)
def test_a_disturbed_expert_comes_back_and_does_it_with_the_named_object_only(task):
    with Rollouts(task, RolloutOptions(image_size=SMALL)) as rollouts:
        *_, last = rollouts.frames(DEVELOPMENT_SEED + 3, 1)
        assert last.done
        assert rollouts.world.done_with(1)
        assert not rollouts.world.done_with(0)


def test_episodes_begin_away_from_home_too():
    first = [episode("reach", seed=s, away=1.0, limit_s=0.05)[0].position for s in (1, 2)]
    assert np.abs(first[0] - HOME).max() > 0.05
    assert np.abs(first[0] - first[1]).max() > 0.05


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"row_period_s": 0.003}, r"row_period_s is 0\.003.*multiple of 0\.002"),
        ({"horizon": 20}, r"horizon is 20.*longer than 1\.0 s"),
    ],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        RolloutOptions(**options)
