"""Guard and fuser: what creeps into a region is led along it, or refused; it is never entered."""

import numpy as np
import pytest

pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
pytest.importorskip("mujoco", reason="mujoco is absent")
from geometry_post import POST, Oracle
from geometry_rig import Led, turned
from geometry_values import HOME, setup

from aura_ros.guard.checks import self_collision
from aura_ros.guard.correct.corrections import ATTEMPTS

ORACLE = Oracle()
AROUND_POST = {"workspace": {"regions": [POST]}}
WITHIN_5_CM = turned(0.36)
EXACTLY = {"margin": 0.0, "tracking_error": 0.0}


def least(path):
    """How near the arm came to the post [m]."""
    return min(ORACLE.distance(position) for position in path)


@pytest.mark.parametrize("speed", [0.2, 0.6, 1.0])
def test_what_leads_into_a_region_is_led_along_it(tmp_path, speed):
    assert -0.055 < ORACLE.distance(WITHIN_5_CM) < -0.045
    made = Led(tmp_path, AROUND_POST, WITHIN_5_CM, speed).run(3.0)
    words = made.words
    assert words[:2] == [("CLAMP", words[0][1]), ("ALLOW", "")]
    assert {decision for decision, _ in words} == {"CLAMP", "ALLOW"}
    assert any(verdict.reason == "workspace" for verdict in made.verdicts)
    for verdict in made.verdicts:
        assert all(check.passed for check in verdict.checks) == (verdict.decision.name == "ALLOW")
    assert least(made.path) > 0.01
    assert made.position[0] > 0.15


def test_it_goes_on_where_the_region_ends(tmp_path):
    """Beside the post the target is free, and is reached."""
    made = Led(tmp_path, AROUND_POST, turned(-0.4), 0.6).run(2.0)
    assert set(made.words) == {("ALLOW", "")}
    np.testing.assert_allclose(made.position, turned(-0.4), atol=0.01)


def test_where_nothing_can_be_corrected_it_is_refused_and_nothing_moves(tmp_path):
    """The hand begins in a region: no other rows lead out of it within their limits."""
    cell = {"name": "cell", "box": {"center": [0.45, 0.0, 0.4], "size": [0.3, 0.3, 0.3]}}
    made = Led(tmp_path, {"workspace": {"regions": [cell]}}, turned(0.4), 0.5).run(2.0)
    assert made.words
    assert ("ALLOW", "") not in made.words
    np.testing.assert_array_equal(made.position, HOME)
    # The policy's next chunk comes anyway, so that corrections end with each of them.
    assert len(made.words) <= (ATTEMPTS + 1) * made.chunks
    assert made.words[-1] == ("REFUSE", "workspace")


def test_the_own_arm_is_kept_off_too(tmp_path):
    """The hand is led down to the arm's base."""
    folded = np.array([0.0, 1.6, 0.0, -3.0, 0.0, 0.5, 0.8, 0.035])
    rules = {"self_collision": {"home": {"panda_joint4": -2.2, "panda_joint6": 1.8}}}
    made = Led(tmp_path, rules, folded, 0.8).run(4.0)
    assert {name for name, _ in made.words} == {"ALLOW", "CLAMP"}
    assert ("CLAMP", "self_collision") in made.words
    exact = self_collision.make(setup(self_collision.ENTRY, rules["self_collision"] | EXACTLY))
    apart = [exact.clearances(position)[0].min(initial=1.0) for position in made.path]
    assert 0.005 < min(apart) < 0.05
    assert made.position[1] > 0.5
