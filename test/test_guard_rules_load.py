"""Files of rules: what a good one says, and what is said of bad ones."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aura_ros.guard.entry import Entry, Stage
from aura_ros.guard.lattice import passed
from aura_ros.guard.rules import load as module
from aura_ros.guard.rules.digest import canonical_json
from aura_ros.guard.rules.load import Rules, default_rules, load_rules
from aura_ros.guard.rules.problems import RulesError
from aura_ros.guard.rules.rendered import rendered
from aura_ros.guard.rules.rule import Use
from aura_ros.robot.spec import Choice, Field, ListOf, MapOf, Number, Table, Text
from aura_ros.types import Decision

ROOT = Path(__file__).parent.parent
OPTIONS = Table(
    MappingProxyType(
        {
            "limit": Field(Number(0.0, 1.0), "largest share", 0.5),
            "small": Field(Number(0.0), "a small number", 1e-7),
            "sides": Field(ListOf(Choice(("left", "right"))), "sides", ("left", "right")),
            "word": Field(Text(), "a word that YAML would read as false", "off"),
            "none": Field(MapOf(Number(), Text()), "nothing by default", None),
        }
    )
)
NEEDY = Table(MappingProxyType({"place": Field(Number(), "where it is [m]")}))


def _make(setup):
    return lambda context: passed("any", 0, 1)


def entry(name, decision=Decision.REFUSE, options=None, stage=Stage.PLAN, **more):
    return Entry(name, stage, _make, decision, options or Table({}), **more)


TABLE = (
    entry("needed", optional=False),
    entry("free", Decision.HOLD, OPTIONS),
    entry("asked", Decision.ASK, automatic=False),
    entry("stopping", Decision.STOP),
    entry("needy", options=NEEDY),
)


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(module, "TABLE", TABLE)


@pytest.fixture
def read(tmp_path, table):
    def write_and_load(text):
        path = tmp_path / "rules.yaml"
        path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
        return load_rules(path)

    return write_and_load


@pytest.fixture
def refusal(read):
    """The lines of what is said against a file, without the file's name."""

    def of(text):
        with pytest.raises(RulesError) as caught:
            read(text)
        assert str(caught.value).startswith(caught.value.file)
        assert caught.value.file.endswith("rules.yaml")
        return [str(problem) for problem in caught.value.problems]

    return of


def rule(rules: Rules, name: str):
    return next(rule for rule in rules.rules if rule.name == name)


# --- what a valid file says -----------------------------------------------------------------


def test_an_empty_table_is_the_default(read):
    assert read("checks: {}").rules == read("{}").rules == default_rules().rules


def test_checks_are_on_as_they_are_made(table):
    used = {rule.name: rule.use for rule in default_rules().rules}
    assert used == {
        "needed": Use.ON,
        "free": Use.AUTO,
        "asked": Use.OFF,
        "stopping": Use.AUTO,
        "needy": Use.AUTO,
    }
    assert rule(default_rules(), "needy").lacking == ("place",)


def test_a_check_that_is_named_is_on_with_its_options(read):
    rules = read("checks:\n  free: {limit: 0.25}\n  asked: {}\n  needy: {place: 2}\n")
    assert rule(rules, "free").use is rule(rules, "asked").use is Use.ON
    assert rule(rules, "free").options == OPTIONS.defaults | {"limit": 0.25}
    assert rule(rules, "needy").options == {"place": 2.0}
    assert rule(rules, "needy").lacking == ()


@pytest.mark.parametrize(
    ("word", "use"), [("true", Use.ON), ("auto", Use.AUTO), ("false", Use.OFF), ("off", Use.OFF)]
)
def test_enabled(read, word, use):
    assert rule(read(f"checks: {{free: {{enabled: {word}}}}}"), "free").use is use


def test_an_option_without_default_is_needed_only_where_the_check_must_be_on(read, refusal):
    assert rule(read("checks: {needy: {enabled: auto}}"), "needy").lacking == ("place",)
    assert refusal("checks:\n  needy:\n    enabled: true\n") == [
        "line 2: checks.needy.place: is missing; add it: where it is [m]"
    ]


def test_the_order_is_the_tables_not_the_files(read):
    names = [rule.name for rule in read("checks: {stopping: {}, free: {}}").rules]
    assert names == [entry.name for entry in TABLE]


# --- decisions ------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["refuse", "hold", "ask", "stop"])
def test_any_failing_may_mean_more(read, word):
    rules = read(f"checks: {{needed: {{decision: {word}}}}}")
    assert rule(rules, "needed").decision == Decision[word.upper()]


def test_an_optional_check_may_be_weakened(read):
    rules = read("checks: {free: {decision: slow}, asked: {decision: refuse}}")
    assert rule(rules, "free").decision == Decision.SLOW
    assert rule(rules, "asked").decision == Decision.REFUSE


@pytest.mark.parametrize(
    ("name", "word", "least"), [("needed", "slow", "refuse"), ("stopping", "ask", "stop")]
)
def test_others_may_not(refusal, name, word, least):
    (said,) = refusal(f"checks:\n  {name}:\n    decision: {word}\n")
    assert said.startswith(f"line 3: checks.{name}.decision = '{word}': must not be weaker than ")
    assert least in said


