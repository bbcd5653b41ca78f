"""The end of a log that is to be continued."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from aura_ros.audit.chain import FILE, Line, Link, parse
from aura_ros.audit.files import files_of

# So much of the last file is verified before the log is continued [B].
LOOKED_AT = 1 << 20


class ChangedLogError(ValueError):
    """A log whose last lines do not belong together."""


@dataclass(frozen=True)
class Torn:
    """A line that was never finished, at the end of file ``number``."""

    number: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Tail:
    """Where a log ends: its last record, its last file, and what was never finished there."""

    link: Link = field(default_factory=Link)
    number: int = 0
    torn: tuple[Torn, ...] = ()


def torn_line(number: int, content: bytes) -> Torn:
    """What is known of a line that was never finished."""
    return Torn(number, len(content), hashlib.sha256(content).hexdigest())


def tail_of(directory: Path, name: str) -> Tail:
    """Where the log ``name`` ends.

    Raises ChangedLogError if its last lines do not belong together, OSError if they cannot be
    read.
    """
    files = files_of(directory, name)
    torn: list[Torn] = []
    for number, path in sorted(files.items(), reverse=True):
        content, is_whole = _end_of(path)
        *lines, rest = content.split(b"\n")
        if rest:
            torn.append(torn_line(number, rest))
        if lines:
            link = _verified(path, lines, is_whole)
            return Tail(link, max(files), tuple(reversed(torn)))
    return Tail(number=max(files, default=0), torn=tuple(reversed(torn)))


def _end_of(path: Path) -> tuple[bytes, bool]:
    """The last whole lines of a file and what follows them; whether that is all of it."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LOOKED_AT))
        whole_lines = file.read().partition(b"\n")[2]
        if size > LOOKED_AT and b"\n" in whole_lines:
            return whole_lines, False
        file.seek(0)
        return file.read(), True


def _verified(path: Path, lines: list[bytes], is_whole: bool) -> Link:
    link: Link | None = None
    for content in lines:
        line = parse(content)
        if line is None:
            raise _changed(path, content, "is no record")
        if link is None:
            # What was before the lines that are looked at is for `aura audit verify`.
            if is_whole and not begins(line):
                raise _changed(path, content, "does not follow from the file before")
        elif not line.follows(link):
            raise _changed(path, content, "does not follow from the line before")
        link = Link(line.counter, line.stated)
    assert link is not None
    return link


def begins(line: Line) -> bool:
    """Whether ``line`` is the first of a file, and follows from the head that it names."""
    before = link_before(line)
    return before is not None and line.follows(before)


def link_before(line: Line) -> Link | None:
    """The end of the file before, as the first line of a file names it."""
    if line.kind != FILE:
        return None
    try:
        return Link(int(line.value["records"]), bytes.fromhex(line.value["head"]))
    except (KeyError, TypeError, ValueError):
        return None


def _changed(path: Path, content: bytes, words: str) -> ChangedLogError:
    shown = content[:80].decode("utf-8", "replace")
    return ChangedLogError(
        f"audit log {path}: a line {words} ({shown!r}): somebody changed it. Keep the directory as "
        "evidence (`aura audit verify` says more) and name another one in the parameter audit"
    )
