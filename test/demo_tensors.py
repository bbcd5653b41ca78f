"""Tensors of a small demo policy with random weights, and its metadata."""

import json

import numpy as np

from aura_ros.policy.demo import FORMAT, fit_digest
from aura_ros.policy.demo_network import BUCKETS

JOINTS, POINTS, HORIZON, SIZE = 3, 5, 12, 16
CHANNELS, MAPS, LANGUAGE, TRUNK, EMBEDDING, HEAD, BLOCKS = (4, 6, 8, 8), 5, 4, 12, 10, 9, 2
INSTRUCTIONS = ("pick the red cube", "pick the blue cube")


def shapes():
    """Shape of every tensor by name."""
    found = {
        "words.weight": (BUCKETS, LANGUAGE),
        "basis": (HORIZON, POINTS),
        "lead": (HORIZON,),
        "position_mean": (JOINTS,),
        "position_scale": (JOINTS,),
        "velocity_scale": (JOINTS,),
        "point_scale": (POINTS, JOINTS),
    }
    layers = {
        "trunk.0": (TRUNK, 2 * 3 * MAPS + JOINTS + LANGUAGE),
        "trunk.2": (EMBEDDING, TRUNK),
        "condition": (HEAD, EMBEDDING + 2 * JOINTS + 1),
        "head.in": (HEAD, JOINTS * POINTS + HEAD + 7),
        "head.out": (JOINTS * POINTS, HEAD),
    }
    for block in range(BLOCKS):
        layers[f"head.blocks.{block}.in"] = (HEAD, 2 * HEAD + 7)
        layers[f"head.blocks.{block}.out"] = (HEAD, HEAD)
    for eye in ("eyes.0.", "eyes.1."):
        before = 3
        for index, (channels, kernel) in enumerate(zip(CHANNELS, (5, 3, 3, 3), strict=True)):
            layers[f"{eye}convolutions.{index}"] = (channels, before, kernel, kernel)
            if index:
                layers[f"{eye}films.{index - 1}"] = (2 * channels, LANGUAGE)
            before = channels
        layers[f"{eye}maps"] = (MAPS, before, 1, 1)
    for name, shape in layers.items():
        found[f"{name}.weight"], found[f"{name}.bias"] = shape, shape[:1]
    return found


def tensors(seed=0):
    """Random tensors; the curve leaves its start at rest."""
    rng = np.random.default_rng(seed)
    made = {name: 0.3 * rng.standard_normal(shape) for name, shape in shapes().items()}
    for name in ("position_scale", "velocity_scale", "point_scale"):
        made[name] = np.abs(made[name]) + 0.1
    made["basis"][0], made["lead"][0] = 0.0, 0.0
    return {name: value.astype(np.float32) for name, value in made.items()}


def metadata(robot):
    """What an artifact for ``robot`` says of itself."""
    return {
        "format": FORMAT,
        "robot": robot.name,
        "fit": fit_digest(robot),
        "joints": json.dumps(robot.joints),
        "cameras": json.dumps(["front", "wrist"]),
        "image_size": str(SIZE),
        "instructions": json.dumps(INSTRUCTIONS),
        "made_from": "{}",
    }
