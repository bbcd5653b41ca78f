"""The benchmarks there are."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aura_ros.figures import Metric

# Name of the module, and what it measures: listed without importing what it needs.
BENCHMARKS = {
    "chain": "image stamp to committed plan, command period, memory of guard and fuser",
    "closed-loop": "success with a trained policy: the full chain, waiting, the newest chunk",
    "delay": "closed loop with the embedded robot under policy latencies",
    "fuser": "smoothness, error, starvation and reaction against published chunk execution",
    "guard": "faults caught, absorbed and missed, false blocks, latency, beside simpler guards",
}


@dataclass(frozen=True)
class BenchOptions:
    """How a benchmark is run: ``quick`` for a first look, ``out`` for logs and plots.

    Only for closed-loop: the simulator ``sim`` and the policy ``artifact``, by default the
    embedded robot and the policy that ships for a simulator.
    """

    out: Path
    quick: bool
    say: Callable[[str], None]
    sim: str = ""
    artifact: Path | None = None


def benchmark(name: str) -> Any:
    """The module of a benchmark. Raises ValueError that lists the names."""
    if name not in BENCHMARKS:
        raise ValueError(f"no benchmark {name!r}; there are: {', '.join(BENCHMARKS)}")
    return importlib.import_module(f"aura_ros.bench.{name.replace('-', '_')}")


def run(name: str, options: BenchOptions) -> Mapping[str, Metric]:
    """Run a benchmark; its metrics."""
    if name != "closed-loop" and (options.sim or options.artifact):
        raise ValueError(f"benchmark {name} takes no --sim and no --artifact; closed-loop does")
    metrics: Mapping[str, Metric] = benchmark(name).run(options)
    return metrics
