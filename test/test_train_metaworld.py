"""MetaWorld takes the same training as the embedded robot: labels, moments, rounds, artifact."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("safetensors")
pytest.importorskip("mujoco", reason="training needs the simulator")
pytest.importorskip("metaworld", reason="pip install -r requirements/metaworld.txt")

from aura_ros.policy.demo import load_demo
from aura_ros.policy.demo_artifact import DemoPolicyError
from aura_ros.robot.load import load_robot
from aura_ros.sim.gl import RenderingUnavailableError
from aura_ros.train import data, training
from aura_ros.train.episode import Episode, view_of
from aura_ros.train.evaluate import results, trials
from aura_ros.train.labels import Recorder
from aura_ros.train.metaworld import SUITE

ROBOT = load_robot(SUITE.robot)
REACH = next(i for i, text in enumerate(SUITE.instructions) if "ball" in text)


@pytest.fixture(scope="module")
def stage():
    try:
        made = SUITE.stage(ROBOT, REACH, SUITE.image_size)
    except RenderingUnavailableError as error:
        pytest.skip(str(error))
    with closing(made):
        yield made


def test_labels_begin_at_the_told_states_and_leave_the_stage_as_it_was(stage):
    rng = np.random.default_rng(0)
    curve = stage.still(3, rng)
    view = view_of(stage, curve, 0.0, 0.3)
    before = stage.position
    labels = stage.labels(view, 4, rng)
    np.testing.assert_array_equal(stage.position, before)
    assert labels[0].ahead_s == 0.3
    np.testing.assert_array_equal(labels[0].position, view.told[0])
    assert len({label.ahead_s for label in labels}) == 4
    for label in labels:
        np.testing.assert_array_equal(label.rows[0], label.position)
        assert label.rows.shape == (ROBOT.horizon, 7)
        # At most 7 m/s^2 for 50 ms, besides what shaking left.
        moved = (label.rows[1] - label.rows[0])[:3] / 0.05
        assert np.abs(moved - label.velocity[:3]).max() < 1.0


def test_moments_are_of_many_layouts_and_all_parts_of_the_task(stage):
    job = data.Job(0, REACH, 2, stills=12, suite="metaworld")
    arrays = data.stills(ROBOT, stage, job)
    assert len(np.unique(arrays["layout"], axis=0)) == 12
    assert np.ptp(arrays["measured"], axis=0)[:3].min() > 0.05
    again = data.stills(ROBOT, stage, job)
    for name, values in arrays.items():
        np.testing.assert_array_equal(again[name], values, err_msg=name)


def test_a_calm_expert_succeeds(stage):
    stage.begin(3)
    recorder = Recorder(ROBOT, stage, REACH, 1, np.random.default_rng(0))
    done = Episode(stage, SUITE.pace, lambda view: recorder.rows, recorder.see).run()
    assert done is not None
    assert 0.3 < done < 2.5
    assert (recorder.arrays()["instruction"] == REACH).all()


def test_a_layout_is_where_object_and_goal_are(stage):
    stage.begin(9)
    seen = stage.world.observation
    places = stage.layout().reshape(2, 3) * [0.07, 0.12, 0.1] + [0.0, 0.75, 0.12]
    np.testing.assert_allclose(places, [seen[4:7], seen[-3:]], atol=1e-12)


def test_it_may_begin_elsewhere(stage):
    stage.begin(9)
    usual = stage.position
    stage.begin(9, np.random.default_rng(1))
    assert np.abs(stage.position - usual).max() > 0.03


@pytest.mark.slow
def test_a_training_of_few_steps_goes_on_after_a_kill(stage, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "KEEP_EVERY", 1)
    monkeypatch.setattr(training, "SAY_EVERY", 1)
    monkeypatch.setattr(training, "STILLS", 2)
    monkeypatch.setattr(data, "EPISODES", 1)
    config = replace(
        SUITE.config, steps=4, stills=8, episodes=(1, 1), begins=(0.0, 0.5), batch=4, warmup=2
    )

    class Killed(Exception):
        """Stands for a kill."""

    losses = []

    def say(now):
        if now.what == "steps":
            losses.append(now.done)
            if now.done == 3 and losses.count(3) == 1:
                raise Killed

    with pytest.raises(Killed):
        training.Training(SUITE, config, tmp_path, say, workers=0).run()
    path = training.Training(SUITE, config, tmp_path, say, workers=0).run()
    assert losses == [1, 2, 3, 3, 4]
    policy = load_demo(path, ROBOT)
    assert policy.instructions == SUITE.instructions
    with pytest.raises(DemoPolicyError, match="7 joints"):
        load_demo(path, load_robot("embedded_panda"))
    todo = trials("metaworld", path, 1)
    assert [each.told for each in todo] == list(SUITE.instructions)
    assert trials("metaworld", path, 1, is_misled=True) == []
    short = replace(todo[REACH], seeds=(1000,))
    assert len(next(results([short], workers=0))[1]) == 1
