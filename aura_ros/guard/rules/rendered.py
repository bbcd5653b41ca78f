"""Every check of the package with its options and defaults, as ``config/guard/default.yaml`` shows
them.

``python -m aura_ros.guard.rules.rendered > config/guard/default.yaml`` writes that file.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import yaml

from aura_ros.guard.entry import Entry, Stage
from aura_ros.guard.rules.rule import DECISION, ENABLED, WORDS, default_rule
from aura_ros.guard.rules.table import TABLE
from aura_ros.robot.problems import Problems
from aura_ros.robot.spec import REQUIRED, Choice, Field, ListOf, MapOf, Number, Table

HEAD = """\
# What the guard checks: every check with its options and defaults. Copy what you change into a file
# of your own, and give its path to the guard's parameter `rules`; what that leaves out stays as it
# is here.
#
# enabled: true; false; auto: on where it can be made. A check that your file names without this
#   key is on. One that is on and cannot be made keeps the guard from being armed. Some cannot be
#   switched off.
# decision: what failing means at least, from weak to strong:
#   slow: motion is slower; refuse: this chunk or plan is not taken; hold: motion stops until the
#   cause ends; ask: until a person says how to go on; stop: until a person resets the guard.
#   Only a check that can be switched off may be given a weaker one; what a check cannot tell is
#   a hold whatever stands here.
"""
STAGES = {
    Stage.CHUNK: "Of a chunk as it arrives.",
    Stage.PLAN: "Of a plan with its chunk.",
    Stage.WORLD: "Of world, chain and policy, all the time.",
}


def rendered(entries: Iterable[Entry] = TABLE) -> str:
    """The text of a file of rules that says what holds without it."""
    blocks = (_section(stage, group) for stage, group in groupby(entries, lambda e: e.stage))
    return f"{HEAD}checks:\n" + "\n".join(blocks)


def _section(stage: Stage, entries: Iterable[Entry]) -> str:
    checks = ("".join(f"  {line}\n" for line in _check(entry)) for entry in entries)
    return "\n".join([f"  # {STAGES[stage]}\n", *checks])


def _check(entry: Entry) -> Iterator[str]:
    rule = default_rule(entry)
    yield f"# {_meaning(entry)}"
    yield f"{entry.name}:"
    fixed = "" if entry.optional else "  # always"
    yield f"  {ENABLED}: {_flow(rule.use.value)}{fixed}"
    words = {decision: word for word, decision in WORDS.items()}
    yield f"  {DECISION}: {words[rule.decision]}"
    for name, option in entry.options.fields.items():
        yield from (f"  {line}" for line in _option(name, option))


def _option(name: str, option: Field) -> Iterator[str]:
    yield f"# {option.meaning}{_range(option.kind)}"
    if option.default is REQUIRED:
        yield f"# {name}:  # no default"
    elif _is_readable(option):
        yield f"{name}: {_flow(option.default)}"
    else:
        yield f"# {name}:"
    for inner, field in _inner(option.kind):
        default = "" if field.default in (REQUIRED, None) else f"; {_flow(field.default)}"
        yield f"#   {inner}: {field.meaning}{_range(field.kind)}{default}"


def _inner(kind: Any) -> Iterator[tuple[str, Field]]:
    """Keys of the tables in a list or table."""
    if isinstance(kind, Table):
        for name, field in kind.fields.items():
            yield name, field
            yield from ((f"{name}.{inner}", f) for inner, f in _inner(field.kind))
    elif isinstance(kind, ListOf | MapOf):
        yield from _inner(kind.item)


def _range(kind: Any) -> str:
    if isinstance(kind, Number):
        return f"; {kind.expected}"
    return f"; {', '.join(kind.options)}" if isinstance(kind, Choice) else ""


def _is_readable(option: Field) -> bool:
    """Whether the default is one that a file can say: none and an empty list are not."""
    problems = Problems("")
    option.kind.read(option.default, "key", problems)
    return not problems.under("key")


def _flow(value: Any) -> str:
    """A value as YAML of one line."""
    plain = list(value) if isinstance(value, tuple) else value
    text: str = yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("...\n").strip()


def _meaning(entry: Entry) -> str:
    """The first sentence of the check's module."""
    made: Any = entry.make
    if inspect.isfunction(made):  # of a check that is a function alone its maker only holds it
        made = inspect.getclosurevars(made).nonlocals.get("check", made)
    module = inspect.getmodule(made)
    text = " ".join((inspect.getdoc(module) or "").split("\n\n")[0].split())
    return text.partition(". ")[0].rstrip(".")


def main() -> None:
    """Write the text to standard output."""
    sys.stdout.write(rendered())


if __name__ == "__main__":
    main()
