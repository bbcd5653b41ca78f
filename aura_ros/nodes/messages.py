"""rclpy messages from fields, and their classes by name."""

from __future__ import annotations

import array
import importlib
from functools import lru_cache
from typing import Any

import numpy as np

# rclpy takes array.array without looking at every element; anything else it walks through.
CODES = {"f8": "d", "u8": "Q", "f4": "f", "u4": "I", "u1": "B"}


@lru_cache(maxsize=64)
def message_class(name: str) -> Any:
    """The class of a message type such as ``std_msgs/msg/String``."""
    package, _, kind = name.split("/")
    return getattr(importlib.import_module(f"{package}.msg"), kind)


def make(name: str, fields: dict[str, Any]) -> Any:
    """A message of type ``name`` with its fields set."""
    message = message_class(name)()
    for field, value in fields.items():
        setattr(message, field, _array(value) if isinstance(value, np.ndarray) else value)
    return message


def _array(values: np.ndarray) -> array.array[Any]:
    packed = array.array(CODES[values.dtype.str[1:]])
    packed.frombytes(np.ascontiguousarray(values).data.cast("B"))
    return packed
