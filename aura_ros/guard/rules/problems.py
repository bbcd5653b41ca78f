"""What is wrong with a file of rules: every problem with its line and key, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from aura_ros.robot.problems import Problem, Problems, RobotConfigError

# What Problems calls a problem of no key.
WHOLE_FILE = "file"


class RulesError(RobotConfigError):
    """Rules that cannot be used: their ``file`` and all ``problems``, each with its line."""


class RulesProblems(Problems):
    """Problems of one file of rules; ``lines`` are those of its keys."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.lines: Mapping[str, int] = {}

    def raise_if_any(self) -> None:
        """Raise RulesError with all problems, or return if there is none."""
        if self._found:
            raise RulesError(self.file, tuple(map(self._placed, self._found)))

    def _placed(self, problem: Problem) -> Problem:
        # Of what is no YAML at all there are no keys, and the parser has named the line.
        line = line_of(problem.key, self.lines)
        return replace(problem, key=f"line {line}: {problem.key}") if line else problem


def key_lines(data: bytes) -> dict[str, int]:
    """Line, from 1, of every key path of a YAML document that was read without an error.

    Paths are those of :class:`aura_ros.robot.spec.Table` and ``ListOf``: ``a.b[0].c``.
    """
    root = yaml.compose(data, Loader=yaml.SafeLoader)
    lines, seen = {"": 1}, set()
    waiting = [("", root)] if root is not None else []
    while waiting:
        path, node = waiting.pop()
        if id(node) in seen:  # an alias: it may hold itself
            continue
        seen.add(id(node))
        for key, line, child in _children(path, node):
            lines[key] = line
            waiting.append((key, child))
    return lines


def line_of(key: str, lines: Mapping[str, int]) -> int:
    """Line of a key path, or of the nearest table that holds it; 0 if there is none."""
    if key == WHOLE_FILE:
        return lines.get("", 0)
    while key and key not in lines:
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return lines[key] if key else 0


def _children(path: str, node: Any) -> Iterator[tuple[str, int, Any]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                at = f"{path}.{key.value}" if path else key.value
                yield at, key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{path}[{index}]", item.start_mark.line + 1, item
