"""Published heads of a log: from a recording, or from lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from aura_ros.types import AuditHead

TYPE = "aura_ros/msg/AuditHead"
# What a recording is named like; any other file is lines of JSON.
RECORDINGS = (".mcap", ".db3", ".bag")


class BadHeadsError(ValueError):
    """A file without published heads: names it and the remedy."""


def read_heads(path: Path) -> tuple[AuditHead, ...]:
    """The heads in a recording (rosbag2, ROS 1) or in lines of JSON, as they lie there.

    Raises BadHeadsError, or ValueError of a recording that cannot be read.
    """
    is_recording = path.is_dir() or path.suffix in RECORDINGS
    try:
        heads = tuple(_recorded(path) if is_recording else _lines(path))
    except OSError as error:
        raise BadHeadsError(f"heads {path} cannot be read: {error.strerror}") from error
    if not heads:
        words = f"no message of {TYPE}: record the topic audit_head"
        raise BadHeadsError(f"{path} holds {words if is_recording else 'no head'}")
    return heads


def write_heads(path: Path, heads: tuple[AuditHead, ...]) -> None:
    """Write heads as lines of JSON."""
    path.write_text("".join(json.dumps(asdict(head)) + "\n" for head in heads))


def _lines(path: Path) -> Iterator[AuditHead]:
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        try:
            fields = json.loads(line)
            head = AuditHead(
                int(fields.get("stamp_ns", 0)), str(fields["log"]), int(fields["records"]),
                str(fields["head"]), str(fields.get("signature", "")),
            )  # fmt: skip
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadHeadsError(
                f"{path}, line {number} is no head: log, records and head are needed, as "
                "`aura audit heads` writes them"
            ) from error
        yield head


def _recorded(path: Path) -> Iterator[AuditHead]:
    from aura_ros.conversions import from_message
    from aura_ros.replay.recording import Recording

    with Recording(path) as recording:
        ours = [c for c in recording.connections if c.msgtype == TYPE]
        for connection, _, data in recording.messages(ours):
            yield from_message(AuditHead, recording.decode(connection, data))
