"""Small files of demonstrations, drawn at random: training can be tested without a robot."""

import numpy as np

from aura_ros.train.scenes import ASSIGNMENTS, IMAGE_SIZE, LAYOUT

JOINTS, HORIZON = 8, 32


def arrays(seed, count=12, labels=2):
    """What ``aura_ros.train.data.write`` notes, with chunks that depend on the joints alone."""
    rng = np.random.default_rng(seed)
    position = rng.normal(0.0, 0.3, (count, labels, JOINTS))
    velocity = rng.normal(0.0, 0.1, (count, labels, JOINTS))
    times = 0.05 * np.arange(HORIZON)[:, None]
    bent = position[:, :, None] * np.cos(times)
    rows = bent + velocity[:, :, None] * times * np.exp(-times)
    images = rng.integers(0, 255, (count, 2, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)
    numbers = {
        "measured": rng.normal(0.0, 0.3, (count, JOINTS)),
        "layout": rng.normal(0.0, 1.0, (count, LAYOUT)),
        "ahead": rng.uniform(0.0, 0.8, (count, labels)),
        "position": position,
        "velocity": velocity,
        "rows": rows,
    }
    return {name: value.astype(np.float32) for name, value in numbers.items()} | {
        "images": images,
        "instruction": rng.integers(len(ASSIGNMENTS), size=count),
        "success": np.ones(1, dtype=np.bool_),
    }


def write(job, folder):
    """As ``aura_ros.train.data.write``, without a simulator."""
    path = folder / job.name
    np.savez(path, digest=np.array(job.digest), **arrays((job.round, job.number, job.stills)))
    return path