# --- problems -------------------------------------------------------------------------------


def test_every_problem_has_line_key_limit_and_remedy(refusal):
    text = """\
# rules
checks:
  needed:
    enabled: false
  fre: {}
  free:
    enabled: maybe
    limit: 1.5
    sides:
      - left
      - up
    decision: halt
    margin: 1
more: 1
"""
    said = refusal(text)
    expected = {
        "line 4: checks.needed.enabled = False: this check cannot be switched off; remove the key",
        "line 5: checks.fre: unknown key; did you mean 'free'?",
        "line 7: checks.free.enabled = 'maybe': must be true, false or auto; "
        "write one, without quotes",
        "line 8: checks.free.limit = 1.5: must be a finite number from 0 to 1; "
        "choose a value in that range",
        "line 11: checks.free.sides[1] = 'up': must be one of left, right; known are: left, right",
        "line 12: checks.free.decision = 'halt': must be one of slow, refuse, hold, ask, stop; "
        "did you mean 'hold'?",
        "line 13: checks.free.margin: unknown key; "
        "known are: enabled, decision, limit, small, sides, word, none",
        "line 14: more: unknown key; known are: checks",
    }
    assert set(said) == expected


def test_auto_switches_off_too(refusal):
    assert refusal("checks: {needed: {enabled: auto}}")[0].startswith("line 1: checks.needed")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: file = None: must be a table with the keys checks"),
        ("- checks", "line 1: file = ['checks']: must be a table"),
        ("checks:\n", "line 1: checks = None: must be a table with the keys needed"),
        ("checks:\n  free: 3\n", "line 2: checks.free = 3: must be a table with the keys enabled"),
        ("checks:\n  free: {}\n  free: {}\n", "the key 'free' stands twice in one table"),
        ("checks:\n  free: {\n", "line 3"),
        (b"checks: \xff\xfe", "is not valid YAML"),
        ("[" * 5000, "is nested too deeply"),
        ("checks: !!python/object:os.system {}", "is not valid YAML"),
    ],
)
def test_a_file_that_is_no_rules(refusal, text, words):
    (said,) = refusal(text)
    assert words in said


def test_a_table_that_holds_itself_is_read_to_its_end(refusal):
    assert refusal("checks: &a\n  free: *a\n")[0].startswith("line 2: checks.free")


def test_a_problem_behind_an_alias_has_the_line_of_what_holds_it(refusal):
    said = refusal("checks:\n  needed: &a {enabled: false}\n  free: {}\n  x: *a\n")
    assert said[0].startswith("line 4: checks.x")


def test_no_such_file(tmp_path):
    with pytest.raises(RulesError, match="did you mean 'default'") as caught:
        load_rules("defualt")
    assert "config/guard" in str(caught.value)
    with pytest.raises(RulesError, match="no such rules"):
        load_rules(tmp_path)
    with pytest.raises(RulesError):
        load_rules("x" * 5000)


def test_a_name_is_looked_for_where_the_package_is():
    assert load_rules("strict").file == load_rules("strict.yaml").file
    assert Path(load_rules("").file).name == "default.yaml"


NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NAMES = st.sampled_from([*(e.name for e in TABLE), "other"])
KEYS = st.sampled_from(["enabled", "decision", *OPTIONS.fields, "place", "other"])


@settings(max_examples=150, deadline=None)
@given(tables=st.dictionaries(NAMES, NODES | st.dictionaries(KEYS, NODES)))
def test_whatever_stands_there_is_rules_or_a_problem_with_its_line(tables, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump({"checks": tables}, allow_unicode=True), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TABLE", TABLE)
        try:
            rules, problems = load_rules(path), ()
        except RulesError as error:
            rules, problems = None, error.problems
    assert all(str(problem).startswith("line ") for problem in problems)
    if rules is None:
        assert problems
    else:
        assert set(tables) <= {rule.name for rule in rules.rules}
        assert rule(rules, "needed").use is Use.ON


# --- the file that ships --------------------------------------------------------------------


def test_what_is_rendered_says_what_holds_without_it(read):
    text = rendered(TABLE)
    assert read(text).rules == default_rules().rules
    assert "# small: " not in text
    assert "# none:" in text
    assert "# place:  # no default" in text
    assert "# largest share; a finite number from 0 to 1" in text


def test_default_yaml_is_rendered_from_the_table():
    """``python -m aura_ros.guard.rules.rendered > config/guard/default.yaml`` writes it."""
    assert (ROOT / "config/guard/default.yaml").read_text() == rendered()
    assert load_rules("default").rules == default_rules().rules


def test_every_check_that_ships_has_a_name_of_its_own_and_options_with_a_digest():
    names = [entry.name for entry in module.TABLE]
    assert len(set(names)) == len(names)
    for rule in default_rules().rules:
        assert canonical_json(rule.options), rule.name


def test_every_check_that_ships_is_explained():
    lines = rendered().splitlines()
    for entry in module.TABLE:
        above = lines[lines.index(f"  {entry.name}:") - 1]
        assert len(above.removeprefix("  # ").split()) > 2, entry.name
        assert not {"enabled", "decision"} & set(entry.options.fields), entry.name


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config/guard").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_file_that_ships_is_valid(path):
    assert load_rules(path).rules
