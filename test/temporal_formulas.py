"""Generated formulas, as this package and rtamt write them, and what they mean in plain Python."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from aura_ros.types import NS

INF = math.inf
PERIOD_NS = NS // 20


@dataclass(frozen=True)
class Tree:
    """An operator with its operands; ``bounds`` [periods] of a timed one, ``text`` of a leaf."""

    kind: str
    of: tuple[Any, ...] = ()
    bounds: tuple[int, int] | None = None
    text: str = ""


# Text of both languages, and its value less zero, of signals x and y.
LEAVES = {
    "x <= 0.5": lambda x, y: 0.5 - x,
    "y > -0.25": lambda x, y: y + 0.25,
    "x + 2 * y >= 1": lambda x, y: x + 2 * y - 1,
    "abs(y) < 0.75": lambda x, y: 0.75 - abs(y),
    "abs(x - y) <= abs(x) + 0.25": lambda x, y: abs(x) + 0.25 - abs(x - y),
    "(y - 1) / 4 > x": lambda x, y: (y - 1) / 4 - x,
}
BOUNDS = st.none() | st.tuples(st.integers(0, 6), st.integers(0, 8)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)


def _grown(tree: Any) -> Any:
    plain = st.builds(Tree, st.sampled_from(["not", "previous", "rise", "fall"]), st.tuples(tree))
    timed = st.builds(Tree, st.sampled_from(["once", "historically"]), st.tuples(tree), BOUNDS)
    both = st.builds(Tree, st.sampled_from(["and", "or", "implies"]), st.tuples(tree, tree))
    since = st.builds(Tree, st.just("since"), st.tuples(tree, tree), BOUNDS)
    return plain | timed | both | since


TREES = st.recursive(
    st.sampled_from(sorted(LEAVES)).map(lambda text: Tree("leaf", text=text)),
    _grown,
    max_leaves=5,
)


def ours(tree: Tree) -> str:
    """As this package writes it, bounds in seconds."""
    low, high = tree.bounds or (0, 0)
    at = f"[{low * PERIOD_NS / NS}, {high * PERIOD_NS / NS}]" if tree.bounds else ""
    return _text(tree, ours, at, "previous")


def theirs(tree: Tree) -> str:
    """As rtamt writes it, bounds in samples."""
    at = f"[{tree.bounds[0]}:{tree.bounds[1]}]" if tree.bounds else ""
    return _text(tree, theirs, at, "prev")


def _text(tree: Tree, write: Any, at: str, previous: str) -> str:
    if tree.kind == "leaf":
        return tree.text
    parts = [f"({write(part)})" for part in tree.of]
    if len(parts) == 2:
        return f"{parts[0]} {tree.kind}{at} {parts[1]}"
    return f"{previous if tree.kind == 'previous' else tree.kind}{at} {parts[0]}"


def repeats(tree: Tree) -> bool:
    """Whether an operator stands there twice with the same operands: rtamt 0.4.10 keeps one memory
    for both and moves it on twice a sample, so that once[1:1] looks back by half a period."""
    parts = [part for part in _parts(tree) if part.kind != "leaf"]
    return len(set(parts)) < len(parts)


def _parts(tree: Tree) -> list[Tree]:
    return [tree, *(part for operand in tree.of for part in _parts(operand))]


def meaning(tree: Tree, times: list[int], x: list[float], y: list[float]) -> list[float]:
    """Robustness at every sample by the definitions, sample by sample; the slow way."""
    if tree.kind == "leaf":
        return [LEAVES[tree.text](*sample) for sample in zip(x, y, strict=True)]
    values = [meaning(part, times, x, y) for part in tree.of]
    return [_at(tree, k, times, *values) for k in range(len(times))]


def _at(tree: Tree, k: int, times: list[int], a: list[float], b: Any = None) -> float:
    before = a[k - 1] if k else None
    match tree.kind:
        case "not":
            return -a[k]
        case "and":
            return min(a[k], b[k])
        case "or":
            return max(a[k], b[k])
        case "implies":
            return max(-a[k], b[k])
        case "previous":
            return INF if before is None else before
        case "rise":
            return min(a[k], INF if before is None else -before)
        case "fall":
            return min(-a[k], INF if before is None else before)
        case "once":
            return max((a[j] for j in _window(tree, k, times)), default=-INF)
        case "historically":
            return min((a[j] for j in _window(tree, k, times)), default=INF)
    held = (min([b[j], *a[j + 1 : k + 1]]) for j in _window(tree, k, times))
    return max(held, default=-INF)


def _window(tree: Tree, k: int, times: list[int]) -> range:
    """Samples in force from ``bounds[1]`` to ``bounds[0]`` ago."""
    if tree.bounds is None:
        return range(k + 1)
    low, high = (bound * PERIOD_NS for bound in tree.bounds)
    last = _in_force(k, times, low)
    if last is None:
        return range(0)
    return range(_in_force(last, times, high - low) or 0, last + 1)


def _in_force(k: int, times: list[int], age: int) -> int | None:
    """The sample that was the newest one ``age`` [ns] before sample ``k``."""
    return max((j for j in range(k + 1) if times[j] <= times[k] - age), default=None)
