"""All published methods in one loop: what holds of each of them."""

import numpy as np
import pytest
from row_methods import HORIZON, PERIOD_NS, TICK_NS, setup

from aura_ros.bench.execution.systems import SYSTEMS, limited
from aura_ros.types import NS, ActionChunk

LATENCY_TICKS = 23
TICKS = 500


def truth(times_ns):
    t = (np.asarray(times_ns) - NS) / NS
    return np.stack([-np.cos(t), 0 * t], axis=1)


def run(name, bias=0.0, behind=lambda executor, _: executor, offset_ns=0):
    """Commands (TICKS, 2) of a system whose policy knows the truth up to a bias per chunk."""
    given = setup()
    executor = behind(SYSTEMS[name](given), given)
    coming, commands, asked = [], [], 0
    drawn = np.random.default_rng(5)
    for tick in range(TICKS):
        now = NS + tick * TICK_NS
        while coming and coming[0][0] <= tick:
            executor.receive(coming.pop(0)[1], now)
        if executor.wants(now, len(coming)) and not coming:
            state, asked = executor.asked(now), asked + 1
            rows = truth(state.time_ns + PERIOD_NS * np.arange(HORIZON))
            rows[:, 0] += bias * drawn.standard_normal()
            start = state.time_ns + offset_ns
            names = ("joint", "finger")
            answer = ActionChunk(1, 1, asked, now, start, PERIOD_NS, names, rows)
            coming.append((tick + LATENCY_TICKS, answer))
        commands.append(executor.command(now))
        assert executor.rate in (0.0, 1.0)
    return np.array(commands)


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_follows_a_policy_that_is_right(name):
    found = run(name)[100:, 0]
    times = NS + TICK_NS * np.arange(100, TICKS)
    lags = range(0, 120, 2)
    errors = [np.sqrt(np.mean((found - truth(times - lag * TICK_NS)[:, 0]) ** 2)) for lag in lags]
    # Synchronous execution stands while it waits, and a shifted chunk runs ahead.
    allowed = {"synchronous": 0.1, "rail_shifted": 0.1}.get(name, 0.03)
    assert min(errors) < allowed


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_does_the_same_again(name):
    np.testing.assert_array_equal(run(name, bias=0.1), run(name, bias=0.1))


@pytest.mark.parametrize("name", SYSTEMS)
def test_none_places_chunks_by_the_stamps_of_another_clock(name):
    np.testing.assert_array_equal(run(name, 0.1), run(name, 0.1, offset_ns=NS // 5))


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_keeps_the_limits_behind_the_limiter(name):
    found = run(name, bias=0.3, behind=limited)
    motion = np.concatenate([np.repeat(setup().rest[None], 3, axis=0), found])
    for order, limit in ((1, 2.0), (2, 10.0), (3, 200.0)):
        rate = np.diff(motion, n=order, axis=0) / (TICK_NS / NS) ** order
        assert np.abs(rate).max() <= limit * (1 + 1e-6)


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_does_behind_the_limiter_what_it_does_alone(name):
    heard = []

    class Tap:
        def __init__(self, inside):
            self.inside = inside

        def __getattr__(self, attribute):
            return getattr(self.inside, attribute)

        def command(self, now_ns):
            heard.append(self.inside.command(now_ns))
            return heard[-1]

    run(name, 0.1, behind=lambda executor, given: limited(Tap(executor), given))
    np.testing.assert_array_equal(heard, run(name, 0.1))
