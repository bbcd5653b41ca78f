"""`aura serve`: policies by name, what is missing in words, and a server that ends when asked."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("msgpack")
pytest.importorskip("websockets")

from chain_values import toy
from policy_servers import WAIT_S, request
from typer.testing import CliRunner

from aura_ros.cli import app
from aura_ros.policy.websocket import WebsocketBackend, WebsocketOptions
from aura_ros.serve import registry
from aura_ros.serve.__main__ import main
from aura_ros.serve.registry import Entry, ServeError, load
from aura_ros.serve.run import serve

ROOT = Path(__file__).parent.parent
OWN = """
import numpy as np

from aura_ros.policy.declared import Declared, StateInput


class Still:
    def __init__(self, path, **changes):
        self.declared = Declared("still", (), (StateInput("state", 3),), 3, 4, **changes)
        self.weights = (path / "weights").read_text()

    def infer(self, observation, samples):
        return {"actions": np.tile(observation["state"], (4, 1))}


def load(path):
    return Still(path)


def raw(path):
    return Still(path, normalizes=False)


def nothing(path):
    return object()


def stiff(path):
    return Still(path, flow=True)


def mute(path):
    still = Still(path)
    still.infer = None
    return still


def lost(path):
    return {}["action.mean"]


PATH = "a text"
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A directory with a policy of one's own and its checkpoint."""
    (tmp_path / "own_policy.py").write_text(OWN)
    (tmp_path / "needs_more.py").write_text("import no_library\n")
    (tmp_path / "broken.py").write_text("\nundefined\n")
    (tmp_path / "unwritten.py").write_text("def load(:\n")
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint/weights").write_text("7")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "own_policy", raising=False)
    return tmp_path / "checkpoint"


def test_a_policy_of_ones_own_is_found_in_the_present_directory(own):
    served = load("own_policy:load", own)
    assert (served.declared.name, served.weights) == ("still", "7")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lerobt", "no backend 'lerobt', did you mean 'lerobot'.*or module:factory of your own"),
        ("own_policy:lod", "own_policy has no 'lod'; correct it"),
        ("own_policy:PATH", "PATH is a str; a function that makes the policy of a directory"),
        ("own_policy:", "'own_policy:' is no module:factory; write it as"),
        (":load", "':load' is no module:factory"),
        (
            "no_policy:load",
            "imported: No module named 'no_policy'; start this where no_policy lies",
        ),
        ("needs_more:load", "cannot be imported: No module named 'no_library'; install what it"),
        ("broken:load", r"cannot be imported: NameError: .*'undefined'.* \(broken.py, line 2\)"),
        ("unwritten:load", r"cannot be imported: SyntaxError: .*\(unwritten.py, line 1\)"),
        ("own_policy:lost", r"made of .*checkpoint: KeyError: 'action.mean' \(own_policy.py, line"),
        ("own_policy:stiff", "declares a flow, but has no method velocity"),
        ("own_policy:mute", "a Still has no method infer"),
        ("own_policy:nothing", "declared is None; an object Declared is needed"),
        ("own_policy:raw", "has no normalisation.*statistics or processors"),
    ],
)
def test_what_cannot_be_served_is_said(own, name, words):
    with pytest.raises(ServeError, match=words):
        load(name, own)


def test_a_checkpoint_that_is_not_there_is_said(own):
    with pytest.raises(ServeError, match="nowhere does not exist; give the directory"):
        load("own_policy:load", Path("nowhere"))


def test_an_environment_without_the_library_says_how_to_make_one(own, monkeypatch):
    """The registry's modules exist, and are imported only when they are asked for."""
    for name, entry in registry.ENTRIES.items():
        module, _, factory = entry.factory.partition(":")
        path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
        assert f"def {factory}(" in path.read_text(), name
        assert f"\n{entry.remedy.removeprefix('make ')}:" in (ROOT / "Makefile").read_text()
    monkeypatch.setitem(registry.ENTRIES, "lerobot", Entry("no_library:load", "make env-lerobot"))
    with pytest.raises(ServeError, match="No module named 'no_library'; make env-lerobot"):
        load("lerobot", own)


def test_without_the_wires_libraries_the_remedy_is_said(own, monkeypatch):
    monkeypatch.setattr("aura_ros.serve.run.find_spec", lambda name: None)
    with pytest.raises(ServeError, match=r"websockets is absent: pip install .*serve.txt"):
        serve("own_policy:load", own, "127.0.0.1", 0, print)


def test_the_command_ends_with_words():
    said = CliRunner().invoke(app, ["serve", "--backend", "lerobt", "--path", "."])
    assert said.exit_code == 1
    assert "did you mean 'lerobot'" in said.output


@pytest.mark.parametrize("command", [["-m", "aura_ros.serve"], ["-m", "aura_ros.cli", "serve"]])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_asked_to_end(own, command, number):
    words = ["--backend", "own_policy:load", "--path", str(own), "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, *command, *words],
        stderr=subprocess.PIPE,
        text=True,
        cwd=own.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    watchdog = threading.Timer(6 * WAIT_S, process.kill)
    watchdog.start()
    try:
        line = next(line for line in process.stderr if "serving on" in line)
        backend = WebsocketBackend(toy(), WebsocketOptions(line.split("ws://")[1].strip()))
        assert backend.act(request(), backend.encode(request().observation)).shape == (4, 3)
        process.send_signal(number)
        assert process.wait(WAIT_S) == 0, process.stderr.read()
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_short_command_ends_with_words(own):
    command = [sys.executable, "-m", "aura_ros.serve", "--backend", "pi", "--path", str(own)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert ended.returncode == 1
    assert "no backend 'pi'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_interrupt_while_a_policy_is_loaded_ends_quietly(monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr("aura_ros.serve.__main__.serve", interrupted)
    monkeypatch.setattr(sys, "argv", ["serve", "--backend", "demo", "--path", "."])
    assert main() == 130
