"""How one field of a value becomes one field of a message, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from aura_ros.types import NO_ALTERNATIVES, NS, Array

# Makes a message of a type from its fields; arrays are given as numpy arrays.
Make: TypeAlias = Callable[[str, dict[str, Any]], Any]


@dataclass(frozen=True)
class Codec:
    """Two functions: value to message field, message field (and its message) to value."""

    encode: Callable[[Any, Make], Any]
    decode: Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Field:
    """``message`` field holds the value's attribute ``attribute``, by ``codec``."""

    message: str
    attribute: str
    codec: Codec


def stamp(make: Make, time_ns: int, kind: str = "builtin_interfaces/msg/Time") -> Any:
    """A Time or Duration message of ``time_ns``."""
    sec, nanosec = divmod(int(time_ns), NS)
    return make(kind, {"sec": sec, "nanosec": nanosec})


def nanoseconds(message: Any) -> int:
    """Nanoseconds of a Time or Duration message."""
    return int(message.sec) * NS + int(message.nanosec)


def matrix(flat: Any, columns: int) -> Array:
    """Row-major numbers as (rows, columns); one row of what does not fit, for a check to refuse."""
    array = np.asarray(flat, dtype=np.float64)
    return array.reshape(-1, columns) if columns and array.size % columns == 0 else array[None, :]


def alternatives(flat: Any, numbers: int, columns: int) -> Array:
    """Row-major numbers as chunks (K, rows, columns) of so many ``numbers`` each; one row of what
    does not fit, for a check to refuse."""
    array = np.asarray(flat, dtype=np.float64)
    if not array.size:
        return NO_ALTERNATIVES
    fits = columns and numbers and numbers % columns == 0 and array.size % numbers == 0
    return array.reshape(-1, numbers // columns, columns) if fits else array[None, None, :]


def plain(kind: type) -> Codec:
    """A number, bool or text as it is."""
    return Codec(lambda value, make: kind(value), lambda field, message: kind(field))


TIME = Codec(lambda value, make: stamp(make, value), lambda field, message: nanoseconds(field))
DURATION = Codec(
    lambda value, make: stamp(make, value, "builtin_interfaces/msg/Duration"),
    lambda field, message: nanoseconds(field),
)
TEXTS = Codec(
    lambda value, make: [str(v) for v in value],
    lambda field, message: tuple(str(v) for v in field),
)
NUMBERS = Codec(
    lambda value, make: np.asarray(value, dtype=np.float64),
    lambda field, message: np.array(field, dtype=np.float64),
)
FLOATS = Codec(NUMBERS.encode, lambda field, message: tuple(float(v) for v in field))
MATRIX = Codec(
    lambda value, make: np.asarray(value, dtype=np.float64).reshape(-1),
    lambda field, message: matrix(field, len(message.joint_names)),
)
INT, REAL, BOOL, TEXT = plain(int), plain(float), plain(bool), plain(str)
REASONS = Codec(
    lambda value, make: list(value),
    lambda field, message: dict(zip(field, (int(c) for c in message.refused_counts), strict=True)),
)
