"""Checks of other packages: found by entry point, on where rules ask, their answers looked at."""

from __future__ import annotations

import sys

import pytest
from chain_values import at, toy

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.rules.built import build
from aura_ros.guard.rules.entry_points import GROUP
from aura_ros.guard.rules.foreign import Foreign
from aura_ros.guard.rules.load import default_rules, load_rules
from aura_ros.guard.rules.problems import RulesError
from aura_ros.guard.running import run_check
from aura_ros.guard.watch import Guarded
from aura_ros.types import Decision

CONFIG = GuardConfig()
CODE = '''
from types import MappingProxyType

from aura_ros.guard.entry import Entry, Stage
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.watch import Watch
from aura_ros.robot.spec import Field, Number, Table
from aura_ros.types import Check, Decision

OPTIONS = Table(MappingProxyType({"mass": Field(Number(0.0, 5.0), "largest payload [kg]", 2.0)}))


class Payload:
    """A check of plans whose answer is its options' to say."""

    def __init__(self, setup):
        self.limit, self.answer = setup.options["mass"], passed("payload", 0, 1)

    def hear(self, value, now):
        self.answer = value

    def __call__(self, context):
        return self.answer


class Load(Watch):
    """A watch that says what it heard."""

    name = "anything"

    def __init__(self, setup):
        self.said, self.allowed = (), 1.0

    def hear(self, value, now):
        if isinstance(value, float):
            self.allowed = value
        else:
            self.said = value

    def checks(self, now):
        return self.said

    def share(self, now):
        return self.allowed


def broken(setup):
    raise KeyError("inside")


def check(context):
    return passed("payload", 0, 1)


PAYLOAD = Entry("payload", Stage.PLAN, Payload, Decision.HOLD, OPTIONS, optional=False)
LOAD = Entry("load", Stage.WORLD, Load)
BROKEN = Entry("payload", Stage.PLAN, broken)
NO_CHECK = Entry("payload", Stage.PLAN, lambda setup: 3)
NO_WATCH = Entry("payload", Stage.WORLD, lambda setup: check)
NOTHING = 3
CLASH = Entry("payload", Stage.PLAN, Payload, options=Table({"enabled": Field(Number(), "x", 1)}))
'''


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Lay out a distribution whose entry points are ``name=attribute`` on a path of its own."""

    def lay(distribution="grippers", version="1.2", **points):
        site = tmp_path / distribution
        info = site / f"{distribution}-{version}.dist-info"
        info.mkdir(parents=True)
        module = f"{distribution}_checks"
        (site / f"{module}.py").write_text(CODE)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        lines = [f"{name} = {module}:{attribute}" for name, attribute in points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines]) + "\n")
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, module, raising=False)
        return module

    return lay


@pytest.fixture
def read(tmp_path):
    def of(text):
        path = tmp_path / "rules.yaml"
        path.write_text(text)
        return load_rules(path)

    return of


def made(rules):
    return build(toy(), lambda: CONFIG, rules)


def of_plan(checks, name="payload"):
    return dict(checks.plan)[name]


def test_a_foreign_check_is_on_where_the_rules_ask(install, read):
    install(payload="PAYLOAD")
    checks = made(read("checks: {payload: {mass: 3.5, decision: ask}}"))
    assert of_plan(checks)._made.check.limit == 3.5
    assert checks.missing == ()


def test_nothing_of_it_is_imported_before(install, read):
    module = install(payload="PAYLOAD")
    for rules in (default_rules(), read("checks: {payload: {enabled: false}}")):
        assert "payload" not in dict(made(rules).plan)
        assert any(words.startswith("payload: the rules") for words in made(rules).off)
        assert module not in sys.modules


def test_it_cannot_insist_on_being_on(install, read):
    install(payload="PAYLOAD")  # which says that it is not optional
    checks = made(read("checks: {payload: {enabled: auto, decision: slow}}"))
    assert "payload" in dict(checks.plan)


def test_its_options_are_read_as_others(install, read):
    install(payload="PAYLOAD")
    with pytest.raises(RulesError, match=r"line 3: checks\.payload\.mass = 9: must be a finite"):
        read("checks:\n  payload:\n    mass: 9\n")
    with pytest.raises(RulesError, match="did you mean 'payload'"):
        read("checks: {paylod: {}}")


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ("ABSENT", "grippers_checks:ABSENT of grippers 1.2 cannot be imported: AttributeError"),
        ("NOTHING", "is a int, an Entry is needed"),
        ("LOAD", "makes a check called 'load'"),
        ("CLASH", "has an option called 'enabled'"),
    ],
)
def test_a_broken_entry_point(install, read, attribute, words):
    install(payload=attribute)
    with pytest.raises(RulesError) as caught:
        read("checks:\n  payload: {}\n")
    assert "line 2: checks.payload: " in str(caught.value)
    assert words in str(caught.value)
    (off,) = (words for words in read("checks: {payload: {enabled: auto}}").off)
    assert off.startswith("payload: entry point")
    assert any(w == "payload: the rules do not ask for it" for w in default_rules().off)


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ("BROKEN", "check payload of grippers 1.2 cannot be made: KeyError"),
        ("NO_CHECK", "check payload of grippers 1.2 is made as a int, a function of a Context"),
        ("NO_WATCH", "check payload of grippers 1.2 is made as a function, a Watch is needed"),
    ],
)
def test_a_broken_maker(install, read, attribute, words):
    install(payload=attribute)
    with pytest.raises((RuntimeError, TypeError), match=words):
        made(read("checks: {payload: {}}"))


def test_a_name_of_the_package_is_taken(install, read):
    install(braking="PAYLOAD")
    for rules in (default_rules, lambda: read("checks: {}")):
        with pytest.raises(RulesError, match=r"braking: grippers 1\.2 calls a check as aura_ros"):
            rules()


def test_a_name_of_another_distribution_is_taken(install, read):
    install("grippers", payload="PAYLOAD")
    install("hands", "0.3", payload="PAYLOAD")
    with pytest.raises(
        RulesError, match=r"payload: hands 0\.3 calls a check as grippers 1\.2 does"
    ):
        read("checks: {}")


def test_the_digest_names_the_version(install, read, monkeypatch):
    found = set()
    for version in ("1.2", "1.3"):
        with monkeypatch.context():
            install(f"grippers{version[-1]}", version, payload="PAYLOAD")
            found.add(made(read("checks: {payload: {}}")).digest)
        sys.path.pop(0)
    assert len(found) == 2


# --- what it answers ------------------------------------------------------------------------


def test_it_is_known_as_foreign_and_hears(install, read):
    install(payload="PAYLOAD")
    checks = made(read("checks: {payload: {}}"))
    (listener,) = (x for x in checks.listeners if getattr(x, "name", "") == "payload")
    check = of_plan(checks)
    assert isinstance(check, Foreign)
    assert not any(isinstance(c, Foreign) for name, c in checks.plan if name != "payload")
    turn = checks.busy.turn
    listener.hear(check(None), at(0))
    assert (checks.busy.name, checks.busy.turn) == ("", turn + 1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "returned a NoneType"),
        ("schema", "returned one called 'schema'"),
        ("silent", "failed without a decision"),
    ],
)
def test_an_answer_that_is_no_check_of_its_own_is_a_hold(install, read, answer, words):
    from aura_ros.guard.lattice import failed, passed

    install(payload="PAYLOAD", load="LOAD")
    answers = {
        None: {"payload": None, "load": None},
        "schema": {name: passed("schema", 0, 1) for name in ("payload", "load")},
        "silent": {
            name: failed(name, 1, 0, Decision.ALLOW, "said so") for name in ("payload", "load")
        },
    }[answer]
    checks = made(read("checks: {payload: {}, load: {}}"))
    check = of_plan(checks)
    check._made.hear(answers["payload"], at(0))
    said = run_check("payload", check, None)
    assert (said.passed, said.decision) == (False, Decision.HOLD)
    assert words in said.detail
    watch = Guarded(checks.watches[-1])
    watch.hear((answers["load"],), at(0))
    (said,) = watch.checks(at(0))
    assert (said.name, said.passed, said.decision) == ("load", False, Decision.HOLD)
    assert words in said.detail


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan"), float("inf")])
def test_a_share_that_is_none_breaks_the_watch(install, read, share):
    install(load="LOAD")
    watch = Guarded(made(read("checks: {load: {}}")).watches[-1])
    watch.hear(0.25, at(0))
    assert watch.share(at(0)) == 0.25
    assert watch.checks(at(0)) == ()
    watch.hear(share, at(0))
    watch.share(at(0))
    assert watch.checks(at(0))[0].decision == Decision.HOLD
