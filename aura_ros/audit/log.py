"""The audit log as files: appended before the act, durable soon after, continued after a restart.

A file that was left is never written again. What was never finished at its end is named in the
first record of the next file, and so is what could not be written meanwhile.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aura_ros.audit.chain import FILE, Link
from aura_ros.audit.durable import Syncer
from aura_ros.audit.files import file_of
from aura_ros.audit.tail import ChangedLogError, Tail, tail_of
from aura_ros.types import NS, Now

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
# A log that cannot be written is tried again this often.
RETRY_NS = NS


class AuditLog:
    """The log ``name`` in ``directory``; files of ``size`` bytes, a few more with the last line.

    ``patience_s``: a record that is not durable after so long is a fault. A disk that is full,
    read-only or slow is a ``fault``, and so is another process that writes this log. A log that
    somebody changed raises ChangedLogError.
    """

    def __init__(
        self, directory: Path, name: str, now: Now, size: int = 16 << 20, patience_s: float = 0.25
    ) -> None:
        self.name = name
        self._directory, self._size, self._patience_s = directory, size, patience_s
        self._link, self._number, self._written = Link(), 0, 0
        self._file: int | None = None
        self._syncer: Syncer | None = None
        self._durable = Link()
        self._lost = 0
        self._broken = self._before = ""
        self._tried_ns = now.steady_ns
        self._lock: int | None = None
        self._open(now)

    @property
    def durable(self) -> Link:
        """The last record that a loss of power would not lose."""
        if self._syncer is not None and self._syncer.durable.records:
            self._durable = self._syncer.durable
        return self._durable

    def fault(self, steady_ns: int) -> str:
        """Why nothing may be allowed now; empty: all is written, and durable in time."""
        if self._broken:
            return self._broken
        if self._syncer is not None and self._syncer.error:
            return f"{self._directory} cannot be synced: {self._syncer.error}"
        waited = self._syncer.waiting_s(steady_ns) if self._syncer is not None else 0.0
        slow = f"{self._directory}: the disk has not taken a record for {self._patience_s:g} s"
        return slow if waited > self._patience_s else ""

    def append(self, now: Now, entries: Iterable[tuple[str, Any]]) -> bool:
        """Write records of (kind, value) that arrived at ``now``, in one go; whether it worked."""
        made = list(entries)
        if not made:
            return not self._broken
        try:
            if self._broken or self._file is None:
                raise OSError(self._broken)
            if self._written >= self._size:
                self._begin_file(now, Tail(self._link, self._number))
            self._write(now, made)
        except OSError as error:
            self._lost += len(made)
            self._break(error)
            return False
        return True

    def mend(self, now: Now) -> None:
        """Try again, if the log is broken and was not tried lately."""
        is_broken = self._broken or (self._syncer is not None and self._syncer.error)
        if not is_broken or now.steady_ns - self._tried_ns < RETRY_NS:
            return
        self._tried_ns = now.steady_ns
        try:
            self._open(now)
        except ChangedLogError as error:
            self._broken = str(error)

    def close(self) -> None:
        """Sync and close the log."""
        self._leave()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # --- files ------------------------------------------------------------------------------

    def _open(self, now: Now) -> None:
        """Continue the log in a new file. What cannot be written is a fault."""
        unsynced = self._syncer.error if self._syncer is not None else ""
        self._leave()
        known = self.durable
        self._broken, self._before = "", self._before or self._broken or unsynced
        try:
            self._claim()
            tail = tail_of(self._directory, self.name)
            if tail.link.records < known.records:
                words = f"ends at record {tail.link.records}, and {known.records} were written"
                raise ChangedLogError(f"audit log {self.name} {words}: somebody cut it")
            self._begin_file(now, tail)
        except OSError as error:
            self._break(error)

    def _claim(self) -> None:
        """Two writers would fork the chain: a lock says that there is one."""
        if self._lock is not None:
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._directory / f"{self.name}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise OSError(f"{self.name} is written by another process: end that one") from error
        self._lock = lock

    def _begin_file(self, now: Now, tail: Tail) -> None:
        path = file_of(self._directory, self.name, tail.number + 1)
        file = os.open(path, FLAGS, 0o600)
        first = {"fault": self._before, "file": tail.number + 1, "head": tail.link.head.hex(),
                 "log": self.name, "lost": self._lost, "records": tail.link.records,
                 "torn": tail.torn}  # fmt: skip
        link, line = tail.link.then(FILE, now, first)
        try:
            _write_all(file, line)
        except OSError:
            # No record was ever in it: a file without one would have to be explained.
            os.close(file)
            with suppress(OSError):
                path.unlink()
            raise
        if self._file is not None and self._syncer is not None:
            self._syncer.retire(self._file)
        self._syncer = self._syncer or Syncer()
        self._file, self._number, self._written = file, tail.number + 1, len(line)
        self._link, self._lost, self._before = link, 0, ""
        self._syncer.retire(os.open(self._directory, os.O_RDONLY))
        self._syncer.wrote(file, link, now.steady_ns)

    def _write(self, now: Now, entries: list[tuple[str, Any]]) -> None:
        assert self._file is not None
        assert self._syncer is not None
        link, lines = self._link, []
        for kind, value in entries:
            link, line = link.then(kind, now, value)
            lines.append(line)
        content = b"".join(lines)
        _write_all(self._file, content)
        self._link, self._written = link, self._written + len(content)
        self._syncer.wrote(self._file, link, now.steady_ns)

    def _break(self, error: OSError) -> None:
        self._broken = self._broken or f"{self._directory}: {error.strerror or error}"

    def _leave(self) -> None:
        """Let go of the present file; it is never written again."""
        if self._syncer is not None:
            if self._file is not None:
                self._syncer.retire(self._file)
            self._syncer.end()
            self._durable = self.durable
        self._file = self._syncer = None


def _write_all(file: int, content: bytes) -> None:
    """Write all of it: a disk that fills takes a part."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
