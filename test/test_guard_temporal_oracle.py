"""Generated formulas over generated traces mean what rtamt says, in an environment of its own."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from temporal_formulas import PERIOD_NS, TREES, ours, repeats, theirs

from aura_ros.guard.temporal.formula import Samples
from aura_ros.guard.temporal.parser import parse

TESTS = Path(__file__).parent
PYTHON = TESTS.parent / ".venv-rtamt/bin/python"
EXAMPLES, LENGTH = 250, 150

pytestmark = pytest.mark.skipif(
    not (TESTS.parent / ".venv-rtamt/stamps/ready").exists(),
    reason="without .venv-rtamt: make env-rtamt",
)


@pytest.fixture(scope="module")
def oracle():
    program = [PYTHON, TESTS / "probe_rtamt.py"]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:

        def ask(formula, signals):
            process.stdin.write(json.dumps({"formula": formula, "signals": signals}) + "\n")
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


def test_robustness_equals_the_oracles(oracle, record_property):
    compared, largest = [], []

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(TREES, st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, LENGTH))
    def agree(tree, seed, ties, batch):
        assume(not repeats(tree))
        trace = np.random.default_rng(seed).normal(size=(2, LENGTH))
        x, y = np.round(2 * trace) / 2 if ties else trace
        expected = np.array(oracle(theirs(tree), {"x": list(x), "y": list(y)}))
        formula = parse(ours(tree))
        past, found = formula.start(), []
        for k in range(0, LENGTH, batch):
            part = slice(k, k + batch)
            times = PERIOD_NS * np.arange(LENGTH)[part]
            past, values = formula.advance(past, Samples(times, {"x": x[part], "y": y[part]}))
            found += list(values)
        same = np.equal(found, expected)  # infinities too
        with np.errstate(invalid="ignore"):
            away = np.where(same, 0.0, np.abs(found - expected))
        compared.append(len(found))
        largest.append(away.max())
        assert away.max() <= 1e-9, ours(tree)

    agree()
    record_property("steps", sum(compared))
    record_property("largest_difference", max(largest))
    assert sum(compared) >= 20_000
