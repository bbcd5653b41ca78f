"""Settings are checked with words that name the setting, its limit and what was given."""

import math
from array import array
from dataclasses import dataclass

import pytest

from aura_ros.fuser.config import FuserConfig
from aura_ros.guard.config import GuardConfig
from aura_ros.memory.gate import ErrorThresholdGate
from aura_ros.policy.policy import PolicyConfig
from aura_ros.settings import Setting, SettingError, setting, settings_of, validated


@dataclass(frozen=True)
class Toy:
    rate: float = setting(1.0, "a rate [Hz]", 0.5, 10.0)
    count: int = setting(3, "a count", 1, 5)
    on: bool = setting(True, "a switch")
    name: str = setting("x", "a name")
    steps: tuple[float, ...] = setting((0.1, 0.2), "steps [s]", 0.0, 1.0)
    free: float = setting(0.0, "without range")


def test_settings_carry_name_default_description_and_range():
    first = settings_of(Toy)[0]
    assert first == Setting("rate", 1.0, "a rate [Hz]", 0.5, 10.0)
    assert [s.name for s in settings_of(Toy)] == ["rate", "count", "on", "name", "steps", "free"]


@pytest.mark.parametrize("kind", [FuserConfig, GuardConfig, PolicyConfig, ErrorThresholdGate])
def test_every_default_is_valid_and_described(kind):
    settings = settings_of(kind)
    assert settings
    assert all(s.description for s in settings)
    assert validated(kind, {s.name: s.default for s in settings}) == kind()


def test_values_are_taken_at_their_boundaries_and_as_their_type():
    found = validated(Toy, {"rate": 10, "count": 5.0, "steps": [0, 1], "free": -math.inf})
    assert (found.rate, found.count, found.steps) == (10.0, 5, (0, 1))
    assert (type(found.rate), type(found.count)) == (float, int)
    assert validated(Toy, {"steps": array("d", [0.5])}).steps == (0.5,)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rate": 0.49}, "rate is 0.49; it must be from 0.5 to 10"),
        ({"rate": math.nan}, "rate is nan; it must be from"),
        ({"rate": math.inf}, "rate is inf"),
        ({"free": math.nan}, "free is nan"),
        ({"rate": "fast"}, "rate is 'fast'; a number is needed"),
        ({"rate": True}, "rate is True; a number is needed"),
        ({"rate": None}, "rate is None; a number is needed"),
        ({"count": 0}, "count is 0; it must be from 1 to 5"),
        ({"count": 2.5}, "count is 2.5; a whole number is needed"),
        ({"on": 1}, "on is 1; a bool is needed"),
        ({"name": 3}, "name is 3; a str is needed"),
        ({"steps": []}, "steps is empty"),
        ({"steps": [0.1, 2.0]}, "steps is 2.0; it must be from 0 to 1"),
        ({"steps": "0.1"}, "steps is '0.1'; a list of numbers is needed"),
        ({"steps": 0.1}, "steps is 0.1; a list of numbers is needed"),
        ({"steps": [0.1, "x"]}, "steps is 'x'; a number is needed"),
        ({"raet": 1.0}, "raet is no setting; known are rate, count"),
    ],
)
def test_bad_values_are_refused_with_words(values, words):
    with pytest.raises(SettingError) as caught:
        validated(Toy, values)
    assert words in str(caught.value)
