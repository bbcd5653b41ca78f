"""Where the policies are that ship with this package."""

from __future__ import annotations

from pathlib import Path

from aura_ros.robot.find import find_share


def shipped(name: str) -> Path:
    """The trained policy ``name``. Raises ValueError where it is not installed."""
    path = find_share(f"config/policies/{name}.safetensors")
    if path is None:
        raise ValueError(
            f"policy {name!r} is not installed (config/policies/{name}.safetensors): install the "
            f"package anew, or make it with `aura train {name}` and name the file"
        )
    return path
