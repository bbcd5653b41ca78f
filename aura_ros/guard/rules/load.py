"""Rules from their YAML file: which checks are on, their options, what failing means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aura_ros.guard.rules.entry_points import foreign_checks
from aura_ros.guard.rules.problems import RulesProblems, key_lines
from aura_ros.guard.rules.rule import Rule, RuleKind, default_rule
from aura_ros.guard.rules.table import TABLE
from aura_ros.robot.document import read_document
from aura_ros.robot.find import share_folders
from aura_ros.robot.problems import closest
from aura_ros.robot.spec import Field, Kind, Table

CHECKS = "checks"
DEFAULT = "default"
FOLDER = "config/guard"


@dataclass(frozen=True)
class Rules:
    """What a guard is to check, in the order in which it does; ``off`` says which checks of other
    packages are not among ``rules``, each with the reason. ``file`` is empty for the defaults."""

    file: str
    rules: tuple[Rule, ...]
    off: tuple[str, ...] = ()


def default_rules() -> Rules:
    """What holds without a file: the same as ``config/guard/default.yaml``.

    Raises RulesError if an installed package calls a check as another does.
    """
    problems = RulesProblems("rules of the guard")
    foreign = foreign_checks((entry.name for entry in TABLE), problems)
    problems.raise_if_any()
    rules = tuple(default_rule(entry) for entry in TABLE)
    return Rules("", rules, tuple(map(_unasked, foreign)))


def load_rules(path_or_name: str | Path = DEFAULT) -> Rules:
    """Read rules: a path, or the name of a file in ``config/guard``; empty: ``default``.

    Raises RulesError with every problem that was found, each with line and key.
    """
    problems = RulesProblems(str(path_or_name) or DEFAULT)
    data = _bytes_of(str(path_or_name) or DEFAULT, problems)
    document = read_document(data, {}, problems)
    problems.raise_if_any()
    problems.lines = key_lines(data)
    foreign = foreign_checks((entry.name for entry in TABLE), problems)
    kinds: dict[str, Kind] = {entry.name: RuleKind(entry) for entry in TABLE}
    kinds |= foreign
    named = _schema(kinds).read(document, "", problems).get(CHECKS)
    problems.raise_if_any()
    rules = [named.get(entry.name) or default_rule(entry) for entry in TABLE]
    found = {name: named.get(name) or _unasked(name) for name in foreign}
    rules += [rule for rule in found.values() if isinstance(rule, Rule)]
    off = tuple(words for words in found.values() if isinstance(words, str))
    return Rules(problems.file, tuple(rules), off)


def _schema(kinds: Mapping[str, Kind]) -> Table:
    checks = {name: Field(kind, "one check", None) for name, kind in kinds.items()}
    return Table({CHECKS: Field(Table(checks), "the checks by name", {})})


def _unasked(name: str) -> str:
    return f"{name}: the rules do not ask for it"


def _bytes_of(path_or_name: str, problems: RulesProblems) -> bytes:
    """What the file holds; notes where it is."""
    path = Path(path_or_name).expanduser()
    folders = [share / FOLDER for share in share_folders()]
    named = [folder / f"{path_or_name.removesuffix('.yaml')}.yaml" for folder in folders]
    candidates = [path, *(named if path.name == path_or_name else [])]
    for candidate in candidates:
        try:
            if candidate.is_file():
                problems.file = str(candidate.resolve())
                return candidate.read_bytes()
        except OSError as error:
            problems.add("", f"cannot be read: {error.strerror}", "correct path or permissions")
            problems.raise_if_any()
    known = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
    looked = ", ".join(str(folder) for folder in folders)
    limit = f"no such rules, neither a file nor in {looked}"
    problems.add("rules", limit, f"give a path or a name, {closest(path.stem, known)}")
    problems.raise_if_any()
    raise AssertionError("a problem was noted")
