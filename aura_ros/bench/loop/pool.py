"""Episodes on all cores, one process a core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from aura_ros.parallel import pool

Job = TypeVar("Job")
Conditions = TypeVar("Conditions")
Result = TypeVar("Result")


def outcomes(
    run: Callable[[Job, Conditions], Result],
    jobs: Sequence[Job],
    conditions: Conditions,
    workers: int | None = None,
) -> Iterator[tuple[Job, Result]]:
    """Each job with what ``run`` made of it, in the order in which they end.

    ``workers``: processes, by default one a core; 0 runs here. Closing the iterator, or an
    episode that raises, ends the rest. Raises RuntimeError where a process was killed.
    """
    if workers == 0 or not jobs:
        yield from ((job, run(job, conditions)) for job in jobs)
        return
    with pool(workers) as executor:
        running = {executor.submit(run, job, conditions): job for job in jobs}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        except BrokenProcessPool:
            raise RuntimeError(
                "a process that ran episodes was killed, perhaps for want of memory: finished "
                "episodes are kept, run the same command again"
            ) from None
        finally:
            executor.shutdown(cancel_futures=True)
