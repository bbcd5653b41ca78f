"""The demo policy's network for training; ``aura_ros.policy.demo_network`` runs it without torch.

Names of parameters are those of the artifact, so that both read the same file.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from aura_ros.policy.demo_network import AHEAD_SCALE_S, BUCKETS


@dataclass(frozen=True)
class Sizes:
    """Sizes of the network: n joints, m free control points, numbers of a layout."""

    joints: int
    points: int
    layout: int
    cameras: int = 2
    channels: tuple[int, ...] = (16, 32, 64, 64)
    maps: int = 32
    language: int = 32
    trunk: int = 512
    embedding: int = 256
    head: int = 384
    blocks: int = 3


class Eye(nn.Module):
    """Encoder of one camera: keypoints that the instruction chooses."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        one, two, three, four = sizes.channels
        self.convolutions = nn.ModuleList(
            [
                nn.Conv2d(3, one, 5, 2, 2),
                nn.Conv2d(one, two, 3, 2, 1),
                nn.Conv2d(two, three, 3, 1, 1),
                nn.Conv2d(three, four, 3, 1, 1),
            ]
        )
        self.films = nn.ModuleList([nn.Linear(sizes.language, 2 * c) for c in (two, three, four)])
        self.maps = nn.Conv2d(four, sizes.maps, 1)

    def forward(self, image: Tensor, language: Tensor) -> Tensor:
        """Keypoints (b, 3 * maps) of images (b, 3, s, s) in -1 .. 1."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            x = functional.relu(self.convolutions[0](image))
            for convolution, film in zip(self.convolutions[1:], self.films, strict=True):
                gain, shift = film(language)[:, :, None, None].chunk(2, dim=1)
                x = functional.relu(convolution(x) * (1.0 + gain) + shift)
        return keypoints(self.maps(x.float()))


def keypoints(maps: Tensor) -> Tensor:
    """Spatial softmax of maps (b, p, h, w): places, and the mean of each map there, (b, 3 p)."""
    height, width = maps.shape[-2:]
    flat = maps.flatten(2)
    share = flat.softmax(dim=-1)
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    return torch.cat([share @ x.flatten(), share @ y.flatten(), (flat * share).sum(-1)], dim=1)


class Block(nn.Module):
    """A residual block that sees the condition."""

    def __init__(self, width: int, known: int) -> None:
        super().__init__()
        self.width = width
        self.add_module("in", nn.Linear(width + known, width))
        self.out = nn.Linear(width, width)

    def forward(self, hidden: Tensor, known: Tensor) -> Tensor:
        """The next hidden state."""
        inner = torch.cat([functional.layer_norm(hidden, (self.width,)), known], dim=1)
        return hidden + self.out(functional.silu(self.get_submodule("in")(inner)))


class Head(nn.Module):
    """Clean control points from noisy ones."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, size = sizes.head, sizes.joints * sizes.points
        known = width + 7
        self.width = width
        self.add_module("in", nn.Linear(size + known, width))
        self.blocks = nn.ModuleList([Block(width, known) for _ in range(sizes.blocks)])
        self.out = nn.Linear(width, size)

    def forward(self, noisy: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        """Control points (b, m * n) for noisy ones at flow times (b, 1)."""
        angles = torch.pi * time * torch.tensor([1.0, 2.0, 4.0])
        known = torch.cat([condition, time, angles.sin(), angles.cos()], dim=1)
        hidden = self.get_submodule("in")(torch.cat([noisy, known], dim=1))
        for block in self.blocks:
            hidden = block(hidden, known)
        return self.out(functional.layer_norm(hidden, (self.width,)))


class DemoModel(nn.Module):
    """Encoder, condition and head. All inputs are normalised but ``ahead`` [s]."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.words = nn.Embedding(BUCKETS, sizes.language)
        self.eyes = nn.ModuleList([Eye(sizes) for _ in range(sizes.cameras)])
        seen = sizes.cameras * 3 * sizes.maps + sizes.joints + sizes.language
        self.trunk = nn.Sequential(
            nn.Linear(seen, sizes.trunk), nn.SiLU(), nn.Linear(sizes.trunk, sizes.embedding)
        )
        self.condition = nn.Linear(sizes.embedding + 2 * sizes.joints + 1, sizes.head)
        self.head = Head(sizes)
        # Only for training: where the objects are must be readable from the embedding.
        self.layout = nn.Linear(sizes.embedding, sizes.layout)

    def encode(self, images: Tensor, measured: Tensor, language: Tensor) -> Tensor:
        """Embeddings (b, d) of images (b, cameras, s, s, 3) uint8, joints (b, n), language."""
        pixels = images.permute(1, 0, 4, 2, 3)
        seen = [eye(pixels[i].float() / 127.5 - 1.0, language) for i, eye in enumerate(self.eyes)]
        return self.trunk(torch.cat([*seen, measured, language], dim=1))

    def conditioned(
        self, embedding: Tensor, position: Tensor, velocity: Tensor, ahead: Tensor
    ) -> Tensor:
        """Conditions (b, width) of chunks that leave told states (b, n), ``ahead`` (b, 1) [s]."""
        told = torch.cat([embedding, position, velocity, ahead / AHEAD_SCALE_S], dim=1)
        return functional.silu(self.condition(told))
