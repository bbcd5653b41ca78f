"""A room's inputs and outputs in order, exact to the bit, one JSON line each.

Running the inputs of a journal through a fresh core gives the outputs of the journal. Pixels
are left out: an image is known by its fingerprint.
"""

from __future__ import annotations

import base64
import enum
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from aura_ros import types

KINDS = {
    name: kind
    for name, kind in vars(types).items()
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, enum.IntEnum))
}


@dataclass(frozen=True)
class Entry:
    """One line: ``said`` is False for an input, True for an output of the room."""

    said: bool
    now: types.Now
    value: Any


class Journal:
    """Appends entries to a file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("w", buffering=1 << 16)

    def append(self, said: bool, now: types.Now, value: Any) -> None:
        """Write one entry."""
        line = [int(said), now.ros_ns, now.steady_ns, encode(value)]
        self._file.write(json.dumps(line) + "\n")

    def flush(self) -> None:
        """Give what was written to the system: a killed node loses no more than since then."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close."""
        self._file.close()


def read_journal(path: Path) -> Iterator[Entry]:
    """The entries of a journal; a last line that was cut off by a kill is left out."""
    with path.open() as file:
        for line in file:
            if not line.endswith("\n"):
                return
            said, ros_ns, steady_ns, value = json.loads(line)
            yield Entry(bool(said), types.Now(ros_ns, steady_ns), decode(value))


def encode(value: Any) -> Any:
    """JSON of a value of the waist; arrays as their bytes."""
    if isinstance(value, np.ndarray):
        return {
            "_": "array",
            "shape": value.shape,
            "data": base64.b64encode(value.tobytes()).decode(),
        }
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, enum.IntEnum):
        return {"_": type(value).__name__, "value": int(value)}
    if is_dataclass(value) and not isinstance(value, type):
        pairs = {f.name: encode(getattr(value, f.name)) for f in fields(value)}
        if isinstance(value, types.Image):
            pairs["data"] = ""
        return {"_": type(value).__name__, **pairs}
    if isinstance(value, Mapping):
        return {"_": "map", "items": [[k, encode(v)] for k, v in value.items()]}
    if isinstance(value, tuple | list):
        return [encode(v) for v in value]
    return value


def decode(data: Any) -> Any:
    """The value that :func:`encode` wrote; lists come back as tuples."""
    if isinstance(data, list):
        return tuple(decode(item) for item in data)
    if not isinstance(data, dict):
        return data
    kind = data["_"]
    if kind == "array":
        return np.frombuffer(base64.b64decode(data["data"])).reshape(data["shape"])
    if kind == "map":
        return {key: decode(item) for key, item in data["items"]}
    pairs = {name: decode(item) for name, item in data.items() if name != "_"}
    if kind == "Image":
        pairs["data"] = b""
    return KINDS[kind](**pairs)
