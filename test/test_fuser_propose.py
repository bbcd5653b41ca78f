"""What a chunk becomes: the options of others, and shapes of plans."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import Cell, at, chunk, home, ns, stamp, toy, wave

from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.fuser import Fuser

ROBOT = toy()


def plan_of(rows, **settings):
    made = Cell(ROBOT, Fuser(ROBOT, FuserConfig(**settings)))
    made.run(0.1)
    made.chunk(rows, vetted=False)
    return made.proposals[-1]


def test_the_smoother_takes_the_noise_out_of_a_chunk():
    noise = np.random.default_rng(0).normal(0, 0.01, (16, 3)) * [1, 1, 0]
    rows = wave(ROBOT, 0.1) + noise
    rough, smooth = plan_of(rows), plan_of(rows, smoother_degree=4)

    def effort(plan):
        return np.abs(np.diff(plan.acceleration[10:-20, 0], axis=0)).sum()

    assert effort(smooth) < 0.5 * effort(rough)


def test_without_the_smoother_rows_are_followed():
    rows = home(ROBOT) + np.where(np.arange(16) < 8, 0.0, 0.1)[:, None] * [1, 1, 0]
    sharp = plan_of(rows).position[:, 0]
    assert np.abs(sharp - plan_of(rows, smoother_degree=3).position[:, 0]).max() > 0.01


def test_alignment_goes_on_where_the_chunk_lies_ahead():
    def after_a_late_chunk(**settings):
        made = Cell(ROBOT, Fuser(ROBOT, FuserConfig(**settings)))
        made.run(0.1)
        ramp = home(ROBOT) + 0.5 * np.arange(16)[:, None] * ROBOT.row_period_ns / 1e9 * [1, 1, 0]
        made.chunk(ramp)
        made.run(0.4)
        # The next chunk is one that began 0.2 s behind: on the clock it asks to go back.
        made.chunk(np.clip(ramp - 0.1, -2, 2.5) + 0.2 * np.array([1, 1, 0]), vetted=False)
        return made.proposals[-1]

    plain, aligned = after_a_late_chunk(), after_a_late_chunk(alignment_search=0.4)
    assert plain.velocity[:15, 0].min() < aligned.velocity[:15, 0].min()


@pytest.mark.parametrize("age", [0.0, 0.3])
def test_a_plan_begins_at_the_first_knot_after_the_delay_and_ends_at_rest(age):
    made = Cell(ROBOT, Fuser(ROBOT, FuserConfig(commit_delay=0.05)))
    made.run(0.5)
    value = chunk(ROBOT, begin_s=0.5 - age)
    proposal = made.tell(value, vetted=False)[-1]
    plan = proposal.plan
    assert plan.start_ns == stamp(0.5 + 0.06)
    assert not plan.velocity[-1].any()
    assert not plan.acceleration[-1].any()
    assert plan.end_ns > value.end_ns
    assert at(0.5).ros_ns + ns(0.06) == plan.start_ns
    assert replace(plan).digest == plan.digest
