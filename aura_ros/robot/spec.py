"""Kinds of values in a configuration: each reads one value and notes what is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aura_ros.robot.problems import Problems, closest

REQUIRED = object()


class Kind(Protocol):
    """Reads ``value`` at the path ``key``; returns None after it noted a problem."""

    def read(self, value: Any, key: str, problems: Problems) -> Any: ...


@dataclass(frozen=True)
class Text:
    """Printable text of one line that matches ``pattern``; ``expected`` says so in words."""

    pattern: str = r"\S(.*\S)?"
    expected: str = "text of one line"

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        if isinstance(value, str) and value.isprintable() and re.fullmatch(self.pattern, value):
            return value
        problems.add(key, f"must be {self.expected}", "correct it, in quotes if need be", value)
        return None


@dataclass(frozen=True)
class Choice:
    """One of the texts ``options``."""

    options: tuple[str, ...]

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        if isinstance(value, str) and value in self.options:
            return value
        allowed = f"must be one of {', '.join(self.options)}"
        problems.add(key, allowed, closest(value, self.options), value)
        return None


@dataclass(frozen=True)
class Flag:
    """true or false."""

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        if isinstance(value, bool):
            return value
        problems.add(key, "must be true or false", "write one of them, without quotes", value)
        return None


@dataclass(frozen=True)
class Number:
    """A finite number in [low, high], or above ``low`` with ``above``; whole with ``whole``."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    whole: bool = False

    @property
    def expected(self) -> str:
        """The range in words."""
        what = "a whole number" if self.whole else "a finite number"
        if math.isfinite(self.high):
            return f"{what} from {self.low:g} to {self.high:g}"
        if math.isfinite(self.low):
            return f"{what}, {'above' if self.above else 'at least'} {self.low:g}"
        return what

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            remedy = "write a number without quotes, an exponent as in 1.0e+3"
            problems.add(key, f"must be {self.expected}", remedy, value)
            return None
        if not self._holds(value):
            problems.add(key, f"must be {self.expected}", "choose a value in that range", value)
            return None
        return int(value) if self.whole else float(value)

    def _holds(self, value: float) -> bool:
        try:
            finite = math.isfinite(value)
        except OverflowError:
            return False
        low = value > self.low if self.above else value >= self.low
        return finite and low and value <= self.high and (not self.whole or value == int(value))


@dataclass(frozen=True)
class ListOf:
    """A list, not empty, of values of one kind, none of them twice if ``unique``."""

    item: Kind
    unique: bool = False

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        if not isinstance(value, (list, tuple)) or not value:
            problems.add(key, "must be a list with at least one entry", "write [a, b]", value)
            return None
        items = [self.item.read(v, f"{key}[{i}]", problems) for i, v in enumerate(value)]
        if self.unique:
            for i, item in enumerate(items):
                if item is not None and item in items[:i]:
                    problems.add(f"{key}[{i}]", "is listed twice", "remove one of them", item)
        return tuple(items)


@dataclass(frozen=True)
class PerJoint:
    """One number for all joints of a group, or a list with one for each joint."""

    number: Number

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        if isinstance(value, (list, tuple)):
            return ListOf(self.number).read(value, key, problems)
        return self.number.read(value, key, problems)


@dataclass(frozen=True)
class MapOf:
    """A table, not empty, whose keys are names that the user chooses."""

    item: Kind
    name: Text

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        if not isinstance(value, Mapping) or not value:
            problems.add(key, "must be a table with at least one entry", "write name: ...", value)
            return {}
        items = {}
        for name, item in value.items():
            at = f"{key}.{name}" if key else str(name)
            if self.name.read(name, at, problems) is not None:
                items[name] = self.item.read(item, at, problems)
        return items


@dataclass(frozen=True)
class Field:
    """A key of a table: the kind of its value, what it means, and its default."""

    kind: Kind
    meaning: str
    default: Any = REQUIRED


@dataclass(frozen=True)
class Table:
    """A table with the known keys ``fields``."""

    fields: Mapping[str, Field]

    @property
    def defaults(self) -> dict[str, Any]:
        """What an empty table stands for."""
        return {name: field.default for name, field in self.fields.items()}

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        if not isinstance(value, Mapping):
            keys = ", ".join(self.fields)
            problems.add(key, f"must be a table with the keys {keys}", "write key: value", value)
            return {}
        for name in value:
            if name not in self.fields:
                at = f"{key}.{name}" if key else str(name)
                problems.add(at, "unknown key", closest(name, self.fields))
        return {name: self._read(name, value, key, problems) for name in self.fields}

    def _read(self, name: str, table: Mapping[Any, Any], key: str, problems: Problems) -> Any:
        field = self.fields[name]
        at = f"{key}.{name}" if key else name
        if name in table:
            return field.kind.read(table[name], at, problems)
        if field.default is REQUIRED:
            problems.add(at, "is missing", f"add it: {field.meaning}")
            return {} if isinstance(field.kind, (Table, MapOf)) else None
        return field.default
