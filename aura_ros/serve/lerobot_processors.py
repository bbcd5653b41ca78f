"""LeRobot's saved pre- and post-processors, and the proof that they normalize.

A step without statistics hands numbers on as they are: rows between -1 and 1 would be taken for
radians. So the statistics that a checkpoint needs are looked at before it is served.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from aura_ros.serve.sidecar import CheckpointError
from aura_ros.serve.torch_common import Line

MIGRATE = (
    "save the training's processors with the policy; for a checkpoint from before LeRobot 0.4: "
    "python -m lerobot.processor.migrate_policy_normalization --pretrained-path DIR"
)
# Statistics by mode of normalization.
NEEDED = {
    "MEAN_STD": ("mean", "std"),
    "MIN_MAX": ("min", "max"),
    "QUANTILES": ("q01", "q99"),
    "QUANTILE10": ("q10", "q90"),
}
# So far out [normalized] a line is seen apart from its offset in single precision.
FAR = 1e4


def load_processors(path: Path, config: Any, module: Any) -> tuple[Any, Any]:
    """The pipelines before and after the policy. Raises CheckpointError."""
    from lerobot.policies.factory import make_pre_post_processors
    from lerobot.processor import NormalizerProcessorStep, UnnormalizerProcessorStep

    for name in ("policy_preprocessor.json", "policy_postprocessor.json"):
        if not (path / name).is_file():
            raise CheckpointError(f"{path}/{name} is missing; {MIGRATE}")
    overrides: dict[str, Any] = {"device_processor": {"device": config.device}}
    if hasattr(config, "vlm_model_name"):
        overrides["tokenizer_processor"] = {"tokenizer_name": config.vlm_model_name}
    try:
        before, after = make_pre_post_processors(
            config, str(path), preprocessor_overrides=overrides
        )
    except Exception as error:
        raise CheckpointError(f"the processors of {path} cannot be loaded: {error}") from None
    _check(path, "pre", before, NormalizerProcessorStep, config.input_features, config)
    _check(path, "post", after, UnnormalizerProcessorStep, config.output_features, config)
    return before, after


def line_of(after: Any, width: int) -> Line | None:
    """Offset and scale, each (A,), by which ``after`` makes rows; None where it does more."""
    offset, half, far = (
        after(torch.full((1, 1, width), number))[0, 0].double().numpy()
        for number in (0.0, FAR / 2, FAR)
    )
    scale = (far - offset) / FAR
    is_line = np.allclose(half - offset, scale * FAR / 2, rtol=1e-4) and scale.all()
    return (offset, scale) if is_line else None


def _check(path: Path, side: str, pipeline: Any, kind: Any, features: Any, config: Any) -> None:
    """Every feature has its statistics, finite and as wide as it is."""
    file = f"{path}/policy_{side}processor.json"
    steps = [step for step in pipeline.steps if isinstance(step, kind)]
    for key, feature in features.items():
        mode = config.normalization_mapping.get(feature.type.value)
        if mode is None or mode.value not in NEEDED or ".empty_camera_" in key:
            continue
        if not steps:
            raise CheckpointError(f"{file} has no step {kind.__name__}; {MIGRATE}")
        if key not in steps[0].features or steps[0].norm_map.get(feature.type) != mode:
            raise CheckpointError(f"{file} does not normalize {key!r} by {mode.value}; {MIGRATE}")
        held = steps[0].state_dict()
        for name in NEEDED[mode.value]:
            _check_statistic(file, f"{key}.{name}", held.get(f"{key}.{name}"), feature)


def _check_statistic(file: str, name: str, found: torch.Tensor | None, feature: Any) -> None:
    if found is None:
        raise CheckpointError(f"{file} has no statistics {name!r}; {MIGRATE}")
    if not torch.isfinite(found).all():
        raise CheckpointError(f"{file}: statistics {name!r} are not finite; {MIGRATE}")
    if found.numel() not in (1, feature.shape[0]):
        raise CheckpointError(
            f"{file}: statistics {name!r} have {found.numel()} numbers, the checkpoint "
            f"{feature.shape[0]}; take policy and processors from one training run"
        )
