"""How chunks are drawn from pi0: the flow of its class, with one observation encoded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def flow_from_one_prefix(model: Any, inputs: Mapping[str, Tensor], noise: Tensor) -> Tensor:
    """``sample_actions`` of the class for chunks of ``noise`` (k, T, A) and one observation."""
    prefix, steps = Prefix(model, inputs, len(noise)), model.config.num_inference_steps
    for step in range(steps):
        noise = noise - prefix.velocity(noise, 1.0 - step / steps) / steps
    return noise


class Prefix:
    """Keys and values of one observation for ``samples`` chunks: the class encodes one for each."""

    def __init__(self, model: Any, inputs: Mapping[str, Tensor], samples: int) -> None:
        self._model, mask = model, inputs["attention_mask"]
        embeds = model.model.embed_prefix(
            inputs["input_ids"], inputs["pixel_values"], inputs["pixel_attention_mask"]
        )
        self._cache = model.model.vlm(
            inputs_embeds=embeds,
            attention_mask=mask,
            position_ids=mask.cumsum(-1) - 1,
            token_type_ids=torch.zeros_like(embeds)[:, :, 0],
            use_cache=True,
        ).past_key_values
        self._cache.batch_repeat_interleave(samples)
        self._length = self._cache.get_seq_length()
        names = ("state", "pixel_attention_mask", "attention_mask")
        self._inputs = {name: inputs[name].expand(samples, -1) for name in names}

    def velocity(self, noisy: Tensor, time: float) -> Tensor:
        """The network's velocity at ``noisy`` (k, T, A), ``time`` from 1 (noise) to 0."""
        velocity: Tensor = self._model(
            **self._inputs,
            noise=noisy,
            timestep=torch.full((len(noisy),), time, device=noisy.device),
            past_key_values=self._cache,
        ).logits
        self._cache.crop(self._length - self._cache.get_seq_length())
        return velocity
