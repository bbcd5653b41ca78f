"""The command line: every subcommand runs, and bad input ends with words and a status."""

import inspect
import json
import math
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from aura_ros import figures
from aura_ros.cli import app

RUN = CliRunner()
ROOT = Path(__file__).parent.parent


def aura(*words):
    return RUN.invoke(app, [str(word) for word in words])


def test_without_a_subcommand_help_is_shown():
    said = aura()
    assert "replay" in said.output
    assert "demo" in said.output


def test_doctor_finds_what_the_core_needs():
    pytest.importorskip("mujoco")
    said = aura("doctor")
    assert said.exit_code == 0, said.output
    assert "numpy" in said.output


def test_doctor_ends_with_an_error_where_something_needed_is_missing(monkeypatch):
    from aura_ros import doctor

    monkeypatch.setattr(doctor, "find_share", lambda relative: None)
    assert aura("doctor").exit_code == 1


def test_benchmarks_are_listed():
    said = aura("bench", "--list")
    assert said.exit_code == 0
    assert "chain:" in said.output


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("replay", "nowhere.mcap", "--robot", "unitree_g1", "--out", "x"), "nowhere.mcap"),
        (("replay", "nowhere.mcap", "--robot", "unitree_g2", "--out", "x"), "unitree_g1"),
        (("replay", ":smile:", "--robot", "unitree_g1", "--out", "x"), ":smile: does not exist"),
        (("replay", "[red]", "--robot", "unitree_g1", "--out", "x"), "[red] does not exist"),
        (("calibrate", "nowhere", "--robot", "embedded_panda", "--out", "x"), "nowhere"),
        (("audit", "verify", "nowhere"), "NAME.000001.log"),
        (("serve", "--backend", "lerobt", "--path", "."), "did you mean 'lerobot'"),
    ],
)
def test_bad_input_ends_with_the_thing_and_the_remedy(words, named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = aura(*words)
    assert said.exit_code == 1
    assert named in said.stderr
    assert not said.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("bench", "chian"), "'chain'"),
        (("bench", "chain", "--sim", "embedded"), "closed-loop"),
        (("bench", "closed-loop", "--sim", "gazebo"), "'metaworld'"),
        (("bench", "chain", "--out", "file"), "file is no directory"),
        (("bench", "chain", "--json", "folder"), "folder is a directory"),
        (("demo", "--task", "fly"), "'pick_place'"),
        (("demo", "--policy", "pi0"), "'scripted'"),
        (("demo", "--out", "file/below"), "file is no directory"),
        (("demo", "--json", "file/below"), "file is no directory"),
        (("train", "openvla", "--out", "x"), "'metaworld'"),
        (("calibrate", "x", "--robot", "ur5", "--out", "y", "--alpha", "1"), "between 0 and 1"),
        (("calibrate", "x", "--robot", "ur5", "--out", "folder"), "folder is a directory"),
        (("audit", "verify", "folder", "--key", "file"), "--heads"),
    ],
)
def test_a_wrong_command_line_is_refused_before_any_work(words, named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    said = aura(*words)
    assert said.exit_code == 2
    assert named in said.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    assert "may not be written" in aura("demo", "--out", tmp_path / "x").stderr


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("no", name="rclpy.node"), "rclpy is not installed: `aura doctor`"),
        (PermissionError(13, "Permission denied", "out/a"), "out/a: Permission denied: give"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (TimeoutError("no plan in 60 s"), "no plan in 60 s"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_what_ends_a_command_is_said_on_one_line(error, words, monkeypatch):
    def fails():
        raise error

    monkeypatch.setattr("aura_ros.doctor.findings", fails)
    said = aura("doctor")
    assert said.exit_code == 1
    assert said.stderr.startswith(words)
    assert said.stderr.count("\n") == 1


def test_a_fault_of_the_program_is_not_hidden(monkeypatch):
    monkeypatch.setattr("aura_ros.doctor.findings", lambda: {}["missing"])
    assert isinstance(aura("doctor").exception, KeyError)


def test_old_versions_of_typer_understand_every_option():
    from aura_ros.cli import logs

    for command in (*app.registered_commands, *logs.app.registered_commands):
        for parameter in inspect.signature(command.callback).parameters.values():
            assert not isinstance(parameter.annotation, str), command.callback
            kind = getattr(parameter.annotation, "__origin__", parameter.annotation)
            assert not isinstance(kind, types.UnionType), parameter


def test_choices_are_those_of_the_rooms():
    pytest.importorskip("rclpy")
    pytest.importorskip("mujoco")
    from aura_ros.bench.closed_loop.simulators import SIMULATORS
    from aura_ros.bench.registry import BENCHMARKS
    from aura_ros.cli import bench, learn, runs
    from aura_ros.demo.run import POLICIES
    from aura_ros.sim.tasks import TASKS
    from aura_ros.train.command import NEEDED

    for choices, known in (
        (runs.Task, TASKS),
        (runs.Policy, POLICIES),
        (learn.Suite, NEEDED),
        (bench.Benchmark, BENCHMARKS),
        (bench.Simulator, SIMULATORS),
    ):
        assert {choice.value for choice in choices} == set(known)


def test_a_reader_that_has_seen_enough_ends_it_quietly():
    command = [sys.executable, "-m", "aura_ros.cli", "doctor"]
    said = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    said.stdout.close()
    assert not said.stderr.read()
    said.stderr.close()
    assert said.wait(60) in (0, 1)


def test_figures_have_one_shape(tmp_path):
    figures.write_figures(tmp_path / "f.json", "chain", {"a": 1, "b": 0.5, "c": "text"})
    written = json.loads((tmp_path / "f.json").read_text())
    assert set(written) == {"name", "commit", "machine", "metrics"}
    assert written["metrics"] == {"a": 1, "b": 0.5, "c": "text"}


def test_the_report_of_the_demo_says_never_instead_of_infinity():
    pytest.importorskip("rclpy")
    pytest.importorskip("mujoco")
    from aura_ros.demo.report import metrics, shortfalls
    from aura_ros.demo.run import DemoResult, Episode, FaultTrial

    good = Episode("1", True, 5.0, 0)
    done = DemoResult((good,) * 10, FaultTrial(0.4, True), 0, 10, {}, Path("x"))
    assert not shortfalls(done)
    assert metrics(done)["success_rate"] == 1.0
    missed = (good,) * 8 + (Episode("2", False, 40.0, 0),) * 2
    for spoilt, named in (
        (DemoResult(missed, done.fault, 0, 1, {}, Path()), "8 of 10"),
        (DemoResult((Episode("1", True, 5.0, 1),), done.fault, 0, 1, {}, Path()), "stalled 1"),
        (DemoResult((good,), FaultTrial(0.6, True), 0, 1, {}, Path()), "took 0.6 s"),
        (DemoResult((good,), FaultTrial(0.4, False), 0, 1, {}, Path()), "did not resume"),
        (DemoResult((good,), done.fault, 1, 1, {}, Path()), "1 commands broke"),
    ):
        (words,) = shortfalls(spoilt)
        assert named in words
    never = DemoResult((good,), FaultTrial(math.inf, False), 0, 1, {}, Path())
    assert metrics(never)["stop_after_fault_s"] == "never"


@pytest.mark.slow
def test_the_trained_policy_moves_the_robot_over_ros(tmp_path):
    """What it sees and what it is told come by topics; two of three, for it may miss one."""
    pytest.importorskip("rclpy")
    pytest.importorskip("mujoco")
    from aura_ros.demo.run import DemoOptions, run_demo

    result = run_demo(DemoOptions("demo", "drawer", 3, seed=1000), tmp_path)
    assert sum(e.success for e in result.episodes) >= 2
    assert result.limit_violations == 0


@pytest.mark.slow
def test_a_demo_and_a_calibration_of_what_it_recorded(tmp_path):
    """One short closed loop over ROS; its recording is what `aura calibrate` takes.

    Pushes take seconds: a reach may be done before a second chunk could be scored.
    """
    pytest.importorskip("rclpy")
    pytest.importorskip("mujoco")
    from aura_ros.demo.run import DemoOptions, run_demo
    from aura_ros.replay.calibrate import successful_episodes

    result = run_demo(DemoOptions("scripted", "push", 3), tmp_path)
    assert [e.success for e in result.episodes] == [True] * 3
    assert result.limit_violations == 0
    assert result.fault.resumed
    episodes = successful_episodes(result.recording)
    assert 3 <= len(episodes) <= 4
    assert all(np.isfinite(e[:, 1]).all() for e in episodes)
    made = aura(
        "calibrate", result.recording, "--robot", "embedded_panda", "--out", tmp_path / "c.json"
    )
    words = "episodes set the thresholds" if len(episodes) >= 4 else "at least 4 are needed"
    assert words in made.output
