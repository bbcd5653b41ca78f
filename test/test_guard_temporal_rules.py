"""Rules as a user writes them: read with everything that is wrong, judged by their decision."""

import pytest
from chain_values import toy

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Setup
from aura_ros.guard.temporal.rules import OPTIONS, rules_of
from aura_ros.guard.temporal.signals import Catalogue
from aura_ros.robot.problems import Problems, RobotConfigError
from aura_ros.types import Decision

ROBOT = toy()


def read(*rules):
    problems = Problems("rules.yaml")
    options = OPTIONS.read({"rules": list(rules)}, "temporal", problems)
    problems.raise_if_any()
    return options


def made(*rules, decision=Decision.HOLD):
    return rules_of(Setup(ROBOT, GuardConfig, read(*rules), decision), Catalogue(ROBOT))


def rule(name="slow", formula="speed <= 0.5", **more):
    return {"name": name, "formula": formula, **more}


def test_rules_are_read():
    first, second = made(rule(), rule("soft", "force < 20", decision="ask"))
    assert (first.name, first.decision) == ("slow", Decision.HOLD)
    assert (second.name, second.decision) == ("soft", Decision.ASK)


def test_failing_means_what_the_check_says_unless_the_rule_does():
    assert made(rule(), decision=Decision.ASK)[0].decision == Decision.ASK


def test_without_rules_the_check_is_misconfigured_or_empty():
    with pytest.raises(RobotConfigError, match=r"temporal.rules = .*at least one entry"):
        read()
    assert rules_of(Setup(ROBOT, GuardConfig, {"rules": None}), Catalogue(ROBOT)) == ()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (rule(formula="speed <"), "temporal.rules[0].formula = 'speed <': column 8: expected"),
        (rule(formula=3), "temporal.rules[0].formula = 3: must be a formula of one line"),
        (rule(name="Slow one"), "temporal.rules[0].name = 'Slow one': must be a name"),
        (rule(decision="never"), "temporal.rules[0].decision = 'never': must be one of slow"),
        ({"name": "slow"}, "temporal.rules[0].formula: is missing"),
        (rule(speed=1), "temporal.rules[0].speed: unknown key"),
        ("speed <= 1", "temporal.rules[0] = 'speed <= 1': must be a table"),
    ],
)
def test_every_problem_names_its_key(wrong, words):
    with pytest.raises(RobotConfigError) as caught:
        read(wrong)
    assert words in str(caught.value)


def test_no_two_rules_have_one_name():
    with pytest.raises(RobotConfigError, match=r"rules\[1\].name = 'slow': is used twice"):
        read(rule(), rule())
    twice = Setup(ROBOT, GuardConfig, {"rules": (rule(), rule())})
    with pytest.raises(ValueError, match="temporal rule slow is there twice"):
        rules_of(twice, Catalogue(ROBOT))


def test_a_signal_that_the_robot_lacks_is_named_with_the_closest():
    with pytest.raises(ValueError, match=r"temporal rule slow, column 6 of .*did you mean 'arm'"):
        made(rule(formula="once speed[armm] < 1"))
