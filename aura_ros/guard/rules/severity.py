"""Checks whose failing means more than by default, whether or not they look at their decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from aura_ros.guard.context import Context
from aura_ros.guard.entry import CheckFunction
from aura_ros.guard.rules.rule import Rule
from aura_ros.guard.watch import Watch
from aura_ros.types import Check, Now


def raised(check: Check, rule: Rule) -> Check:
    """A failing that is as severe as the default is at least what the rule says.

    Weaker steps of a check with several stay as they are.
    """
    if check.passed or check.decision < rule.entry.decision:
        return check
    return replace(check, decision=max(check.decision, rule.decision))


def is_raised(rule: Rule) -> bool:
    """Whether the rule says more than the default."""
    return rule.decision > rule.entry.decision


@dataclass(frozen=True)
class RaisedCheck:
    """A check of chunks or plans, raised."""

    check: CheckFunction
    rule: Rule

    def __call__(self, context: Context) -> Check:
        """What it says, raised."""
        return raised(self.check(context), self.rule)


class RaisedWatch(Watch):
    """A watch, raised."""

    def __init__(self, watch: Watch, rule: Rule) -> None:
        self._watch, self._rule = watch, rule
        self.name, self.about = watch.name, watch.about  # type: ignore[misc]

    def hear(self, value: Any, now: Now) -> None:
        """Hand the value on."""
        self._watch.hear(value, now)

    def checks(self, now: Now) -> tuple[Check, ...]:
        """What it says, raised."""
        return tuple(raised(check, self._rule) for check in self._watch.checks(now))

    def share(self, now: Now) -> float:
        """What it says."""
        return self._watch.share(now)
