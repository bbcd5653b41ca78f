"""Processes for jobs on all cores, each on one thread."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")

# What numpy's linear algebra reads when it is loaded.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@contextlib.contextmanager
def pool(workers: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Processes (default: one a core) whose numpy has one thread.

    Two threads on one core only wait for each other, and sums depend on how many there are.
    The processes end with this one, killed or not; an error ends all jobs.
    """
    # Processes are started on demand, so what they see holds for as long as the pool is open.
    # One would run the main script again, which need not be made for that: no job needs it.
    nothing = {"__main__": ModuleType("__main__")}
    one_thread = dict.fromkeys(THREADS, "1")
    with _set(os.environ, one_thread), _set(sys.modules, nothing):
        fresh = multiprocessing.get_context("spawn")
        others = multiprocessing.active_children()
        with ProcessPoolExecutor(workers or os.cpu_count(), fresh, _end_with_parent) as executor:
            try:
                yield executor
            except BaseException:
                # Ctrl-C waits for no job, neither for one that runs nor for those asked for.
                for process in set(multiprocessing.active_children()).difference(others):
                    process.terminate()
                executor.shutdown(cancel_futures=True)
                raise


def _end_with_parent() -> None:
    """In a process of the pool: jobs that nobody waits for would take the cores of others."""
    # Ctrl-C on a terminal reaches all; one that ends with the queue's lock would hold up the rest.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@contextlib.contextmanager
def _set(mapping: MutableMapping[str, T], values: Mapping[str, T]) -> Iterator[None]:
    """``values`` in ``mapping`` for a while."""
    before = {name: mapping[name] for name in values if name in mapping}
    mapping.update(values)
    try:
        yield
    finally:
        for name in values:
            del mapping[name]
        mapping.update(before)
