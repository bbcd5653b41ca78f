"""Launch files: what they pass exists, and the demonstration runs where launch is installed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from aura_ros.nodes.arguments import PARAMETERS, PLAIN, parameters_of, security
from aura_ros.pipeline import ROOMS

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "launch").glob("*.launch.py"))
EMPTY = {argument.name: "" for argument in PARAMETERS}


@pytest.fixture(scope="module")
def declared() -> str:
    """Every parameter of every node with its default, as text."""
    pytest.importorskip("rclpy")
    command = [sys.executable, "-m", "aura_ros.nodes.defaults"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def parameters(text: str) -> dict[str, dict[str, object]]:
    """Parameters by node of a parameters file."""
    document = yaml.safe_load(text)
    return {name.removeprefix("/**/"): node["ros__parameters"] for name, node in document.items()}


def test_the_parameters_file_holds_every_parameter_and_its_default(declared):
    shipped = (ROOT / "config/aura.yaml").read_text()
    again = "python -m aura_ros.nodes.defaults > config/aura.yaml"
    assert shipped == declared, f"write it again: {again}"


@pytest.mark.parametrize("argument", PARAMETERS, ids=lambda a: a.name)
def test_launch_arguments_are_parameters_of_their_nodes(argument, declared):
    of = parameters(declared)
    assert set(of) == set(ROOMS)
    for node in argument.nodes:
        if argument.name != "use_sim_time":
            assert type(of[node][argument.name]) is argument.kind
    if len(argument.nodes) == 1:
        assert not [n for n in ROOMS if n not in argument.nodes and argument.name in of[n]]


def test_empty_arguments_leave_the_parameters_file_alone():
    assert parameters_of("policy", EMPTY) == {}
    given = {**EMPTY, "latency": "1", "auto_arm": "true", "command_outputs": "[position]"}
    assert parameters_of("policy", given) == {"latency": 1.0, "command_outputs": ["position"]}
    assert parameters_of("guard", given) == {"auto_arm": True, "command_outputs": ["position"]}


@pytest.mark.parametrize("text", ["fast", "[1]", "true"])
def test_an_argument_of_the_wrong_type_is_named(text):
    with pytest.raises(ValueError, match=f"latency:={re.escape(text)} is no float"):
        parameters_of("policy", {**EMPTY, "latency": text})


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_launch_files_set_only_arguments_that_exist(path):
    known = {argument.name for argument in PARAMETERS} | set(PLAIN)
    known |= {"required", "fixed", "remapped"}
    call = path.read_text().partition("return chain(")[2]
    assert set(re.findall(r"^        (\w+)=", call, flags=re.MULTILINE)) <= known


@pytest.mark.parametrize("room", ROOMS)
def test_nodes_have_the_enclaves_of_the_policy_where_security_is_on(room):
    shipped = (ROOT / "config/sros2/aura_policies.xml").read_text()
    option, enclave = security(room, {"ROS_SECURITY_ENABLE": "true"})
    assert option == "--enclave"
    assert f'<enclave path="{enclave}">' in shipped
    for value in ("false", "True", ""):
        assert security(room, {"ROS_SECURITY_ENABLE": value}) == []
    assert security(room, {}) == []


def test_who_may_change_what_is_checked_is_the_guards_business():
    given = {**EMPTY, "rules": "strict", "audit": "log", "audit_key": "a.key", "key": "b.key"}
    assert parameters_of("guard", given) == {k: v for k, v in given.items() if v}
    assert parameters_of("fuser", given) == {"key": "b.key"}


def test_parameters_that_only_launch_files_set_exist(declared):
    """Fixed ones by node, and those of the embedded robot."""
    for node, name in re.findall(r'fixed=\{"(\w+)": \{"(\w+)"', FILES[-1].read_text()):
        assert name in parameters(declared)[node]
    sim = (ROOT / "aura_ros/sim/parameters.py").read_text()
    names = re.findall(
        r'"(\w+)": LaunchConfiguration', (ROOT / "launch/demo.launch.py").read_text()
    )
    assert len(names) == 2
    assert all(f'"{name}": (' in sim for name in names)


# --- with launch ----------------------------------------------------------------------------


def launch(*arguments: str) -> subprocess.Popen[str]:
    """``ros2 launch`` in a process group of its own."""
    pytest.importorskip("launch_ros")
    pytest.importorskip("ros2launch")
    command = [str(Path(sys.executable).parent / "ros2"), "launch", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True, cwd=ROOT,
    )  # fmt: skip


def ended(process: subprocess.Popen[str], timeout_s: float = 60.0) -> str:
    """What a launch said until its end; nothing of it is left behind."""
    try:
        return process.communicate(timeout=timeout_s)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_argument_is_shown_with_its_description(path):
    shown = ended(launch(str(path), "--show-args"))
    for argument in PARAMETERS:
        assert f"'{argument.name}':\n        {argument.description}" in shown
    for name, (_, description) in PLAIN.items():
        assert f"'{name}':\n        {description}" in shown


def test_a_misspelt_robot_ends_the_launch_with_its_error():
    process = launch("launch/aura.launch.py", "robot:=ur6")
    said = ended(process)
    assert "did you mean 'ur5'?" in said
    assert "misconfigured" in said
    assert process.returncode != 0


@pytest.mark.slow
def test_the_demonstration_moves_respawns_and_ends_cleanly():
    process = launch("launch/demo.launch.py", "task:=reach")
    said, killed = "", False
    deadline = time.monotonic() + 120.0
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        started = re.search(r"\[guard_node-\d+\]: process started with pid \[(\d+)\]", line)
        if started:
            guard = int(started[1])
        if "ACTIVE: a plan was allowed" in line:
            if killed:
                break
            os.kill(guard, signal.SIGKILL)
            killed = True
        assert time.monotonic() < deadline, said
    process.send_signal(signal.SIGINT)
    said += ended(process)
    assert killed
    assert "Traceback" not in said
    # Once killed by this test; everything else ends by itself.
    assert said.count("process has died") == 1
    assert said.count("process has finished cleanly") == 6
