"""What was written reaches the disk: one thread calls fsync for all that was written meanwhile."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

from aura_ros.audit.chain import Link

Descriptors = dict[int, None]


class Syncer:
    """Syncs files in a thread of its own; a group commit (as of DeWitt et al., SIGMOD 1984)."""

    def __init__(self) -> None:
        self.durable = Link()
        """The last record that a loss of power would not lose."""
        self.error = ""
        """Why syncing has ended, if it has."""
        self._news = threading.Condition()
        self._dirty: Descriptors = {}
        self._retired: Descriptors = {}
        self._target = Link()
        self._written_ns: int | None = None
        self._syncing_ns: int | None = None
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def wrote(self, descriptor: int, link: Link, steady_ns: int) -> None:
        """The file was written up to ``link`` at ``steady_ns``."""
        with self._news:
            self._dirty[descriptor] = None
            self._target = link
            if self._written_ns is None:
                self._written_ns = steady_ns
            self._news.notify()

    def retire(self, descriptor: int) -> None:
        """Close the file once it is synced."""
        with self._news:
            self._dirty[descriptor] = None
            self._retired[descriptor] = None
            self._news.notify()

    def waiting_s(self, steady_ns: int) -> float:
        """For how long the oldest record that is not durable has waited [s]."""
        with self._news:
            since = self._syncing_ns if self._syncing_ns is not None else self._written_ns
        return 0.0 if since is None else (steady_ns - since) / 1e9

    def end(self, timeout_s: float = 0.5) -> None:
        """Sync what was written, then end; a disk that hangs is not waited for."""
        with self._news:
            self._ends = True
            self._news.notify()
        self._thread.join(timeout_s)
        if not self._thread.is_alive():
            _sync({}, self._retired)

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._dirty or self._ends)
                if not self._dirty:
                    return
                dirty, self._dirty = self._dirty, {}
                retired, self._retired = self._retired, {}
                target = self._target
                self._syncing_ns, self._written_ns = self._written_ns, None
            error = _sync(dirty, retired)
            with self._news:
                self._syncing_ns = None
                if error:
                    # What the system has dropped after a failed fsync it does not say: no more
                    # of this file is called durable.
                    self.error = error
                    return
                self.durable = target


def _sync(dirty: Descriptors, retired: Descriptors) -> str:
    """Sync files and close those that are retired; what went wrong."""
    error = ""
    for descriptor in dirty:
        try:
            os.fsync(descriptor)
        except OSError as fault:
            error = fault.strerror or repr(fault)
    for descriptor in retired:
        with suppress(OSError):
            os.close(descriptor)
    return error
