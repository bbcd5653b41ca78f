"""Chunks that were asked for on a motion that has been given up since.

A policy is told where the committed motion will be, and its rows begin there. Where that motion is
dropped while the policy computes (another instruction, a HOLD, a way back), rows begin beside what
the robot does, and disagree with rows before and after, for no fault of the policy.
"""

from __future__ import annotations

from typing import Any

from aura_ros.guard.watch import Turn
from aura_ros.types import NS, ROLLBACK, ActionChunk, ClockJump, Commitment, Lease, Now, Plan

# Until the policy has heard of it; requests go out at camera rate.
HEARD_NS = NS // 20


class GivenUp:
    """When motion was last given up: the fuser committed a stop of it, the lease was taken back,
    a way back was allowed, or the clock jumped."""

    def __init__(self) -> None:
        self._committed: Plan | None = None
        self._since_ns: int | None = None

    def hear(self, value: Any, now: Now) -> bool:
        """Take a value that the guard heard; whether motion is given up by it."""
        if isinstance(value, Commitment):
            gives_up = self._is_stop(value.plan)
        elif isinstance(value, Turn):
            gives_up = value.allowed and value.chunk.source == ROLLBACK
        else:
            is_over = isinstance(value, Lease) and not value.granted
            gives_up = is_over or isinstance(value, ClockJump)
        if isinstance(value, ClockJump):
            self._committed = None
        if gives_up:
            self._since_ns = now.ros_ns
        return gives_up

    def is_behind(self, chunk: ActionChunk) -> bool:
        """Whether what is behind ``chunk`` was seen before the policy can have heard of it.

        By the stamp of the observation, which cannot be old for long: ``freshness`` bounds it.
        """
        since = self._since_ns
        return since is not None and chunk.observation_stamp_ns <= since + HEARD_NS

    def _is_stop(self, plan: Plan) -> bool:
        """Whether it is another end of the motion that was committed: a stop of it."""
        before = self._committed
        if before is not None and plan.start_ns < before.start_ns:
            return False  # committed before that, and comes again
        self._committed = plan
        if before is None or plan.chunk_digest not in ("", before.chunk_digest):
            return False
        return plan.digest != before.digest
