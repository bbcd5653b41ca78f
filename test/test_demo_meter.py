"""The demo's own measure: it must see what it claims to count."""

import numpy as np
import pytest
from chain_values import toy

from aura_ros.demo.meter import STALL_NS, MotionMeter, Sample
from aura_ros.types import NS

LIMITS = toy().limits
CENTRE = (LIMITS.lower + LIMITS.upper) / 2
TICK = NS // 200


def sample(k, position=CENTRE, velocity=None):
    still = np.zeros_like(CENTRE) if velocity is None else velocity
    return Sample(k * TICK, np.array(position), np.array(still))


def moving(k):
    """Motion at 5 % of the velocity limit."""
    velocity = 0.05 * LIMITS.velocity
    return sample(k, CENTRE + velocity * k * TICK / NS, velocity)


def resting(k, since):
    return sample(k, moving(since).position)


def run(meter, samples):
    for one in samples:
        meter.add(one)
    return meter


def stalled(ticks):
    """A meter after motion, then rest for so many ticks."""
    meter = MotionMeter(LIMITS)
    meter.begin()
    run(meter, (moving(k) for k in range(20)))
    return run(meter, (resting(k, 19) for k in range(20, 20 + ticks)))


def test_steady_motion_is_neither_stall_nor_violation():
    meter = MotionMeter(LIMITS)
    meter.begin()
    run(meter, (moving(k) for k in range(200)))
    assert (meter.stalls, meter.violations, meter.resting_since_ns) == (0, 0, None)


@pytest.mark.parametrize(("more", "stalls"), [(0, 0), (2, 1), (200, 1)])
def test_rest_longer_than_the_limit_is_one_stall(more, stalls):
    assert stalled(STALL_NS // TICK + more).stalls == stalls


def test_rest_is_no_stall_before_the_first_motion_or_after_the_task():
    meter = MotionMeter(LIMITS)
    meter.begin()
    run(meter, (sample(k) for k in range(200)))
    assert meter.stalls == 0
    done = stalled(0)
    done.end()
    run(done, (resting(k, 19) for k in range(20, 220)))
    assert done.stalls == 0


def test_the_beginning_of_rest_is_known():
    assert stalled(50).resting_since_ns == 20 * TICK


BAD = {
    "position": lambda k: sample(k, LIMITS.upper + 1e-3),
    "velocity": lambda k: sample(k, velocity=1.001 * LIMITS.velocity),
    "step": lambda k: sample(k, moving(k - 1).position + 0.02 * LIMITS.velocity),
    "acceleration": lambda k: sample(
        k, moving(k - 1).position, 0.05 * LIMITS.velocity - 0.01 * LIMITS.acceleration
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_each_violation_is_counted(what):
    meter = run(MotionMeter(LIMITS), [moving(0), moving(1)])
    meter.add(BAD[what](2))
    assert meter.violations == 1


def test_a_command_that_did_not_pass_is_a_violation():
    meter = MotionMeter(LIMITS)
    meter.add(sample(0), passed=False)
    assert meter.violations == 1
