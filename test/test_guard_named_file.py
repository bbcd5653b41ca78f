"""Files that rules name are looked for beside the rules, and known by what they hold."""

import shutil
from pathlib import Path

import pytest
from risk_episodes import ROBOT, calibrated

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.named_file import NamedFile
from aura_ros.guard.rules.built import build
from aura_ros.guard.rules.digest import canonical_json
from aura_ros.guard.rules.load import load_rules
from aura_ros.guard.rules.problems import RulesError

RULES = """\
checks:
  row_start: {reach: 0.2}
  session_risk:
    calibration: CALIBRATION
"""


def rules(folder, name="kept/guard.json"):
    """Rules in ``folder`` that name a calibration; one is in its folder ``kept``."""
    (folder / "kept").mkdir(exist_ok=True, parents=True)
    calibrated().save(folder / "kept" / "guard.json")
    (folder / "rules.yaml").write_text(RULES.replace("CALIBRATION", name))
    return folder / "rules.yaml"


def named(file):
    (rule,) = [rule for rule in load_rules(file).rules if rule.name == "session_risk"]
    return rule.options["calibration"]


def built(file):
    return build(ROBOT, GuardConfig, load_rules(file))


def test_a_path_is_looked_for_from_the_folder_of_the_rules(tmp_path, monkeypatch):
    file = rules(tmp_path / "rules")
    monkeypatch.chdir(tmp_path)
    assert Path(named("rules/rules.yaml")) == file.parent / "kept" / "guard.json"
    assert "session_risk" in {watch.name for watch in built("rules/rules.yaml").watches}


def test_absolute_paths_and_the_home_folder_stand_for_themselves(tmp_path, monkeypatch):
    kept = rules(tmp_path / "one").parent / "kept" / "guard.json"
    assert Path(named(rules(tmp_path / "other", str(kept)))) == kept
    monkeypatch.setenv("HOME", str(tmp_path / "one"))
    assert Path(named(rules(tmp_path / "other", "~/kept/guard.json"))) == kept


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lost.json", r"there is no file .*/lost.json; correct the path, or make it with `aura "),
        ("kept", r"kept cannot be read: Is a directory; correct path or permissions"),
        ("''", r"must be text of one line"),
        ("3", r"must be text of one line"),
    ],
)
def test_what_is_no_file_names_line_and_key(tmp_path, name, words):
    with pytest.raises(RulesError, match=rf"line 4: checks.session_risk.calibration.*{words}"):
        load_rules(rules(tmp_path, name))


def test_rules_are_known_by_what_the_file_holds_wherever_it_is(tmp_path):
    first = rules(tmp_path / "one")
    shutil.copytree(first.parent, tmp_path / "two")
    second = tmp_path / "two" / "rules.yaml"
    assert built(first).digest == built(second).digest
    (second.parent / "kept" / "guard.json").write_text(calibrated().text() + "\n")
    assert built(first).digest != built(second).digest


def test_the_canonical_form_of_a_file_is_its_digest():
    assert canonical_json({"a": NamedFile("/somewhere", "12")}) == '{"a":{"file":"12"}}'
