"""The file of a trained demo policy: safetensors with metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

MADE_BY = "`aura train`"


class DemoPolicyError(ValueError):
    """An artifact that is none, or was made for something else: names both and the remedy."""


def read_artifact(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Tensors and metadata of the file ``path``. Raises DemoPolicyError."""
    try:
        from safetensors import SafetensorError, safe_open  # only this backend needs it
    except ImportError:
        raise DemoPolicyError(
            "the demo policy needs safetensors: pip install safetensors"
        ) from None
    if not path.is_file():
        what = "is no file" if path.exists() else "does not exist"
        raise DemoPolicyError(f"{path} {what}: give an artifact, which {MADE_BY} makes")
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise DemoPolicyError(
            f"{path} is no safetensors file ({error}): give an artifact, which {MADE_BY} makes"
        ) from error
