"""Figures: one shape, honest numbers, the commit they belong to."""

import json
import math
import os
import platform
import subprocess

import numpy as np
import pytest

from aura_ros.figures import FigureError, _cpu_model, commit, write_figures


def read(path):
    return json.loads(path.read_text())


def test_the_document_has_the_agreed_shape(tmp_path):
    path = tmp_path / "new" / "figures.json"
    write_figures(path, "chain", {"latency_p50_ms": 4.5, "resumed": "yes", "count": 3})
    document = read(path)
    assert list(document) == ["name", "commit", "machine", "metrics"]
    assert document["name"] == "chain"
    assert document["metrics"] == {"latency_p50_ms": 4.5, "resumed": "yes", "count": 3}
    assert document["machine"]["cores"] == os.cpu_count()
    assert document["machine"]["python"] == platform.python_version()


def test_numbers_of_numpy_become_plain_numbers(tmp_path):
    path = tmp_path / "figures.json"
    write_figures(path, "x", {"whole": np.int64(2), "real": np.float32(0.5)})
    metrics = read(path)["metrics"]
    assert metrics == {"whole": 2, "real": 0.5}
    assert isinstance(metrics["whole"], int)


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float64("nan"), None, True, [1.0]])
def test_what_is_no_figure_is_refused_by_name(tmp_path, value):
    path = tmp_path / "figures.json"
    with pytest.raises(FigureError, match="latency"):
        write_figures(path, "x", {"latency": value})
    assert not path.exists()


def git(folder, *words):
    who = ["-c", "user.name=x", "-c", "user.email=x@y"]
    subprocess.run(["git", "-C", folder, *who, *words], check=True, capture_output=True)


def test_the_commit_is_the_checkouts_own(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "tag", "-a", "v1", "-m", "v1")
    clean = commit(tmp_path)
    assert len(clean) == 40
    (tmp_path / "file").write_text("two")
    assert commit(tmp_path) == f"{clean}-dirty"


def test_without_a_repository_the_commit_is_unknown(tmp_path):
    assert commit(tmp_path) == "unknown"
    (tmp_path / ".git").write_text("broken")
    assert commit(tmp_path) == "unknown"
    inside = tmp_path / "outer"
    inside.mkdir()
    git(inside, "init", "-q")
    (inside / "package").mkdir()
    assert commit(inside / "package") == "unknown", "another repository's commit is not ours"


def test_the_processor_is_named_where_linux_names_it(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: Test CPU @ 1 GHz\n")
    assert _cpu_model(info) == "Test CPU @ 1 GHz"
    assert _cpu_model(tmp_path / "missing")
