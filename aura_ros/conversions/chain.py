"""The chain's own messages: one table that both directions read."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from aura_ros import types as t
from aura_ros.conversions.fields import (
    BOOL,
    DURATION,
    FLOATS,
    INT,
    MATRIX,
    NUMBERS,
    REAL,
    REASONS,
    TEXT,
    TEXTS,
    TIME,
    Codec,
    Field,
    Make,
    alternatives,
    plain,
)

CHECKS = Codec(
    lambda value, make: [to_message(check, make) for check in value],
    lambda field, message: tuple(from_message(t.Check, check) for check in field),
)

PROVENANCE = Codec(
    lambda value, make: to_message(value, make),
    lambda field, message: from_message(t.Provenance, field),
)
# None or one: a list in the message.
CORRECTION = Codec(
    lambda value, make: [] if value is None else [to_message(value, make)],
    lambda field, message: from_message(t.ActionChunk, field[0]) if len(field) else None,
)
ALTERNATIVES = Codec(
    MATRIX.encode,
    lambda field, message: alternatives(field, len(message.rows), len(message.joint_names)),
)


def _fields(*rows: tuple[str, str, Codec]) -> tuple[Field, ...]:
    return tuple(Field(message, attribute or message, codec) for message, attribute, codec in rows)


PLAN = _fields(
    ("start", "start_ns", TIME),
    ("knot_period", "knot_period_ns", DURATION),
    ("joint_names", "", TEXTS),
    ("position", "", MATRIX),
    ("velocity", "", MATRIX),
    ("acceleration", "", MATRIX),
    ("chunk_digest", "", TEXT),
    ("base_digest", "", TEXT),
    ("provenance", "", PROVENANCE),
)

TABLE: Mapping[type, tuple[Field, ...]] = {
    t.ActionChunk: _fields(
        ("stamp", "observation_stamp_ns", TIME),
        ("start", "start_ns", TIME),
        ("session", "", INT),
        ("episode", "", INT),
        ("sequence", "", INT),
        ("source", "", TEXT),
        ("row_period", "row_period_ns", DURATION),
        ("joint_names", "", TEXTS),
        ("rows", "", MATRIX),
        ("inference", "inference_ns", DURATION),
        ("provenance", "", PROVENANCE),
        ("alternatives", "", ALTERNATIVES),
    ),
    t.PolicyFeatures: _fields(
        ("stamp", "stamp_ns", TIME),
        ("session", "", INT),
        ("episode", "", INT),
        ("sequence", "", INT),
        ("embedding", "", NUMBERS),
        ("sensitivity", "", REAL),
    ),
    t.MemoryState: _fields(
        ("stamp", "stamp_ns", TIME),
        ("sequence", "", INT),
        ("readout", "", NUMBERS),
        ("prediction_error", "", REAL),
        ("wrote", "", BOOL),
        ("updates", "", INT),
        ("writes", "", INT),
        ("bytes_written", "", INT),
        ("state_bytes", "", INT),
        ("state_digest", "", TEXT),
        ("session", "", INT),
        ("previous_digest", "", TEXT),
        ("state_norm", "", REAL),
    ),
    t.FailureRisk: _fields(
        ("stamp", "stamp_ns", TIME),
        ("sequence", "", INT),
        ("level", "", plain(t.RiskLevel)),
        ("score", "", REAL),
        ("threshold", "", REAL),
        ("score_names", "", TEXTS),
        ("scores", "", FLOATS),
        ("trust", "", REAL),
    ),
    t.Check: _fields(
        ("name", "", TEXT),
        ("passed", "", BOOL),
        ("value", "", REAL),
        ("limit", "", REAL),
        ("decision", "", plain(t.Decision)),
        ("detail", "", TEXT),
    ),
    t.Verdict: _fields(
        ("stamp", "stamp_ns", TIME),
        ("chunk_digest", "", TEXT),
        ("plan_digest", "", TEXT),
        ("decision", "", plain(t.Decision)),
        ("reason", "", TEXT),
        ("checks", "", CHECKS),
        ("rules", "", TEXT),
        ("provenance", "", PROVENANCE),
        ("correction", "", CORRECTION),
    ),
    t.Lease: _fields(
        ("stamp", "stamp_ns", TIME),
        ("session", "", INT),
        ("sequence", "", INT),
        ("granted", "", BOOL),
        ("duration", "duration_ns", DURATION),
        ("mode", "", plain(t.Mode)),
        ("reason", "", TEXT),
    ),
    t.GuardStatus: _fields(
        ("stamp", "stamp_ns", TIME),
        ("mode", "", plain(t.Mode)),
        ("reason", "", TEXT),
        ("checks", "", CHECKS),
        ("allowed", "", INT),
        ("refused_reasons", "refused", REASONS),
        ("asking", "", BOOL),
        ("recovering", "", BOOL),
        ("off", "", TEXTS),
        ("rules", "", TEXT),
    ),
    t.Question: _fields(
        ("stamp", "stamp_ns", TIME),
        ("identifier", "", INT),
        ("words", "", TEXT),
        ("options", "", TEXTS),
    ),
    t.Retreat: _fields(
        ("stamp", "stamp_ns", TIME),
        ("until", "until_ns", TIME),
        ("reason", "", TEXT),
    ),
    t.AuditHead: _fields(
        ("stamp", "stamp_ns", TIME),
        ("log", "", TEXT),
        ("records", "", INT),
        ("head", "", TEXT),
        ("signature", "", TEXT),
    ),
    t.Provenance: _fields(
        ("model", "", TEXT),
        ("normalisation", "", TEXT),
        ("configuration", "", TEXT),
        ("instruction", "", TEXT),
    ),
    t.FuserStatus: _fields(
        ("stamp", "stamp_ns", TIME),
        ("state", "", TEXT),
        ("remaining", "remaining_s", REAL),
        ("committed", "", INT),
        ("refused_reasons", "refused", REASONS),
        ("last_refusal", "", TEXT),
        ("tracking_deviation", "", REAL),
        ("tripped", "", BOOL),
        ("task_switch", "", TEXT),
    ),
    t.Command: _fields(
        ("stamp", "stamp_ns", TIME),
        ("position", "", NUMBERS),
        ("velocity", "", NUMBERS),
        ("passed", "", BOOL),
        ("check", "", TEXT),
    ),
    t.Plan: PLAN,
}

# Values that travel, and the message that carries each.
MESSAGES: Mapping[type, str] = {
    **{kind: f"aura_ros/msg/{kind.__name__}" for kind in TABLE},
    t.Proposal: "aura_ros/msg/Plan",
    t.Commitment: "aura_ros/msg/Plan",
    t.WayBack: "aura_ros/msg/ActionChunk",
}

# Values whose messages have a tag.
TAGGED = (t.ActionChunk, t.Plan, t.Verdict, t.Lease)


def to_message(value: Any, make: Make) -> Any:
    """The message of a value, made by ``make``."""
    if isinstance(value, t.Proposal | t.Commitment):
        value = value.plan
    elif isinstance(value, t.WayBack):
        value = value.chunk
    kind = type(value)
    fields = {f.message: f.codec.encode(getattr(value, f.attribute), make) for f in TABLE[kind]}
    if kind in (t.ActionChunk, t.Plan):
        fields["digest"] = _digest(value, fields)
    if kind in TAGGED:
        fields["tag"] = ""  # whoever has a key fills it in
    if "refused_reasons" in fields:
        fields["refused_counts"] = np.array(list(value.refused.values()), dtype=np.uint64)
    return make(MESSAGES[kind], fields)


def _digest(value: t.ActionChunk | t.Plan, fields: Mapping[str, Any]) -> str:
    """The digest that a reader of these fields finds: arrays travel flat, and those that do not
    fit the joints are read in another shape."""
    columns = len(value.joint_names)
    arrays = (value.rows,) if isinstance(value, t.ActionChunk) else (
        value.position, value.velocity, value.acceleration
    )  # fmt: skip
    fits = all(a.ndim == 2 and a.shape[1] == columns and a.size for a in arrays)
    if isinstance(value, t.ActionChunk) and value.alternatives.size:
        fits = fits and value.alternatives.shape[1:] == value.rows.shape
    if fits:
        return value.digest
    read = from_message(type(value), SimpleNamespace(**fields))
    return str(read.digest)


def from_message(kind: type, message: Any) -> Any:
    """The value of type ``kind`` that a message carries."""
    if kind in (t.Proposal, t.Commitment):
        return kind(from_message(t.Plan, message))
    if kind is t.WayBack:
        return kind(from_message(t.ActionChunk, message))
    return kind(
        **{f.attribute: f.codec.decode(getattr(message, f.message), message) for f in TABLE[kind]}
    )
