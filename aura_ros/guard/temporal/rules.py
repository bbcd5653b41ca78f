"""Temporal rules as a user writes them, and as they are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aura_ros.guard.entry import Setup
from aura_ros.guard.temporal.formula import Formula
from aura_ros.guard.temporal.parser import parse
from aura_ros.guard.temporal.signals import Catalogue
from aura_ros.guard.temporal.tokens import FormulaError
from aura_ros.robot.problems import Problems
from aura_ros.robot.spec import Choice, Field, ListOf, Table, Text
from aura_ros.types import Decision


@dataclass(frozen=True)
class FormulaText:
    """A formula of past-time signal temporal logic."""

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        """The text, if it can be read; its signals are looked up when the robot is known."""
        text = Text(expected="a formula of one line").read(value, key, problems)
        if text is None:
            return None
        try:
            parse(text)
        except FormulaError as error:
            limit = f"column {error.column}: {error.words}"
            remedy = "write it as in `force <= 20 or not once[0, 1] speed > 0.1`"
            problems.add(key, limit, remedy, text)
            return None
        return text


@dataclass(frozen=True)
class RuleList(ListOf):
    """A list of rules, each of another name."""

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        """The rules as tables."""
        rules = super().read(value, key, problems) or ()
        names = [rule.get("name") for rule in rules]
        for i, name in enumerate(names):
            if name is not None and name in names[:i]:
                problems.add(f"{key}[{i}].name", "is used twice", "give each rule a name", name)
        return rules


RULE = Table(
    MappingProxyType(
        {
            "name": Field(
                Text(r"[a-z][a-z0-9_]*", "a name of small letters, digits and _"),
                "name of the rule, as its check shows it",
            ),
            "formula": Field(FormulaText(), "what must hold at every sample"),
            "decision": Field(
                Choice(("slow", "refuse", "hold", "ask", "stop")),
                "what it means where it does not hold, if not the check's decision",
                None,
            ),
        }
    )
)

OPTIONS = Table(
    MappingProxyType(
        {"rules": Field(RuleList(RULE), "rules of past-time signal temporal logic")},
    )
)


@dataclass(frozen=True)
class Rule:
    """What must hold at every sample, and what it means where it does not."""

    name: str
    text: str
    formula: Formula
    decision: Decision


def rules_of(setup: Setup, catalogue: Catalogue) -> tuple[Rule, ...]:
    """The rules of a check. Raises ValueError with rule, column and remedy for the first one that
    cannot be read on this robot."""
    rules = tuple(_rule(table, setup, catalogue) for table in setup.options.get("rules") or ())
    names = [rule.name for rule in rules]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"temporal rule {min(twice)} is there twice: give each a name of its own")
    return rules


def _rule(table: Mapping[str, Any], setup: Setup, catalogue: Catalogue) -> Rule:
    name, text, word = table["name"], table["formula"], table.get("decision")
    try:
        formula = parse(text, catalogue.fault)
    except FormulaError as error:
        words = f"temporal rule {name}, column {error.column} of {text!r}: {error.words}"
        raise ValueError(words) from error
    return Rule(name, text, formula, Decision[word.upper()] if word else setup.decision)
