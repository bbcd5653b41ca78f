"""Runs in .venv-lerobot: LeRobot's classes behind our server, against their own calls."""

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

from aura_ros.serve import lerobot, tiny

FOLDER = Path(sys.argv[1])
KINDS = ("act", "diffusion", "smolvla")
STATISTICS = "policy_postprocessor_step_0_unnormalizer_processor.safetensors"


class Theirs:
    """A policy as LeRobot's own scripts load and ask it."""

    def __init__(self, path):
        from lerobot.configs.policies import PreTrainedConfig
        from lerobot.policies.factory import get_policy_class, make_pre_post_processors

        config = PreTrainedConfig.from_pretrained(path)
        self.policy = get_policy_class(config.type).from_pretrained(path, config=config)
        self.before, self.after = make_pre_post_processors(config, str(path))

    def batch(self, seen):
        frame = {"task": seen["prompt"]}
        for key, value in seen.items():
            if "images" in key:
                frame[key] = torch.tensor(value).permute(2, 0, 1) / 255.0
            elif "state" in key:
                frame[key] = torch.tensor(value)
        return self.before(frame)

    def chunk(self, seen, **noise):
        with torch.inference_mode():
            return self.after(self.policy.predict_action_chunk(self.batch(seen), **noise))

    def queue(self, seen, noise):
        """The rows that ``select_action`` makes and plays one by one."""
        self.policy.reset()
        batch = self.batch(seen)
        rows = [self.policy.select_action(dict(batch), noise=noise)]
        rows += list(self.policy._queues["action"])
        return self.after(torch.stack(rows, dim=1))


def noise_of(policy, samples, rows, width):
    """The noise that ``policy`` draws next, and its generator's state behind it."""
    generator = torch.Generator()
    generator.set_state(policy._generator.get_state())
    return torch.randn((samples, rows, width), generator=generator), generator.get_state()


def against_theirs(kind, policy, path):
    seen, theirs = observation(policy), Theirs(path)
    if kind == "act":
        return {"rows": difference(policy.infer(seen)["actions"], theirs.chunk(seen)[0])}
    if kind == "diffusion":
        noise, state = noise_of(policy, 1, 16, 8)
        ours = policy.infer(seen)["actions"]
        torch.set_rng_state(state)  # their scheduler draws from the global generator
        played = theirs.queue(seen, noise)[0]
        return {"rows": difference(ours[: len(played)], played), "played": len(played)}
    noise, _ = noise_of(policy, 3, 20, 32)
    ours = policy.infer(seen, 3)["samples"]
    singly = torch.cat([theirs.chunk(seen, noise=one[None]) for one in noise])
    return {"rows": difference(ours, singly)}


def encoded(kind, policy):
    """How many images the vision part sees for one chunk and for four."""
    module = policy._module.get_submodule(
        {
            "diffusion": "diffusion.rgb_encoder",
            "smolvla": "model.vlm_with_expert.vlm.model.vision_model",
        }[kind]
    )
    return images_seen(module, policy)


def flow(path):
    """The flow shown by ours against their own call, which follows it by itself."""
    policy, theirs = lerobot.load(path), Theirs(path)

    def sample(seen, noise):
        theirs.policy.load_state_dict(policy._policy.state_dict())
        return theirs.chunk(seen, noise=noise)[0].double()

    return following_the_flow(policy, policy._policy.config.num_steps, sample)


def narrow(table):
    table["output_features"]["action"]["shape"] = [7]


def rename_camera(table):
    features = table["input_features"]
    features["observation.images.top"] = features.pop("observation.images.front")


def spoil_statistics(change):
    def spoil(copy):
        edit(copy / STATISTICS, change)

    return spoil


def no_step(table):
    table["steps"] = [s for s in table["steps"] if s["registry_name"] != "normalizer_processor"]


SPOILS = {
    "without_processors": lambda copy: (copy / "policy_preprocessor.json").unlink(),
    "without_weights": lambda copy: (copy / "model.safetensors").unlink(),
    "without_config": lambda copy: (copy / "config.json").unlink(),
    "another_width": lambda copy: edit(copy / "config.json", narrow),
    "another_camera": lambda copy: edit(copy / "config.json", rename_camera),
    "another_type": lambda copy: edit(copy / "config.json", lambda t: t.update(type="vqbet")),
    "without_a_weight": lambda copy: edit(
        copy / "model.safetensors", lambda t: t.pop("model.action_head.bias")
    ),
    "cut_off": lambda copy: (copy / "model.safetensors").write_bytes(
        (copy / "model.safetensors").read_bytes()[:5000]
    ),
    # Of all of them LeRobot says nothing: its rows stay normalized.
    "without_statistics": spoil_statistics(lambda t: [t.pop(k) for k in [*t] if "action" in k]),
    "without_a_statistic": spoil_statistics(lambda t: t.pop("action.std")),
    "infinite_statistics": spoil_statistics(lambda t: t["action.std"].fill_(torch.inf)),
    "narrow_statistics": spoil_statistics(lambda t: t.update({"action.mean": torch.zeros(7)})),
    "without_normalizer": lambda copy: edit(copy / "policy_preprocessor.json", no_step),
    "another_device": lambda copy: edit(
        copy / "aura_serve.json", lambda t: t.update(device="cuda:99")
    ),
}


def main():
    report = {}
    for kind in KINDS:
        path = FOLDER / kind
        tiny.save(f"lerobot-{kind}", path)
        policy = lerobot.load(path)
        report[kind] = plain(policy) | {"theirs": against_theirs(kind, policy, path)}
        if kind != "act":
            report[kind]["encoded"] = encoded(kind, policy)
    report["smolvla"]["flow"] = flow(FOLDER / "smolvla")
    errors = {}
    for name, spoil in SPOILS.items():
        copy = spoiled(FOLDER / "act", name)
        spoil(copy)
        errors[name] = error_of(lerobot.load, copy)
    wordless = spoiled(FOLDER / "smolvla", "without_words")
    for file in (wordless / "vlm").iterdir():
        file.unlink()
    errors["without_words"] = error_of(lerobot.load, wordless)
    report["errors"] = errors
    (FOLDER / "report.json").write_text(json.dumps(report))


main()
