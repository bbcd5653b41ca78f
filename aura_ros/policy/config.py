"""Settings of the policy room."""

from __future__ import annotations

from dataclasses import dataclass

from aura_ros.settings import setting


@dataclass(frozen=True)
class PolicyConfig:
    """Settings of the policy room."""

    request_period: float = setting(0.03, "shortest time between requests [s]", 0.0, 60.0)
    request_timeout: float = setting(10.0, "longest wait for an answer [s]", 0.1, 600.0)
    in_flight: int = setting(1, "requests that may wait for their answers at a time", 1, 8)
    alignment_tolerance: float = setting(
        0.1, "how far apart capture times of images and joints may be [s]", 0.0, 1.0
    )
    commit_delay: float = setting(0.04, "time between a chunk and its first motion [s]", 0.0, 1.0)
    initial_latency: float = setting(0.2, "latency assumed until it was measured [s]", 0.0, 60.0)
    readout_timeout: float = setting(2.0, "oldest memory readout that is used [s]", 0.0, 60.0)
    roll_forward: bool = setting(
        True, "hand the policy the planned state at the time of execution (VLASH)"
    )
    instruction: str = setting("", "instruction until one is heard")
