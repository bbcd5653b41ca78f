"""Another task: motion in flight is dropped, kept or rolled back, smoothly, judged by the guard."""

import itertools
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from chain_values import (
    COMMAND_NS,
    NS,
    TICK_NS,
    assert_smooth,
    assert_within,
    at,
    chunk,
    joints_at,
    ns,
    picture,
    toy,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.gripper import grippers_of
from aura_ros.fuser.loop import CommandLoop
from aura_ros.fuser.retrace import LAST_SEQUENCE, way_back
from aura_ros.fuser.switching import Outcome
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.rules.built import build
from aura_ros.guard.rules.load import default_rules
from aura_ros.monitor.monitor import Monitor
from aura_ros.motion.bounds import row_rates
from aura_ros.motion.jerk import sample
from aura_ros.pipeline import Pipeline, answer
from aura_ros.robot.description import Switching
from aura_ros.types import (
    ROLLBACK,
    ClockJump,
    Commitment,
    Decision,
    FailureRisk,
    Instruction,
    Reset,
    SetEnabled,
    Tick,
    Track,
    Tripped,
    Verdict,
    WayBack,
)

PLAIN = toy()
ROBOT = replace(
    PLAIN, groups=(PLAIN.groups[0], replace(PLAIN.groups[1], switching=Switching(0.0, 0.05)))
)
HAND = grippers_of(ROBOT)[0]
STOP_S = ROBOT.stop_knots * ROBOT.knot_period_ns / NS


class Silent:
    """Stands where no policy is asked."""

    name = "none"


def without_row_start(robot, settings):
    """The guard's checks but one: chunks here begin where a wave is, wherever the robot is."""
    rules = default_rules()
    kept = tuple(rule for rule in rules.rules if rule.name != "row_start")
    return build(robot, settings, replace(rules, rules=kept))


class Rig:
    """Guard, monitor and fuser with their loop; a robot that follows; a hand for the chunks.

    ``arm`` and ``hand`` give where the arm (2,) should be and whether the hand is open at a time.
    """

    def __init__(self, arm, hand, robot=ROBOT, **config):
        self.robot, self.arm, self.hand = robot, arm, hand
        self.fuser = Fuser(robot, FuserConfig(**config))
        self.guard = Guard(robot, GuardConfig(auto_arm=True), rules=without_row_start)
        cores = {"monitor": Monitor(), "guard": self.guard, "fuser": self.fuser}
        self.pipeline = Pipeline(cores, CommandLoop(robot.limits), partial(answer, Silent()))
        self.position = self.place(0.0)
        self.ticks, self.sequence, self.episode, self.asks = 0, 0, 1, True
        self.said, self.states, self.commands = [], [], []
        self.motion = None

    @property
    def seconds(self):
        return self.ticks * COMMAND_NS / NS

    def place(self, seconds):
        hand = HAND.opened if self.hand(seconds) else HAND.closed
        return np.concatenate([self.arm(seconds), hand])

    def tell(self, value):
        out = [o.value for o in self.pipeline.step(value, at(self.seconds))]
        self.said += out
        for said in out:
            if isinstance(said, Track):
                self.motion = said.plan
        return out

    def person(self, value):
        """A person's word to the fuser alone, as by its services."""
        for said in self.fuser.handle(value, at(self.seconds)):
            self.pipeline._outside(said)
            if isinstance(said, Track):
                self.motion = said.plan
            if isinstance(said, Commitment):
                self.guard.handle(said, at(self.seconds))

    def step(self):
        seconds = self.seconds
        if (self.ticks * COMMAND_NS) % TICK_NS == 0:
            self.tell(Tick())
            self.tell(picture(seconds))
        self.tell(joints_at(seconds, self.position))
        if self.asks and self.ticks % 40 == 20:  # the guard is armed by then
            self.chunk()
        command = self.pipeline.command(at(seconds))
        if command is not None:
            assert command.passed, command.check
            self.position = command.position
            self.states.append(sample(self.motion, at(seconds).ros_ns))
        self.ticks += 1

    def chunk(self, **changes):
        self.sequence += 1
        times = self.seconds + self.robot.row_period_ns / NS * np.arange(self.robot.horizon)
        rows = np.array([self.place(t) for t in times])
        values = {"episode": self.episode, "rows": rows} | changes
        return self.tell(chunk(self.robot, self.seconds, self.sequence, **values))

    def run(self, until_s):
        while self.seconds < until_s - 1e-9:
            self.step()
        return self

    def instruct(self, text="another"):
        return self.tell(Instruction(text))

    def of(self, kind):
        return [value for value in self.said if isinstance(value, kind)]

    @property
    def status(self):
        return self.fuser.status(at(self.seconds))

    @property
    def share(self):
        return float(HAND.share(self.position))

    def assert_sound(self):
        """What was executed is continuous in p, v and a, and within every limit."""
        limits = self.robot.limits
        for plan in self.of(Commitment):
            assert_within(plan.plan, limits)
            assert_smooth(plan.plan)
        h = COMMAND_NS / NS
        for before, after in itertools.pairwise(self.states):
            leap = np.abs(after.acceleration - before.acceleration)
            jerk = np.where(np.isfinite(limits.jerk), limits.jerk, 1e4)
            assert (leap <= jerk * h * (1 + 1e-6) + 1e-6).all()
            assert (np.abs(after.velocity) <= limits.velocity * (1 + 1e-6)).all()
            mean = (before.velocity + after.velocity) / 2
            away = np.abs(after.position - before.position - mean * h)
            assert (away <= jerk * h**3 + 1e-9).all()


def sway(seconds):
    return np.array([0.25 + 0.4 * np.sin(1.5 * seconds), 0.25 - 0.3 * np.sin(1.1 * seconds)])


def rig(closes_s=None, opens_s=None, begins_open=True, **config):
    """A rig whose hand closes and opens at times."""

    def hand(seconds):
        state = begins_open
        if closes_s is not None and seconds >= closes_s:
            state = False
        if opens_s is not None and seconds >= opens_s:
            state = True
        return state

    return Rig(sway, hand, **config)


def switched(made, seconds, text="another"):
    """``made`` told another task at ``seconds``; the policy answers nothing yet."""
    made.run(0.3)
    made.instruct("first")
    made.run(seconds)
    made.asks = False
    assert np.abs(made.states[-1].velocity).max() > 0.05
    made.instruct(text)
    return made


def in_transition(**config):
    """Told another task while the hand closes, at 1.5 s."""
    made = switched(rig(closes_s=1.4, **config), 1.5)
    assert 0.05 < made.share < 0.95
    return made


# --- three outcomes ---------------------------------------------------------------------------


def test_free_motion_is_dropped_at_the_next_knot_and_the_lease_goes_on():
    made = switched(rig(), 1.2)
    assert made.status.task_switch == "dropped"
    made.run(1.2 + STOP_S + 2 * ROBOT.knot_period_ns / NS)
    assert not made.states[-1].velocity.any()
    assert made.status.state == "starved"  # allowed to move, and waiting for the new task
    made.assert_sound()


def test_a_held_load_is_carried_to_the_end_of_the_plan():
    made = switched(rig(closes_s=0.4), 1.5)
    assert made.status.task_switch == "kept"
    plan = made.of(Commitment)[-1].plan
    made.run(2.6)
    assert made.of(Commitment)[-1].plan is plan
    assert np.array_equal(made.position, plan.position[-1])
    made.assert_sound()


def test_half_a_grasp_is_undone_along_the_path_it_came():
    made = in_transition()
    assert made.status.task_switch == "rolled_back"
    turned = made.seconds
    path = [state.position for state in made.states if state.time_ns > at(0.5).ros_ns]
    made.run(3.5)
    assert made.share == pytest.approx(1.0, abs=0.05)
    back = [s.position for s in made.states if s.time_ns > at(turned + 0.4).ros_ns]
    away = [min(np.abs(b - p)[:2].max() for p in path) for b in back]
    assert max(away) < 0.02
    assert not made.states[-1].velocity.any()
    assert made.guard.mode.name == "ACTIVE"
    made.assert_sound()


def test_the_way_back_is_a_chunk_of_its_own_that_the_guard_judges():
    made = in_transition()
    (back,) = [w.chunk for w in made.of(WayBack)]
    assert back.order == (1, 1, LAST_SEQUENCE)
    (verdict,) = [v for v in made.of(Verdict) if v.chunk_digest == back.digest]
    assert verdict.decision == Decision.ALLOW
    assert made.of(Commitment)[-1].plan.chunk_digest == back.digest
    assert back.sequence not in [risk.sequence for risk in made.of(FailureRisk)]
    velocity, acceleration = row_rates(back.rows, back.row_period_ns / NS)
    assert (np.abs(velocity) <= ROBOT.limits.velocity).all()
    assert (np.abs(acceleration) <= ROBOT.limits.acceleration).all()
    assert sum(made.status.refused.values()) == 0  # its own chunk comes back by the topic


def test_where_the_guard_refuses_the_way_back_the_plan_is_kept():
    made = rig(closes_s=1.4)
    made.guard._verdicts._of_plan = refusing(made.guard._verdicts._of_plan)
    made = switched(made, 1.5)
    assert made.status.task_switch == "kept"
    assert made.status.refused == {"guard_test": 1}
    made.run(3.0)
    assert made.share == pytest.approx(0.0, abs=0.05)
    made.assert_sound()


def refusing(judge):
    """A guard that allows everything but a way back."""

    def refuse(plan, chunk, now):
        if chunk.source != ROLLBACK:
            return judge(plan, chunk, now)
        return [Verdict(now.ros_ns, chunk.digest, plan.digest, Decision.REFUSE, "test", ())]

    return refuse


def test_without_rollback_half_a_grasp_is_kept():
    made = in_transition(rollback=0.0)
    assert made.status.task_switch == "kept"
    made.run(3.0)
    assert made.share == pytest.approx(0.0, abs=0.05)


def test_the_way_back_is_no_longer_than_it_may_be():
    made = switched(rig(closes_s=1.4, rollback=0.06), 1.52)
    assert made.status.task_switch == "rolled_back"
    made.run(3.0)
    assert 0.0 < made.share < 0.95
    (back,) = [w.chunk for w in made.of(WayBack)]
    then = next(s for s in made.states if s.time_ns >= at(1.46).ros_ns)
    assert np.abs(back.rows[-1] - then.position).max() < 1e-6
    made.assert_sound()


def test_a_transition_that_has_not_begun_is_not_undone():
    """An open hand that would close soon stops; a closed one that would open carries on."""
    assert switched(rig(closes_s=1.45), 1.2).status.task_switch == "dropped"
    lets_go = rig(opens_s=1.45, begins_open=False)
    assert switched(lets_go, 1.2).status.task_switch == "kept"


def test_a_robot_without_a_gripper_is_free():
    names = PLAIN.joints
    robot = replace(PLAIN, groups=(replace(PLAIN.groups[0], joints=names),))
    made = Rig(sway, lambda t: True, robot=robot)
    assert switched(made, 1.3).status.task_switch == "dropped"


def test_what_was_not_watched_yet_is_watched_before_it_is_judged():
    made = rig(closes_s=0.4).run(1.2)
    made.fuser._chunks.tasks.forget()
    made.fuser._chunks.tasks.switch(made.fuser._chunks.taken.newest, at(made.seconds))
    assert made.fuser._chunks.tasks.outcome == Outcome.KEPT


def test_a_closed_hand_holds_before_the_first_motion_begins():
    made = rig(begins_open=False).run(0.105)
    plan, now_ns = made.of(Commitment)[-1].plan, at(made.seconds).ros_ns
    assert plan.chunk_digest
    assert not sample(plan, now_ns).velocity.any()
    made.fuser.handle(Tick(), at(made.seconds))
    assert made.fuser.health(at(made.seconds)).values["contact"] == "holding"


# --- which instructions, which chunks ---------------------------------------------------------


def test_chunks_of_the_old_episode_are_refused_until_the_new_one_comes():
    made = switched(rig(), 1.2)
    made.run(1.6)
    made.chunk()
    assert made.status.refused["old_episode"] == 1
    assert "count episodes" in made.status.last_refusal
    assert not made.states[-1].velocity.any()
    made.episode, made.asks = 2, True
    made.run(2.2)
    assert made.status.refused["old_episode"] == 1
    assert np.abs(made.states[-1].velocity).max() > 0.05
    made.assert_sound()


def test_a_plan_that_waits_for_its_verdict_is_not_committed_any_more():
    made = rig().run(1.0)
    now = at(made.seconds)
    made.fuser.handle(Instruction("first"), now)
    rows = np.array([made.place(1.0 + 0.05 * k) for k in range(16)])
    (proposal,) = made.fuser.handle(chunk(ROBOT, 1.0, 99, rows), now)
    made.fuser.handle(Instruction("another"), now)
    plan = proposal.plan
    allowed = Verdict(now.ros_ns, plan.chunk_digest, plan.digest, Decision.ALLOW, "", ())
    assert made.fuser.handle(allowed, now) == []


def test_the_same_instruction_again_does_nothing():
    made = rig().run(0.3)
    made.instruct("first")
    made.run(1.2)
    before = made.fuser._moving.identity
    assert made.instruct("first") == []
    assert made.fuser._moving.identity == before
    assert made.status.task_switch == ""


def test_a_third_task_in_the_middle_of_the_way_back_lets_it_go_on():
    made = in_transition()
    made.run(1.8)
    count = len(made.of(Commitment))
    made.instruct("yet another")
    made.run(3.5)
    assert len(made.of(Commitment)) == count
    assert made.share == pytest.approx(1.0, abs=0.05)
    made.assert_sound()


def test_at_rest_there_is_nothing_to_switch():
    made = rig()
    made.asks = False
    made.run(0.5)
    made.instruct("first")
    made.instruct("another")
    assert made.status.task_switch == ""


@pytest.mark.parametrize("stop", [SetEnabled(False), Tripped("step")])
def test_what_stops_anyway_is_not_rolled_back(stop):
    made = rig(closes_s=1.4).run(0.3)
    made.instruct("first")
    made.run(1.5)
    made.asks = False
    made.person(stop)
    made.run(1.6)  # the guard has granted the lease again, the tail still runs
    assert made.states[-1].velocity.any()
    made.instruct()
    assert made.status.task_switch == ""
    assert not [w.chunk for w in made.of(WayBack)]
    made.run(2.0)
    assert not made.states[-1].velocity.any()


def test_a_person_ends_the_refusal_of_old_chunks():
    made = switched(rig(), 1.2)
    made.run(1.6)
    made.person(Reset())
    made.run(1.7)
    made.chunk()
    assert made.status.refused == {}
    assert made.status.committed > 0


def test_a_jump_of_the_clock_forgets_what_was_executed_but_not_the_task():
    made = rig(closes_s=0.6).run(0.3)
    made.instruct("first")
    made.run(1.5)
    assert made.fuser.health(at(1.5)).values["contact"] == "holding"
    made.tell(ClockJump())
    assert made.fuser.health(at(1.5)).values["contact"] == "free"
    assert made.instruct("first") == []


def test_the_new_task_takes_over_from_the_way_back():
    made = in_transition()
    made.run(1.7)
    made.episode, made.asks = 2, True
    made.hand = lambda seconds: True
    made.run(3.0)
    assert made.share == pytest.approx(1.0, abs=0.05)
    assert np.abs(made.place(made.seconds) - made.position)[:2].max() < 0.1
    made.assert_sound()


# --- anything, smoothly -----------------------------------------------------------------------


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(
    amplitude=st.floats(0.05, 0.5),
    rates=st.tuples(st.floats(0.2, 1.8), st.floats(0.2, 1.8)),
    toggles=st.lists(st.floats(0.4, 2.2), max_size=3),
    begins_open=st.booleans(),
    told_s=st.floats(0.6, 2.0),
    answered_s=st.floats(0.05, 1.2),
    rollback=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_every_switch_is_smooth(
    amplitude, rates, toggles, begins_open, told_s, answered_s, rollback
):
    def arm(seconds):
        return 0.25 + amplitude * np.sin(np.array(rates) * seconds)

    def hand(seconds):
        return begins_open ^ bool(sum(t <= seconds for t in toggles) % 2)

    made = Rig(arm, hand, rollback=rollback).run(0.3)
    made.instruct("first")
    made.run(told_s)
    made.asks = False
    made.instruct("another")
    outcome = made.status.task_switch
    assert outcome in ("dropped", "kept", "rolled_back")
    backs = [w.chunk for w in made.of(WayBack)]
    assert len(backs) == (outcome == "rolled_back")
    made.run(told_s + answered_s)
    made.episode, made.asks = 2, True
    made.run(told_s + answered_s + 1.2)  # as far away as 1 rad, at up to 2 rad/s
    refused = {v.reason for v in made.of(Verdict) if v.decision != Decision.ALLOW}
    assert not refused
    made.assert_sound()
    assert np.abs(made.place(made.seconds) - made.position)[:2].max() < 0.15


# --- the way back -----------------------------------------------------------------------------


def test_a_way_back_begins_and_ends_at_rest_and_is_slower_than_the_way_there():
    made = rig().run(2.0)
    path = made.fuser._chunks.tasks._executed.plan
    first, last = path.end_ns - ns(0.6), path.end_ns
    rows = way_back(path, first, last, ROBOT.limits)
    assert np.array_equal(rows[0], path.position[-1])
    assert np.allclose(rows[-1], sample(path, first).position)
    h = ROBOT.knot_period_ns / NS
    velocity, _ = row_rates(rows, h)
    there = [sample(path, t).velocity for t in range(first, last + 1, ns(0.005))]
    assert (np.abs(velocity) <= np.abs(there).max(axis=0) + 1e-9).all()
    assert np.abs(velocity[[0, -1]]).max() < 0.1 * np.abs(velocity).max()


def test_a_way_back_is_slowed_until_the_limits_allow_it():
    tight = replace(ROBOT.limits, acceleration=ROBOT.limits.acceleration / 20)
    made = rig().run(2.0)
    path = made.fuser._chunks.tasks._executed.plan
    wide = way_back(path, path.end_ns - ns(0.6), path.end_ns, ROBOT.limits)
    rows = way_back(path, path.end_ns - ns(0.6), path.end_ns, tight)
    _, acceleration = row_rates(rows, ROBOT.knot_period_ns / NS)
    assert (np.abs(acceleration) <= tight.acceleration).all()
    assert len(rows) > len(wide)
