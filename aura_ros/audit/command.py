"""``aura audit``: what it says, and whether a log is whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aura_ros.audit.heads import read_heads, write_heads
from aura_ros.audit.key import load_key
from aura_ros.audit.verify import Report, verify

Say = Callable[[str], None]


def run_verify(path: Path, heads: Path | None, key: Path | None, say: Say) -> bool:
    """Verify the logs at ``path`` and say what was found; whether all of them are whole.

    Raises ValueError on what is no log, no head or no key, OSError on what cannot be read.
    """
    if key is not None and heads is None:
        raise ValueError("--key checks the signatures of heads: give --heads too")
    published = None if heads is None else read_heads(heads)
    reports = verify(path, published, None if key is None else load_key(key))
    for report in reports:
        for line in _words(report):
            say(line)
    return all(report.finding is None and report.records for report in reports)


def run_heads(recording: Path, out: Path) -> int:
    """Write the published heads of a recording as lines of JSON; how many there are."""
    heads = read_heads(recording)
    write_heads(out, heads)
    return len(heads)


def _words(report: Report) -> list[str]:
    lines = [f"{report.log}: {note}" for note in report.notes]
    if report.finding is not None:
        return [*lines, f"{report.log}: {report.finding}"]
    if not report.records:
        # A guard writes one as it begins, and an emptied log must not pass for a whole one.
        return [*lines, f"{report.log}: holds no record: nothing is proven by it"]
    after = report.records - report.proven
    if report.proven:
        lines.append(f"{report.log}: {report.proven} records are as published")
    if after:
        words = f"{after} records hang together, but no published head proves them"
        lines.append(f"{report.log}: {words}: what was cut after them is not seen")
    return lines
