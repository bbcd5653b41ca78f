"""Cells and seeds on all cores, with a progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aura_ros.bench.fuser.job import Outcome, run_cell
from aura_ros.bench.fuser.scenario import cell


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
