"""Under caution motion is slow, all of it, and it goes on: a robot at rest may begin."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from chain_values import NS, at, chunk, home, moving_plan, stamp
from guarded_rig import ROBOT, Wired

from aura_ros.guard.checks.caution import check
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.correct.alignment import aligned
from aura_ros.motion.jerk import slice_from
from aura_ros.types import Decision, RiskLevel

LIMIT = ROBOT.limits.velocity
FAR = np.array([2.0, -1.6, home(ROBOT)[2]])
KNOT_NS = ROBOT.knot_period_ns


# --- the check --------------------------------------------------------------------------------


def judged(plan, share):
    return check(Context(at(0.1), ROBOT, GuardConfig(), chunk(ROBOT), plan, share=share))


def used(plan):
    return np.abs(plan.velocity / LIMIT).max()


def test_the_share_is_its_boundary_from_the_first_knot_on():
    plan = moving_plan(ROBOT)
    for knots in (4, 8, 20):
        short = moving_plan(ROBOT, knots=knots)
        assert judged(short, used(short)).passed
        assert not judged(short, used(short) * 0.999).passed
    found = judged(plan, 0.01)
    assert (found.decision, found.limit) == (Decision.SLOW, 0.01)
    assert found.value == pytest.approx(used(plan))


def test_without_caution_the_limits_are_those_of_velocity():
    found = judged(moving_plan(ROBOT), 1.0)
    assert found.passed
    assert found.value == pytest.approx(used(moving_plan(ROBOT)))


def test_a_motion_that_is_fast_already_may_take_the_time_of_a_stop():
    plan = moving_plan(ROBOT)
    first = int(np.argmax(np.abs(plan.velocity[:, 0])))
    fast = slice_from(plan, plan.start_ns + first * KNOT_NS)
    share = used(fast) / 3
    is_early = np.arange(len(fast.velocity))[:, None] < ROBOT.stop_knots
    stop = replace(fast, velocity=np.where(is_early, fast.velocity, 0.0))
    assert judged(stop, share).passed
    on = np.where(is_early, fast.velocity, fast.velocity[ROBOT.stop_knots - 1])
    assert not judged(replace(fast, velocity=on), share / 3).passed
    # It gets no faster than it is, and a joint that is slow gets no faster than the share.
    faster = np.array(stop.velocity)
    faster[3, 0] *= 1.2
    assert not judged(replace(stop, velocity=faster), share).passed


# --- slower rows ------------------------------------------------------------------------------


def rows_to(place, use, count=ROBOT.horizon, robot=ROBOT):
    """Rows that go from ``place`` at once with the share ``use`` of the velocity limits."""
    time = robot.row_period_ns / NS * np.arange(count)[:, None]
    away = FAR - place
    return place + np.sign(away) * np.minimum(np.abs(away), use * LIMIT * time)


def context(plan, value):
    return Context(at(0.5), ROBOT, GuardConfig(), value, plan)


def resting_at(place, seconds):
    still = moving_plan(ROBOT, seconds, jerk=np.zeros((4, 3)), chunk_digest="a")
    return replace(still, position=still.position - home(ROBOT) + place)


@pytest.mark.parametrize("row", [0.0, 1.0, 3.2])
def test_slower_rows_are_at_the_plans_start_where_the_robot_is(row):
    value = chunk(ROBOT, 0.0, rows=rows_to(home(ROBOT), 0.4))
    slower = replace(value, row_period_ns=2 * value.row_period_ns)
    place = home(ROBOT) + np.sign(FAR - home(ROBOT)) * 0.4 * LIMIT * 0.05 * row
    plan = resting_at(place, 0.5)
    found = aligned(slower, context(plan, value))
    assert replace(found, start_ns=slower.start_ns).digest == slower.digest
    assert found.start_ns >= slower.start_ns
    due = (plan.start_ns - found.start_ns) / slower.row_period_ns
    assert due == pytest.approx(row, abs=KNOT_NS / slower.row_period_ns)


def test_rows_that_are_not_due_yet_keep_their_time():
    value = chunk(ROBOT, 0.6, rows=rows_to(home(ROBOT), 0.4))
    assert aligned(value, context(resting_at(home(ROBOT), 0.5), value)) is value


def test_rows_begin_no_earlier_and_skip_none_that_are_not_due():
    """The robot is ahead of what is due: it waits there for the rows."""
    value = chunk(ROBOT, 0.0, rows=rows_to(home(ROBOT), 0.4))
    plan = resting_at(value.rows[-1], 0.5)
    assert aligned(value, context(plan, value)).start_ns == value.start_ns


# --- all of it --------------------------------------------------------------------------------


def slow_run(late_s, use, seconds=3.0):
    """A warned robot at rest whose policy is late, and sets out with the share ``use``."""
    made = Wired().run(0.3)
    made.risk(RiskLevel.WARN)
    end = made.seconds + seconds
    while made.seconds < end:
        made.sequence += 1
        begin = made.seconds - late_s
        place = made.fuser._moving.place(stamp(begin), made.now)
        made.send(chunk(ROBOT, begin, made.sequence, rows_to(place, use)))
        made.run(0.2)
    return made


@pytest.mark.parametrize("late_s", [0.0, 0.2, 0.4])
@pytest.mark.parametrize("use", [0.45, 0.8])
def test_a_robot_at_rest_sets_out_under_caution_and_stays_slow(late_s, use):
    made = slow_run(late_s, use)
    allowed = Counter(v.decision for v in made.verdicts)[Decision.ALLOW]
    assert allowed >= 10
    assert np.linalg.norm(made.position - home(ROBOT)) > 0.5
    share = np.array([np.abs(s.velocity / LIMIT).max() for _, s in made.states])
    assert share.max() <= GuardConfig().cautious_share + 1e-6
    made.assert_moved_within_limits()
