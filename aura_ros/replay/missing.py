"""What stands where a replay was handed no policy, and no URDF."""

from __future__ import annotations

from aura_ros.policy.backend import BackendError
from aura_ros.types import Array, Observation, Request


def no_urdf() -> bytes:
    """Stands where no URDF was handed in."""
    raise ValueError(
        "poses and geometry need the robot's URDF: give a name or path, or hand it in as urdf"
    )


class NoBackend:
    """Stands where no policy is asked."""

    name = "none"

    def encode(self, observation: Observation) -> Array:
        """There is nothing to encode with."""
        raise BackendError("recorded chunks are replayed: no policy is asked")

    def act(self, request: Request, embedding: Array) -> Array:
        """There is nothing to answer with."""
        raise BackendError("recorded chunks are replayed: no policy is asked")
