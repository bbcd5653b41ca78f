"""What torch trains is what numpy runs."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("mujoco", reason="training needs the simulator")
pytest.importorskip("safetensors")

import torch
import train_files

from aura_ros.policy.demo_network import Network
from aura_ros.train.artifact import spline
from aura_ros.train.dataset import Dataset, bags, control_points, normalisation
from aura_ros.train.model import DemoModel, Sizes, keypoints
from aura_ros.train.scenes import ASSIGNMENTS, LAYOUT, SUITE

SIZES = Sizes(8, 14, LAYOUT)
BASIS, LEAD = spline(32, 0.05, 14)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model, the dataset of a file, and the network that an artifact of both would hold."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("data") / "a.npz"
    np.savez(path, digest=np.array(""), **train_files.arrays(0))
    scales = normalisation([path], BASIS, LEAD)
    model = DemoModel(SIZES).eval()
    weights = {k: v.numpy() for k, v in model.state_dict().items() if not k.startswith("layout")}
    return model, Dataset([path], scales, SUITE.instructions), Network(weights | scales.tensors())


@torch.no_grad()
def test_numpy_sees_and_answers_what_torch_does(made):
    model, dataset, network = made
    arrays = train_files.arrays(0)
    batch = dataset.batch(np.arange(4))
    language = batch["bags"] @ model.words.weight
    expected = model.encode(batch["images"], batch["measured"], language)
    told = [batch[name][:, 0] for name in ("position", "velocity", "ahead")]
    condition = model.conditioned(expected, *told)
    noisy = torch.randn(4, 8 * 14)
    clean = model.head(noisy, torch.full((4, 1), 0.3), condition)
    for i in range(4):
        text = ASSIGNMENTS[arrays["instruction"][i]].instruction
        seen = network.encode(
            list(arrays["images"][i]), arrays["measured"][i], network.language(text)
        )
        np.testing.assert_allclose(seen, expected[i], atol=1e-4)
        known = network.condition(
            seen,
            arrays["position"][i, 0],
            arrays["velocity"][i, 0],
            float(arrays["ahead"][i, 0]),
        )
        np.testing.assert_allclose(known, condition[i], atol=1e-4)
        found = network.clean(noisy[i : i + 1].numpy(), 0.3, known)
        np.testing.assert_allclose(found[0], clean[i], atol=1e-4)


def test_control_points_of_a_chunk_give_the_chunk(made):
    _, dataset, network = made
    arrays = train_files.arrays(0)
    points = dataset.batch(np.arange(3))["points"].numpy()
    for i in range(3):
        place = arrays["position"][i, 0], arrays["velocity"][i, 0]
        np.testing.assert_allclose(
            network.rows(points[i, :1], *place)[0], arrays["rows"][i, 0], atol=2e-4
        )
        back = network.points_of(arrays["rows"][i, :1], *place)
        np.testing.assert_allclose(back[0], points[i, 0], atol=1e-3)


def test_a_chunk_leaves_the_told_state_with_its_velocity(made):
    network = made[2]
    rng = np.random.default_rng(1)
    position, velocity = rng.normal(size=(2, 8))
    rows = network.rows(np.zeros((1, 112), np.float32), position, velocity)[0]
    np.testing.assert_allclose(rows[0], position, atol=1e-6)
    # The middle of the first row period, where the curve has begun to bend.
    fine, lead = spline(3101, 0.0005, 14)
    begin = lead[1] / 0.0005
    assert begin == pytest.approx(1.0, abs=0.02)
    assert not fine[0].any()


def test_control_points_are_free_of_the_told_state():
    """Where a chunk begins is no part of what the network has to learn."""
    arrays = train_files.arrays(3)
    moved = arrays | {
        "position": arrays["position"] + 1.0,
        "rows": arrays["rows"] + np.float32(1.0),
    }
    np.testing.assert_allclose(
        control_points(moved, BASIS, LEAD), control_points(arrays, BASIS, LEAD), atol=1e-4
    )


def test_keypoints_are_where_a_map_is_bright():
    maps = torch.zeros(1, 2, 24, 24)
    maps[0, 0, 0, 23] = 50.0
    maps[0, 1, 23, 0] = 50.0
    x, y, strength = keypoints(maps)[0].view(3, 2)
    np.testing.assert_allclose(x, [1, -1], atol=1e-5)
    np.testing.assert_allclose(y, [-1, 1], atol=1e-5)
    np.testing.assert_allclose(strength, [50, 50], atol=1e-3)


def test_bags_are_means_over_the_words_of_an_instruction(made):
    model, _, network = made
    found = bags(SUITE.instructions) @ model.words.weight
    for row, assignment in zip(found, ASSIGNMENTS, strict=True):
        np.testing.assert_allclose(
            network.language(assignment.instruction), row.detach(), atol=1e-6
        )
