"""Everything that an episode's outcome depends on is in the version of its benchmark."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.bench.loop.version import PACKAGE, version_of

# Loaded by the same process, decides nothing: options, figures, pictures, messages, other arms.
APART = (
    "figures.py", "parallel.py", "bench/registry.py", "conversions/chain.py",
    "conversions/fields.py", "bench/execution", "replay/picture.py",
)  # fmt: skip
NUMERIC = {"numpy", "scipy", "cv2", "daqp", "mujoco", "ruckig"}
DISTRIBUTIONS = {"cv2": "opencv-python-headless"}
LOADED = """
import sys
import aura_ros.bench.{}.episode
for name, module in sys.modules.items():
    print(name, getattr(module, "__file__", None))
"""


def loaded(name):
    """Modules of the package, and names of all, that a process loads to run an episode."""
    said = subprocess.run(
        [sys.executable, "-c", LOADED.format(name)], capture_output=True, text=True, check=True
    )
    pairs = dict(line.split(" ", 1) for line in said.stdout.splitlines())
    files = {Path(file) for of, file in pairs.items() if of.startswith("aura_ros.")}
    code = {file.relative_to(PACKAGE).as_posix() for file in files if file.name != "__init__.py"}
    return code, {of.partition(".")[0] for of in pairs}


def test_a_library_that_came_another_way_is_no_error():
    assert version_of((), ("numpy", "not-of-pip")) != version_of((), ("numpy",))


@pytest.mark.parametrize("name", ["closed_loop", "delay", "guard"])
def test_code_and_libraries_of_an_episode_are_in_its_version(name):
    experiment = importlib.import_module(f"aura_ros.bench.{name}.experiment")
    code, tops = loaded(name)
    known = (*experiment.PARTS, *APART)
    left = {file for file in code if not any(Path(file).is_relative_to(part) for part in known)}
    assert left == set()
    assert {DISTRIBUTIONS.get(top, top) for top in NUMERIC & tops} <= set(experiment.LIBRARIES)
