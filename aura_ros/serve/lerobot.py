"""ACT, Diffusion Policy and SmolVLA of LeRobot 0.4 from a local directory.

The classes, their weights and their pre- and post-processors are LeRobot's own
(https://github.com/huggingface/lerobot). Nothing is downloaded: SmolVLA's configuration and
tokenizer of the language model lie in the folder ``vlm`` of the directory, or in the cache of
Hugging Face.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aura_ros.policy.declared import PROMPT, CameraInput, Declared, StateInput
from aura_ros.serve import lerobot_draws as draws
from aura_ros.serve import torch_common as common
from aura_ros.serve.lerobot_checkpoint import SAVED, load_config, load_module
from aura_ros.serve.lerobot_processors import line_of, load_processors
from aura_ros.serve.sidecar import CheckpointError, Sidecar, read_json, read_sidecar

common.prepare()

from lerobot.utils.constants import OBS_STATE  # noqa: E402

# How many chunks are drawn at once at most; memory grows with them.
MAX_SAMPLES = 64


@dataclass(frozen=True)
class Kind:
    """What sets a class apart: its head, how it draws chunks, if it takes images of any size, if
    it shows the flow that it follows."""

    head: str
    draw: draws.Draw
    max_samples: int
    resizes: bool = False
    needs_instruction: bool = False
    has_flow: bool = False


KINDS = {
    "act": Kind("model.action_head", draws.act, 1),
    "diffusion": Kind("diffusion.unet.final_conv", draws.diffusion, MAX_SAMPLES),
    "smolvla": Kind("model.action_out_proj", draws.smolvla, MAX_SAMPLES, True, True, True),
}


def load(path: Path) -> LeRobotPolicy:
    """The policy in directory ``path``. Raises CheckpointError."""
    sidecar = read_sidecar(path)
    kind_name = str(read_json(path / "config.json", SAVED).get("type"))
    if kind_name not in KINDS:
        raise CheckpointError(
            f"{path}/config.json is of type {kind_name!r}; served are {', '.join(KINDS)}"
        )
    device = common.choose_device(sidecar.device)
    config = load_config(path, device)
    module = load_module(kind_name, path, config)
    processors = load_processors(path, config, module)
    policy = LeRobotPolicy(KINDS[kind_name], module, processors, device, sidecar.seed)
    policy.declared = _declared(kind_name, config, sidecar)
    if KINDS[kind_name].has_flow and not config.adapt_to_pi_aloha:
        policy.line = line_of(processors[1], policy.declared.action_width)
    digest, width = policy.weights_digest(), policy.features_width()
    flow = policy.line is not None
    policy.declared = replace(
        policy.declared,
        weights_digest=digest,
        normalisation_digest=policy.normalisation_digest(),
        features=width,
        flow=flow,
    )
    return policy


class LeRobotPolicy(common.TorchPolicy):
    """A policy of LeRobot with its processors."""

    def __init__(
        self, kind: Kind, module: Any, processors: Any, device: torch.device, seed: int
    ) -> None:
        super().__init__(module, module.get_submodule(kind.head), device, seed)
        self._kind, self._policy = kind, module
        self._before, self._after = processors

    def tensors(self) -> dict[str, Tensor]:
        """Weights and normalization."""
        return super().tensors() | self.normalisation()

    def normalisation(self) -> dict[str, Tensor]:
        """States of the processors' steps."""
        found: dict[str, Tensor] = {}
        for name, pipeline in (("before", self._before), ("after", self._after)):
            for index, step in enumerate(pipeline.steps):
                state = step.state_dict()
                found |= {f"{name}.{index}.{key}": value for key, value in state.items()}
        return found

    def _chunks(self, observation: Mapping[str, Any], samples: int) -> Tensor:
        batch = self._before(self._batch(observation))
        rows = self._kind.draw(self._policy, batch, samples, self._generator)
        chunks: Tensor = self._after(rows)
        return chunks

    def _flow(self, observation: Mapping[str, Any], noisy: Tensor, time: float) -> Tensor:
        batch = self._before(self._batch(observation))
        rows = common.padded(noisy, self._policy.config.max_action_dim)
        return draws.smolvla_velocity(self._policy, batch, rows, time)[0]

    def _batch(self, observation: Mapping[str, Any]) -> dict[str, Any]:
        declared = self.declared
        batch: dict[str, Any] = {
            camera.key: common.image_tensor(observation[camera.key]) for camera in declared.cameras
        }
        for state in declared.state_keys:
            batch[state.key] = torch.tensor(np.asarray(observation[state.key], np.float32))
        return batch | {"task": str(observation.get(PROMPT, ""))}

    def _pooled(self, features: Tensor) -> Tensor:
        return features[0].mean(dim=-1 if self._kind.draw is draws.diffusion else 0)


def _declared(kind_name: str, config: Any, sidecar: Sidecar) -> Declared:
    kind = KINDS[kind_name]
    state = config.robot_state_feature
    unknown = set(config.input_features) - set(config.image_features) - {OBS_STATE}
    if unknown or state is None:
        what = f"takes {', '.join(sorted(unknown))}" if unknown else f"does not take {OBS_STATE}"
        raise CheckpointError(f"the checkpoint {what}; served are images and {OBS_STATE} alone")
    sent = {k: f.shape for k, f in config.image_features.items() if ".empty_camera_" not in k}
    for key, shape in sent.items():
        if len(shape) != 3 or shape[0] != 3:
            raise CheckpointError(f"image {key!r} has shape {shape}; (3, height, width) is served")
    return Declared(
        name=sidecar.name or f"lerobot {kind_name}",
        cameras=tuple(
            CameraInput(key) if kind.resizes else CameraInput(key, shape[1], shape[2])
            for key, shape in sent.items()
        ),
        state_keys=(StateInput(OBS_STATE, state.shape[0]),),
        action_width=config.action_feature.shape[0],
        horizon=draws.horizon(config),
        row_period_s=sidecar.row_period_s,
        actions=sidecar.actions,
        needs_instruction=kind.needs_instruction,
        max_samples=kind.max_samples,
    )
