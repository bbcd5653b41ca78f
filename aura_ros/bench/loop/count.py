"""Episodes counted, with the interval of their success, and compared on the same seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from aura_ros.bench.loop.outcome import Outcome
from aura_ros.bench.loop.shares import share

LIMITS = ("position", "velocity", "acceleration", "jerk")


@dataclass(frozen=True)
class Paired:
    """A system against ours: seeds that only one of the two solved, and the median of its time
    less ours over the seeds that both solved [s], None if there are none."""

    only_this: int
    only_ours: int
    time_difference_s: float | None


@dataclass(frozen=True)
class Row:
    """One cell: counts over its episodes.

    ``success`` episodes were done, as a share between ``low`` and ``high`` (Clopper-Pearson,
    95 %); ``time_s`` is the median over them, None without any; ``ended`` counts the others by
    reason. ``violating`` runs broke a limit, ``violations`` counts them by limit.
    ``peak_acceleration`` is the median of the runs' [rad/s^2].
    """

    episodes: int
    success: int
    low: float
    high: float
    time_s: float | None
    ended: dict[str, int]
    stalls: int
    stalled_s: float
    stalled_runs: int
    violating: int
    violations: dict[str, int]
    worst: dict[str, float]
    peak_acceleration: float
    requests: int
    failures: int


def row(outcomes: Iterable[Outcome]) -> Row:
    """What one cell's episodes come to; there must be at least one."""
    runs = list(outcomes)
    times = [run.done_s for run in runs if run.done_s is not None]
    done = share(len(times), len(runs))
    return Row(
        episodes=len(runs),
        success=done.count,
        low=done.low,
        high=done.high,
        time_s=median(times) if times else None,
        ended=_counted(run.ended for run in runs if run.done_s is None),
        stalls=sum(run.stalls for run in runs),
        stalled_s=sum(run.stalled_s for run in runs),
        stalled_runs=sum(run.stalls > 0 for run in runs),
        violating=sum(bool(run.violations) for run in runs),
        violations={name: sum(name in run.violations for run in runs) for name in LIMITS},
        worst={name: max(run.worst[name] for run in runs) for name in runs[0].worst},
        peak_acceleration=median(run.peak_acceleration for run in runs),
        requests=sum(run.requests for run in runs),
        failures=sum(run.failures for run in runs),
    )


def paired(this: Mapping[int, Outcome], ours: Mapping[int, Outcome]) -> Paired:
    """A cell against ours, over the seeds that both ran."""
    seeds = sorted(this.keys() & ours.keys())
    done = [(this[seed].done_s, ours[seed].done_s) for seed in seeds]
    differences = [a - b for a, b in done if a is not None and b is not None]
    return Paired(
        only_this=_count(done, lambda a, b: a is not None and b is None),
        only_ours=_count(done, lambda a, b: a is None and b is not None),
        time_difference_s=median(differences) if differences else None,
    )


def _count(
    pairs: list[tuple[float | None, float | None]],
    holds: Callable[[float | None, float | None], bool],
) -> int:
    return sum(holds(*pair) for pair in pairs)


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for word in words:
        counts[word] += 1
    return dict(sorted(counts.items()))
