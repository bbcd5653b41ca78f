"""The command line: every subcommand runs, and bad input ends with words and a status."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

from aura_ros import figures
from aura_ros.cli import app

RUN = CliRunner()


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
        (("bench", "chian"), "chain"),
        (("replay", "nowhere.mcap", "--robot", "unitree_g1", "--out", "x"), "nowhere.mcap"),
        (("replay", "nowhere.mcap", "--robot", "unitree_g2", "--out", "x"), "unitree_g1"),
        (("calibrate", "nowhere", "--robot", "embedded_panda", "--out", "x"), "nowhere"),
        (("demo", "--task", "fly", "--episodes", "1", "--out", "x"), "pick_place"),
    ],
)
def test_bad_input_ends_with_the_thing_and_the_remedy(words, named, tmp_path, monkeypatch):
    pytest.importorskip("mujoco")
    monkeypatch.chdir(tmp_path)
    said = aura(*words)
    assert said.exit_code == 1
    assert named in said.output


def test_figures_have_one_shape(tmp_path):
    figures.write_figures(tmp_path / "f.json", "chain", {"a": 1, "b": 0.5, "c": "text"})
    written = json.loads((tmp_path / "f.json").read_text())
    assert set(written) == {"name", "commit", "machine", "metrics"}
    assert written["metrics"] == {"a": 1, "b": 0.5, "c": "text"}


def test_the_report_of_the_demo_says_never_instead_of_infinity():
    pytest.importorskip("rclpy")
    pytest.importorskip("mujoco")
    from pathlib import Path

    from aura_ros.demo.report import metrics, passed
    from aura_ros.demo.run import DemoResult, Episode, FaultTrial

    good = Episode("1", True, 5.0, 0)
    done = DemoResult((good,) * 10, FaultTrial(0.4, True), 0, 10, {}, Path("x"))
    assert passed(done)
    assert metrics(done)["success_rate"] == 1.0
    for spoilt in (
        DemoResult((good,) * 8 + (Episode("2", False, 40.0, 0),) * 2, done.fault, 0, 1, {}, Path()),
        DemoResult((Episode("1", True, 5.0, 1),), done.fault, 0, 1, {}, Path()),
        DemoResult((good,), FaultTrial(0.6, True), 0, 1, {}, Path()),
        DemoResult((good,), FaultTrial(0.4, False), 0, 1, {}, Path()),
        DemoResult((good,), done.fault, 1, 1, {}, Path()),
    ):
        assert not passed(spoilt)
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
