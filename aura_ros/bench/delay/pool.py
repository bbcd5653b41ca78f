"""Episodes on all cores, one process a core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from aura_ros.bench.delay.episode import Outcome
from aura_ros.bench.delay.experiment import Conditions, Job

# An episode is one thread; libraries that start more would only take cores from other episodes.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Run = Callable[[Job, Conditions], Outcome]


def outcomes(
    run: Run, jobs: Sequence[Job], conditions: Conditions, workers: int | None = None
) -> Iterator[tuple[Job, Outcome]]:
    """Each job with what ``run`` made of it, in the order in which they end.

    ``workers``: processes, by default one a core; 0 runs here. Closing the iterator, or an
    episode that raises, ends the rest.
    """
    if workers == 0:
        yield from ((job, run(job, conditions)) for job in jobs)
        return
    for name in THREADS:
        os.environ.setdefault(name, "1")
    # Processes made from nothing: a fork would copy the locks of the caller's threads.
    pool = ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn"))
    try:
        running = {pool.submit(run, job, conditions): job for job in jobs}
        for future in as_completed(running):
            yield running[future], future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
