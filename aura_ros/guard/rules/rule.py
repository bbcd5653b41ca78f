"""One rule: whether a check is on, its options, and what its failing means."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aura_ros.guard.entry import Entry
from aura_ros.robot.problems import Problems
from aura_ros.robot.spec import REQUIRED, Choice, Field, Table
from aura_ros.types import Decision

ENABLED, DECISION = "enabled", "decision"
WORDS = {d.name.lower(): d for d in Decision if d >= Decision.SLOW}


class Use(enum.Enum):
    """Whether a check is on: always, where it can be made, or never."""

    ON = True
    AUTO = "auto"
    OFF = False


@dataclass(frozen=True)
class Rule:
    """A check as it is to be made. ``lacking`` are options that it needs and was not given;
    ``distribution`` names the package that brings it, with its version, empty for this one."""

    entry: Entry
    use: Use
    decision: Decision
    options: Mapping[str, Any] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    distribution: str = ""

    @property
    def name(self) -> str:
        """The name of the check."""
        return self.entry.name


def default_rule(entry: Entry) -> Rule:
    """What holds for a check that the rules do not name."""
    use = Use.ON if not entry.optional else Use.AUTO if entry.automatic else Use.OFF
    lacking = required_options(entry)
    options = {**entry.options.defaults, **dict.fromkeys(lacking)}
    return Rule(entry, use, entry.decision, options, lacking)


def required_options(entry: Entry) -> tuple[str, ...]:
    """Options without a default."""
    return tuple(name for name, f in entry.options.fields.items() if f.default is REQUIRED)


def allowed_decisions(entry: Entry) -> tuple[str, ...]:
    """Words for what failing may mean: nothing weaker than the default.

    An optional check may be weakened, since it might be switched off altogether; one whose
    default is STOP may not: who does not want its stop switches it off in so many words.
    """
    is_free = entry.optional and entry.decision < Decision.STOP
    return tuple(word for word, d in WORDS.items() if is_free or d >= entry.decision)


@dataclass(frozen=True)
class RuleKind:
    """The table of one check. One that the file names is on unless it says otherwise."""

    entry: Entry
    distribution: str = ""

    def read(self, value: Any, key: str, problems: Problems) -> Rule | None:
        """The rule, None after a problem was noted."""
        table = value if isinstance(value, Mapping) else {}
        needed = table.get(ENABLED, True) is True
        read = Table(self._fields(needed)).read(value, key, problems)
        if problems.under(key):
            return None
        options = {name: read[name] for name in self.entry.options.fields}
        lacking = tuple(name for name in required_options(self.entry) if name not in table)
        return Rule(self.entry, read[ENABLED], read[DECISION], options, lacking, self.distribution)

    def _fields(self, needed: bool) -> dict[str, Field]:
        options = dict(self.entry.options.fields)
        for name in () if needed else required_options(self.entry):
            options[name] = replace(options[name], default=None)
        return {
            ENABLED: Field(
                _UseKind(self.entry), "true, false, or auto: where it can be made", Use.ON
            ),
            DECISION: Field(_DecisionKind(self.entry), "what failing means", self.entry.decision),
            **options,
        }


@dataclass(frozen=True)
class _UseKind:
    """true, false or auto."""

    entry: Entry

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        """The Use."""
        if not (isinstance(value, bool) or value == "auto"):
            problems.add(key, "must be true, false or auto", "write one, without quotes", value)
            return None
        if not self.entry.optional and value is not True:
            problems.add(key, "this check cannot be switched off", "remove the key", value)
            return None
        return Use(value)


@dataclass(frozen=True)
class _DecisionKind:
    """The word for a decision."""

    entry: Entry

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        """The Decision."""
        allowed = allowed_decisions(self.entry)
        if not isinstance(value, str) or value not in WORDS:
            return None if Choice(allowed).read(value, key, problems) is None else WORDS[value]
        if value not in allowed:
            least = self.entry.decision.name.lower()
            remedy = f"write one of {', '.join(allowed)}, or remove the key"
            problems.add(key, f"must not be weaker than {least} for this check", remedy, value)
            return None
        return WORDS[value]
