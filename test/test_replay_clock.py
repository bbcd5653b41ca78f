"""Both times of a recording: steady never goes back, ROS time jumps only where stamps say so."""

from hypothesis import given
from hypothesis import strategies as st

from aura_ros.replay.clock import RosClock
from aura_ros.types import NS, Now

LOG = 1_000 * NS
SIMULATED = 10 * NS


def feed(clock, *pairs):
    return [clock.jumped(log_ns, stamp_ns) for log_ns, stamp_ns in pairs]


def test_stamps_near_the_log_time_leave_ros_time_there():
    clock = RosClock()
    assert feed(clock, (LOG, LOG - NS // 10), (LOG + 1, LOG + 1)) == [False, False]
    assert clock.now(LOG + 5) == Now(LOG + 5, LOG + 5)


def test_stamps_of_another_clock_shift_ros_time():
    clock = RosClock()
    assert feed(clock, (LOG, SIMULATED)) == [False]
    assert clock.now(LOG + 5) == Now(SIMULATED + 5, LOG + 5)


def test_a_loop_is_one_jump_once_two_stamps_agree():
    clock = RosClock()
    feed(clock, (LOG, SIMULATED), (LOG + 9 * NS, SIMULATED + 9 * NS))
    loop = [(LOG + 10 * NS, SIMULATED), (LOG + 11 * NS, SIMULATED + NS)]
    assert feed(clock, *loop) == [False, True]
    assert clock.now(LOG + 11 * NS) == Now(SIMULATED + NS, LOG + 11 * NS)
    assert feed(clock, (LOG + 12 * NS, SIMULATED + 2 * NS)) == [False]


def test_odd_stamps_that_do_not_agree_are_no_jump():
    clock = RosClock()
    odd = [(LOG, LOG), (LOG, 0), (LOG, LOG), (LOG, 5 * LOG), (LOG, 0), (LOG, LOG), (LOG, 0)]
    assert not any(feed(clock, *odd))
    assert clock.now(LOG) == Now(LOG, LOG)


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_steady_time_never_goes_back(logs):
    clock = RosClock()
    times = [clock.now(log_ns).steady_ns for log_ns in logs]
    assert times == sorted(times)
