"""The readable beginning of a recording that broke off: a crash, a full disk, a partial copy."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    MessageDefinition,
    MessageDefinitionFormat,
)
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from aura_ros.replay.prefix import Broken, Found, Source, read_mcap, read_sqlite
from aura_ros.replay.typestore import typestore


class Salvage:
    """Reads like rosbags' AnyReader, up to the break. ``broken`` says what was found there."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self.broken = ""
        counts: dict[Source, int] = {}
        self.start_time, self.end_time = 2**63 - 1, 0
        for found in self._found():
            counts[found.source] = counts.get(found.source, 0) + 1
            self.start_time = min(self.start_time, found.log_ns)
            self.end_time = max(self.end_time, found.log_ns + 1)
        self.message_count = sum(counts.values())
        self.connections = [
            _connection(i, source, count) for i, (source, count) in enumerate(counts.items())
        ]
        self._store = get_typestore(Stores.EMPTY)
        types = dict(typestore().fielddefs)
        for source in counts:
            if source.definition:
                types |= get_types_from_msg(source.definition, source.type)
        self._store.register(types)

    def messages(
        self,
        connections: Collection[Connection] = (),
        start: int | None = None,
        stop: int | None = None,
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Messages of ``connections`` with log times in [start, stop), in the file's order."""
        wanted = {(c.topic, c.msgtype): c for c in connections or self.connections}
        low, high = start or 0, 2**63 if stop is None else stop
        for found in self._found():
            connection = wanted.get((found.source.topic, found.source.type))
            if connection is not None and low <= found.log_ns < high:
                yield connection, found.log_ns, found.data

    def deserialize(self, data: bytes, msgtype: str) -> Any:
        """The message of some CDR."""
        return self._store.deserialize_cdr(data, msgtype)

    def close(self) -> None:
        """Files are open only while they are read."""

    def _found(self) -> Iterator[Found]:
        for path in self._files:
            try:
                yield from (read_mcap if path.suffix == ".mcap" else read_sqlite)(path)
            except Broken as broken:
                self.broken = f"{path.name} {broken}"
                return


def _connection(number: int, source: Source, count: int) -> Connection:
    nothing = MessageDefinition(MessageDefinitionFormat.NONE, "")
    extension = ConnectionExtRosbag2("cdr", [])
    return Connection(number, source.topic, source.type, nothing, "", count, extension, None)
