"""The README says what is there: topics, messages, services, commands, dependencies, paths."""

import re
from pathlib import Path

import pytest

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
