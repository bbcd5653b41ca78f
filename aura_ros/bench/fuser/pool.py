"""Jobs on all cores, each on one thread, with a progress bar."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aura_ros.bench.fuser.job import Outcome, run_cell
from aura_ros.bench.fuser.scenario import cell

# What numpy's linear algebra reads when it is loaded.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@contextlib.contextmanager
def pool(workers: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Processes (default: one a core) whose numpy has one thread.

    Two threads on one core only wait for each other, and sums depend on how many there are.
    """
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=fresh) as executor:
            yield executor
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


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
