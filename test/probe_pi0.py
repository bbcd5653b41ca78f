"""Runs in .venv-pi0: transformers' pi0 behind our server, against its own calls."""

import json
import sys
from pathlib import Path

import torch
from probe_policies import (
    difference,
    edit,
    error_of,
    following_the_flow,
    images_seen,
    observation,
    plain,
    spoiled,
)

from aura_ros.serve import pi0, tiny

FOLDER = Path(sys.argv[1])


def against_theirs(policy, path):
    """Three chunks of ours from one prefix, and of ``sample_actions`` one by one."""
    from transformers import PI0ForConditionalGeneration, PI0Processor

    model = PI0ForConditionalGeneration.from_pretrained(path).eval()
    processor = PI0Processor.from_pretrained(path)
    seen = observation(policy)
    generator = torch.Generator()
    generator.set_state(policy._generator.get_state())
    noise = torch.randn((3, 20, 32), generator=generator)
    ours = policy.infer(seen, 3)["samples"]
    inputs = processor(
        images=[[seen["front"], seen["wrist"]]],
        text=[seen["prompt"]],
        state=torch.tensor(seen["state"])[None],
        return_tensors="pt",
    )
    with torch.inference_mode():
        rows = torch.cat([model.sample_actions(**inputs, noise=one[None]) for one in noise])
    theirs = rows[..., :8] * torch.tensor(processor.actions_std) + torch.tensor(
        processor.actions_mean
    )
    return {"rows": difference(ours, theirs)}


def encoded(policy):
    """How many images the vision part sees for one chunk and for four."""
    return images_seen(policy._model.model.vlm.vision_tower, policy)


def flow(path):
    """The flow shown by ours against ``sample_actions``, which follows it by itself."""
    policy = pi0.load(path)
    model, mean, std = policy._model, *policy.line

    def sample(seen, noise):
        with torch.inference_mode():
            rows = model.sample_actions(**policy._inputs(seen), noise=noise)[0, :, : len(mean)]
        return rows.double() * torch.tensor(std) + torch.tensor(mean)

    return following_the_flow(policy, model.config.num_inference_steps, sample)


def in_processor(**changed):
    return lambda copy: edit(copy / "processor_config.json", lambda table: table.update(changed))


SPOILS = {
    "without_cameras": lambda copy: (copy / "aura_serve.json").unlink(),
    "without_processor": lambda copy: (copy / "processor_config.json").unlink(),
    "without_weights": lambda copy: (copy / "model.safetensors").unlink(),
    "without_statistics": in_processor(actions_std=None),
    "infinite_statistics": in_processor(actions_std=[float("inf")] * 8),
    "another_width": in_processor(actions_mean=[0.0] * 7),
    "too_wide": in_processor(actions_mean=[0.0] * 40, actions_std=[1.0] * 40),
    "without_a_weight": lambda copy: edit(
        copy / "model.safetensors", lambda t: t.pop("action_out_proj.bias")
    ),
    "another_weight": lambda copy: edit(
        copy / "model.safetensors", lambda t: t.update({"action_out_proj.bias": torch.zeros(7)})
    ),
    "another_type": lambda copy: edit(copy / "config.json", lambda t: t.update(model_type="bert")),
    "another_entry": lambda copy: edit(copy / "aura_serve.json", lambda t: t.update(camera=["a"])),
}


def main():
    path = FOLDER / "pi0"
    tiny.save("pi0", path)
    policy = pi0.load(path)
    report = {"pi0": plain(policy) | {"theirs": against_theirs(policy, path)}}
    report["pi0"]["encoded"] = encoded(policy)
    report["pi0"]["flow"] = flow(path)
    errors = {}
    for name, spoil in SPOILS.items():
        copy = spoiled(path, name)
        spoil(copy)
        errors[name] = error_of(pi0.load, copy)
    report["errors"] = errors
    (FOLDER / "report.json").write_text(json.dumps(report))


main()
