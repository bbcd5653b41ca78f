"""The environments of served policies: probes and servers that run in them, the chain before."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from chain_values import COMMAND_NS, at, joints_at, picture

from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.memory.memory import Memory
from aura_ros.monitor.monitor import Monitor
from aura_ros.pipeline import Pipeline, answer
from aura_ros.policy.policy import Policy, PolicyConfig
from aura_ros.robot.load import load_robot
from aura_ros.types import Mode, Tick

# What the tiny policies answer about: aura_ros.serve.tiny, which needs torch.
MEAN, ROW_PERIOD_S = (0.0, -0.4, 0.0, -2.2, 0.0, 1.8, 0.785, 0.035), 0.05
ROOT = Path(__file__).parent.parent
START_S = 120


def python(name: str) -> Path:
    return ROOT / f".venv-{name}/bin/python"


def needs(name: str) -> Any:
    return pytest.mark.skipif(
        not (ROOT / f".venv-{name}/stamps/ready").exists(),
        reason=f"without .venv-{name}: make env-{name}",
    )


def command(name: str, *arguments: Any) -> list[str]:
    # One thread: tiny policies only lose by more, and other tests run beside.
    return ["env", "OMP_NUM_THREADS=1", str(python(name)), *map(str, arguments)]


def probe(name: str, folder: Path) -> Any:
    """What the program ``probe_NAME.py`` finds out in the environment ``name``."""
    program = Path(__file__).parent / f"probe_{name}.py"
    done = subprocess.run(
        command(name, program, folder),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=2 * START_S,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "report.json").read_text())


@contextmanager
def serving(name: str, path: Path) -> Any:
    """The address of ``python -m aura_ros.serve`` in the environment ``name``."""
    arguments = ("-m", "aura_ros.serve", "--backend", name, "--path", path, "--port", 0)
    server = subprocess.Popen(
        command(name, *arguments), stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        said = []
        assert server.stderr
        for line in server.stderr:  # ends when it does
            said.append(line)
            found = re.search(r"serving on ws://(\S+)", line)
            if found:
                yield found[1]
                return
        pytest.fail("the server ended:\n" + "".join(said))
    finally:
        server.terminate()
        server.communicate(timeout=START_S)


class Chain:
    """The embedded robot's chain around ``backend``; the robot follows its commands."""

    def __init__(self, backend: Any, position: Any, actions: Any = None) -> None:
        self.robot = load_robot("embedded_panda")
        config = PolicyConfig(request_period=0.2, instruction="pick it")
        rooms = {
            "policy": Policy(self.robot, config, actions=actions),
            "memory": Memory(),
            "monitor": Monitor(),
            "guard": Guard(self.robot, GuardConfig(auto_arm=True)),
            "fuser": Fuser(self.robot),
        }
        self._guard = rooms["guard"]
        self.pipeline = Pipeline(rooms, CommandLoop(self.robot.limits), partial(answer, backend))
        self.position = position
        self.said: list[Any] = []
        self.commands: list[Any] = []

    def run(self, seconds: float) -> Chain:
        for tick in range(round(seconds * 1e9 / COMMAND_NS)):
            time = tick * COMMAND_NS / 1e9
            inputs = [Tick(), picture(time), picture(time, "wrist")] if tick % 10 == 0 else []
            if tick % 2 == 0:
                inputs.append(joints_at(time, self.position))
            for value in inputs:
                self.said += [out.value for out in self.pipeline.step(value, at(time))]
            command = self.pipeline.command(at(time))
            if command is not None:
                self.commands.append(command)
                self.position = command.position
        return self

    @property
    def mode(self) -> Mode:
        return self._guard.mode

    def of(self, kind: type) -> list[Any]:
        return [value for value in self.said if isinstance(value, kind)]
