"""Training learns, goes on bit for bit after a kill, and its files are refused elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("mujoco", reason="training needs the simulator")
pytest.importorskip("safetensors")

import json

import torch
import train_files
from rich.console import Console
from safetensors import safe_open

from aura_ros.policy.demo import load_demo
from aura_ros.robot.load import load_robot
from aura_ros.train import artifact, command, data, training
from aura_ros.train.config import Config
from aura_ros.train.scenes import SUITE
from aura_ros.train.suite import find_suite
from aura_ros.train.training import CHECKPOINT, Training

CONFIG = Config(steps=6, stills=10, episodes=(8, 8), begins=(0.0, 0.5), batch=4, warmup=2)
ROBOT = load_robot("embedded_panda")


class Killed(Exception):
    """Stands for a kill."""


@pytest.fixture(scope="module", autouse=True)
def _without_a_simulator():
    patch = pytest.MonkeyPatch()
    patch.setattr(data, "write", train_files.write)
    patch.setattr(training, "KEEP_EVERY", 1)
    patch.setattr(training, "SAY_EVERY", 1)
    yield
    patch.undo()


def train(folder, config=CONFIG, kill_at=None):
    losses = []

    def say(now):
        if now.what == "steps":
            losses.append(float(now.words.split()[1]))
            if now.done == kill_at:
                raise Killed

    return Training(SUITE, config, folder, say, workers=0).run(), losses


def tensors(path):
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training that nobody disturbed."""
    return train(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("kill_at", [2, 3, 5])
def test_a_killed_training_goes_on_bit_for_bit(whole, kill_at, tmp_path):
    with pytest.raises(Killed):
        train(tmp_path, kill_at=kill_at)
    path, losses = train(tmp_path)
    # A step whose progress was said but not kept is done again.
    assert losses == whole[1][kill_at - 1 :]
    expected = tensors(whole[0])
    for name, found in tensors(path).items():
        np.testing.assert_array_equal(found, expected[name], err_msg=name)


def test_the_loss_falls(tmp_path):
    config = replace(CONFIG, steps=25, episodes=(8,), begins=(0.0,), layout=0.0)
    _, losses = train(tmp_path, config)
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_the_artifact_says_what_it_was_made_from_and_runs(whole):
    with safe_open(whole[0], framework="numpy") as file:
        made_from = json.loads(file.metadata()["made_from"])
    assert made_from["steps"] == CONFIG.steps
    assert made_from["config"]["episodes"] == list(CONFIG.episodes)
    assert len(made_from["data"]) == 64
    assert whole[0].stat().st_size < artifact.MOST_BYTES
    policy = load_demo(whole[0], ROBOT)
    assert policy.declared.horizon == ROBOT.horizon


def test_the_second_round_is_driven_by_the_policy_of_the_first(whole):
    folder = whole[0].parent
    with np.load(folder / "data" / "round1_00000.npz") as file:
        digest = str(file["digest"])
    assert digest != data.Job(1, 0, CONFIG.labels).digest
    assert load_demo(folder / "learner1.safetensors", ROBOT).digest


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    with pytest.raises(Killed):
        train(tmp_path, kill_at=2)
    with pytest.raises(artifact.ArtifactError, match="other settings"):
        train(tmp_path, replace(CONFIG, rate=2e-3))


def test_an_artifact_that_is_too_large_is_not_written(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(artifact, "MOST_BYTES", 1000)
    weights = {"a": torch.zeros(1000)}
    numbers = artifact.Normalisation(*[np.zeros(1, np.float32)] * 6)
    with pytest.raises(artifact.ArtifactError, match="smaller network"):
        artifact.save_artifact(tmp_path / SUITE.artifact, weights, numbers, SUITE, ROBOT, {})
    assert not (tmp_path / SUITE.artifact).exists()


def test_files_that_are_there_are_not_made_again(tmp_path):
    jobs = [data.Job(0, number, 2) for number in range(3)]
    first = sorted(data.make(jobs, tmp_path, workers=0))
    times = [path.stat().st_mtime_ns for path in first]
    (tmp_path / jobs[1].name).unlink()
    again = sorted(data.make(jobs, tmp_path, workers=0))
    assert again == first
    assert [a.stat().st_mtime_ns == b for a, b in zip(again, times, strict=True)] == [
        True,
        False,
        True,
    ]


def test_a_training_is_not_taken_up_by_accident(tmp_path):
    (tmp_path / CHECKPOINT).touch()
    with pytest.raises(command.TrainError, match="--resume"):
        command.train("demo", tmp_path, 10, False, 1, Console())


def test_without_torch_the_remedy_is_named(tmp_path, monkeypatch):
    needed = {"demo": (("torch", "no_such_module"), "requirements/learn.txt")}
    monkeypatch.setattr(command, "NEEDED", needed)
    with pytest.raises(command.TrainError, match=r"no_such_module .* requirements/learn.txt"):
        command.train("demo", tmp_path, 10, False, 1, Console())


def test_what_cannot_be_trained_is_named_with_what_can(tmp_path):
    with pytest.raises(command.TrainError, match=r"'dmeo' .* demo, metaworld"):
        command.train("dmeo", tmp_path, 10, False, 1, Console())
    with pytest.raises(ValueError, match=r"'dmeo' .* demo, metaworld"):
        find_suite("dmeo")


def test_the_settings_of_the_policy_that_ships_are_the_defaults():
    assert find_suite("demo").config == Config()
    assert set(command.NEEDED) == {"demo", "metaworld"}
