"""Jobs on all cores, each on one thread, with a progress bar."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from types import ModuleType
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aura_ros.bench.fuser.job import Outcome, run_cell
from aura_ros.bench.fuser.scenario import cell

T = TypeVar("T")

# What numpy's linear algebra reads when it is loaded.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@contextlib.contextmanager
def pool(workers: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Processes (default: one a core) whose numpy has one thread.

    Two threads on one core only wait for each other, and sums depend on how many there are.
    """
    # Processes are started on demand, so what they see holds for as long as the pool is open.
    # One would run the main script again, which need not be made for that: no job needs it.
    nothing = {"__main__": ModuleType("__main__")}
    one_thread = dict.fromkeys(THREADS, "1")
    with _set(os.environ, one_thread), _set(sys.modules, nothing):
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=fresh) as executor:
            yield executor


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


def run_jobs(
    executor: ProcessPoolExecutor,
    cells: Sequence[str],
    seeds: Sequence[int],
    systems: Sequence[str] | None = None,
) -> list[Outcome]:
    """Outcomes of all cells and seeds, in their order whatever was ready first; of all
    ``systems`` unless they are named.

    Raises RuntimeError that names the cell and seed of the first job that failed.
    """
    jobs = [(name, seed) for name in cells for seed in seeds]
    done: dict[tuple[str, int], list[Outcome]] = {}
    columns = (TextColumn("runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("runs", total=len(jobs))
        asked: dict[Future[list[Outcome]], tuple[str, int]] = {
            executor.submit(run_cell, cell(name), seed, systems): (name, seed)
            for name, seed in jobs
        }
        for future in as_completed(asked):
            done[asked[future]] = _result(future, *asked[future], executor)
            progress.advance(task)
    return [outcome for job in jobs for outcome in done[job]]


def _result(
    future: Future[list[Outcome]], name: str, seed: int, executor: ProcessPoolExecutor
) -> list[Outcome]:
    try:
        return future.result()
    except Exception as error:
        executor.shutdown(wait=False, cancel_futures=True)
        raise RuntimeError(f"cell {name}, seed {seed}: {error!r}") from error
