"""Checks made by rules: on, off or missing, as severe as they are to be, and their digest."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from chain_values import at, toy

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Entry, Stage, Unavailable
from aura_ros.guard.guard import Guard
from aura_ros.guard.lattice import failed, passed, unknown
from aura_ros.guard.rules import load as module
from aura_ros.guard.rules.built import build
from aura_ros.guard.rules.digest import RulesDigest, canonical_json
from aura_ros.guard.rules.load import load_rules
from aura_ros.guard.watch import About, Watch
from aura_ros.robot.spec import Field, Number, Table
from aura_ros.types import Arm, Decision, Mode, Tick

ROBOT = toy()
OPTIONS = Table(MappingProxyType({"limit": Field(Number(), "a limit", 1)}))
PLACE = Table(MappingProxyType({"place": Field(Number(), "where it is")}))


class Told:
    """A check of plans that also hears."""

    def __init__(self, setup):
        self.setup, self.heard = setup, []

    def hear(self, value, now):
        self.heard.append(value)

    def __call__(self, context):
        return failed("told", 2, self.setup.options["limit"], context, "too much")


class World(Watch):
    """A watch that passes nothing."""

    name = "world"
    about = About.POLICY

    def __init__(self, setup):
        self.setup, self.heard, self.says = setup, [], Decision.HOLD

    def hear(self, value, now):
        self.heard.append(value)

    def checks(self, now):
        return (failed(self.name, 1, 0, self.says, "no"), passed("world/other", 0, 1))

    def share(self, now):
        return 0.5


def _unavailable(setup):
    raise Unavailable("no library: pip install it")


def _broken(setup):
    raise KeyError("inside")


def entries(**more):
    made = {
        "told": Entry("told", Stage.PLAN, Told, Decision.REFUSE, OPTIONS),
        "early": Entry("early", Stage.CHUNK, lambda setup: lambda context: passed("early", 0, 1)),
        "world": Entry("world", Stage.WORLD, World, Decision.HOLD, optional=False),
        "absent": Entry("absent", Stage.PLAN, _unavailable),
        "placed": Entry("placed", Stage.PLAN, Told, options=PLACE),
        "asked": Entry("asked", Stage.PLAN, Told, options=OPTIONS, automatic=False),
    }
    return tuple((made | more).values())


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(module, "TABLE", entries())


@pytest.fixture
def made(tmp_path, table):
    def make(text="checks: {}", settings=None, urdf=None, robot=ROBOT):
        path = tmp_path / "rules.yaml"
        path.write_text(text)
        config = GuardConfig()
        return build(robot, settings or (lambda: config), load_rules(path), urdf)

    return make


def test_checks_stand_by_stage_in_order(made):
    checks = made("checks: {asked: {}}")
    assert [name for name, _ in checks.chunk] == ["early"]
    assert [name for name, _ in checks.plan] == ["told", "asked"]
    assert [watch.name for watch in checks.watches] == ["world"]


def test_makers_get_what_the_rules_say(made):
    checks = made("checks: {told: {limit: 3}}", urdf=lambda: b"urdf")
    setup = checks.plan[0][1].setup
    assert setup.options == {"limit": 3.0}
    assert (setup.robot, setup.decision, setup.urdf()) == (ROBOT, Decision.REFUSE, b"urdf")
    assert setup.settings() == GuardConfig()


def test_what_is_off_says_why(made):
    assert made("checks: {early: {enabled: false}}").off == (
        "early: the rules switch it off",
        "absent: no library: pip install it",
        "placed: the rules do not give its option place",
        "asked: the rules do not ask for it",
    )
    assert made().missing == ()


def test_what_the_rules_ask_for_and_cannot_be_made_is_missing(made):
    checks = made("checks: {absent: {}}")
    assert checks.missing == ("absent: no library: pip install it",)
    assert not any("absent" in words for words in checks.off)
    assert made("checks: {absent: {enabled: auto}}").missing == ()


def test_a_check_that_must_be_on_and_cannot_be_made_is_missing(made, monkeypatch):
    must = Entry("must", Stage.PLAN, _unavailable, optional=False)
    monkeypatch.setattr(module, "TABLE", entries(must=must))
    assert made().missing == ("must: no library: pip install it",)


def test_a_maker_that_fails_otherwise_is_not_passed_over(made, monkeypatch):
    monkeypatch.setattr(module, "TABLE", entries(told=Entry("told", Stage.PLAN, _broken)))
    with pytest.raises(KeyError):
        made()


@pytest.mark.parametrize(("use", "arms"), [("auto", True), ("true", False)])
def test_a_guard_with_missing_checks_does_not_arm(tmp_path, monkeypatch, use, arms):
    monkeypatch.setattr(module, "TABLE", entries()[:2] + entries()[3:])  # nothing holds it
    path = tmp_path / "rules.yaml"
    path.write_text(f"checks: {{absent: {{enabled: {use}}}}}")
    guard = Guard(ROBOT, rules=lambda *about: build(*about, load_rules(path)))
    for step in range(10):
        guard.handle(Tick(), at(0.05 * step))
    said = guard.handle(Arm(True), at(0.5))
    assert (guard.mode == Mode.ARMED) == arms
    assert any("pip install it" in getattr(value, "reason", "") for value in said) != arms


def test_checks_that_hear_are_listed(made):
    checks = made()
    assert checks.listeners == (checks.plan[0][1],)
    assert made("checks: {told: {enabled: false}}").listeners == ()
    raised = made("checks: {told: {decision: stop}}")
    raised.listeners[0].hear("word", at(0))
    assert raised.listeners[0].heard == ["word"]


# --- severity -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (Decision.SLOW, Decision.SLOW),  # a weaker step of the check
        (Decision.REFUSE, Decision.ASK),
        (Decision.HOLD, Decision.ASK),
        (Decision.STOP, Decision.STOP),
    ],
)
def test_a_rule_raises_what_failing_means(made, said, means):
    ((_, check),) = made("checks: {told: {decision: ask}}").plan
    assert check(said).decision == means


def test_a_rule_leaves_what_passes_and_what_it_does_not_raise(made, monkeypatch):
    fine = Entry("told", Stage.PLAN, lambda setup: lambda context: passed("told", 0, 1))
    monkeypatch.setattr(module, "TABLE", entries(told=fine))
    ((_, check),) = made("checks: {told: {decision: stop}}").plan
    assert check(None) == passed("told", 0, 1)
    monkeypatch.setattr(module, "TABLE", entries())
    ((_, check),) = made("checks: {told: {decision: slow}}").plan
    assert isinstance(check, Told)
    assert check.setup.decision == Decision.SLOW


def test_a_rule_raises_watches(made):
    (watch,) = made("checks: {world: {decision: stop}}").watches
    watch.hear("word", at(0))
    first, second = watch.checks(at(0))
    assert (first.decision, second.passed) == (Decision.STOP, True)
    assert (watch.name, watch.about, watch.share(at(0))) == ("world", About.POLICY, 0.5)
    assert watch._watch.heard == ["word"]


# --- digest ---------------------------------------------------------------------------------


def test_the_digest_is_the_same_for_the_same(made):
    assert made().digest == made("checks: {told: {enabled: auto, limit: 1.0}}").digest
    assert len(made().digest) == 64


@pytest.mark.parametrize(
    "text",
    [
        "checks: {told: {limit: 1.5}}",
        "checks: {told: {decision: hold}}",
        "checks: {early: {enabled: false}}",
        "checks: {asked: {}}",
    ],
)
def test_the_digest_changes_with_the_rules(made, text):
    assert made(text).digest != made().digest


def test_the_digest_changes_with_the_robot_and_while_running_with_the_settings(made):
    assert made(robot=replace(ROBOT, digest="other")).digest != made().digest
    config = [GuardConfig()]
    checks = made(settings=lambda: config[0])
    first = checks.digest
    config[0] = GuardConfig(max_age=1.0)
    assert checks.digest != first
    config[0] = GuardConfig()
    assert checks.digest == first


def test_the_digest_changes_with_what_a_check_read(made, monkeypatch):
    def maker(digest):
        def make(setup):
            told = Told(setup)
            told.digest = digest
            return told

        return make

    found = set()
    for digest in ("one", "two"):
        told = Entry("told", Stage.PLAN, maker(digest), options=OPTIONS)
        monkeypatch.setattr(module, "TABLE", entries(told=told))
        found.add(made().digest)
    assert len(found) == 2


def test_the_digest_is_computed_once_for_each_settings():
    config, asked = GuardConfig(), []

    class Counted(dict):
        def items(self):
            asked.append(1)
            return super().items()

    digest = RulesDigest({"a": Counted(b=1)}, lambda: config)
    assert digest() == digest()
    assert len(asked) == 1


def test_canonical_json():
    value = {"b": (1.0, math.inf, None), "a": {"z": Decision.HOLD, "y": np.array([0.5, 2.0])}}
    assert canonical_json(value) == '{"a":{"y":[0.5,2],"z":"HOLD"},"b":[1,"inf",null]}'
    assert canonical_json(unknown("x", "y")).startswith('{"decision":"HOLD","detail":"y"')
    with pytest.raises(TypeError, match="no canonical form"):
        canonical_json({"a": object()})
