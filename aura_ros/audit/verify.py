"""Is a log what was written? The chain says what is inside it, published heads what was cut."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aura_ros.audit.chain import FILE, Line, Link, parse, signature
from aura_ros.audit.files import PATTERN, logs_in
from aura_ros.audit.tail import link_before, torn_line
from aura_ros.types import AuditHead


@dataclass(frozen=True)
class Finding:
    """What is wrong with a log: where (a file and its line from 1, or a head), what (``changed``,
    ``dropped``, ``reordered``, ``cut``, ``rewritten``, ``forged``), and in words."""

    where: str
    what: str
    words: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.words}"


@dataclass(frozen=True)
class Report:
    """Of one log: the first finding (None: there is none), the records that hang together, and up
    to which of them published heads prove it."""

    log: str
    finding: Finding | None
    records: int
    proven: int
    notes: tuple[str, ...] = ()


class NoLogError(ValueError):
    """Nothing to verify: names the path and the remedy."""


def verify(
    path: Path, heads: Sequence[AuditHead] | None = None, key: bytes | None = None
) -> tuple[Report, ...]:
    """Every log in the directory ``path``, or the one file ``path``, against published heads.

    Raises NoLogError where there is no log, OSError where it cannot be read.
    """
    return tuple(_verify(log, files, heads, key) for log, files in _logs(path).items())


def _logs(path: Path) -> Mapping[str, Mapping[int, Path]]:
    if path.is_dir():
        logs = logs_in(path)
        if logs:
            return logs
        raise NoLogError(f"{path} holds no audit log: give the directory of the parameter audit")
    match = PATTERN.fullmatch(path.name)
    if not path.is_file() or match is None:
        raise NoLogError(f"{path} is no audit log: give its directory, or a file NAME.000001.log")
    return {match["name"]: {int(match["number"]): path}}


def _verify(
    log: str, files: Mapping[int, Path], heads: Sequence[AuditHead] | None, key: bytes | None
) -> Report:
    walk = Walk(log, files)
    ours = [head for head in heads or () if head.log == log]
    hashes = walk.follow({head.records for head in ours})
    finding = walk.finding or _forged(ours, key)
    proven = 0
    for head in sorted(ours, key=lambda head: head.records):
        if finding is None:
            finding = _against(head, hashes, walk)
            proven = head.records if finding is None and head.records >= walk.first else proven
    if heads is not None and not ours and finding is None:
        finding = Finding(log, "cut", "no published head is of this log: is it another's?")
    return Report(log, finding, walk.link.records, proven, tuple(walk.notes))


def _forged(heads: Iterable[AuditHead], key: bytes | None) -> Finding | None:
    """The first head that was not signed with ``key``."""
    for head in heads:
        if key is not None and not hmac.compare_digest(
            head.signature.encode(), signature(head, key).encode()
        ):
            return Finding(_name(head), "forged", "its signature is not of this key")
    return None


def _against(head: AuditHead, hashes: Mapping[int, bytes], walk: Walk) -> Finding | None:
    if head.records > walk.link.records:
        words = f"the log ends at record {walk.link.records}"
        return Finding(_name(head), "cut", words)
    if head.records < walk.first:
        return None  # of files that were not given: a file alone says nothing of those before
    if hashes[head.records].hex() == head.head:
        return None
    return Finding(_name(head), "rewritten", f"record {head.records} is not the one published")


def _name(head: AuditHead) -> str:
    return f"head of {head.records} records"


class Walk:
    """Follows the chain through the files of one log, up to the first thing that is wrong."""

    def __init__(self, log: str, files: Mapping[int, Path]) -> None:
        self._log, self._files = log, files
        self.link = Link()
        self.first = 1
        """The first record that was looked at."""
        self.finding: Finding | None = None
        self.notes: list[str] = []
        self._torn: list[dict[str, Any]] = []

    def follow(self, wanted: set[int]) -> Mapping[int, bytes]:
        """The hash at each of the ``wanted`` records that was reached."""
        hashes: dict[int, bytes] = {}
        is_alone = len(self._files) == 1
        for number, path in self._files.items():
            *lines, rest = path.read_bytes().split(b"\n")
            for index, content in enumerate(lines):
                line = parse(content)
                if index == 0:
                    self._begin(line, number, is_alone)
                words = self._against(line, number, index == 0)
                if line is None or words:
                    self._find(f"{path.name}, line {index + 1}", line, words, lines[index:])
                    return hashes
                self.link = Link(line.counter, line.stated)
                if line.counter in wanted:
                    hashes[line.counter] = line.stated
            if rest:
                self._torn.append(vars(torn_line(number, rest)))
                self.notes.append(f"{path.name} ends in a line that was never finished")
        return hashes

    def _begin(self, line: Line | None, number: int, is_alone: bool) -> None:
        """A file that is given alone is taken at its word for what came before."""
        before = None if line is None else link_before(line)
        if is_alone and number > 1 and before is not None:
            self.link, self.first = before, before.records + 1
            self.notes.append(f"begins with record {self.first}: nothing is said of those before")
            self._torn = line.value.get("torn", []) if line is not None else []

    def _against(self, line: Line | None, number: int, is_first: bool) -> str:
        """What speaks against ``line`` as the next one; empty: nothing."""
        if line is None:
            return "is no record"
        if not line.follows(self.link):
            return "its hash is not that of its record and the one before"
        if (line.kind == FILE) != is_first:
            return "a file begins with a record that says so, and nothing else does"
        if not is_first:
            return ""
        fields = line.value if isinstance(line.value, dict) else {}
        if (fields.get("log"), fields.get("file")) != (self._log, number):
            return f"belongs to {fields.get('log')}, file {fields.get('file')}"
        torn, self._torn = self._torn, []
        is_same = fields.get("torn", []) == torn
        return "" if is_same else "an unfinished line before it is not the one that was found then"

    def _find(self, where: str, line: Line | None, words: str, rest: list[bytes]) -> None:
        expected = self.link.records + 1
        counter = expected if line is None else line.counter
        if counter == expected:
            self.finding = Finding(where, "changed", words)
        elif counter < expected:
            words = f"record {counter} comes again, or too late"
            self.finding = Finding(where, "reordered", words)
        elif any(later == expected for later in self._counters(rest)):
            self.finding = Finding(where, "reordered", f"record {expected} comes later")
        else:
            words = f"records {expected} to {counter - 1} are missing"
            self.finding = Finding(where, "dropped", words)

    def _counters(self, rest: list[bytes]) -> Iterator[int]:
        later = (line for path in self._files.values() for line in path.read_bytes().split(b"\n"))
        for content in (*rest, *later):
            line = parse(content)
            if line is not None and line.counter > self.link.records:
                yield line.counter
