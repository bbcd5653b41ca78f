"""The systems that are compared, by name: ours, and each published one as it is and limited."""

from __future__ import annotations

from collections.abc import Callable

from aura_ros.bench.execution.executor import Executor, Setup
from aura_ros.bench.execution.ours import Ours
from aura_ros.bench.execution.systems import SYSTEMS, limited

OURS = "ours"
LIMITED = "+limits"


def names() -> tuple[str, ...]:
    """All systems: ours first, then each published one, as published and limited."""
    published = (name + suffix for name in SYSTEMS for suffix in ("", LIMITED))
    return (OURS, *published)


def maker(name: str) -> Callable[[Setup], Executor]:
    """What makes the executor of a system. Raises ValueError that lists the names."""
    if name not in names():
        raise ValueError(f"no system {name!r}; there are: {'; '.join(names())}")
    if name == OURS:
        return Ours
    make = SYSTEMS[name.removesuffix(LIMITED)]
    if not name.endswith(LIMITED):
        return make
    return lambda setup: limited(make(setup), setup)
