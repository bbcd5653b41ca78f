"""Messages of a file in the order of the file, up to where it breaks off. No index is needed."""

from __future__ import annotations

import mmap
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rosbags.rosbag2.storage_mcap import decompress

MCAP_MAGIC = b"\x89MCAP0\r\n"
# Opcodes of the mcap specification, https://mcap.dev/spec.
FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, DATA_END = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0F
LAST_OPCODE = 0x0F


class Broken(ValueError):
    """Where and how a file breaks off."""


@dataclass(frozen=True)
class Source:
    """A topic, its message type and the type's definition ("" if the file has none)."""

    topic: str
    type: str
    definition: str = ""


@dataclass(frozen=True)
class Found:
    """One message in the order of the file; ``data`` is its CDR."""

    source: Source
    log_ns: int
    data: bytes


def read_mcap(path: Path) -> Iterator[Found]:
    """Messages of an mcap file. Raises Broken where it breaks off."""
    if not path.stat().st_size:
        raise Broken("is empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[: len(MCAP_MAGIC)] != MCAP_MAGIC:
            raise Broken("does not begin as an mcap file")
        yield from _records(data, len(MCAP_MAGIC), {}, {})


def _records(
    data: bytes | mmap.mmap, at: int, schemas: dict[int, Source], channels: dict[int, Source]
) -> Iterator[Found]:
    """Messages among the records from ``at`` on; a chunk is such a sequence of its own."""
    size = len(data)
    while at < size:
        if at + 9 > size:
            raise Broken(f"ends at byte {size}, within a record")
        opcode, length = struct.unpack_from("<BQ", data, at)
        if opcode in (FOOTER, DATA_END):
            return
        if not 0 < opcode <= LAST_OPCODE:
            raise Broken(f"has no record at byte {at}")
        body, at = data[at + 9 : min(at + 9 + length, size)], at + 9 + length
        if opcode == CHUNK:
            yield from _records(_unpacked(body, length), 0, schemas, channels)
        if at > size:
            raise Broken(f"ends at byte {size}, within a record")
        if opcode == SCHEMA:
            number, schema = _schema(body)
            schemas[number] = schema
        elif opcode == CHANNEL:
            number, of_schema = struct.unpack_from("<HH", body)
            schema = schemas.get(of_schema, Source("", ""))
            channels[number] = replace(schema, topic=_text(body, 4)[0])
        elif opcode == MESSAGE:
            number, _, log_ns = struct.unpack_from("<HIQ", body)
            if number in channels:
                yield Found(channels[number], log_ns, body[22:])
    if isinstance(data, mmap.mmap):
        raise Broken(f"ends at byte {size}, without its index")


def _schema(body: bytes) -> tuple[int, Source]:
    (number,) = struct.unpack_from("<H", body)
    name, at = _text(body, 2)
    encoding, at = _text(body, at)
    definition, _ = _text(body, at)
    return number, Source("", name, definition if encoding == "ros2msg" else "")


def _unpacked(body: bytes, length: int) -> bytes:
    """Records of a chunk; of one that is cut off only if they are not compressed."""
    if len(body) < 32:
        raise Broken("ends within the head of a chunk")
    size, crc = struct.unpack_from("<QI", body, 16)
    compression, at = _text(body, 28)
    if len(body) == length:
        try:
            return decompress(body[at + 8 :], compression, size, crc)
        except Exception as error:  # every decompressor raises errors of its own
            raise Broken(f"has a damaged chunk ({error})") from error
    if compression:
        raise Broken("ends within a compressed chunk")
    return body[at + 8 :]


def _text(body: bytes, at: int) -> tuple[str, int]:
    """A string with its length before it, and where it ends."""
    (length,) = struct.unpack_from("<I", body, at)
    return body[at + 4 : at + 4 + length].decode(errors="replace"), at + 4 + length


def read_sqlite(path: Path) -> Iterator[Found]:
    """Messages of an sqlite3 file. Raises Broken where it breaks off."""
    database = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
    try:
        # Else a file that is shorter than it says is refused as a whole.
        database.execute("PRAGMA writable_schema = ON")
        topics = dict(_topics(database))
        # In the order of the table: its index lies in pages that may be lost.
        asked = "SELECT topic_id, timestamp, data FROM messages ORDER BY rowid"
        for topic, log_ns, data in database.execute(asked):
            if topic in topics:
                yield Found(topics[topic], log_ns, data)
        _check_length(path)
    except sqlite3.DatabaseError as error:
        raise Broken(f"breaks off: {error}") from error
    finally:
        database.close()


def _check_length(path: Path) -> None:
    """Raise Broken if the file is shorter than its header says."""
    with path.open("rb") as file:
        header = file.read(32)
    page, pages = struct.unpack_from(">H", header, 16)[0], struct.unpack_from(">I", header, 28)[0]
    written, size = (65536 if page == 1 else page) * pages, path.stat().st_size
    if size < written:
        raise Broken(f"ends at byte {size} of {written}")


def _topics(database: sqlite3.Connection) -> Iterator[tuple[int, Source]]:
    try:
        asked = "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions"
        definitions = {t: d for t, encoding, d in database.execute(asked) if encoding == "ros2msg"}
    except sqlite3.OperationalError:  # recorded before ROS 2 Iron
        definitions = {}
    for number, name, kind in database.execute("SELECT id, name, type FROM topics"):
        yield number, Source(name, kind, definitions.get(kind, ""))
