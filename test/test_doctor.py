"""What `aura doctor` finds of the environments of served policies."""

import re

import pytest

from aura_ros import doctor
from aura_ros.doctor import ENVIRONMENTS, findings

COMPLETE = {"lerobot": "0.4.4", "torch": "2.13.0", "torchvision": "0.28.0", "websockets": "15.0"}
COMPLETE |= {"transformers": "4.57.6"}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    return tmp_path


def make(root, versions, is_ready=True):
    folder = root / ".venv-lerobot"
    for name, version in versions.items():
        info = folder / f"lib/python3.11/site-packages/{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if is_ready:
        (folder / "stamps").mkdir()
        (folder / "stamps/ready").touch()


def found():
    return {finding.name: finding for finding in findings()}[".venv-lerobot"]


def test_an_absent_environment_comes_with_its_command(root):
    names = {finding.name: finding for finding in findings()}
    for environment in ENVIRONMENTS:
        finding = names[f".venv-{environment.name}"]
        assert not finding.found
        assert not finding.needed
        assert finding.meaning.endswith(f"make env-{environment.name}")


def test_a_complete_environment_says_its_versions(root):
    make(root, COMPLETE)
    assert found().found == "lerobot 0.4.4, torch 2.13.0"


def test_what_is_missing_in_an_environment_is_named(root):
    make(root, {name: version for name, version in COMPLETE.items() if name != "torchvision"})
    assert not found().found
    assert "lacks torchvision: make env-lerobot" in found().meaning


def test_an_environment_that_was_not_finished_is_missing(root):
    make(root, COMPLETE, is_ready=False)
    assert not found().found
    assert "was not finished: make env-lerobot" in found().meaning


def test_every_extra_that_is_named_exists():
    named = {name for part in findings() for name in re.findall(r"extra (\w+)", part.meaning)}
    assert named >= {"sim", "serve", "robots"}
    assert all((doctor.ROOT / f"requirements/{name}.txt").is_file() for name in named)
