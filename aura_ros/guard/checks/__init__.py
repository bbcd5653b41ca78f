"""Checks of chunks and plans, each a module with one function ``check(context) -> Check``, or
one ``make(setup)`` that returns such a function.

``BUILT_IN`` is the table of them in the order in which they are run: those of a chunk as it
arrives; those of the plan that was made of it, together with the chunk's rows, and its freshness
again, since time has passed.
"""

from aura_ros.guard.checks import (
    braking,
    caution,
    continuity,
    fidelity,
    freshness,
    integrity,
    plan_acceleration,
    plan_jerk,
    plan_position,
    plan_velocity,
    provenance,
    rotation,
    row_acceleration,
    row_position,
    row_start,
    row_velocity,
    schema,
    self_collision,
    sequence,
    singularity,
    temporal,
    timing,
    workspace,
)
from aura_ros.guard.entry import Entry, Stage, plain
from aura_ros.types import Decision

BUILT_IN: tuple[Entry, ...] = (
    plain("schema", Stage.CHUNK, schema.check),
    plain("sequence", Stage.CHUNK, sequence.check),
    plain("freshness", Stage.CHUNK, freshness.check),
    provenance.ENTRY,
    plain("plan_freshness", Stage.PLAN, freshness.check),
    plain("row_position", Stage.PLAN, row_position.check),
    plain("row_velocity", Stage.PLAN, row_velocity.check),
    plain("row_acceleration", Stage.PLAN, row_acceleration.check),
    row_start.ENTRY,
    plain("integrity", Stage.PLAN, integrity.check),
    plain("timing", Stage.PLAN, timing.check),
    plain("continuity", Stage.PLAN, continuity.check),
    plain("plan_position", Stage.PLAN, plan_position.check),
    plain("plan_velocity", Stage.PLAN, plan_velocity.check),
    plain("plan_acceleration", Stage.PLAN, plan_acceleration.check),
    plain("plan_jerk", Stage.PLAN, plan_jerk.check),
    plain("braking", Stage.PLAN, braking.check),
    plain("rotation", Stage.PLAN, rotation.check),
    plain("caution", Stage.PLAN, caution.check, Decision.SLOW),
    fidelity.ENTRY,
    workspace.ENTRY,
    self_collision.ENTRY,
    singularity.ENTRY,
    temporal.ENTRY,
)

__all__ = ["BUILT_IN"]
