"""How long plans and commands take with two arms: measured alone, before all else runs."""

from __future__ import annotations

import numpy as np

from aura_ros.bench.fuser.bench import Bench
from aura_ros.bench.fuser.scenario import CELLS

ARM_JOINTS = 14
# Many chunks that agree, and chunks that press against the limits; all have 50 rows.
LOADS = ("centre", "delay4_four", "bias_0.2", "modes")
# Seeds of the benchmark begin at 0; times must not depend on which are reported.
SEED = 0


def measure(quick: bool) -> dict[str, float]:
    """Percentiles of the time of a plan [ms] and of a command [us]; 14 joints, 50 rows."""
    solve: list[int] = []
    tick: list[int] = []
    for name in LOADS[1:3] if quick else LOADS:
        bench = Bench(CELLS[name], SEED, ARM_JOINTS)
        executor = bench.ours()
        bench.simulate(executor)
        solve += executor.solve_ns
        tick += executor.tick_ns
    return _percentiles("solve", "ms", solve, 1e6) | _percentiles("tick", "us", tick, 1e3)


def _percentiles(name: str, unit: str, spent_ns: list[int], ns: float) -> dict[str, float]:
    values = np.array(spent_ns) / ns
    p50, p99 = np.percentile(values, [50, 99])
    return {
        f"{name}_p50_{unit}": float(p50),
        f"{name}_p99_{unit}": float(p99),
        f"{name}_max_{unit}": float(values.max()),
    }
