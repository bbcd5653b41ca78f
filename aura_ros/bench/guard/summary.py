"""What the episodes of the benchmark come to: by class, severity and arm, and nominal ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from aura_ros.bench.guard.experiment import NO_GATE, NONE, OURS, Job, is_told_anew
from aura_ros.bench.guard.run import ABSORBED, CAUGHT, IDLE, MISSED, Run
from aura_ros.bench.guard.statistics import paired_difference
from aura_ros.bench.loop.shares import Share, share

Runs = Mapping[Job, Run]


@dataclass(frozen=True)
class Cell:
    """Episodes with one fault: how many were caught, absorbed and missed; those in which the
    fault never began (``idle``) are left out of the shares.

    ``delay_ms``, ``steps``: medians from onset to catch; ``left_ms``: median time from the catch
    to the harm of the same episode without a gate, where there was harm. ``by``: who caught,
    ``harms``: what went wrong.
    """

    caught: Share
    absorbed: Share
    missed: Share
    idle: int
    delay_ms: float | None
    delay_p95_ms: float | None
    steps: float | None
    left_ms: float | None
    by: dict[str, int]
    harms: dict[str, int]


def cell(runs: Runs, arm: str, fault: str, severity: int | None = None) -> Cell | None:
    """One class behind one arm, at one severity or at all; None where nothing ran."""
    chosen = {
        job: run
        for job, run in runs.items()
        if (job.arm, job.fault, job.passing) == (arm, fault, False)
        and severity in (None, job.severity)
    }
    return _cell(chosen, runs) if chosen else None


def _cell(chosen: Runs, runs: Runs) -> Cell:
    came = Counter(run.came_to for run in chosen.values())
    of = len(chosen) - came[IDLE]
    caught = [run for run in chosen.values() if run.came_to == CAUGHT]
    delays = sorted(1e3 * _between(run.began_s, run.caught_s) for run in caught)
    left = [1e3 * time for job in chosen if (time := _left(job, chosen[job], runs)) is not None]
    return Cell(
        share(came[CAUGHT], of),
        share(came[ABSORBED], of),
        share(came[MISSED], of),
        came[IDLE],
        median(delays) if delays else None,
        delays[min(int(0.95 * len(delays)), len(delays) - 1)] if delays else None,
        median(run.steps for run in caught) if caught else None,
        median(left) if left else None,
        dict(Counter(run.by for run in caught).most_common()),
        dict(Counter(run.harm for run in chosen.values() if run.harm).most_common()),
    )


def _between(begin: float | None, end: float | None) -> float:
    return (end or 0.0) - (begin or 0.0)


def _left(job: Job, run: Run, runs: Runs) -> float | None:
    """Time from a catch to the harm that the same episode did without a gate [s]."""
    ungated = runs.get(Job(NO_GATE, job.fault, job.severity, job.task, job.seed))
    if run.came_to != CAUGHT or ungated is None or ungated.harm_s is None:
        return None
    return _between(run.caught_s, ungated.harm_s)


def caught_of(runs: Runs, arm: str, faults: Iterable[str]) -> Share:
    """Share caught over several classes together."""
    cells = [found for name in faults if (found := cell(runs, arm, name)) is not None]
    return share(sum(c.caught.count for c in cells), sum(c.caught.of for c in cells))


@dataclass(frozen=True)
class Recovery:
    """Episodes of a fault that passed: motion was allowed again without a person (``moved``), the
    task was done in time (``done``), of those in which the fault was caught."""

    moved: Share
    done: Share


def recovery(runs: Runs, fault: str) -> Recovery | None:
    """Of one class behind our guard; None where nothing was caught."""
    caught = [
        run
        for job, run in runs.items()
        if (job.arm, job.fault, job.passing) == (OURS, fault, True) and run.caught_s is not None
    ]
    if not caught:
        return None
    return Recovery(
        _share(run.moved_again for run in caught), _share(run.done_s is not None for run in caught)
    )


@dataclass(frozen=True)
class Nominal:
    """Episodes without a fault, ours and without a gate, over the seeds that both ran.

    ``blocked``: episodes in which our guard decided anything but ALLOW of a chunk or plan, or
    left the modes that move; simulated time has no lateness, so none of these is about time.
    ``blocks``: those decisions, of ``actions`` chunks and plans that were judged. ``recovered``
    of the blocked episodes moved again without a person. ``told_anew``: episodes in which another
    instruction was given in mid-motion. ``harmed``: episodes with harm, by arm.
    """

    blocked: Share
    blocks: int
    actions: int
    by: dict[str, int]
    told_anew: int
    recovered: Share
    done: dict[str, Share]
    harmed: dict[str, Share]
    delta: float
    delta_low: float
    delta_high: float


def nominal(runs: Runs) -> Nominal | None:
    """Of all nominal episodes; None where none ran in pairs."""
    arms: dict[str, dict[tuple[str, int], Run]] = {OURS: {}, NO_GATE: {}}
    for job, run in runs.items():
        if job.fault == NONE and job.arm in arms:
            arms[job.arm][job.task, job.seed] = run
    both = sorted(arms[OURS].keys() & arms[NO_GATE].keys())
    if not both:
        return None
    ours, ungated = ([arms[arm][key] for key in both] for arm in (OURS, NO_GATE))
    blocked = [run for run in ours if run.blocks]
    pairs = [
        (a.done_s is not None, b.done_s is not None) for a, b in zip(ours, ungated, strict=True)
    ]
    delta = paired_difference(
        sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs), len(pairs)
    )
    return Nominal(
        share(len(blocked), len(ours)),
        sum(run.blocks for run in ours),
        sum(run.actions for run in ours),
        dict(Counter(run.first_block for run in blocked).most_common()),
        sum(is_told_anew(Job(OURS, NONE, 0, task, seed)) for task, seed in both),
        share(sum(run.moved_again for run in blocked), len(blocked)),
        {arm: _share(run.done_s is not None for run in kept) for arm, kept in (
            (OURS, ours), (NO_GATE, ungated))},
        {arm: _share(run.harm_s is not None for run in kept) for arm, kept in (
            (OURS, ours), (NO_GATE, ungated))},
        *delta,
    )  # fmt: skip


def _share(holds: Iterable[bool]) -> Share:
    found = list(holds)
    return share(sum(found), len(found))
