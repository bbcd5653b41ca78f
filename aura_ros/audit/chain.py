"""The chain of records: h_i = SHA-256(h_(i-1) || record_i), from 32 zero bytes."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from aura_ros.audit.canonical import canonical
from aura_ros.types import AuditHead, Now

GENESIS = bytes(32)
# Kind of the first record of every file: it names the head of the file before.
FILE = "File"


@dataclass(frozen=True)
class Link:
    """The end of a chain: how many records it has, and the hash that chains them all."""

    records: int = 0
    head: bytes = GENESIS

    def then(self, kind: str, now: Now, value: Any) -> tuple[Link, bytes]:
        """The chain with one more record, and that record's line."""
        record = canonical(
            {"counter": self.records + 1, "kind": kind, "ros_ns": now.ros_ns,
             "steady_ns": now.steady_ns, "value": value}
        )  # fmt: skip
        link = Link(self.records + 1, chained(self.head, record))
        return link, link.head.hex().encode() + b" " + record + b"\n"


@dataclass(frozen=True)
class Line:
    """One line as it stands in a file; nobody has checked it."""

    stated: bytes
    record: bytes
    fields: dict[str, Any]

    @property
    def counter(self) -> int:
        """The number of the record."""
        return int(self.fields["counter"])

    @property
    def kind(self) -> str:
        """What was recorded."""
        return str(self.fields["kind"])

    @property
    def value(self) -> Any:
        """What was recorded, as JSON reads it."""
        return self.fields["value"]

    def follows(self, link: Link) -> bool:
        """Whether this is the record after ``link``."""
        return self.counter == link.records + 1 and chained(link.head, self.record) == self.stated


def chained(head: bytes, record: bytes) -> bytes:
    """The hash after ``record``."""
    return hashlib.sha256(head + record).digest()


def parse(line: bytes) -> Line | None:
    """The parts of a line without its end; None if it has no such parts."""
    stated, _, record = line.partition(b" ")
    try:
        fields = json.loads(record)
        head = bytes.fromhex(stated.decode("ascii"))
        whole = isinstance(fields["counter"], int) and isinstance(fields["kind"], str)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    # Hexadecimal digits may be written in two ways, and spaced: only one way is a line of ours.
    if not whole or "value" not in fields or head.hex().encode() != stated or len(head) != 32:
        return None
    return Line(head, record, fields)


def head_of(link: Link, log: str, stamp_ns: int, key: bytes | None) -> AuditHead:
    """What is published of a chain; signed if there is a key."""
    unsigned = AuditHead(stamp_ns, log, link.records, link.head.hex())
    if key is None:
        return unsigned
    return AuditHead(stamp_ns, log, link.records, unsigned.head, signature(unsigned, key))


def signature(head: AuditHead, key: bytes) -> str:
    """HMAC-SHA256 (hex) of log, records and head."""
    content = canonical(["aura audit head", head.log, head.records, head.head])
    return hmac.new(key, content, hashlib.sha256).hexdigest()
