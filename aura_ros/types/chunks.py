"""What the policy is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np

from aura_ros.types.arrays import Array, digest_of, freeze, frozen_array
from aura_ros.types.inputs import Image, JointState, Objects


@dataclass(frozen=True)
class Provenance:
    """What a chunk was made with: SHA-256 (hex) of the policy's weights, of what normalises its
    inputs and outputs, of the robot's configuration and of the instruction; empty: nobody said."""

    model: str = ""
    normalisation: str = ""
    configuration: str = ""
    instruction: str = ""


UNSAID = Provenance()


@dataclass(frozen=True)
class KinematicState:
    """Planned position, velocity and acceleration, each of shape (n,), at ``time_ns``."""

    time_ns: int
    position: Array
    velocity: Array
    acceleration: Array

    def __post_init__(self) -> None:
        freeze(self, "position", "velocity", "acceleration")


@dataclass(frozen=True)
class Observation:
    """What a policy sees: images by camera, joints measured at ``stamp_ns``, instruction."""

    stamp_ns: int
    images: Mapping[str, Image]
    joints: JointState
    instruction: str
    objects: Objects | None = None


@dataclass(frozen=True)
class Request:
    """One question to the policy: an observation and the planned state where its rows begin."""

    sequence: int
    episode: int
    observation: Observation
    start: KinematicState
    readout: Array | None


@dataclass(frozen=True)
class Response:
    """The policy's answer to request ``sequence``: rows (H, n), or the reason there is none.

    ``alternatives`` (K, H, n) are other chunks drawn for the same observation; ``sensitivity``
    says how sharply the policy's flow turns along its own direction (NaN: it shows no flow).
    """

    sequence: int
    rows: Array
    embedding: Array
    error: str = ""
    alternatives: Array = field(default_factory=lambda: NO_ALTERNATIVES)
    sensitivity: float = float("nan")

    def __post_init__(self) -> None:
        freeze(self, "rows", "embedding", "alternatives")


# Of a policy that drew one chunk alone.
NO_ALTERNATIVES: Array = frozen_array(np.zeros((0, 0, 0)))

# ``source`` of a chunk that retraces executed motion: what recovers is not the policy's work.
ROLLBACK = "rollback"


@dataclass(frozen=True)
class ActionChunk:
    """Absolute joint targets, ``rows`` of shape (H, n); row i holds at start + i * period.

    ``observation_stamp_ns`` is the capture time of the images behind it; ``start_ns`` the time
    of the state that the policy was given; ``inference_ns`` the policy's own time. Chunks
    order by (session, episode, sequence). ``alternatives`` (K, H, n) are other rows that the
    policy drew for the same observation.
    """

    session: int
    episode: int
    sequence: int
    observation_stamp_ns: int
    start_ns: int
    row_period_ns: int
    joint_names: tuple[str, ...]
    rows: Array
    source: str = "policy"
    inference_ns: int = 0
    provenance: Provenance = UNSAID
    alternatives: Array = field(default_factory=lambda: NO_ALTERNATIVES)

    def __post_init__(self) -> None:
        freeze(self, "rows", "alternatives")

    @property
    def order(self) -> tuple[int, int, int]:
        """Key by which chunks are newer or older than each other."""
        return (self.session, self.episode, self.sequence)

    @property
    def end_ns(self) -> int:
        """Time of the last row [ns]."""
        return self.start_ns + (len(self.rows) - 1) * self.row_period_ns

    @cached_property
    def digest(self) -> str:
        """Identity of the content."""
        return digest_of(*(getattr(self, f.name) for f in fields(self)))


@dataclass(frozen=True)
class WayBack:
    """A chunk that retraces executed motion: made by the fuser, never by a policy."""

    chunk: ActionChunk


@dataclass(frozen=True)
class PolicyFeatures:
    """Embedding (d,) of the observation behind chunk (session, episode, sequence).

    ``sensitivity`` says how sharply the policy's flow turns along its own direction there (NaN:
    it shows no flow).
    """

    session: int
    episode: int
    sequence: int
    stamp_ns: int
    embedding: Array
    sensitivity: float = float("nan")

    def __post_init__(self) -> None:
        freeze(self, "embedding")
