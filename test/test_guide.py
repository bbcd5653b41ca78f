"""The README's guide for a model of one's own: its code, run by its commands, moves the robot."""

import os
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from policy_environments import MEAN, Chain

from aura_ros.nodes.arguments import PARAMETERS
from aura_ros.nodes.backends import BACKEND_SETTINGS, make_backend
from aura_ros.policy.interpretation import make_actions
from aura_ros.types import ActionChunk, Commitment, Mode

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
GUIDE = README.split("### Your own VLA in 30 lines\n")[1].split("\n### ")[0]
CODE = re.search(r"```python\n(.*?)```", GUIDE, re.S)[1]
AFTER = GUIDE.rpartition("```")[2]
COMMANDS = [shlex.split(line) for line in re.findall(r"^    (\S.*)$", AFTER, re.M)]
OPENING_M = 0.04


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the file of the guide lies, with weights: a bend of the arm, the gripper as it is."""
    name = re.search(r"`(\w+\.py)`", GUIDE)[1]
    (tmp_path / name).write_text(CODE)
    (tmp_path / "DIR").mkdir()
    weights = np.zeros((8, 11))
    weights[:7, :3], weights[7, 10] = 0.05, 1 / OPENING_M
    np.save(tmp_path / "DIR/weights.npy", weights)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    yield tmp_path
    sys.modules.pop("my_vla", None)


def launched(backend, **changes):
    """The policy node's parameters as the guide's launch of ``backend`` sets them."""
    words = next(c for c in COMMANDS if c[:2] == ["ros2", "launch"] and f"backend:={backend}" in c)
    given = dict(word.split(":=") for word in words[4:])
    assert set(given) <= {argument.name for argument in PARAMETERS}
    assert given.pop("robot") == "embedded_panda"
    return {s.name: s.default for s in BACKEND_SETTINGS} | given | changes


def assert_it_moves(chosen):
    """The full chain commits plans of the guide's rows and follows them."""
    chain = Chain(None, np.array(MEAN))
    backend = make_backend(chain.robot, chosen)
    chain = Chain(backend, np.array(MEAN), make_actions(chain.robot, "", backend, bytes))
    chain.run(1.5)
    first = chain.of(ActionChunk)[0].rows
    np.testing.assert_allclose(first[0], MEAN, atol=1e-6)
    np.testing.assert_allclose(np.diff(first[:, :7], axis=0), first[1, 0], atol=1e-9)
    assert first[1, 0] > 1e-4
    assert len(chain.of(Commitment)) >= 3
    assert chain.mode == Mode.ACTIVE
    assert all(command.passed for command in chain.commands)
    assert (chain.position - MEAN)[:7].min() > 0.01


def test_the_guide_keeps_its_word():
    assert len(CODE.splitlines()) <= 30
    assert {c[0] for c in COMMANDS} == {"aura", "ros2"}


def test_its_policy_moves_the_robot_from_behind_a_server(folder):
    for module in ("msgpack", "websockets"):
        pytest.importorskip(module)
    command = next(c for c in COMMANDS if c[:2] == ["aura", "serve"])
    server = subprocess.Popen(
        [sys.executable, "-m", "aura_ros.cli", *command[1:], "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    watchdog = threading.Timer(60.0, server.kill)
    watchdog.start()
    try:
        said = next(line for line in server.stderr if "serving on" in line)
        assert_it_moves(launched("websocket", server=said.split("ws://")[1].strip()))
        server.terminate()
        assert server.wait(10.0) == 0
    finally:
        watchdog.cancel()
        server.kill()
        server.wait()
        server.stderr.close()


def test_its_policy_moves_the_robot_in_this_process(folder):
    assert_it_moves(launched("my_vla:load"))


def test_a_robot_without_its_camera_is_told_how_to_say_which_one(folder):
    """What the guide promises: what does not fit is refused before anything moves."""
    robot = Chain(None, np.array(MEAN)).robot
    with pytest.raises(ValueError, match="no camera 'top'"):
        make_backend(robot, launched("my_vla:load", camera_keys="front: top"))
