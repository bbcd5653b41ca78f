"""Full chunks of LeRobot's classes, several of them from one encoding of the observation.

The classes' own calls cut chunks to the rows that their queue plays, or encode the observation
once a chunk; what is called here are the same methods, one level below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from aura_ros.serve.torch_common import normal

# Of a policy, a preprocessed batch, a number and a generator: rows (k, T, A), normalized.
Draw = Callable[[Any, Mapping[str, Any], int, torch.Generator], Tensor]


def horizon(config: Any) -> int:
    """Rows of a full chunk, beginning now."""
    if hasattr(config, "chunk_size"):
        return int(config.chunk_size)
    return int(config.horizon - config.n_obs_steps + 1)


def act(policy: Any, batch: Mapping[str, Any], samples: int, generator: torch.Generator) -> Tensor:
    """The one chunk of an ACT: its latent is zero at inference."""
    rows: Tensor = policy.predict_action_chunk(dict(batch))
    return rows


def diffusion(
    policy: Any, batch: Mapping[str, Any], samples: int, generator: torch.Generator
) -> Tensor:
    """All rows from now on, where the class itself keeps ``n_action_steps``.

    The observation stands for the ``n_obs_steps`` that the class looks at, as LeRobot does at
    the begin of an episode: a policy between requests of varying distance knows no better.
    """
    model, config = policy.diffusion, policy.config
    images = torch.stack([batch[key] for key in config.image_features], dim=-4)
    steps = {"observation.state": batch["observation.state"], "observation.images": images}
    seen = {
        key: value.unsqueeze(1).expand(-1, config.n_obs_steps, *value.shape[1:])
        for key, value in steps.items()
    }
    encoded = model._prepare_global_conditioning(seen).expand(samples, -1)
    shape = (samples, config.horizon, config.action_feature.shape[0])
    rows: Tensor = model.conditional_sample(
        samples,
        global_cond=encoded,
        generator=generator,
        noise=normal(generator, *shape, device=encoded.device),
    )
    return rows[:, config.n_obs_steps - 1 :]


def smolvla(
    policy: Any, batch: Mapping[str, Any], samples: int, generator: torch.Generator
) -> Tensor:
    """Chunks whose images and words run through the language model once."""
    config = policy.config
    policy.model.sample_actions = partial(_flow_from_one_prefix, policy.model)
    shape = (samples, config.chunk_size, config.max_action_dim)
    noise = normal(generator, *shape, device=batch["observation.state"].device)
    rows: Tensor = policy.predict_action_chunk(dict(batch), noise=noise)
    return rows


def smolvla_velocity(policy: Any, batch: Mapping[str, Any], noisy: Tensor, time: float) -> Tensor:
    """The network's velocity at ``noisy`` (1, T, A), ``time`` from 1 (noise) to 0."""
    policy.model.sample_actions = partial(_velocity_at, policy.model, time)
    velocity: Tensor = policy.predict_action_chunk(dict(batch), noise=noisy)
    return velocity


def _flow_from_one_prefix(model: Any, *seen: Any, noise: Tensor) -> Tensor:
    """``VLAFlowMatching.sample_actions`` for the chunks of ``noise`` (k, T, A) and one prefix."""
    prefix = _prefix(model, *seen, samples=len(noise))
    rows, steps = noise, model.config.num_steps
    for step in range(steps):
        time = torch.tensor(1.0 - step / steps, device=rows.device).expand(len(rows))
        rows = rows - model.denoise_step(*prefix, rows, time) / steps
    return rows


def _velocity_at(model: Any, time: float, *seen: Any, noise: Tensor) -> Tensor:
    """In the place of ``sample_actions``: one look at the flow instead of its end."""
    at = torch.full((len(noise),), time, device=noise.device)
    prefix = _prefix(model, *seen, samples=len(noise))
    velocity: Tensor = model.denoise_step(*prefix, noise, at)
    return velocity


def _prefix(
    model: Any,
    images: Any,
    image_masks: Any,
    tokens: Tensor,
    token_masks: Tensor,
    state: Tensor,
    *,
    samples: int,
) -> tuple[Tensor, dict[Any, Any]]:
    """Padding, keys and values of one observation, for so many chunks."""
    from lerobot.policies.smolvla.modeling_smolvla import make_att_2d_masks

    prefix, pads, blocks = model.embed_prefix(images, image_masks, tokens, token_masks, state=state)
    _, cache = model.vlm_with_expert.forward(
        attention_mask=make_att_2d_masks(pads, blocks),
        position_ids=torch.cumsum(pads, dim=1) - 1,
        past_key_values=None,
        inputs_embeds=[prefix, None],
        use_cache=model.config.use_cache,
        fill_kv_cache=True,
    )
    shared = {
        layer: {name: value.expand(samples, *value.shape[1:]) for name, value in states.items()}
        for layer, states in cache.items()
    }
    return pads.expand(samples, -1), shared
