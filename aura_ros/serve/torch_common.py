"""What all policies of PyTorch share: loading offline, staying frozen, drawing and checking."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from aura_ros.policy.backend import BackendError
from aura_ros.policy.declared import PROMPT, Declared
from aura_ros.serve.sidecar import CheckpointError
from aura_ros.types import Array

Chunk = NDArray[np.float32]
# Rows are offset + scale * normalized rows, each (A,).
Line: TypeAlias = tuple[Array, Array]
# Operators of torchvision's compiled part that importing it looks up; no policy here calls them.
_NMS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_library: list[Any] = []


def prepare() -> None:
    """Keep the libraries off the network and let torchvision be imported. Call it before both.

    The torchvision of PyPI is built for CUDA: with a torch for the CPU its compiled part does
    not load, and the import stops at operators that it would have brought. They are declared.
    """
    os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if torch.version.cuda is None and not _library:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(name + _NMS)
        _library.append(library)


def choose_device(wanted: str) -> torch.device:
    """The device of that name; for an empty one a GPU if there is one. Raises CheckpointError."""
    try:
        device = torch.device(wanted or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise CheckpointError(
            f"device {wanted!r} cannot be used: {str(error).splitlines()[0]}; give cpu or cuda"
        ) from None
    return device


def freeze(module: nn.Module) -> None:
    """Evaluation mode, no gradients."""
    module.eval().requires_grad_(False)


def digest_of(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 (hex) over names, types, shapes and values."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        total.update(tensor.flatten().view(torch.uint8).numpy().data)
    return total.hexdigest()


@contextmanager
def last_input(module: nn.Module) -> Iterator[list[Tensor]]:
    """The first input of the last call of ``module`` inside the context, as a list of one."""
    seen: list[Tensor] = []

    def keep(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        seen[:] = [inputs[0].detach()]

    handle = module.register_forward_pre_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()


class TorchPolicy(ABC):
    """A frozen policy behind ``infer``, with noise from a seeded generator.

    ``features`` are the input of the action head at the last step of the denoising, averaged
    over the rows of the first chunk. ``line`` says what the numbers of a flow are, None: there
    is no flow to be shown.
    """

    declared: Declared
    line: Line | None = None

    def __init__(self, module: nn.Module, head: nn.Module, device: torch.device, seed: int) -> None:
        freeze(module)
        self._module, self._head, self._device = module, head, device
        # Of the processor: the numbers are the same on every device.
        self._generator = torch.Generator().manual_seed(seed)

    @abstractmethod
    def _chunks(self, observation: Mapping[str, Any], samples: int) -> Tensor:
        """Chunks (k, T, A) in the units of the robot; k is 1 where the class draws nothing."""

    def _flow(self, observation: Mapping[str, Any], noisy: Tensor, time: float) -> Tensor:
        """The network's velocity (T, A) at normalized rows (T, A), ``time`` from 1 (noise)."""
        raise BackendError(f"{self.declared.name} has no flow")

    def _pooled(self, features: Tensor) -> Tensor:
        """The embedding (d,) of the first chunk, of the head's input (k, T, d)."""
        return features[0].mean(dim=0)

    def tensors(self) -> dict[str, Tensor]:
        """All that is frozen, by name."""
        return dict(self._module.state_dict())

    def normalisation(self) -> dict[str, Tensor]:
        """What normalises inputs and rows, by name; empty where that is not known apart."""
        return {}

    def normalisation_digest(self) -> str:
        """The digest of that; empty: not known."""
        found = self.normalisation()
        return digest_of(found) if found else ""

    def weights_digest(self) -> str:
        """The digest of what is in memory now; ``declared`` has that of the start."""
        return digest_of(self.tensors())

    def infer(self, observation: Mapping[str, Any], samples: int = 1) -> dict[str, Chunk]:
        """``actions`` (T, A), ``features`` (d,) and, of several, all ``samples`` (k, T, A).

        ``observation`` has what ``declared`` names, checked by the server, which also sees to it
        that one thread at a time comes here. Raises BackendError.
        """
        with torch.inference_mode(), last_input(self._head) as seen:
            chunks = self._chunks(observation, samples)
            features = self._pooled(seen[0])
        drawn = chunks.float().cpu().numpy()
        if not np.isfinite(drawn).all():
            raise BackendError(
                f"{self.declared.name} answered numbers that are not finite; look at its inputs "
                "and its normalization"
            )
        answer = {"actions": drawn[0], "features": features.float().cpu().numpy()}
        return answer | ({"samples": drawn} if samples > 1 else {})

    def velocity(self, observation: Mapping[str, Any], rows: Array, time: float) -> Array:
        """The flow (T, A) at noisy ``rows`` (T, A), both in the units of the robot.

        ``time`` is from 0 (noise) to 1; in the networks it runs the other way. Columns that
        they have beyond the robot's are zero, the mean of their noise and of their data.
        """
        assert self.line is not None
        offset, scale = self.line
        noisy = torch.tensor((rows - offset) / scale, dtype=torch.float32, device=self._device)
        with torch.inference_mode():
            found = self._flow(observation, noisy, 1.0 - time).double().cpu().numpy()
        return -found * scale

    def features_width(self) -> int:
        """The width of the embedding, by a first answer to an empty observation."""
        empty: dict[str, Any] = {PROMPT: "nothing"}
        for camera in self.declared.cameras:
            shape = (camera.height or 224, camera.width or 224, 3)
            empty[camera.key] = np.zeros(shape, np.uint8)
        for state in self.declared.state_keys:
            empty[state.key] = np.zeros(state.width, np.float32)
        return len(self.infer(empty)["features"])


def padded(noisy: Tensor, width: int) -> Tensor:
    """Rows (T, A) as a batch of one (1, T, width), zero beyond their columns."""
    return nn.functional.pad(noisy, (0, width - noisy.shape[-1]))[None]


def normal(generator: torch.Generator, *shape: int, device: torch.device) -> Tensor:
    """Standard normal numbers on ``device``."""
    return torch.randn(shape, generator=generator).to(device)


def image_tensor(image: NDArray[np.uint8]) -> Tensor:
    """float32 (3, h, w) in 0 .. 1."""
    pixels: Tensor = torch.tensor(np.ascontiguousarray(image)).permute(2, 0, 1).float() / 255
    return pixels
