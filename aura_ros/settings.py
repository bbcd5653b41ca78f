"""Settings of rooms: frozen dataclasses whose fields carry description, unit and range.

A node declares its parameters from them, the README's tables are checked against them, and the
same validation holds with and without ROS.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
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
    if wanted in (bool, str):
        is_right = isinstance(value, wanted)
        return "" if is_right else f"{spec.name} is {value!r}; a {wanted.__name__} is needed"
    if wanted is not tuple:
        return _number_problem(spec, value, wanted is int)
    if isinstance(value, str) or not isinstance(value, Iterable):
        return f"{spec.name} is {value!r}; a list of numbers is needed"
    found = [_number_problem(spec, number, False) for number in value]
    if not found:
        return f"{spec.name} is empty; at least one number is needed"
    return next(filter(None, found), "")


def _number_problem(spec: Setting, value: Any, whole: bool) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{spec.name} is {value!r}; a number is needed"
    if not spec.low <= value <= spec.high:
        return f"{spec.name} is {value}; it must be from {spec.low:g} to {spec.high:g}"
    if whole and not float(value).is_integer():
        return f"{spec.name} is {value}; a whole number is needed"
    return ""


def _like(default: Any, value: Any) -> Any:
    return tuple(value) if isinstance(default, tuple) else type(default)(value)
