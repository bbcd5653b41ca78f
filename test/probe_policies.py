"""What is asked of every served policy, in its own environment: answers, spoiled checkpoints."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from aura_ros.serve import tiny
from aura_ros.serve.sidecar import CheckpointError


def observation(policy: Any, seed: int = 0) -> dict[str, Any]:
    """Pictures of noise, the state at rest, an instruction."""
    generator = np.random.default_rng(seed)
    found: dict[str, Any] = {"prompt": "pick the red cube"}
    for camera in policy.declared.cameras:
        shape = (camera.height or 48, camera.width or 80, 3)
        found[camera.key] = generator.integers(0, 256, shape, dtype=np.uint8)
    for state in policy.declared.state_keys:
        found[state.key] = np.array(tiny.MEAN, np.float32)
    return found


def plain(policy: Any) -> dict[str, Any]:
    """Answers of a fresh ``policy`` as plain values, and what answering left unchanged."""
    before = policy.weights_digest()
    first = policy.infer(observation(policy))
    more = policy.infer(observation(policy), min(3, policy.declared.max_samples))
    other = policy.infer(observation(policy, 1))
    parameters = list(policy._module.parameters())
    return {
        "declared": policy.declared.to_mapping(),
        "digests": [policy.declared.weights_digest, before, policy.weights_digest()],
        "trains": policy._module.training or any(p.requires_grad for p in parameters),
        "types": sorted({str(value.dtype) for value in (first | more).values()}),
        "first": {key: value.tolist() for key, value in first.items()},
        "more": {key: value.tolist() for key, value in more.items()},
        "other_features": other["features"].tolist(),
    }


def error_of(load: Callable[[Path], Any], path: Path) -> str:
    try:
        load(path)
    except CheckpointError as error:
        return str(error)
    return "loaded"


def spoiled(source: Path, name: str) -> Path:
    copy = source.parent / "spoiled" / name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy)
    return copy


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change the table in a JSON file, or the tensors in a safetensors file."""
    if path.suffix == ".json":
        table = json.loads(path.read_text())
        change(table)
        path.write_text(json.dumps(table))
    else:
        tensors = load_file(path)
        change(tensors)
        save_file(tensors, path)


def difference(ours: Any, theirs: Any) -> float:
    return float((torch.as_tensor(ours) - torch.as_tensor(theirs)).abs().max())


def following_the_flow(policy, steps, sample):
    """How far Euler steps along ``velocity`` end from ``sample(noise)``, in spreads of the data.

    Columns beyond the robot's stay zero here, so the head is made to leave them alone.
    """
    width = policy.declared.action_width
    with torch.no_grad():
        for parameter in policy._head.parameters():
            parameter[width:] = 0
    generator = np.random.default_rng(2)
    noise = generator.standard_normal((policy.declared.horizon, width)).astype(np.float32)
    offset, scale = policy.line
    rows, seen = offset + scale * noise, observation(policy)
    for step in range(steps):
        rows = rows + policy.velocity(seen, rows, step / steps) / steps
    wide = torch.nn.functional.pad(torch.tensor(noise), (0, 32 - width))[None]
    return difference(rows / scale, sample(seen, wide) / torch.tensor(scale))


def images_seen(module, policy):
    """How many images ``module`` sees for one chunk and for four."""
    seen = []
    handle = module.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(len([*args, *kwargs.values()][0])), with_kwargs=True
    )
    counts = []
    for samples in (1, 4):
        seen.clear()
        policy.infer(observation(policy), samples)
        counts.append(sum(seen))
    handle.remove()
    return counts
