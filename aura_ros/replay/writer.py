"""Every decision of a replay as a rosbag2 recording (mcap), and the hash over all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from rosbags.interfaces import Connection
from rosbags.rosbag2 import StoragePlugin, Writer

from aura_ros import types as t
from aura_ros.conversions import MESSAGES, to_message
from aura_ros.replay.recording import RecordingError
from aura_ros.replay.typestore import maker, typestore

# The names of the live chain.
TOPICS: Mapping[type, str] = {
    t.ActionChunk: "/chunk",
    t.WayBack: "/way_back",
    t.PolicyFeatures: "/features",
    t.MemoryState: "/memory_state",
    t.FailureRisk: "/failure_risk",
    t.Proposal: "/proposed_plan",
    t.Verdict: "/verdict",
    t.Lease: "/lease",
    t.GuardStatus: "/guard_status",
    t.Question: "/question",
    t.Retreat: "/retreat",
    t.AuditHead: "/audit_head",
    t.Commitment: "/committed_plan",
    t.FuserStatus: "/fuser_status",
    t.Command: "/command",
}


class DecisionWriter:
    """Writes decisions to the rosbag2 folder ``path``; one of an earlier replay is replaced.

    Raises RecordingError if anything else is there.
    """

    def __init__(self, path: Path) -> None:
        _make_room(path)
        self._store = typestore()
        self._make = maker()
        self._sha = hashlib.sha256()
        self._writer = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        self._connections: dict[type, Connection] = {
            kind: self._writer.add_connection(topic, MESSAGES[kind], typestore=self._store)
            for kind, topic in TOPICS.items()
        }

    def __enter__(self) -> DecisionWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    def write(self, value: Any, now: t.Now) -> None:
        """Write a decision at its arrival; values that do not travel are left out."""
        connection = self._connections.get(type(value))
        if connection is None:
            return
        message = to_message(value, self._make)
        data = self._store.serialize_cdr(message, connection.msgtype)
        self._writer.write(connection, now.steady_ns, data)
        self._sha.update(f"{connection.topic} {now.ros_ns} {now.steady_ns} {len(data)};".encode())
        self._sha.update(data)

    @property
    def output_hash(self) -> str:
        """SHA-256 (hex) over topic, times and bytes of every decision so far, in order."""
        return self._sha.hexdigest()


def _make_room(path: Path) -> None:
    """Remove the decisions of an earlier replay, and nothing else."""
    if not path.exists():
        return
    ours = [path / "metadata.yaml", path / f"{path.name}.mcap"]
    others = sorted(set(path.iterdir()) - set(ours)) if path.is_dir() else [path]
    if others:
        raise RecordingError(f"{others[0]} is in the way: choose another folder with --out")
    for file in ours:
        file.unlink(missing_ok=True)
    path.rmdir()
