"""Answers that come late, twice, out of order or never, the same for every system."""

from dataclasses import replace

import numpy as np
import pytest

from aura_ros.bench.fuser.delivery import answer, delay_ns
from aura_ros.bench.fuser.robot import bench_robot
from aura_ros.bench.fuser.scenario import CELLS, CENTRE, ROW_NS, START_NS, TICK_NS
from aura_ros.bench.fuser.simulate import Exchange, simulate
from aura_ros.bench.fuser.surrogate import Surrogate
from aura_ros.bench.fuser.truth import Truth
from aura_ros.types import NS, KinematicState

STEADY = replace(CENTRE, jitter="none")
MEAN = CENTRE.delay_ns


def delays(jitter, count=4000):
    made = replace(CENTRE, jitter=jitter)
    return np.array([delay_ns(made, 1, index) for index in range(count)]) / MEAN


class Asker:
    """Asks every ``period`` ticks and remembers what it is given."""

    def __init__(self, period=1):
        self.period = period
        self.asked_ns = []
        self.heard = []
        self.outstanding = []
        self.rate = 1.0

    def wants(self, now_ns, in_flight):
        self.outstanding.append(in_flight)
        return (now_ns - START_NS) // TICK_NS % self.period == 0

    def asked(self, now_ns):
        self.asked_ns.append(now_ns)
        return KinematicState(now_ns, np.zeros(7), np.zeros(7), np.zeros(7))

    def receive(self, chunk, now_ns):
        self.heard.append((chunk, now_ns))

    def command(self, now_ns):
        return np.zeros(7)


def run(made, period=1, seconds=4.0):
    asker = Asker(period)
    policy = Surrogate(Truth(made, 1))
    return asker, simulate(asker, policy, bench_robot(made), seconds)


def test_without_jitter_every_answer_takes_the_same():
    assert (delays("none") == 1).all()
    assert delay_ns(CELLS["delay4_one"], 0, 1) == 4 * ROW_NS


def test_uniform_jitter_is_a_quarter_either_way():
    found = delays("uniform")
    assert 0.75 <= found.min() < 0.76
    assert 1.24 < found.max() <= 1.25
    assert found.mean() == pytest.approx(1, abs=0.01)


def test_lognormal_jitter_keeps_the_mean_and_has_a_tail():
    found = delays("lognormal")
    assert found.mean() == pytest.approx(1, abs=0.02)
    assert np.log(found).std() == pytest.approx(0.35, abs=0.02)


def test_one_answer_in_a_hundred_takes_five_times_as_long():
    found = delays("spikes")
    assert (found > 1.25).mean() == pytest.approx(0.01, abs=0.005)
    assert set(found[found > 1.25]) == {5.0}


@pytest.mark.parametrize(("factor", "copies"), [("drop", 0), ("duplicate", 2)])
def test_shares_of_answers_are_lost_and_doubled(factor, copies):
    made = replace(STEADY, **{factor: 0.2})
    counts = np.array([len(answer(made, 1, index).arrivals_ns) for index in range(2000)])
    assert (counts == copies).mean() == pytest.approx(0.2, abs=0.03)
    assert set(counts) == {1, copies}


def test_a_held_back_answer_is_overtaken_by_the_next():
    _asker, record = run(replace(STEADY, reorder=0.3), seconds=12.0)
    order = [arrival.sequence for arrival in record.arrivals]
    assert order != sorted(order)
    assert len(set(order)) == len(order)


def test_a_duplicate_is_the_same_chunk_again():
    asker, _record = run(replace(STEADY, duplicate=1.0))
    digests = [chunk.digest for chunk, _ in asker.heard]
    assert len(digests) - len(set(digests)) >= 5


def test_only_as_many_requests_leave_as_may_be_in_flight():
    for allowed in (1, 2, 4):
        asker, _ = run(replace(STEADY, in_flight=allowed))
        assert max(asker.outstanding) == allowed
        gaps = np.diff(asker.asked_ns[::allowed])
        assert gaps.min() >= MEAN


def test_a_lost_answer_frees_its_place_when_it_would_have_come():
    kept, _ = run(STEADY)
    lost, _ = run(replace(STEADY, drop=1.0))
    assert lost.heard == []
    assert lost.asked_ns == kept.asked_ns


def test_answers_arrive_at_the_first_tick_after_their_delay():
    asker, record = run(STEADY)
    for arrival in record.arrivals:
        late = arrival.arrived_ns - arrival.asked_ns - MEAN
        assert 0 <= late < TICK_NS
    assert [chunk.sequence for chunk, _ in asker.heard] == list(range(1, len(asker.heard) + 1))


def test_a_policy_that_takes_no_time_has_answered_before_the_command():
    asker, _record = run(CELLS["delay_0"], seconds=0.1)
    assert [now for _, now in asker.heard] == asker.asked_ns
    assert len(asker.heard) == 25


def test_a_clock_that_is_off_shifts_stamps_and_nothing_else():
    straight, _ = run(STEADY)
    behind, _ = run(replace(STEADY, clock_offset_s=-0.2))
    for (a, heard_a), (b, heard_b) in zip(straight.heard, behind.heard, strict=True):
        assert heard_a == heard_b
        assert np.array_equal(a.rows, b.rows)
        assert b.start_ns - a.start_ns == -0.2 * NS
        assert b.observation_stamp_ns - a.observation_stamp_ns == -0.2 * NS


def test_every_system_meets_the_same_delays_and_errors():
    made = replace(CENTRE, drop=0.1, reorder=0.1)
    busy, _ = run(made, period=1)
    lazy, _ = run(made, period=60)
    for mine, theirs in zip(busy.asked_ns, lazy.asked_ns, strict=False):
        assert mine <= theirs
    rows = [{c.sequence: c.rows for c, _ in asker.heard} for asker in (busy, lazy)]
    bias = [{k: r[0] - Truth(made, 1).arm(np.array([s]))[0] for k, r, s in firsts}
            for firsts in ([(c.sequence, c.rows, c.start_ns) for c, _ in a.heard]
                           for a in (busy, lazy))]  # fmt: skip
    both = set(rows[0]) & set(rows[1])
    assert len(both) > 5
    assert all(np.allclose(bias[0][k], bias[1][k]) for k in both)


def test_what_is_on_its_way_at_the_end_is_due():
    _, record = run(STEADY, seconds=1.0)
    (due,) = record.due
    assert due.sequence == len(record.arrivals) + 1
    assert due.asked_ns <= record.times_ns[-1] < due.arrived_ns == due.asked_ns + round(MEAN)


def test_nothing_arrives_before_its_time():
    exchange = Exchange(Surrogate(Truth(STEADY, 1)), bench_robot(STEADY))
    asker = Asker()
    exchange.ask(asker, START_NS)
    exchange.deliver(asker, START_NS + round(MEAN) - 1)
    assert asker.heard == []
    assert exchange.in_flight(START_NS + round(MEAN) - 1) == 1
    exchange.deliver(asker, START_NS + round(MEAN))
    assert len(asker.heard) == 1
    assert exchange.in_flight(START_NS + round(MEAN)) == 0
