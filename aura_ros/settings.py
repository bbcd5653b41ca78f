"""Settings of rooms: frozen dataclasses whose fields carry description, unit and range.

A node declares its parameters from them, the README's tables are checked against them, and the
same validation holds with and without ROS.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")


class SettingError(ValueError):
    """A setting out of range or of the wrong type: names it, its limits and what was given."""


@dataclass(frozen=True)
class Setting:
    """One setting: name, default, description with unit, and closed range (numbers only)."""

    name: str
    default: Any
    description: str
    low: float
    high: float


def setting(default: Any, description: str, low: float = -math.inf, high: float = math.inf) -> Any:
    """A dataclass field with its description and range."""
    metadata = {"description": description, "low": low, "high": high}
    return field(default=default, metadata=metadata)


def settings_of(kind: type) -> tuple[Setting, ...]:
    """The settings of a settings dataclass."""
    return tuple(
        Setting(f.name, f.default, f.metadata["description"], f.metadata["low"], f.metadata["high"])
        for f in fields(kind)
        if f.default is not MISSING
    )


def validated(kind: type[T], values: Mapping[str, Any]) -> T:
    """``kind`` from ``values`` (missing ones take their default), checked."""
    known = {s.name: s for s in settings_of(kind)}
    for name, value in values.items():
        if name not in known:
            raise SettingError(f"{name} is no setting; known are {', '.join(known)}")
        problem = _problem(known[name], value)
        if problem:
            raise SettingError(problem)
    return kind(**{n: _like(known[n].default, v) for n, v in values.items()})


def _problem(spec: Setting, value: Any) -> str:
    wanted = type(spec.default)
    is_number = wanted in (int, float)
    if is_number and (isinstance(value, bool) or not isinstance(value, int | float)):
        return f"{spec.name} is {value!r}; a number is needed"
    if wanted in (bool, str) and not isinstance(value, wanted):
        return f"{spec.name} is {value!r}; a {wanted.__name__} is needed"
    numbers = value if wanted is tuple else (value,) if is_number else ()
    if wanted is tuple and not len(numbers):
        return f"{spec.name} is empty; at least one number is needed"
    for number in numbers:
        if not spec.low <= number <= spec.high:
            return f"{spec.name} is {number}; it must be from {spec.low:g} to {spec.high:g}"
    return ""


def _like(default: Any, value: Any) -> Any:
    return tuple(value) if isinstance(default, tuple) else type(default)(value)
