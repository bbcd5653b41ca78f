"""pi0 of transformers behind `aura serve`, in the environment of its own."""

import numpy as np
import pytest

pytest.importorskip("msgpack")
pytest.importorskip("websockets")

from policy_environments import MEAN, ROW_PERIOD_S, Chain, needs, probe, serving

from aura_ros.policy.declared import Declared
from aura_ros.policy.websocket import WebsocketBackend, WebsocketOptions
from aura_ros.robot.load import load_robot
from aura_ros.types import ActionChunk, Commitment, Mode

pytestmark = [pytest.mark.slow, needs("pi0")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pi0")


@pytest.fixture(scope="module")
def report(folder):
    return probe("pi0", folder)


def test_it_declares_itself_and_answers_as_declared(report):
    found = report["pi0"]
    declared = found["declared"]
    assert [camera["key"] for camera in declared["cameras"]] == ["front", "wrist"]
    assert [(s["key"], s["width"]) for s in declared["state_keys"]] == [("state", 8)]
    assert (declared["action_width"], declared["horizon"]) == (8, 20)
    assert declared["row_period_s"] == ROW_PERIOD_S
    assert declared["needs_instruction"]
    assert np.shape(found["first"]["actions"]) == (20, 8)
    assert np.shape(found["first"]["features"]) == (declared["features"],)
    assert found["types"] == ["float32"]


def test_rows_are_those_of_the_class(report):
    assert report["pi0"]["theirs"]["rows"] < 1e-5
    assert np.abs(np.array(report["pi0"]["first"]["actions"]) - MEAN).max() < 0.01


def test_frozen_means_frozen(report):
    assert len(set(report["pi0"]["digests"])) == 1
    assert len(report["pi0"]["digests"][0]) == 64
    assert not report["pi0"]["trains"]


def test_features_tell_observations_apart(report):
    first, other = report["pi0"]["first"]["features"], report["pi0"]["other_features"]
    assert np.abs(np.subtract(first, other)).max() > 1e-4


def test_samples_differ_and_share_the_encoding(report):
    samples = np.array(report["pi0"]["more"]["samples"])
    assert samples.shape == (3, 20, 8)
    np.testing.assert_array_equal(samples[0], report["pi0"]["more"]["actions"])
    assert np.abs(samples[0] - samples[1]).max() > 1e-5
    one, four = report["pi0"]["encoded"]
    assert one == four > 0


def test_the_flow_that_is_shown_leads_to_the_rows_of_the_class(report):
    assert report["pi0"]["declared"]["flow"]
    assert report["pi0"]["flow"] < 1e-5


SAID = {
    "without_cameras": ("aura_serve.json names no cameras", '{"cameras": ["base", "wrist"]}'),
    "without_processor": ("processor_config.json is missing", "save_pretrained"),
    "without_weights": ("model.safetensors", "save_pretrained"),
    "without_statistics": ("no actions_std", "mean and std"),
    "infinite_statistics": ("actions_std", "inf", "mean and std"),
    "another_width": ("actions_mean has 7 numbers, actions_std 8", "mean and std"),
    "too_wide": ("40 numbers", "at most 32"),
    "without_a_weight": ("action_out_proj.bias", "one training run"),
    "another_weight": ("action_out_proj.bias", "torch.Size([7])", "one training run"),
    "another_type": ("'bert'", "pi0 is needed"),
    "another_entry": ("'camera'", "did you mean 'cameras'"),
}


@pytest.mark.parametrize("name", SAID)
def test_a_bad_checkpoint_is_named_with_its_remedy(report, name):
    for words in SAID[name]:
        assert words in report["errors"][name]


def test_it_runs_through_the_chain(report, folder):
    robot = load_robot("embedded_panda")
    with serving("pi0", folder / "pi0") as address:
        backend = WebsocketBackend(robot, WebsocketOptions(address, answer_timeout=60.0))
        assert backend.declared == Declared.from_mapping(report["pi0"]["declared"])
        chain = Chain(backend, np.array(MEAN)).run(1.5)
    chunks = chain.of(ActionChunk)
    assert len(chunks) >= 5
    assert {chunk.rows.shape for chunk in chunks} == {(20, 8)}
    assert len(chain.of(Commitment)) >= 3
    assert chain.mode == Mode.ACTIVE
    assert len(chain.commands) > 100
    assert all(command.passed for command in chain.commands)
