"""A YAML document as plain values: no key twice, overrides laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from aura_ros.robot.problems import Problems


class _UniqueKeys(yaml.SafeLoader):
    """Safe loader that refuses a table with the same key twice, where YAML keeps the last.

    Not the loader in C: that one crashes the process on deeply nested input.
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for i, key in enumerate(keys):
            if key in keys[:i]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice in one table", node.start_mark
                )
        return super().construct_mapping(node, deep)


def read_document(data: bytes, overrides: Mapping[str, Any], problems: Problems) -> Any:
    """Values of the YAML document ``data`` with ``overrides`` laid over its tables."""
    try:
        document = yaml.load(data, Loader=_UniqueKeys)
    except RecursionError:
        problems.add("", "is nested too deeply", "write plain tables and lists")
        return None
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        problems.add("", f"is not valid YAML ({reason})", "correct that line")
        return None
    return _merged(document, overrides) if overrides else document


def _merged(base: Any, over: Any) -> Any:
    """``over`` laid over ``base``: tables merge key by key, anything else is replaced."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    return {**base, **{k: _merged(base.get(k), v) for k, v in over.items()}}
