"""The README says what is there: topics, messages, services, commands, dependencies, paths."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_every_message_is_named():
    ours = {path.stem for path in (ROOT / "msg").glob("*.msg")}
    assert ours <= set(re.findall(r"\w+", README))


def test_every_topic_of_the_chain_is_named():
    pytest.importorskip("rclpy")
    from aura_ros.nodes.topics import TOPICS

    table = README.split("### Topics")[1].split("### Services")[0]
    assert {f"`{topic.name}`" for topic in TOPICS.values()} <= set(re.findall(r"`[^`]+`", table))


def test_every_command_exists_and_is_named():
    import typer

    from aura_ros.cli import app

    commands = set(typer.main.get_command(app).commands)
    named = set(re.findall(r"\baura ([a-z]+)", README))
    assert named <= commands
    assert commands <= named


def test_every_dependency_is_justified():
    table = README.split("## Dependencies")[1].split("## Limits")[0]
    for name in ("core", "robots", "sim", "plot", "kinematics", "serve", "learn", "test"):
        for line in (ROOT / f"requirements/{name}.txt").read_text().splitlines():
            wanted = re.match(r"[a-z][\w-]*", line)
            if wanted and wanted[0] != "setuptools":
                assert wanted[0] in table, f"{wanted[0]} has no line in the README"


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_parameter_in_the_table_exists():
    table = README.split("### Parameters")[1].split("## Replay")[0]
    declared = (ROOT / "config/aura.yaml").read_text()
    for name in re.findall(r"^\| `(\w+)`", table, re.M):
        assert f"{name}:" in declared, name


def test_every_option_of_a_command_exists():
    import typer

    from aura_ros.cli import app

    commands = typer.main.get_command(app).commands
    commands |= {f"audit {name}": made for name, made in commands["audit"].commands.items()}
    text = README.replace("\n", " ")
    shown = re.findall(r"\baura (audit [a-z]+|(?!audit)[a-z]+)\b([^`]*)`", text)
    assert len(shown) > 15
    for name, words in shown:
        known = {option for made in commands[name].params for option in made.opts}
        for option in re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", words.partition("    ")[0]):
            assert option in known, f"aura {name} {option}"


def test_launch_takes_every_argument_that_is_shown():
    from aura_ros.nodes.arguments import PARAMETERS, PLAIN

    known = {argument.name for argument in PARAMETERS} | set(PLAIN)
    shown = re.findall(r"^ +ros2 launch aura_ros aura.launch.py (.*)$", README, re.M)
    given = {name for words in shown for name in re.findall(r"(\w+):=", words)}
    assert {"robot", "namespace", "backend", "path"} <= given <= known


def test_parameters_that_are_shown_are_declared():
    declared = yaml.safe_load((ROOT / "config/aura.yaml").read_text())
    shown = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", README, re.S)]
    for file in shown:
        for node, values in file.items():
            if node != "checks":
                assert set(values["ros__parameters"]) <= set(declared[node]["ros__parameters"])
    assert any("/**/policy" in file for file in shown)


def test_rules_that_are_shown_are_rules(tmp_path):
    from aura_ros.guard.rules.load import load_rules

    (shown,) = re.findall(r"```yaml\n(checks:.*?)```", README, re.S)
    (tmp_path / "rules.yaml").write_text(shown)
    assert load_rules(tmp_path / "rules.yaml").file


def test_every_extra_that_is_shown_exists():
    made = set(re.search(r"for name in \((.*?)\)", (ROOT / "setup.py").read_text())[1].split(", "))
    for extras in re.findall(r"pip install '\.\[([\w,]+)\]'", README):
        assert {f'"{name}"' for name in extras.split(",")} <= made
