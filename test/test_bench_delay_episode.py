"""The closed loop under latency: determinism, pairing, and what ends an episode."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.bench.delay import episode as episode_module
from aura_ros.bench.delay.episode import run_job
from aura_ros.bench.delay.experiment import Conditions, Job, version
from aura_ros.bench.delay.policy import DelayedPolicy
from aura_ros.bench.loop.outcome import DONE, LATE, LOST, Timing
from aura_ros.sim.expert import Expert
from aura_ros.sim.model import HOME
from aura_ros.types import NS, KinematicState

SHORT = Conditions(timing=Timing(limit_s=12.0))


class Newest:
    """The newest chunk, interpolated linearly; asks whenever nothing is under way."""

    def __init__(self, setup):
        self.setup, self.chunk, self.last = setup, None, setup.rest
        self.velocity = np.zeros(8)

    def wants(self, now_ns, in_flight):
        return in_flight == 0

    def asked(self, now_ns):
        return KinematicState(now_ns, self.last, self.velocity, np.zeros(8))

    def receive(self, chunk, now_ns):
        self.chunk = chunk

    def command(self, now_ns):
        if self.chunk is not None:
            at = (now_ns - self.chunk.start_ns) / self.chunk.row_period_ns
            index = np.arange(len(self.chunk.rows))
            before, self.last = (
                self.last,
                np.array([np.interp(at, index, column) for column in self.chunk.rows.T]),
            )
            self.velocity = (self.last - before) / (self.setup.tick_ns / NS)
        return self.last

    rate = 1.0


class Still(Newest):
    """Never moves."""

    def command(self, now_ns):
        return self.setup.rest


class Broken(Newest):
    """Commands nonsense."""

    def command(self, now_ns):
        return np.full(8, np.nan)


def run(make=Newest, conditions=SHORT, **changes):
    job = replace(Job("newest", "push", 200, 1003), **changes)
    return run_job(job, conditions, make)


@pytest.mark.parametrize("task", ["push", "pick_place"])
def test_the_task_is_done_and_the_same_episode_is_the_same(task):
    first = run(task=task)
    assert first.ended == DONE
    assert 2.0 < first.done_s < 12.0
    assert first.requests > 10
    run(
        Still, Conditions(timing=Timing(limit_s=0.5)), task=task, seed=1002
    )  # uses the world in between
    assert run(task=task) == first


def test_one_that_stands_still_runs_out_of_time_without_a_stall():
    outcome = run(Still, Conditions(timing=Timing(limit_s=1.0)))
    assert (outcome.ended, outcome.done_s, outcome.stalls) == (LATE, None, 0)
    assert outcome.violations == ()
    assert max(outcome.worst.values()) == 0.0
    assert outcome.peak_acceleration < 0.5


def test_jumps_of_the_newest_chunk_are_seen_as_violations():
    outcome = run(latency_ms=400)
    assert "acceleration" in outcome.violations
    assert "jerk" in outcome.violations
    assert outcome.worst["jerk"] > outcome.worst["velocity"]


def test_a_task_done_for_a_moment_is_not_done(monkeypatch):
    moments = iter([False] * 5 + [True] * 3 + [False] * 1000)
    monkeypatch.setattr(type(episode_module._world("push")), "success",
                        property(lambda _: next(moments)))  # fmt: skip
    assert run(Still, Conditions(timing=Timing(limit_s=0.5, settle_s=0.1))).ended == LATE


def test_the_time_is_that_at_which_success_began(monkeypatch):
    moments = iter([False] * 5 + [True] * 1000)
    monkeypatch.setattr(type(episode_module._world("push")), "success",
                        property(lambda _: next(moments)))  # fmt: skip
    outcome = run(Still, Conditions(timing=Timing(limit_s=0.5, settle_s=0.1)))
    assert (outcome.ended, outcome.done_s) == (DONE, pytest.approx(6 * 0.004))


def test_a_cube_off_the_table_ends_the_episode():
    class Fallen(Still):
        def command(self, now_ns):
            world = episode_module._world("push")
            world._data.joint("red_cube").qpos[:3] = [0.5, 1.5, 0.0]
            return self.setup.rest

    outcome = run(Fallen, Conditions(timing=Timing(limit_s=5.0)))
    assert outcome.ended == LOST
    assert outcome.done_s is None


def test_a_command_that_is_not_finite_names_the_episode():
    with pytest.raises(ValueError, match=r"system='newest'.*not finite"):
        run(Broken)


def test_ticks_that_are_no_multiple_of_the_step_are_refused():
    with pytest.raises(ValueError, match="a step takes 2000000 ns"):
        run(conditions=Conditions(timing=Timing(tick_ns=3_000_000)))


# --- the policy -----------------------------------------------------------------------------


def policy(seed=1001, latency_ms=400, expert=None, conditions=SHORT):
    job = Job("any", "push", latency_ms, seed)
    return DelayedPolicy(expert or Expert("push"), conditions.load(), job, conditions)


def told(now_ns=NS):
    return KinematicState(now_ns, HOME, np.zeros(8), np.zeros(8))


OBJECTS = np.array([[0.5, 0.1, 0.02, 0, 0, 0, 1.0], [0.5, -0.1, 0.02, 0, 0, 0, 1.0]])


def test_latencies_are_paired_and_within_the_jitter():
    mine, theirs = policy(), policy()
    drawn = [mine.latency_ns(k) for k in range(1, 200)]
    assert drawn == [theirs.latency_ns(k) for k in range(1, 200)]
    other = policy(seed=1002)
    assert drawn != [other.latency_ns(k) for k in range(1, 200)]
    share = np.array(drawn) / 400e6
    assert 0.8 <= share.min() < 0.83
    assert 1.17 < share.max() <= 1.2
    assert abs(share.mean() - 1) < 0.02


def test_an_answer_arrives_after_its_latency_with_stamps_of_the_request():
    asked = policy()
    asked.ask(NS, HOME, OBJECTS, told(NS + 5_000_000))
    latency = asked.latency_ns(1)
    assert asked.arrived(NS + latency - 1) == []
    assert asked.in_flight == 1
    (chunk,) = asked.arrived(NS + latency)
    assert asked.in_flight == 0
    assert (chunk.observation_stamp_ns, chunk.start_ns) == (NS, NS + 5_000_000)
    assert chunk.inference_ns == latency
    np.testing.assert_array_equal(chunk.rows[0], HOME)


def test_answers_come_in_order_of_arrival():
    asked = policy(conditions=Conditions(jitter=0.9))
    for k in range(8):
        asked.ask(NS + k, HOME, OBJECTS, told())
    arrivals = [NS + k + asked.latency_ns(k + 1) for k in range(8)]
    order = [chunk.sequence for chunk in asked.arrived(10 * NS)]
    assert order == [1 + int(k) for k in np.argsort(arrivals)]
    assert order != sorted(order)


def test_accelerations_are_told_by_nobody():
    moving = replace(told(), velocity=np.full(8, 0.01))
    asked = policy(conditions=Conditions(noise=0.0))
    for state in (moving, replace(moving, acceleration=np.ones(8)), told()):
        asked.ask(NS, HOME, OBJECTS, state)
    rows = {chunk.sequence: chunk.rows for chunk in asked.arrived(10 * NS)}
    np.testing.assert_array_equal(rows[1], rows[2])
    assert np.abs(rows[1] - rows[3]).max() > 1e-6


def test_an_expert_without_a_motion_never_answers():
    class Lost:
        def plan(self, *_):
            raise ValueError("no motion can be planned")

    asked = policy(expert=Lost())
    asked.ask(NS, HOME, OBJECTS, told())
    assert asked.in_flight == 1
    assert asked.arrived(10 * NS) == []
    assert (asked.in_flight, asked.failures) == (0, 1)


# --- the key of a result ----------------------------------------------------------------------


def test_a_version_names_conditions_and_code(monkeypatch):
    from aura_ros.bench.delay import experiment

    base = version(SHORT)
    assert base == version(SHORT)
    assert base != version(replace(SHORT, noise=0.003))
    monkeypatch.setattr(experiment, "PARTS", ("types",))
    assert version(SHORT) != base
