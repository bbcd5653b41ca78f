"""pi0 by transformers' own classes from a local directory.

``PI0ForConditionalGeneration`` and ``PI0Processor`` of transformers 5 (pi0: Black et al. 2024,
arXiv 2410.24164). The directory holds the weights as safetensors, the processor with the
statistics of the training data, and ``aura_serve.json`` with the keys of the cameras.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aura_ros.policy.declared import PROMPT, CameraInput, Declared, StateInput
from aura_ros.serve import torch_common as common
from aura_ros.serve.pi0_draws import Prefix, flow_from_one_prefix
from aura_ros.serve.sidecar import NAME, CheckpointError, Sidecar, read_json, read_sidecar

common.prepare()

from transformers import PI0ForConditionalGeneration, PI0Processor  # noqa: E402

STATE = "state"
SAVED = "save model and processor there with save_pretrained of transformers 5"
STATISTICS = "make the processor with the mean and std of state and actions of the training data"
MAX_SAMPLES = 64


def load(path: Path) -> PI0Policy:
    """The policy in directory ``path``. Raises CheckpointError."""
    kind = read_json(path / "config.json", SAVED).get("model_type")
    if kind != "pi0":
        raise CheckpointError(f"{path}/config.json is of model_type {kind!r}; pi0 is needed")
    sidecar = read_sidecar(path)
    if not sidecar.cameras:
        raise CheckpointError(
            f"{path}/{NAME} names no cameras, nor does a pi0 checkpoint; list their keys in the "
            'order of the training data, such as {"cameras": ["base", "wrist"]}'
        )
    processor = _processor(path)
    device = common.choose_device(sidecar.device)
    model = _model(path).to(device)
    _check_sizes(path, model.config, processor)
    policy = PI0Policy(model, processor, device, sidecar)
    digest, width = policy.weights_digest(), policy.features_width()
    policy.declared = replace(
        policy.declared,
        weights_digest=digest,
        normalisation_digest=policy.normalisation_digest(),
        features=width,
    )
    return policy


class PI0Policy(common.TorchPolicy):
    """A pi0 with its processor."""

    def __init__(self, model: Any, processor: Any, device: torch.device, sidecar: Sidecar) -> None:
        super().__init__(model, model.action_out_proj, device, sidecar.seed)
        self._model, self._processor = model, processor
        self._mean = torch.tensor(processor.actions_mean)
        self._std = torch.tensor(processor.actions_std)
        self.declared = Declared(
            name=sidecar.name or "pi0",
            cameras=tuple(CameraInput(key) for key in sidecar.cameras),
            state_keys=(StateInput(STATE, len(processor.state_mean)),),
            action_width=len(self._mean),
            horizon=model.config.chunk_size,
            row_period_s=sidecar.row_period_s,
            actions=sidecar.actions,
            max_samples=MAX_SAMPLES,
            flow=True,
        )
        self.line = self._mean.double().numpy(), self._std.double().numpy() + 1e-8

    def tensors(self) -> dict[str, Tensor]:
        """Weights and normalization."""
        return super().tensors() | self.normalisation()

    def normalisation(self) -> dict[str, Tensor]:
        """Statistics of the processor."""
        names = ("state_mean", "state_std", "actions_mean", "actions_std")
        return {name: torch.tensor(getattr(self._processor, name)) for name in names}

    def _chunks(self, observation: Mapping[str, Any], samples: int) -> Tensor:
        inputs = self._inputs(observation)
        config = self._model.config
        shape = (samples, config.chunk_size, config.max_action_dim)
        noise = common.normal(self._generator, *shape, device=self._device)
        rows = flow_from_one_prefix(self._model, inputs, noise.to(self._model.dtype))
        width = self.declared.action_width
        # The processor's normalize, turned round, with the same epsilon.
        return rows[..., :width].float().cpu() * (self._std + 1e-8) + self._mean

    def _flow(self, observation: Mapping[str, Any], noisy: Tensor, time: float) -> Tensor:
        rows = common.padded(noisy, self._model.config.max_action_dim).to(self._model.dtype)
        prefix = Prefix(self._model, self._inputs(observation), 1)
        return prefix.velocity(rows, time)[0, :, : noisy.shape[-1]].float()

    def _inputs(self, observation: Mapping[str, Any]) -> Any:
        images = [np.asarray(observation[camera.key]) for camera in self.declared.cameras]
        state = np.asarray(observation[STATE], np.float32)
        inputs = self._processor(
            images=[images], text=[str(observation[PROMPT])], state=state[None], return_tensors="pt"
        )
        # Words keep their type; numbers take that of the weights.
        return inputs.to(self._device, dtype=self._model.dtype)


def _processor(path: Path) -> Any:
    """The processor with the statistics that normalization needs."""
    read_json(path / "processor_config.json", f"{SAVED}, the processor with PaliGemma's tokenizer")
    try:
        processor = PI0Processor.from_pretrained(path, local_files_only=True)
    except Exception as error:
        raise CheckpointError(
            f"the processor of {path} cannot be loaded: {str(error).splitlines()[0]}; {SAVED}"
        ) from None
    for name in ("state_mean", "state_std", "actions_mean", "actions_std"):
        numbers = getattr(processor, name)
        if numbers is None:
            raise CheckpointError(f"the processor of {path} has no {name}; {STATISTICS}")
        if not numbers or not np.isfinite(numbers).all():
            raise CheckpointError(f"{name} of the processor of {path} is {numbers}; {STATISTICS}")
    return processor


def _model(path: Path) -> Any:
    """The model, every weight of it from the file."""
    try:
        model, found = PI0ForConditionalGeneration.from_pretrained(
            path,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # said below, by name
        )
    except Exception as error:
        raise CheckpointError(
            f"the weights of {path} cannot be loaded: {str(error).splitlines()[0]}; {SAVED}"
        ) from None
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if found.get(what):
            raise CheckpointError(
                f"the weights of {path} do not fit its config.json: {what} "
                f"{sorted(map(str, found[what]))[:3]}; take both from one training run"
            )
    return model


def _check_sizes(path: Path, config: Any, processor: Any) -> None:
    """Widths of state and actions agree and fit into the model's."""
    sizes = (("state", config.max_state_dim), ("actions", config.max_action_dim))
    for name, most in sizes:
        mean, std = getattr(processor, f"{name}_mean"), getattr(processor, f"{name}_std")
        if len(mean) != len(std) or len(mean) > most:
            raise CheckpointError(
                f"the processor of {path}: {name}_mean has {len(mean)} numbers, {name}_std "
                f"{len(std)}, and the model takes at most {most}; {STATISTICS}"
            )
    if processor.image_token_id != config.vlm_config.image_token_id:
        raise CheckpointError(
            f"the processor of {path} marks images by token {processor.image_token_id}, the model "
            f"by {config.vlm_config.image_token_id}; take both from one training run"
        )
