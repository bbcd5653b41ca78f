"""What the guard watches beside chunks and plans: each a module with one class, a ``Watch``.

``BUILT_IN`` is the table of them.
"""

from aura_ros.guard.entry import Entry, Stage
from aura_ros.guard.watches import (
    budgets,
    embedding,
    human_separation,
    instruction,
    memory_integrity,
    sensitivity,
    session_risk,
    temporal,
    uncertainty,
    wrench,
)
from aura_ros.guard.watches.audit import Audit
from aura_ros.guard.watches.committed import Committed
from aura_ros.guard.watches.failure_risk import Risk
from aura_ros.guard.watches.liveness import Liveness
from aura_ros.guard.watches.malformed import Malformed
from aura_ros.guard.watches.tampering import Tampering
from aura_ros.guard.watches.tracking import Tracking
from aura_ros.types import Decision


def _required(kind: type, decision: Decision = Decision.HOLD) -> Entry:
    return Entry(kind.name, Stage.WORLD, kind, decision, optional=False)  # type: ignore[attr-defined]


BUILT_IN: tuple[Entry, ...] = (
    _required(Liveness),
    _required(Risk),
    _required(Tracking),
    _required(Committed),
    _required(Malformed),
    _required(Audit),
    _required(Tampering, Decision.STOP),
    memory_integrity.ENTRY,
    human_separation.ENTRY,
    wrench.ENTRY,
    instruction.ENTRY,
    embedding.ENTRY,
    sensitivity.ENTRY,
    uncertainty.ENTRY,
    session_risk.ENTRY,
    temporal.ENTRY,
    budgets.ENTRY,
)

__all__ = ["BUILT_IN"]
