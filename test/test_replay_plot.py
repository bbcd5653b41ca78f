"""The picture of a replay: drawn where there is something to draw, with words where not."""

import sys

import pytest
from chain_values import toy
from replay_recordings import Scene, write_rosbag2

from aura_ros.replay import run
from aura_ros.replay.plot import draw
from aura_ros.replay.run import run_replay
from aura_ros.replay.summary import Observed

ROBOT = toy()


def test_nothing_commanded_is_told(tmp_path):
    pytest.importorskip("matplotlib")
    assert "nothing was commanded" in draw(Observed(ROBOT, None), tmp_path / "replay.png")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def seen(tmp_path, monkeypatch):
    """What a short replay with a spike observed."""
    kept = []
    monkeypatch.setattr(run, "draw", lambda seen, path: kept.append(seen) or "")
    path = write_rosbag2(tmp_path / "bag", Scene(ROBOT))
    run_replay(path, ROBOT, tmp_path / "out", inject="spike:joint_1:1.4:0.5", progress=False)
    return kept[0]


def test_a_png_is_drawn(seen, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "replay.png"
    assert str(path) in draw(seen, path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_a_line_says_so(seen, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert "pip install matplotlib" in draw(seen, tmp_path / "replay.png")
    assert not (tmp_path / "replay.png").exists()
