"""The messages of openpi's websocket servers: msgpack with numpy arrays, as openpi-client packs.

An observation is a table of arrays and texts; the answer holds ``actions`` (T, A). Ours may also
hold ``features`` (d,) and, where the observation asked for ``samples``, chunks (k, T, A). To one
that holds ``noisy_rows`` (T, A) and ``flow_time`` it is ``velocity`` (T, A) alone.
Arrays are tables of raw bytes, dtype and shape: no pickle, no objects.
Source: https://github.com/Physical-Intelligence/openpi, packages/openpi-client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.policy.declared import Declared
from aura_ros.types import Array

# Under which key of the metadata our server declares itself; the rest of them are openpi's.
DECLARED = "aura_ros"
# bool, integers, floats: an object's bytes would be addresses.
_KINDS = "biuf"


class WireError(ValueError):
    """A message that is not what it should be: nothing moves on it."""


def pack(value: Mapping[str, Any]) -> bytes:
    """``value`` as bytes."""
    import msgpack  # type: ignore[import-untyped]

    return bytes(msgpack.packb(value, default=_packed))


def unpack(data: bytes) -> dict[str, Any]:
    """The table in ``data``; its arrays are read-only. Raises WireError."""
    import msgpack

    try:
        value = msgpack.unpackb(data, object_hook=_unpacked)
    except (ValueError, TypeError, KeyError) as error:
        raise WireError(f"a message that cannot be read: {error or type(error).__name__}") from None
    if not isinstance(value, dict):
        raise WireError(f"a message that is no table but a {type(value).__name__}")
    return value


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind not in _KINDS:
        raise WireError(f"dtype {value.dtype} cannot be sent; numbers can")
    if isinstance(value, np.ndarray):
        return {
            b"__ndarray__": True,
            b"data": value.tobytes(),
            b"dtype": value.dtype.str,
            b"shape": value.shape,
        }
    if isinstance(value, np.generic):
        return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
    raise WireError(f"a {type(value).__name__} cannot be sent; numbers, texts and arrays can")


def _unpacked(table: dict[Any, Any]) -> Any:
    if b"__ndarray__" in table:
        return np.frombuffer(table[b"data"], _dtype(table)).reshape(table[b"shape"])
    if b"__npgeneric__" in table:
        return _dtype(table).type(table[b"data"])
    return table


def _dtype(table: dict[Any, Any]) -> np.dtype[Any]:
    dtype = np.dtype(table[b"dtype"])
    if dtype.kind not in _KINDS:
        raise WireError(f"dtype {dtype} is no number")
    return dtype


@dataclass(frozen=True)
class Answer:
    """Rows (T, A), features (d,), none of them if the policy has none, and chunks (k, T, A)."""

    rows: Array
    features: Array
    samples: Array


def checked(answer: Mapping[str, Any], declared: Declared, samples: int) -> Answer:
    """``answer`` if it is what ``declared`` promises for so many ``samples``. Raises WireError."""
    rows = _numbers(answer, "actions", 2)
    if rows.shape[1] != declared.action_width or not len(rows):
        raise WireError(
            f"actions of shape {rows.shape}, but the policy {declared.name} declares rows of "
            f"{declared.action_width} numbers; serve the checkpoint that was configured"
        )
    features = _numbers(answer, "features", 1) if declared.features else np.zeros(0)
    if len(features) != declared.features:
        raise WireError(f"{len(features)} features, but {declared.features} are declared")
    drawn = _numbers(answer, "samples", 3) if samples > 1 else rows[None]
    if drawn.shape != (samples, *rows.shape):
        raise WireError(f"samples of shape {drawn.shape}; {(samples, *rows.shape)} is needed")
    return Answer(rows, features, drawn)


def checked_velocity(answer: Mapping[str, Any], shape: tuple[int, ...]) -> Array:
    """The velocity of a flow at rows of that ``shape`` (T, A). Raises WireError."""
    velocity = _numbers(answer, "velocity", 2)
    if velocity.shape != shape:
        raise WireError(f"velocity of shape {velocity.shape}; that of the rows is {shape}")
    return velocity


def _numbers(answer: Mapping[str, Any], name: str, dimensions: int) -> Array:
    if name not in answer:
        raise WireError(f"an answer without {name}; it has {', '.join(map(str, answer)) or '-'}")
    given: NDArray[Any] = np.asarray(answer[name])
    if given.dtype.kind not in _KINDS or given.ndim != dimensions:
        raise WireError(
            f"{name} is an array of shape {given.shape} and dtype {given.dtype}; "
            f"numbers in {dimensions} dimensions are needed"
        )
    bad = np.argwhere(~np.isfinite(given))
    if len(bad):
        place = tuple(int(index) for index in bad[0])
        raise WireError(f"{name} has {given[place]} at {list(place)}; it must be finite")
    return given.astype(np.float64)
