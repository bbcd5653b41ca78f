"""The published ways of executing chunks by name, as Executors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from aura_ros.bench.execution.act import TemporalEnsemble
from aura_ros.bench.execution.executor import Executor, RowExecutor, Setup
from aura_ros.bench.execution.lerobot import LeRobotAsync
from aura_ros.bench.execution.limiter import Limited
from aura_ros.bench.execution.newest import Newest
from aura_ros.bench.execution.rail import RailPaper, RailReleased
from aura_ros.bench.execution.rtc import RealTimeChunking
from aura_ros.bench.execution.synchronous import Synchronous
from aura_ros.bench.execution.upsample import Upsampled
from aura_ros.bench.execution.vlash import Vlash


def _upsampled(method: Callable[[Setup], RowExecutor]) -> Callable[[Setup], Executor]:
    return lambda setup: Upsampled(method(setup), setup)


SYSTEMS: Mapping[str, Callable[[Setup], Executor]] = {
    "synchronous": _upsampled(Synchronous),
    "newest": _upsampled(Newest),
    "act": _upsampled(TemporalEnsemble),
    "lerobot": _upsampled(LeRobotAsync),
    "rtc": _upsampled(RealTimeChunking),
    "vlash": _upsampled(Vlash),
    "rail_released": RailReleased,
    "rail_paper": RailPaper,
    "rail_shifted": partial(RailPaper, shifted=True),
}


def limited(executor: Executor, setup: Setup) -> Executor:
    """``executor`` behind the shared jerk limiter."""
    return Limited(executor, setup)
