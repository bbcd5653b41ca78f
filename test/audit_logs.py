"""Logs for tests: written by the real writer."""

from __future__ import annotations

from pathlib import Path

from aura_ros.audit.chain import Link, head_of, parse
from aura_ros.audit.log import AuditLog
from aura_ros.types import Arm, AuditHead, Check, Decision, Now, Verdict

NAME = "guard"
STEP_NS = 50_000_000


def now(step: int) -> Now:
    """Both clocks at one of the steps of a test."""
    return Now(10**18 + step * STEP_NS, 10**12 + step * STEP_NS)


def verdict(step: int) -> Verdict:
    checks = (Check("schema", True, step / 3, 1.0, Decision.ALLOW),)
    return Verdict(now(step).ros_ns, f"chunk{step}", "", Decision.REFUSE, "schema", checks)


def written(
    folder: Path, records: int = 40, size: int = 3000, name: str = NAME, first: int = 0
) -> list[AuditHead]:
    """Write a log of so many verdicts over several files, from step ``first`` on; the head after
    every record."""
    log = AuditLog(folder, name, now(first), size)
    for step in range(first, first + records):
        assert log.append(now(step), [("Verdict", verdict(step))])
    log.close()
    return heads_of(folder, name)


def heads_of(folder: Path, name: str = NAME, key: bytes | None = None) -> list[AuditHead]:
    """The head after every record, as the log states it."""
    lines = [parse(line) for line in lines_of(folder, name)]
    return [head_of(Link(line.counter, line.stated), name, 0, key) for line in lines if line]


def lines_of(folder: Path, name: str = NAME) -> list[bytes]:
    """Every whole line of a log, in order."""
    files = sorted(folder.glob(f"{name}.*.log"))
    return [line for file in files for line in file.read_bytes().split(b"\n")[:-1]]


def kinds_of(folder: Path, name: str = NAME) -> list[str]:
    """The kind of every record."""
    return [line.kind for line in map(parse, lines_of(folder, name)) if line]


ARM = ("Arm", Arm(True))
