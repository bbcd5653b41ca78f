"""ACT, Diffusion and SmolVLA of LeRobot behind `aura serve`, in the environment of their own."""

import numpy as np
import pytest

pytest.importorskip("msgpack")
pytest.importorskip("websockets")

from policy_environments import MEAN, ROW_PERIOD_S, Chain, needs, probe, serving

from aura_ros.policy.declared import Declared
from aura_ros.policy.websocket import WebsocketBackend, WebsocketOptions
from aura_ros.robot.load import load_robot
from aura_ros.types import ActionChunk, Commitment, Mode

pytestmark = [pytest.mark.slow, needs("lerobot")]

KINDS = ("act", "diffusion", "smolvla")
# Rows of a full chunk: diffusion's 16 begin one row ago.
HORIZONS = {"act": 20, "diffusion": 15, "smolvla": 20}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lerobot")


@pytest.fixture(scope="module")
def report(folder):
    return probe("lerobot", folder)


# --- the classes -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_declares_itself_and_answers_as_declared(report, kind):
    found = report[kind]
    declared = found["declared"]
    assert [c["key"].rsplit(".")[-1] for c in declared["cameras"]] == ["front", "wrist"]
    assert [(s["key"], s["width"]) for s in declared["state_keys"]] == [("observation.state", 8)]
    assert (declared["action_width"], declared["horizon"]) == (8, HORIZONS[kind])
    assert declared["row_period_s"] == ROW_PERIOD_S
    assert declared["needs_instruction"] == (kind == "smolvla")
    assert np.shape(found["first"]["actions"]) == (HORIZONS[kind], 8)
    assert np.shape(found["first"]["features"]) == (declared["features"],)
    assert found["types"] == ["float32"]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_those_of_the_class_and_its_processors(report, kind):
    found = report[kind]
    assert found["theirs"]["rows"] < 1e-6
    # Denormalized: about the training's mean, not about zero.
    assert np.abs(np.array(found["first"]["actions"]) - MEAN).max() < 0.01


def test_a_diffusion_policy_gives_more_rows_than_it_plays(report):
    assert report["diffusion"]["theirs"]["played"] < HORIZONS["diffusion"]


@pytest.mark.parametrize("kind", KINDS)
def test_frozen_means_frozen(report, kind):
    assert len(set(report[kind]["digests"])) == 1
    assert len(report[kind]["digests"][0]) == 64
    assert not report[kind]["trains"]


@pytest.mark.parametrize("kind", KINDS)
def test_features_tell_observations_apart(report, kind):
    first, other = report[kind]["first"]["features"], report[kind]["other_features"]
    assert np.abs(np.subtract(first, other)).max() > 1e-4


@pytest.mark.parametrize("kind", ["diffusion", "smolvla"])
def test_samples_differ_and_share_the_encoding(report, kind):
    samples = np.array(report[kind]["more"]["samples"])
    assert samples.shape == (3, HORIZONS[kind], 8)
    np.testing.assert_array_equal(samples[0], report[kind]["more"]["actions"])
    assert np.abs(samples[0] - samples[1]).max() > 1e-5
    one, four = report[kind]["encoded"]
    assert one == four > 0


def test_the_flow_that_is_shown_leads_to_their_rows(report):
    assert [report[kind]["declared"]["flow"] for kind in KINDS] == [False, False, True]
    assert report["smolvla"]["flow"] < 1e-3


def test_an_act_draws_nothing(report):
    assert report["act"]["declared"]["max_samples"] == 1
    assert "samples" not in report["act"]["more"]
    assert report["act"]["more"]["actions"] == report["act"]["first"]["actions"]


# --- bad checkpoints ---------------------------------------------------------------------------

SAID = {
    "without_processors": ("policy_preprocessor.json is missing", "migrate_policy_normalization"),
    "without_weights": ("model.safetensors is missing", "pretrained_model"),
    "without_config": ("config.json is missing", "pretrained_model"),
    "another_width": ("model.action_head", "torch.Size([7", "one training run"),
    "another_camera": ("observation.images.top", "migrate_policy_normalization"),
    "another_type": ("'vqbet'", "act, diffusion, smolvla"),
    "without_a_weight": ("model.action_head.bias", "one training run"),
    "cut_off": ("model.safetensors", "one training run"),
    "without_statistics": ("policy_postprocessor.json", "'action.mean'", "migrate"),
    "without_a_statistic": ("policy_postprocessor.json", "'action.std'", "migrate"),
    "infinite_statistics": ("'action.std' are not finite",),
    "narrow_statistics": ("'action.mean' have 7 numbers, the checkpoint 8", "one training run"),
    "without_normalizer": ("policy_preprocessor.json has no step Normalizer", "migrate"),
    "another_device": ("cuda:99", "give cpu or cuda"),
    "without_words": ("vlm/config.json is missing", "put that of"),
}


@pytest.mark.parametrize("name", SAID)
def test_a_bad_checkpoint_is_named_with_its_remedy(report, name):
    for words in SAID[name]:
        assert words in report["errors"][name]


# --- the chain ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_runs_through_the_chain(report, folder, kind):
    robot = load_robot("embedded_panda")
    with serving("lerobot", folder / kind) as address:
        backend = WebsocketBackend(robot, WebsocketOptions(address, answer_timeout=60.0))
        assert backend.declared == Declared.from_mapping(report[kind]["declared"])
        chain = Chain(backend, np.array(MEAN)).run(1.5)
    chunks = chain.of(ActionChunk)
    assert len(chunks) >= 5
    assert {chunk.rows.shape for chunk in chunks} == {(HORIZONS[kind], 8)}
    assert len(chain.of(Commitment)) >= 3
    assert chain.mode == Mode.ACTIVE
    assert len(chain.commands) > 100
    assert all(command.passed for command in chain.commands)
