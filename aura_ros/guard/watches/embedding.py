"""What the policy sees is like what it was calibrated on."""

from __future__ import annotations

from typing import Any

import numpy as np

from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import below, unknown
from aura_ros.guard.ood.embedding import EmbeddingShape, Metric
from aura_ros.guard.ood.seen import Seen
from aura_ros.guard.ood.shown import Shown
from aura_ros.guard.risk.calibration import OPTION, part_of
from aura_ros.guard.watch import About, Watch
from aura_ros.robot.spec import Table
from aura_ros.types import Array, Check, Decision, Now, PolicyFeatures


class EmbeddingWatch(Watch):
    """Value: Mahalanobis distance of the embedding, the third largest of the last five; limit: its
    calibrated quantile. HOLD while the embedding is missing, of another length or not finite, and
    while chunks come from another policy than the one that was calibrated.
    What is seen while motion is held does not count."""

    name = "embedding"
    about = About.POLICY

    def __init__(self, setup: Setup) -> None:
        calibrated: EmbeddingShape
        calibrated, self._policy = part_of(setup, self.name)
        self._decision, self._limit = setup.decision, calibrated.limit
        self._length, self._metric = len(calibrated.mean), Metric(calibrated)
        self._shown, self._seen = Shown(), Seen()
        self._fault = ""

    def hear(self, value: Any, now: Now) -> None:
        """Features, chunks, leases, and where episodes begin."""
        self._seen.hear(value, now)
        self._shown.hear(value)
        self._policy.hear(value)
        if isinstance(value, PolicyFeatures):
            self._fault = self._fault_of(value.embedding)
            if not self._fault and self._seen.counts(value.stamp_ns):
                self._seen.take(self._metric.of(value.embedding))

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        fault = self._policy.fault or self._fault or self._shown.fault
        if fault:
            return (unknown(self.name, f"embedding: {fault}"),)
        words = "what the policy sees is unlike what it was calibrated on"
        return (below(self.name, self._seen.value, self._limit, words, self._decision),)

    def _fault_of(self, embedding: Array) -> str:
        if embedding.shape != (self._length,):
            return (
                f"its length is {embedding.size}, calibrated were {self._length}: calibrate again "
                "with this policy"
            )
        return "" if np.isfinite(embedding).all() else "it is not finite"


ENTRY = Entry(
    EmbeddingWatch.name, Stage.WORLD, EmbeddingWatch, Decision.ASK, Table({"calibration": OPTION})
)
