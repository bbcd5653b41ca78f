"""A collision is felt: by its force, by its change, by its suddenness. A dead sensor holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from chain_values import at, stamp, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Setup, Unavailable
from aura_ros.guard.watches.wrench import ENTRY, OPTIONS, QUANTITIES, WrenchWatch
from aura_ros.types import ClockJump, Decision, Wrench

ROBOT = toy(wrench_topic="wrench")
CONFIG = GuardConfig()
PERIOD_S = 0.01


def watch(robot=ROBOT, decision=Decision.STOP, **options):
    return WrenchWatch(Setup(robot, lambda: CONFIG, OPTIONS.defaults | options, decision))


def feel(found, forces, torques=None, begin=0.0):
    """One reading each 10 ms; the time of the last [s]."""
    torques = np.zeros(len(forces)) if torques is None else torques
    for k, (force, torque) in enumerate(zip(forces, torques, strict=True)):
        when = begin + k * PERIOD_S
        value = Wrench(stamp(when), np.array([0.0, 0.0, force]), np.array([torque, 0.0, 0.0]))
        found.hear(value, at(when))
    return begin + (len(forces) - 1) * PERIOD_S


def after(forces, torques=None, **options):
    """Checks by name after readings."""
    found = watch(**options)
    last = feel(found, forces, torques)
    return {check.name: check for check in found.checks(at(last))}


def failing(checks):
    return {name for name, check in checks.items() if not check.passed}


def test_a_robot_without_such_a_sensor_has_no_such_check():
    with pytest.raises(Unavailable, match=r"observation\.wrench"):
        watch(toy())


def test_every_quantity_is_published():
    checks = after([5.0])
    assert set(checks) == {"wrench", *(f"wrench_{what}" for what in QUANTITIES)}
    assert not failing(checks)
    assert checks["wrench_force"].value == 5.0


@pytest.mark.parametrize(("force", "fails"), [(140.0, False), (140.1, True)])
def test_force(force, fails):
    ramp = np.linspace(0.0, force, 2000)  # slow enough for its baseline
    found = failing(after(ramp))
    assert found == ({"wrench_force"} if fails else set())


@pytest.mark.parametrize(("torque", "fails"), [(28.0, False), (28.1, True)])
def test_torque(torque, fails):
    ramp = np.linspace(0.0, torque, 2000)
    found = failing(after(np.zeros(2000), ramp))
    assert found == ({"wrench_torque"} if fails else set())


@pytest.mark.parametrize(("step", "fails"), [(65.0, False), (65.1, True)])
def test_distance_from_the_baseline(step, fails):
    """A load of 50 N that is carried is none; what is met then counts."""
    forces = [50.0] * 500 + [50.0 - step]
    found = failing(after(forces, force_rate=1e6))
    assert found == ({"wrench_force_deviation"} if fails else set())


@pytest.mark.parametrize(("step", "fails"), [(13.0, False), (13.1, True)])
def test_distance_of_the_torque_from_its_baseline(step, fails):
    found = failing(after(np.zeros(101), [0.0] * 100 + [step]))
    assert found == ({"wrench_torque_deviation"} if fails else set())


def test_the_baseline_follows_within_its_time_constant():
    assert after([0.0, *[40.0] * 101])["wrench_force_deviation"].value == pytest.approx(
        40.0 / math.e, rel=0.02
    )


@pytest.mark.parametrize(("step", "fails"), [(50.0, False), (50.1, True)])
def test_rate(step, fails):
    """Over a window of 20 ms, and no shorter: 50 N in it are 2,500 N/s."""
    found = after([0.0, 0.0, 0.0, step], force_rate=2500.0)
    assert failing(found) == ({"wrench_force_rate"} if fails else set())
    assert found["wrench_force_rate"].value == pytest.approx(step / 0.02)


@given(st.integers(1, 200))
def test_the_rate_of_a_steady_climb_is_its_slope(count):
    climb = 20.0 * PERIOD_S * np.arange(count + 2)
    assert after(climb)["wrench_force_rate"].value == pytest.approx(20.0)


def test_what_the_rules_say_is_at_least_a_hold():
    for decision, expected in ((Decision.STOP, Decision.STOP), (Decision.SLOW, Decision.HOLD)):
        assert after([200.0], decision=decision)["wrench_force"].decision == expected


def test_never_heard_silent_or_not_finite_holds():
    found = watch()
    (check,) = found.checks(at(0.0))
    assert (check.decision, "wrench yet" in check.detail) == (Decision.HOLD, True)
    feel(found, [1.0])
    assert all(check.passed for check in found.checks(at(0.3)))
    (check,) = found.checks(at(0.301))
    assert (check.decision, check.detail) == (Decision.HOLD, "wrench went silent")


def test_a_number_that_is_none_holds_at_once_and_leaves_the_baseline():
    found = watch()
    feel(found, [1.0, math.nan])
    (check,) = found.checks(at(0.01))
    assert (check.decision, check.detail) == (Decision.HOLD, "wrench is not finite")
    last = feel(found, [1.0], begin=0.02)
    checks = found.checks(at(last))
    assert all(check.passed and math.isfinite(check.value) for check in checks)


def test_a_clock_that_jumps_begins_anew():
    found = watch()
    feel(found, [100.0] * 5)
    found.hear(ClockJump(), at(0.05))
    assert found.checks(at(0.05))[0].decision == Decision.HOLD
    feel(found, [0.0], begin=0.06)
    assert all(check.passed for check in found.checks(at(0.06)))


def test_the_entry_stops():
    assert (ENTRY.name, ENTRY.automatic, ENTRY.decision) == ("wrench", True, Decision.STOP)
