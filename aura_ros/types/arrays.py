"""Arrays that cannot be written to, and digests of content."""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

NS = 1_000_000_000


def frozen_array(value: Any, dtype: Any = np.float64) -> Any:
    """Return ``value`` as a contiguous read-only array (copied only if it could be written)."""
    array = np.ascontiguousarray(value, dtype=dtype)
    if array.flags.writeable:
        array = array.copy() if array is value or array.base is not None else array
        array.setflags(write=False)
    return array


def freeze(instance: Any, *names: str) -> None:
    """Replace the named array fields of a frozen dataclass by read-only float64 arrays."""
    for name in names:
        object.__setattr__(instance, name, frozen_array(getattr(instance, name)))


def digest_of(*parts: Any) -> str:
    """SHA-256 (hex) over arrays, texts and integers, each with its length or shape."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            sha.update(repr((part.dtype.str, part.shape)).encode())
            sha.update(np.ascontiguousarray(part).data)
        else:
            sha.update(repr(part).encode())
        sha.update(b";")
    return sha.hexdigest()
