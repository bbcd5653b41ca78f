"""VLA-RAIL: fit, entry, seam."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_methods import PERIOD_NS, TICK_NS, chunk, setup

from aura_ros.bench.execution.rail import (
    BLEND_AFTER,
    LEAST,
    SEAM,
    RailPaper,
    RailReleased,
)
from aura_ros.types import NS

COUNT = 16
LENGTH_S = (COUNT - 1) * PERIOD_NS / NS
TICK_S = TICK_NS / NS


def smooth(times):
    """A motion that a polynomial of degree 4 follows exactly, and a gripper that stays shut."""
    times = np.asarray(times)
    return np.stack([-1 + 0.3 * times - 0.1 * times**2 + 0.02 * times**3, 0 * times], axis=1)


def rows(begin_s, offset=0.0):
    return smooth(begin_s + PERIOD_NS / NS * np.arange(COUNT)) + np.array([offset, 0.0])


class Run:
    """Ticks of an executor, with chunks handed over at given ones."""

    def __init__(self, executor):
        self.executor, self.positions, self.rates = executor, [], []

    @property
    def now_ns(self):
        return NS + len(self.positions) * TICK_NS

    @property
    def now_s(self):
        return len(self.positions) * TICK_S

    def ticks(self, count):
        for _ in range(count):
            self.positions.append(self.executor.command(self.now_ns))
            self.rates.append(self.executor.rate)
        return np.array(self.positions)[:, 0]

    def ask(self):
        return self.executor.asked(self.now_ns)

    def hand(self, number, values):
        self.executor.receive(chunk(number, values), self.now_ns)


def moving(make, offset=0.0, latency=20, warm=40):
    """A run whose second chunk, off by ``offset``, has just come; and when that was asked for."""
    run = Run(make(setup()))
    run.ask()
    run.hand(1, rows(0.0))
    run.ticks(warm)
    run.ask()
    asked_s = run.now_s
    run.ticks(latency)
    run.hand(2, rows(asked_s, offset))
    return run, asked_s


@pytest.mark.parametrize("make", [RailReleased, RailPaper])
@pytest.mark.parametrize("latency", [0, 13, 60])
def test_chunks_that_agree_are_one_motion_whatever_the_delay(make, latency):
    run, _ = moving(make, latency=latency)
    run.ticks(60)
    tolerance = 1e-9 if make is RailReleased else 3e-3
    expected = smooth(TICK_S * np.arange(len(run.positions)))
    np.testing.assert_allclose(run.positions, expected, atol=tolerance)


def test_the_first_chunk_starts_with_its_first_row_when_it_comes():
    run = Run(RailPaper(setup()))
    run.ask()
    run.ticks(50)
    assert (np.array(run.positions)[:, 0] == -1.0).all()
    assert not any(run.rates)
    run.hand(1, rows(0.0))
    np.testing.assert_allclose(run.ticks(20)[50:], smooth(TICK_S * np.arange(20))[:, 0], atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.5, 0.5), st.integers(0, 70))
def test_the_papers_seam_is_continuous_up_to_acceleration(offset, latency):
    run, _ = moving(RailPaper, offset, latency)
    seam_s = SEAM * LENGTH_S
    jerk = np.diff(run.ticks(round(seam_s / TICK_S) + 3), n=3) / TICK_S**3
    # A step of acceleration would show as 100 times itself.
    assert np.abs(jerk).max() < 10 + 800 * abs(offset) / seam_s**3


def test_the_papers_seam_is_half_way_between_the_two_in_its_middle():
    offset = 0.2
    run, _ = moving(RailPaper, offset)
    begin = len(run.positions)
    ticks = round(SEAM * LENGTH_S / TICK_S)
    found = run.ticks(ticks + 10)
    middle = begin + ticks // 2
    time = TICK_S * middle
    np.testing.assert_allclose(found[middle], smooth([time])[0, 0] + offset / 2, atol=1e-2)
    end = begin + ticks + 5
    np.testing.assert_allclose(found[end], smooth([TICK_S * end])[0, 0] + offset, atol=1e-6)


def test_the_released_seam_breaks_the_velocity_where_its_blend_begins():
    offset = 0.2
    run, _ = moving(RailReleased, offset)
    begin = len(run.positions)
    found = run.ticks(80)
    seam_s = (LEAST + offset) * LENGTH_S
    where = begin + BLEND_AFTER * seam_s / TICK_S
    acceleration = np.abs(np.diff(found, n=2)) / TICK_S**2
    spike = int(acceleration.argmax()) + 1
    assert abs(spike - where) <= 1
    others = np.delete(acceleration, [spike - 2, spike - 1, spike])
    assert acceleration.max() > 1.4 * others.max()


def test_the_released_client_pauses_after_an_answer_and_the_papers_does_not():
    for make, waits in ((RailReleased, True), (RailPaper, False)):
        run, _ = moving(make)
        assert run.executor.wants(run.now_ns + TICK_NS, 0) is not waits
        assert run.executor.wants(run.now_ns + NS // 5, 0)
        assert not run.executor.wants(run.now_ns + NS, 1)


@pytest.mark.parametrize("make", [RailReleased, RailPaper])
def test_a_chunk_that_comes_after_its_last_row_is_dropped(make):
    latency = round(LENGTH_S / TICK_S) + 1
    run, _ = moving(make, 0.5, latency)
    found = run.ticks(30)
    np.testing.assert_allclose(found[-60:], smooth([LENGTH_S])[0, 0], atol=1e-9)
    assert run.rates[-1] == 0.0


@pytest.mark.parametrize("make", [RailReleased, RailPaper])
def test_an_overtaken_chunk_and_a_copy_change_nothing(make):
    run, _ = moving(make)
    run.ticks(3)
    other, _ = moving(make)
    other.ticks(3)
    run.hand(1, rows(0.0, 0.5))
    run.hand(2, rows(0.0, 0.5))
    np.testing.assert_array_equal(run.ticks(40), other.ticks(40))


def test_shifted_a_chunk_is_entered_where_it_lies_ahead():
    shifted = partial(RailPaper, shifted=True)
    behind, _ = moving(shifted, -0.02)
    timed, _ = moving(RailPaper, -0.02)
    joined_at = len(behind.positions)
    ahead = behind.ticks(140)[joined_at + 80] - timed.ticks(140)[joined_at + 80]
    # 0.02 rad at about 0.2 rad/s: the chunk is entered some 0.1 s later, hence ahead of time.
    assert 0.01 < ahead < 0.08
    agreeing, _ = moving(shifted, 0.02)
    plain, _ = moving(RailPaper, 0.02)
    np.testing.assert_allclose(agreeing.ticks(60), plain.ticks(60))


def test_the_gripper_is_apart():
    run = Run(RailPaper(setup()))
    run.ask()
    values = rows(0.0)
    values[10:, 1] = 1.0
    run.hand(1, values)
    run.ticks(150)
    finger = np.array(run.positions)[:, 1]
    # The mean of nine rows climbs by ninths and is set to the ends; a polynomial would swing.
    assert set(np.round(finger * 18, 6)) <= set(range(19))
    assert finger[0] == 0.0
    assert finger[-1] == pytest.approx(6 / 9)


def test_the_policy_is_told_the_motion_of_now():
    run, _ = moving(RailPaper)
    run.ticks(1)
    state = run.ask()
    np.testing.assert_array_equal(state.position, run.positions[-1])
    assert state.velocity[0] == pytest.approx((0.3 - 0.2 * run.now_s), abs=0.05)
