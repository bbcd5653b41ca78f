"""What a directory of LeRobot holds: configuration and weights, with nothing downloaded."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import torch

from aura_ros.serve.sidecar import CheckpointError
from aura_ros.serve.torch_common import prepare

prepare()

from lerobot.configs.policies import PreTrainedConfig  # noqa: E402
from lerobot.policies.factory import get_policy_class  # noqa: E402

SAVED = "give a directory that LeRobot 0.4 saved: pretrained_model of a training run"


def load_config(path: Path, device: torch.device) -> Any:
    """The checkpoint's configuration, without what would download or compile."""
    try:
        config: Any = PreTrainedConfig.from_pretrained(path)
    except Exception as error:  # draccus has many
        raise CheckpointError(f"{path}/config.json cannot be read: {error}; {SAVED}") from None
    config.device, config.pretrained_path = str(device), None
    for name, value in (
        ("pretrained_backbone_weights", None),
        ("load_vlm_weights", False),
        ("compile_model", False),
        ("rtc_config", None),
    ):
        if hasattr(config, name):
            setattr(config, name, value)
    if hasattr(config, "vlm_model_name"):
        config.vlm_model_name = _words(path, config.vlm_model_name)
    return config


def _words(path: Path, name: str) -> str:
    """Where the language model's configuration and tokenizer are: ``vlm``, or ``name``."""
    folder = path / "vlm"
    if not folder.is_dir():
        return name
    for file in ("config.json", "tokenizer_config.json"):
        if not (folder / file).is_file():
            raise CheckpointError(f"{folder}/{file} is missing; put that of {name} there")
    return str(folder)


def load_module(kind: str, path: Path, config: Any) -> Any:
    """The policy with its weights, every one of them from the file."""
    if not (path / "model.safetensors").is_file():
        raise CheckpointError(f"{path}/model.safetensors is missing; {SAVED}")
    try:
        with redirect_stdout(sys.stderr):
            return get_policy_class(kind).from_pretrained(path, config=config, strict=True)
    except OSError as error:
        raise CheckpointError(
            f"{path}: {str(error).splitlines()[0]}; put the configuration and the tokenizer of "
            f"{getattr(config, 'vlm_model_name', 'the model')} into {path}/vlm"
        ) from None
    except Exception as error:
        raise CheckpointError(
            f"{path}/model.safetensors does not fit its config.json: {_said(error)}; take both "
            "from one training run, and a checkpoint from before LeRobot 0.4 through its "
            "migrate_policy_normalization"
        ) from None


def _said(error: Exception) -> str:
    """The first lines of what may be a list of hundreds of weights."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])[:400]
