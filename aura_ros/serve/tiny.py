"""Small random policies in the real classes, saved as their libraries save them.

``python -m aura_ros.serve.tiny lerobot-act DIR``: for trying the way from a directory to the
robot where no weights can be had. They have learned nothing: their rows are near ``MEAN``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from aura_ros.serve import torch_common as common
from aura_ros.serve.sidecar import NAME

CAMERAS = ("front", "wrist")
SIZE, WIDTH, ROW_PERIOD_S = 64, 8, 0.05
# State and actions of the training that never was [rad, m]: the embedded robot at home. Rows that
# jump by a few of these a period stay within its limits.
MEAN, STD = (0.0, -0.4, 0.0, -2.2, 0.0, 1.8, 0.785, 0.035), (0.0005,) * WIDTH


def lerobot_act(folder: Path) -> None:
    """An ACT with one layer."""
    common.prepare()
    from lerobot.policies.act.configuration_act import ACTConfig
    from lerobot.policies.act.modeling_act import ACTPolicy

    layers = dict.fromkeys(("n_encoder_layers", "n_decoder_layers", "n_vae_encoder_layers"), 1)
    sizes = {"chunk_size": 20, "n_action_steps": 20, "dim_model": 32, "n_heads": 2, **layers}
    config = ACTConfig(
        **_features(), **sizes, dim_feedforward=64, latent_dim=8, pretrained_backbone_weights=None
    )
    _save_lerobot(ACTPolicy(config), folder)


def lerobot_diffusion(folder: Path) -> None:
    """A diffusion policy of two levels."""
    common.prepare()
    from lerobot.policies.diffusion.configuration_diffusion import DiffusionConfig
    from lerobot.policies.diffusion.modeling_diffusion import DiffusionPolicy

    config = DiffusionConfig(
        **_features(),
        horizon=16,
        down_dims=(32, 64),
        diffusion_step_embed_dim=16,
        spatial_softmax_num_keypoints=4,
        num_train_timesteps=20,
        num_inference_steps=5,
    )
    _save_lerobot(DiffusionPolicy(config), folder)


def lerobot_smolvla(folder: Path) -> None:
    """A SmolVLA of two layers; its language model's files lie in ``vlm``."""
    common.prepare()
    from lerobot.policies.smolvla.configuration_smolvla import SmolVLAConfig
    from lerobot.policies.smolvla.modeling_smolvla import SmolVLAPolicy

    from aura_ros.serve.tiny_words import save_smolvlm

    save_smolvlm(folder / "vlm")
    config = SmolVLAConfig(
        **_features(),
        vlm_model_name=str(folder / "vlm"),
        chunk_size=20,
        n_action_steps=20,
        num_steps=4,
        num_vlm_layers=2,
        resize_imgs_with_padding=(32, 32),
        tokenizer_max_length=96,
    )
    _save_lerobot(SmolVLAPolicy(config), folder)


def pi0(folder: Path) -> None:
    """A pi0 of two layers."""
    common.prepare()
    from transformers import PI0Config, PI0ForConditionalGeneration

    from aura_ros.serve.tiny_words import paligemma_config, pi0_processor

    processor = pi0_processor(
        state_mean=list(MEAN), state_std=list(STD), actions_mean=list(MEAN), actions_std=list(STD),
        chunk_size=20,
    )  # fmt: skip
    expert = {"model_type": "gemma", "hidden_size": 32, "intermediate_size": 64, "head_dim": 16}
    config = PI0Config(
        vlm_config=paligemma_config(processor),
        dit_config=expert
        | {"num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1},
        chunk_size=20,
        num_inference_steps=4,
    )
    PI0ForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)
    _save_sidecar(folder, cameras=list(CAMERAS))


KINDS: dict[str, Callable[[Path], None]] = {
    "lerobot-act": lerobot_act,
    "lerobot-diffusion": lerobot_diffusion,
    "lerobot-smolvla": lerobot_smolvla,
    "pi0": pi0,
}


def save(kind: str, folder: Path, seed: int = 0) -> None:
    """Write the policy ``kind`` of ``KINDS`` to ``folder``; the same bytes for the same seed."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    KINDS[kind](folder)


def _features() -> dict[str, Any]:
    from lerobot.configs.types import FeatureType, PolicyFeature

    images = {
        f"observation.images.{name}": PolicyFeature(FeatureType.VISUAL, (3, SIZE, SIZE))
        for name in CAMERAS
    }
    state = {"observation.state": PolicyFeature(FeatureType.STATE, (WIDTH,))}
    return {
        "input_features": images | state,
        "output_features": {"action": PolicyFeature(FeatureType.ACTION, (WIDTH,))},
        "device": "cpu",
        "push_to_hub": False,
    }


def _save_lerobot(policy: Any, folder: Path) -> None:
    from lerobot.policies.factory import make_pre_post_processors

    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    numbers = {"mean": mean, "std": std, "min": mean - 2 * std, "max": mean + 2 * std}
    half = torch.full((3, 1, 1), 0.5)
    pixels = {"mean": half, "std": half / 2, "min": half * 0, "max": half * 2}
    statistics = dict.fromkeys(("observation.state", "action"), numbers)
    statistics |= dict.fromkeys(policy.config.image_features, pixels)
    policy.save_pretrained(folder)
    for processor in make_pre_post_processors(policy.config, dataset_stats=statistics):
        processor.save_pretrained(folder)
    _save_sidecar(folder)


def _save_sidecar(folder: Path, **more: Any) -> None:
    (folder / NAME).write_text(json.dumps({"row_period_s": ROW_PERIOD_S, **more}, indent=2) + "\n")


def main(arguments: list[str]) -> int:
    """Run the command line; 0, or 2 for a wrong one."""
    if len(arguments) != 2 or arguments[0] not in KINDS:
        sys.stderr.write(f"usage: python -m aura_ros.serve.tiny {{{','.join(KINDS)}}} DIR\n")
        return 2
    try:
        save(arguments[0], Path(arguments[1]))
    except OSError as error:
        sys.stderr.write(f"{arguments[1]}: {error.strerror}: give another DIR\n")
        return 1
    except ImportError as error:
        library = arguments[0].partition("-")[0]
        remedy = f"`make env-{library}`, and run this with .venv-{library}/bin/python"
        sys.stderr.write(f"{error}: {remedy}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
