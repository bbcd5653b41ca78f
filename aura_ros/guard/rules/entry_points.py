"""Checks that other packages bring, by entry points of the group ``aura_ros.guard_checks``.

The entry point's name is the check's name, and it resolves to an ``Entry``::

    [project.entry-points."aura_ros.guard_checks"]
    payload = "my_robot.payload:ENTRY"

Nothing of such a package is imported before a file of rules asks for its check.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from aura_ros.guard.entry import Entry
from aura_ros.guard.rules.rule import DECISION, ENABLED, Rule, RuleKind
from aura_ros.robot.problems import Problems

GROUP = "aura_ros.guard_checks"


class BrokenEntryPoint(RuntimeError):
    """An entry point that is no check: names it, its distribution and what is wrong."""


@dataclass(frozen=True)
class ForeignCheck:
    """A check of another distribution, ``distribution`` being its name and version."""

    name: str
    distribution: str
    point: EntryPoint

    def load(self) -> Entry:
        """Import it; it is on only where the rules say so. Raises BrokenEntryPoint."""
        where = f"entry point {self.point.value} of {self.distribution}"
        try:
            entry = self.point.load()
        except Exception as error:  # whatever foreign code does at its import
            raise BrokenEntryPoint(f"{where} cannot be imported: {error!r}") from error
        if not isinstance(entry, Entry):
            raise BrokenEntryPoint(f"{where} is a {type(entry).__name__}, an Entry is needed")
        if entry.name != self.name:
            raise BrokenEntryPoint(f"{where} makes a check called {entry.name!r}")
        clash = {ENABLED, DECISION} & set(entry.options.fields)
        if clash:
            raise BrokenEntryPoint(f"{where} has an option called {clash.pop()!r}")
        return replace(entry, automatic=False, optional=True)

    def read(self, value: Any, key: str, problems: Problems) -> Rule | str | None:
        """Its rule; words where it is off; None after a problem was noted."""
        use = value.get(ENABLED, True) if isinstance(value, dict) else True
        if use is False:
            return f"{self.name}: the rules switch it off"
        try:
            entry = self.load()
        except BrokenEntryPoint as error:
            if use == "auto":
                return f"{self.name}: {error}"
            problems.add(key, str(error), f"repair {self.distribution}, or remove the key")
            return None
        return RuleKind(entry, self.distribution).read(value, key, problems)


def foreign_checks(built_in: Iterable[str], problems: Problems) -> dict[str, ForeignCheck]:
    """What is installed, by name in order; a name that is taken is a problem."""
    found: dict[str, ForeignCheck] = {}
    takers = dict.fromkeys(built_in, "aura_ros")
    for check in _installed(tuple(sys.path)):
        if check.name in takers:
            limit = f"{check.distribution} calls a check as {takers[check.name]} does"
            problems.add(
                check.name, limit, f"rename its entry point, or remove {check.distribution}"
            )
            continue
        takers[check.name] = check.distribution
        found[check.name] = check
    return found


@lru_cache(maxsize=1)
def _installed(path: tuple[str, ...]) -> tuple[ForeignCheck, ...]:
    """Every entry point of the group; ``path`` is where they are looked for."""
    found = [ForeignCheck(p.name, _distribution(p), p) for p in entry_points(group=GROUP)]
    return tuple(sorted(found, key=lambda check: (check.name, check.distribution)))


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "a distribution"
