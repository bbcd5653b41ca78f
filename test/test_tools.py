"""The scripts behind the Makefile: each says what is amiss and what to do about it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"


def run(tool, *arguments, cwd=None, **env):
    command = [TOOLS / tool, *arguments]
    return subprocess.run(
        command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def program(tmp_path):
    """Make a shell script in a folder of its own and return its path."""

    def make(name: str, body: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return make


def test_clean_env_hides_a_sourced_ros(tmp_path):
    (tmp_path / "rclpy.py").write_text("raise RuntimeError('of another ROS')")
    probe = "import os; print([k for k in os.environ if k in ('PYTHONPATH', 'AMENT_PREFIX_PATH')])"
    sourced = {"PYTHONPATH": str(tmp_path), "AMENT_PREFIX_PATH": "/opt/ros/other"}
    assert "PYTHONPATH" in subprocess.check_output(
        [sys.executable, "-c", probe], env=os.environ | sourced, text=True
    )
    assert run("clean_env", sys.executable, "-c", probe, **sourced).stdout == "[]\n"


def test_clean_env_keeps_what_a_user_sets():
    said = run("clean_env", "sh", "-c", "echo $ROS_DOMAIN_ID", ROS_DOMAIN_ID="42")
    assert said.stdout == "42\n"


def test_find_python_accepts_this_one():
    this = os.path.realpath(sys.executable)
    said = run("find_python", this)
    assert (said.returncode, said.stdout.strip()) == (0, this)


@pytest.mark.parametrize("version", ["(3, 10, 2)", "(3, 14, 0)"])
def test_find_python_refuses_another_version(program, version):
    pretend = f'exec {sys.executable} -c "import sys; sys.version_info = {version}; $3"'
    said = run("find_python", program("python", pretend))
    assert said.returncode == 1
    assert "wheels for 3.11 to 3.13" in said.stderr


def test_find_python_refuses_one_that_does_not_run(program):
    shim = program("python", "echo 'pyenv: python: command not found' >&2; exit 127")
    said = run("find_python", shim)
    assert said.returncode == 1
    assert "command not found" in said.stderr
    assert "make setup PYTHON=" in said.stderr


def test_make_environment_names_a_missing_compiler(program, tmp_path):
    for tool in ("dirname", "cat", "sh", "uname"):
        program(tool, f'exec {shutil.which(tool)} "$@"')
    bare = str(program("cmake", "exit 0").parent)
    said = run("make_environment", "env", "stamp", cwd=tmp_path, PATH=bare)
    assert said.returncode == 1
    assert "g++ is missing" in said.stderr
    assert "apt-get install cmake g++" in said.stderr


def test_make_environment_names_the_machines_that_have_wheels(program, tmp_path):
    path = f"{program('uname', 'echo Darwin arm64').parent}:{os.environ['PATH']}"
    said = run("make_environment", "env", "stamp", cwd=tmp_path, PATH=path)
    assert said.returncode == 1
    assert "Linux x86_64 only, not for Darwin arm64" in said.stderr
    assert "pip install ." in said.stderr


def test_step_tells_the_time_and_keeps_the_log(tmp_path):
    said = run("step", "Title", tmp_path / "log", "echo", "detail")
    assert said.returncode == 0
    assert said.stdout.startswith("==> Title\n    done in ")
    assert (tmp_path / "log").read_text() == "detail\n"


def test_step_passes_a_failure_on_and_shows_it(tmp_path):
    said = run("step", "Title", tmp_path / "log", "sh", "-c", "echo broken; exit 7")
    assert said.returncode == 7
    assert "broken" in said.stderr
    assert str(tmp_path / "log") in said.stderr


@pytest.fixture
def no_renderer(program, tmp_path):
    """An environment whose Python cannot render; no root, and no package manager that works."""
    program("python", "echo 'no EGL device' >&2; exit 1")
    program("apt-get", "echo 'no network'; exit 100")
    return {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}


def test_check_rendering_ends_with_the_command_for_a_user(no_renderer, program, tmp_path):
    program("id", "echo 1000")
    said = run("check_rendering", tmp_path, tmp_path / "log", **no_renderer)
    assert said.returncode == 1
    assert "no EGL device" in said.stderr
    assert said.stderr.rstrip().splitlines()[-1].lstrip().startswith("sudo sh -c 'apt-get update")


def test_check_rendering_tries_to_install_as_root(no_renderer, program, tmp_path):
    program("id", "echo 0")
    said = run("check_rendering", tmp_path, tmp_path / "log", **no_renderer)
    assert said.returncode == 1
    assert "no network" in said.stderr


def test_check_rendering_is_content_where_it_renders(program, tmp_path):
    program("python", "exit 0")
    assert run("check_rendering", tmp_path, tmp_path / "log").returncode == 0
