"""Recordings of ROS 2 (mcap, sqlite3) and ROS 1, opened without ROS, whole or broken off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection

from aura_ros.conversions import ConversionError
from aura_ros.conversions.fields import nanoseconds
from aura_ros.replay.salvage import Salvage
from aura_ros.replay.typestore import typestore

Reader: TypeAlias = AnyReader | Salvage

KINDS = "a rosbag2 directory, an .mcap or .db3 file, or a ROS 1 .bag"
REMEDIES = {
    ".mcap": "`mcap recover` may save more",
    ".db3": '`sqlite3 FILE ".recover"` may save more',
    ".bag": "try `rosbag reindex`",
    ".zstd": "decompress it with `zstd -d` and try again",
}


class RecordingError(ValueError):
    """A recording that cannot be replayed: names it, what was found and the remedy."""


class Recording:
    """An open recording. ``broken`` says where it breaks off, empty for a whole one.

    Log times are [ns]; a recording without log times is ordered by its header stamps.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader, self.broken = _open(path)
        self.connections: Sequence[Connection] = tuple(self._reader.connections)
        if not self._reader.message_count:
            self.close()
            raise RecordingError(f"{path} holds no messages: was anything published?")
        self.start_ns, self.end_ns = self._reader.start_time, self._reader.end_time - 1
        self._timeless = self.start_ns == self.end_ns and self._reader.message_count > 1
        if self._timeless:
            stamps = [t for _, t, _ in self._by_stamp(self.connections)]
            self.start_ns, self.end_ns = stamps[0], stamps[-1]

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._reader.close()

    def messages(
        self, connections: Sequence[Connection], start_ns: int = 0, stop_ns: int = 2**63 - 1
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Connection, log time and bytes of each message in [start, stop), in order.

        Ends at a break in the file and notes it in ``broken``.
        """
        if not connections:
            return
        if self._timeless:
            by_stamp = self._by_stamp(connections)
            yield from (found for found in by_stamp if start_ns <= found[1] < stop_ns)
            return
        try:
            yield from self._reader.messages(connections, start_ns, stop_ns)
        except Exception as error:  # rosbags raises whatever its parsers meet
            self.broken = f"{self.path.name} is damaged: {error or type(error).__name__}"

    def decode(self, connection: Connection, data: bytes) -> Any:
        """The message of some bytes. Raises ConversionError if they are not one."""
        try:
            return self._reader.deserialize(data, connection.msgtype)
        except Exception as error:  # malformed bytes raise whatever they run into
            words = f"bytes that are no {connection.msgtype}"
            raise ConversionError(f"{words} ({type(error).__name__})") from error

    def topics(self) -> str:
        """What was recorded, one line a topic."""
        lines = {f"  {c.topic} [{c.msgtype}] {c.msgcount} messages" for c in self.connections}
        return "\n".join(sorted(lines))

    def _by_stamp(self, connections: Sequence[Connection]) -> list[tuple[Connection, int, bytes]]:
        """All messages by header stamp; those without one follow the message before them."""
        stamped: list[tuple[Connection, int, bytes]] = []
        last = self.start_ns
        for connection, _, data in self._reader.messages(connections):
            header = getattr(self._reader.deserialize(data, connection.msgtype), "header", None)
            last = nanoseconds(header.stamp) if header is not None else last
            stamped.append((connection, last, data))
        return sorted(stamped, key=lambda entry: entry[1])


def _open(path: Path) -> tuple[Reader, str]:
    """A reader, and where the recording breaks off."""
    files = _files(path)
    empty = [file.name for file in files if not file.stat().st_size]
    if len(empty) == len(files):
        raise RecordingError(f"{path} is empty (0 bytes): record it again")
    if path.is_dir() and not (path / "metadata.yaml").is_file():
        return _salvaged(path, files, "metadata.yaml is missing")
    try:
        reader = AnyReader([path], default_typestore=typestore())
        reader.open()
    except Exception as error:  # rosbags raises whatever its parsers meet
        return _salvaged(path, files, str(error) or type(error).__name__)
    return reader, ""


def _files(path: Path) -> list[Path]:
    """The files that hold messages."""
    if not path.exists():
        raise RecordingError(f"{path} does not exist: give {KINDS}")
    if path.is_file():
        if path.suffix not in REMEDIES:
            raise RecordingError(f"{path} is no recording by its name: give {KINDS}")
        return [path]
    for pattern in ("*.mcap", "*.db3", "*.zstd"):
        files = sorted(path.glob(pattern))
        if files:
            return files
    raise RecordingError(f"{path} holds no .mcap and no .db3 file: give {KINDS}")


def _salvaged(path: Path, files: list[Path], found: str) -> tuple[Reader, str]:
    """What can be read of a recording that rosbags refuses to open."""
    suffix = files[0].suffix
    remedy = REMEDIES[suffix]
    if suffix not in (".mcap", ".db3"):
        raise RecordingError(f"{path} cannot be read ({found}): {remedy}")
    salvage = Salvage(files)
    if not salvage.message_count:
        words = salvage.broken or found
        raise RecordingError(f"{path}: nothing could be read, {words}; {remedy}")
    if salvage.broken:
        return salvage, f"{salvage.broken}; {remedy}"
    # Every message is there: only an index or the metadata is missing.
    return salvage, "" if "metadata" in found else f"{files[0].name} lacks its index ({found})"
