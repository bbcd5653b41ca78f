"""A digest of the rules in force: whoever reads a verdict can tell what it was judged by."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.named_file import NamedFile


class RulesDigest:
    """SHA-256 (hex) over canonical JSON of ``content`` and the settings as they are now."""

    def __init__(self, content: Mapping[str, Any], settings: Callable[[], GuardConfig]) -> None:
        self._content, self._settings = dict(content), settings
        self._known: tuple[GuardConfig, str] | None = None

    def __call__(self) -> str:
        """The digest; computed again only where the settings were replaced."""
        config = self._settings()
        if self._known is None or self._known[0] is not config:
            text = canonical_json({**self._content, "settings": config})
            self._known = config, hashlib.sha256(text.encode()).hexdigest()
        return self._known[1]


def canonical_json(value: Any) -> str:
    """One text for equal values: keys sorted, no spaces, 1 for 1.0, numbers without end as text;
    files by what they hold, wherever they are.

    Raises TypeError for what is no plain value, array or dataclass.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        return int(value) if value.is_integer() else value
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, NamedFile):
        return {"file": value.digest}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"{value!r} has no canonical form: options are plain values or dataclasses")
