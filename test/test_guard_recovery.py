"""Out of trouble, through guard, fuser and command loop: held, asked, retreated, slow, resumed."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from chain_values import NS, TICK_NS, at, toy
from test_fuser_switching import STOP_S, Rig, Silent, sway

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.mode import OPTIONS
from aura_ros.guard.rules.built import build
from aura_ros.guard.rules.load import default_rules
from aura_ros.guard.watch import About, Watch
from aura_ros.monitor.monitor import Monitor
from aura_ros.pipeline import Pipeline, answer
from aura_ros.types import (
    ROLLBACK,
    Answer,
    Arm,
    AuditState,
    Commitment,
    Configure,
    Decision,
    Distance,
    FailureRisk,
    Lease,
    Mode,
    Question,
    Reset,
    Retreat,
    RiskLevel,
    Tampered,
    Verdict,
    WayBack,
    Wrench,
)

ROBOT = toy(distance_topic="people", wrench_topic="wrench")
FAR_M = 30.0


class Cue(Watch):
    """Fails on cue; far below its limit otherwise, unless told."""

    name = "cue"

    def __init__(self, about):
        self.about = about
        self.decision, self.value = Decision.ALLOW, 0.1

    def checks(self, now):
        if self.decision == Decision.ALLOW:
            return (passed(self.name, self.value, 1.0),)
        return (failed(self.name, 2.0, 1.0, self.decision, f"{self.about.value} on cue"),)


class Recovery(Rig):
    """A rig with people far away and no forces, whose guard has a cue for policy and world."""

    def __init__(self, arm=sway, **settings):
        super().__init__(arm, lambda seconds: True, robot=ROBOT)
        self.policy, self.world = Cue(About.POLICY), Cue(About.WORLD)
        self.guard = Guard(ROBOT, GuardConfig(auto_arm=True, **settings), rules=self.rules)
        cores = {"monitor": Monitor(), "guard": self.guard, "fuser": self.fuser}
        loop = self.pipeline._loop
        self.pipeline = Pipeline(cores, loop, partial(answer, Silent()))
        self.metres, self.force = FAR_M, 0.0

    def rules(self, robot, settings):
        rules = default_rules()
        kept = tuple(rule for rule in rules.rules if rule.name != "row_start")
        made = build(robot, settings, replace(rules, rules=kept))
        return replace(made, watches=(*made.watches, self.policy, self.world))

    def step(self):
        if (self.ticks * 5_000_000) % TICK_NS == 0:
            now = at(self.seconds).ros_ns
            if self.metres is not None:
                self.tell(Distance(now, self.metres))
            self.tell(Wrench(now, np.array([self.force, 0, 0]), np.zeros(3)))
        super().step()

    def until(self, what, limit_s=20.0):
        end = self.seconds + limit_s
        while not what():
            assert self.seconds < end, self.guard.status(at(self.seconds))
            self.step()
        return self

    @property
    def now(self):
        return at(self.seconds)

    @property
    def mode(self):
        return self.guard.mode

    @property
    def asking(self):
        return self.guard.status(self.now).asking

    @property
    def reason(self):
        return self.guard.status(self.now).reason

    @property
    def rests(self):
        return not self.states[-1].velocity.any()

    @property
    def questions(self):
        return [question for question in self.of(Question) if question.identifier]

    def place_at(self, time_ns):
        return next(state.position for state in self.states if state.time_ns >= time_ns)


def working(seconds=2.0, **settings):
    made = Recovery(**settings).run(seconds)
    assert made.mode == Mode.ACTIVE
    assert not made.rests
    return made


def asked(seconds=2.0, **settings):
    """The policy is in doubt: it asks, and rests."""
    made = working(seconds, **settings)
    made.policy.decision = Decision.ASK
    return made.run(made.seconds + STOP_S + 0.2)


# --- a question -------------------------------------------------------------------------------


def test_a_doubt_about_the_policy_holds_asks_once_and_the_motion_ends_in_its_tail():
    made = working()
    began = len(made.states)
    made.policy.decision = Decision.ASK
    made.run(made.seconds + 1.0)
    assert (made.mode, made.asking) == (Mode.HOLD, True)
    (question,) = made.of(Question)
    assert (question.identifier, question.words) == (1, "policy on cue")
    assert question.options == OPTIONS
    # A tick until it is noticed, a knot until the tail begins.
    longest = STOP_S + (TICK_NS + ROBOT.knot_period_ns) / NS
    moved = [s.time_ns for s in made.states[began:] if s.velocity.any()]
    assert moved[-1] <= made.states[began].time_ns + longest * NS
    assert not made.of(Retreat)
    made.assert_sound()


def test_only_a_person_ends_it():
    made = asked()
    made.policy.decision = Decision.ALLOW
    made.run(made.seconds + 2.0)
    assert (made.mode, made.asking) == (Mode.HOLD, True)
    assert made.rests


def test_a_plan_that_is_proposed_while_a_person_is_asked_is_not_committed():
    made = asked()
    committed = {c.plan.digest for c in made.of(Commitment)}
    made.policy.decision = Decision.ALLOW
    made.run(made.seconds + 1.0)
    verdicts = [v for v in made.of(Verdict) if v.stamp_ns > made.questions[0].stamp_ns]
    assert {v.decision for v in verdicts if v.plan_digest} == {Decision.HOLD}
    # What is committed may be said again, for a guard that has missed it.
    assert {c.plan.digest for c in made.of(Commitment)} == committed


# --- retreat ----------------------------------------------------------------------------------


def test_on_a_persons_word_it_goes_back_to_where_all_was_well_and_asks_again():
    made = working(1.2)
    made.policy.value = 0.8  # no failure yet, but no calm any more
    calm_ns = at(made.seconds).ros_ns
    made.run(2.0)
    made.policy.decision = Decision.ASK
    made.run(2.5)
    assert made.rests
    said = made.tell(Answer("retreat"))
    (word,) = [value for value in said if isinstance(value, Retreat)]
    assert abs(word.until_ns - calm_ns) <= TICK_NS
    assert word.reason == "policy on cue"
    (way,) = [value.chunk for value in said if isinstance(value, WayBack)]
    (verdict,) = [v for v in said if isinstance(v, Verdict) and v.chunk_digest == way.digest]
    assert verdict.decision == Decision.ALLOW
    assert {check.name for check in verdict.checks} >= {"mode", "plan_jerk", "braking"}
    status = made.guard.status(made.now)
    assert (status.mode, status.recovering, status.asking) == (Mode.ACTIVE, True, False)
    assert made.of(Question)[-1].identifier == 0  # nothing is asked any more
    made.until(lambda: made.asking)
    assert made.rests
    assert np.abs(made.position - made.place_at(word.until_ns))[:2].max() < 0.01
    assert made.mode == Mode.HOLD
    assert made.questions[-1].identifier == 2
    assert made.questions[-1].words == "back where it was well (before: policy on cue)"
    made.assert_sound()


def test_on_the_way_back_nothing_of_the_policy_moves():
    made = asked()
    made.tell(Answer("retreat"))
    mine = made.of(WayBack)[-1].chunk.digest
    before = len(made.of(Commitment))
    made.until(lambda: made.asking)
    refused = [
        v for v in made.of(Verdict) if v.reason == "mode" and "way back" in v.checks[0].detail
    ]
    assert refused
    assert {v.decision for v in refused} == {Decision.REFUSE}
    assert {c.plan.chunk_digest for c in made.of(Commitment)[before:]} == {mine}


def test_the_way_leads_to_where_it_was_calm_even_if_it_was_calmer_long_ago():
    """A check that is never far below its limit: where it was about as low as ever."""
    made = Recovery()
    made.policy.value = 0.6
    made.run(1.0)
    made.policy.value = 0.68
    made.run(1.4)
    made.policy.value = 0.95
    made.run(2.0)
    made.policy.decision = Decision.ASK
    made.run(2.5)
    made.tell(Answer("retreat"))
    (word,) = made.of(Retreat)
    assert at(1.3).ros_ns <= word.until_ns <= at(1.4).ros_ns


def test_how_the_policy_is_while_it_is_held_says_nothing_of_the_way():
    made = asked()
    held_ns = made.now.ros_ns
    made.policy.decision = Decision.ALLOW
    made.run(made.seconds + 1.0)
    made.tell(Answer("retreat"))
    (word,) = made.of(Retreat)
    assert word.until_ns < held_ns
    assert made.of(WayBack)


def test_without_a_way_back_it_asks_again_and_stays():
    made = asked()
    here = made.position
    made.fuser.handle = None  # a fuser that does not answer: the pipeline has its own reference
    made.pipeline._handle["fuser"] = lambda value, now: []
    made.tell(Answer("retreat"))
    made.run(made.seconds + 1.2)
    assert (made.mode, made.asking) == (Mode.HOLD, True)
    assert "there is no way back" in made.reason
    assert np.array_equal(made.position, here)


def test_a_person_lets_it_retreat_out_of_an_alarm_too():
    made = working()
    made.asks = False
    made.tell(FailureRisk(made.now.ros_ns, 1, RiskLevel.ALARM, 2.0, 1.0, (), ()))
    made.run(made.seconds + 0.5)
    assert (made.mode, made.asking) == (Mode.HOLD, False)
    made.tell(Answer("retreat"))
    assert made.mode == Mode.ACTIVE
    assert made.of(WayBack)
    made.until(lambda: made.asking)


@pytest.mark.parametrize("cause", ["world", "people", "force", "audit"])
def test_a_bad_world_in_the_way_back_holds_it_and_a_person_goes_on(cause):
    made = asked()
    made.tell(Answer("retreat"))
    made.until(lambda: np.abs(made.states[-1].velocity).max() > 0.05)
    if cause == "world":
        made.world.decision = Decision.HOLD
    elif cause == "people":
        made.metres = 1.2
    elif cause == "audit":
        made.tell(AuditState("no room"))
    else:
        made.force = 1000.0
    stops = cause == "force"
    made.run(made.seconds + STOP_S + 0.15)
    assert made.rests
    assert made.mode == (Mode.STOP_LATCHED if stops else Mode.HOLD)
    assert made.asking is not stops
    answered = made.tell(Answer("retreat"))
    assert not [value for value in answered if isinstance(value, Retreat | WayBack)]
    made.world.decision, made.metres, made.force = Decision.ALLOW, FAR_M, 0.0
    made.tell(AuditState())
    made.run(made.seconds + 2.0)
    assert made.rests
    if not stops:
        made.tell(Answer("retreat"))
        made.run(made.seconds + 0.5)
        assert not made.rests
        assert made.mode == Mode.ACTIVE
    made.assert_sound()


def test_a_stop_in_the_way_back_latches_until_a_reset():
    made = asked()
    made.tell(Answer("retreat"))
    made.until(lambda: not made.rests)
    made.world.decision = Decision.STOP
    made.run(made.seconds + STOP_S + 0.15)
    assert made.rests
    made.world.decision = made.policy.decision = Decision.ALLOW
    for word in (Answer("resume"), Answer("retreat"), Arm(True)):
        made.tell(word)
        assert made.mode == Mode.STOP_LATCHED
    made.guard.handle(Reset(), made.now)
    assert made.mode == Mode.DISARMED
    made.tell(Arm(True))
    made.run(made.seconds + 3.0)  # slow motion cannot catch up with a wave
    assert made.mode == Mode.ACTIVE
    assert not made.rests
    made.assert_sound()


# --- retreat without a word -------------------------------------------------------------------


def test_a_retreat_comes_by_itself_once_the_robot_rests_and_then_a_person_is_asked():
    made = working(auto_retreat=True)
    began_ns = made.now.ros_ns
    made.policy.decision = Decision.ASK
    made.until(lambda: made.of(Retreat), 1.0)
    (word,) = made.of(Retreat)
    tail = max(c.plan.end_ns for c in made.of(Commitment) if c.plan.start_ns < word.stamp_ns)
    assert tail < word.stamp_ns or made.rests
    assert made.of(Question) == []
    made.until(lambda: made.questions)
    assert made.rests
    (question,) = made.of(Question)
    assert question.words == "back where it was well (before: policy on cue)"
    assert word.until_ns <= began_ns
    assert np.abs(made.position - made.place_at(word.until_ns))[:2].max() < 0.01
    made.run(made.seconds + 2.0)
    assert len(made.of(Retreat)) == 1
    made.assert_sound()


def test_where_the_policy_has_not_moved_since_a_person_is_asked_at_once():
    made = asked(auto_retreat=True)
    made.until(lambda: made.questions)
    made.asks = False
    made.policy.decision = Decision.ALLOW
    made.tell(Answer("resume"))
    made.run(made.seconds + 0.5)
    assert made.mode == Mode.ARMED
    made.policy.decision = Decision.ASK
    made.run(made.seconds + 0.05)
    assert [question.identifier for question in made.questions] == [1, 2]
    assert len(made.of(Retreat)) == 1


def test_a_retreat_does_not_come_by_itself_into_a_bad_world():
    made = working(auto_retreat=True)
    made.policy.decision = made.world.decision = Decision.ASK
    made.run(made.seconds + 0.05)
    assert made.questions
    made.world.decision = Decision.ALLOW
    made.run(made.seconds + 1.0)
    assert not made.of(Retreat)


def test_where_the_world_turns_bad_before_the_retreat_a_person_is_asked():
    made = working(auto_retreat=True)
    made.policy.decision = Decision.ASK
    made.run(made.seconds + 0.1)
    assert made.mode == Mode.HOLD
    assert not made.questions
    made.world.decision = Decision.HOLD
    made.run(made.seconds + 0.1)
    assert [question.words for question in made.questions] == ["policy on cue"]
    made.world.decision = Decision.ALLOW
    made.run(made.seconds + 1.0)
    assert not made.of(Retreat)


def test_a_person_may_answer_before_it():
    made = working(auto_retreat=True)
    made.policy.decision = Decision.ASK
    made.run(made.seconds + 0.1)
    made.policy.decision = Decision.ALLOW
    made.tell(Answer("resume"))
    made.run(made.seconds + 1.0)
    assert made.mode == Mode.ACTIVE
    assert not made.of(Retreat)
    assert not made.of(Question)


def test_an_alarm_that_ends_by_itself_brings_no_retreat():
    made = working(auto_retreat=True)
    made.policy.decision = Decision.HOLD
    made.run(made.seconds + 1.0)
    made.policy.decision = Decision.ALLOW
    made.run(made.seconds + 1.0)
    assert made.mode == Mode.ACTIVE
    assert not made.of(Retreat)


# --- resume -----------------------------------------------------------------------------------


def fast(seconds):
    """Faster than half of the velocity limits most of the time."""
    return np.array([0.25 + 0.7 * np.sin(2.2 * seconds), 0.25 - 0.3 * np.sin(1.1 * seconds)])


def speeds(made, since_s):
    """Share of the velocity limits by time since ``since_s``: (t, share)."""
    first_ns = at(since_s).ros_ns
    found = [(s.time_ns - first_ns, np.abs(s.velocity / ROBOT.limits.velocity).max())
             for s in made.states if s.time_ns >= first_ns]  # fmt: skip
    return np.array(found) / [NS, 1.0]


def test_after_a_persons_word_it_is_slow_for_a_while_then_as_fast_as_before():
    made = asked(arm=fast, cautious_time=2.0)
    assert speeds(made, 0.0)[:, 1].max() > 0.6
    made.policy.decision = Decision.ALLOW
    made.tell(Answer("resume"))
    made.world.decision = Decision.HOLD  # it takes none of the time
    made.run(made.seconds + 3.0)
    made.world.decision = Decision.ALLOW
    made.until(lambda: made.mode == Mode.ARMED)
    resumed = made.seconds
    made.run(resumed + 8.0)
    found = speeds(made, resumed)
    slow = found[found[:, 0] < 2.0, 1]
    assert 0.2 < slow.max() <= 0.5 + 1e-6
    assert found[found[:, 0] > 2.5, 1].max() > 0.6
    made.assert_sound()


@pytest.mark.parametrize("auto_arm", [True, False])
def test_a_doubt_from_the_first_on_is_asked_about_too(auto_arm):
    made = Recovery()
    made.guard.handle(Configure(vars(GuardConfig(auto_arm=auto_arm))), made.now)
    made.policy.decision = Decision.ASK
    made.run(0.5)
    if not auto_arm:
        assert (made.mode, made.questions) == (Mode.DISARMED, [])
        made.tell(Arm(True))
    assert (made.mode, made.asking) == (Mode.HOLD, True)
    assert [question.words for question in made.questions] == ["policy on cue"]
    assert not any(lease.granted for lease in made.of(Lease))
    made.policy.decision = Decision.ALLOW
    made.tell(Answer("resume"))
    made.until(lambda: made.mode == Mode.ACTIVE, 5.0)


def test_a_doubt_keeps_no_source_from_being_waited_for():
    made = Recovery()
    made.policy.decision, made.metres = Decision.ASK, None
    made.run(0.5)
    assert made.mode == Mode.INIT


def test_a_doubt_that_lasts_asks_again():
    made = asked()
    made.tell(Answer("resume"))
    made.run(made.seconds + 0.1)
    assert (made.mode, made.asking) == (Mode.HOLD, True)
    assert [question.identifier for question in made.of(Question)] == [1, 0, 2]


# --- what the table says of the world and the chain -------------------------------------------


@pytest.mark.parametrize(
    ("kind", "mode", "words"),
    [
        ("people near", Mode.HOLD, "somebody is 1.20 m away"),
        ("people within reach", Mode.STOP_LATCHED, "somebody is within reach"),
        ("sensor of people silent", Mode.HOLD, "people went silent"),
        ("force", Mode.STOP_LATCHED, "was something hit?"),
        ("tampered", Mode.STOP_LATCHED, "verdict: forged"),
        ("audit", Mode.HOLD, "audit log: no room"),
    ],
)
def test_people_forces_forgeries_and_the_log_hold_or_stop(kind, mode, words):
    made = working()
    began = made.seconds
    if kind.startswith("people"):
        made.metres = 1.2 if kind == "people near" else 0.3
    elif kind.startswith("sensor"):
        made.metres = None
    elif kind == "force":
        made.force = 500.0
    else:
        made.tell(AuditState("no room") if kind == "audit" else Tampered("verdict", "forged"))
    silent = 0.3 if kind.startswith("sensor") else 0.0
    made.run(began + silent + 0.1)
    assert made.mode == mode
    assert words in made.reason
    assert not [v for v in made.of(Lease)[-1:] if v.granted]
    made.run(began + silent + STOP_S + 0.2)
    assert made.rests
    made.metres, made.force = FAR_M, 0.0
    made.tell(AuditState())
    made.run(made.seconds + 1.5)
    assert made.mode == (mode if mode == Mode.STOP_LATCHED else Mode.ACTIVE)
    assert made.rests is (mode == Mode.STOP_LATCHED)
    made.assert_sound()


def test_no_verdict_lets_a_way_back_of_a_policy_pass():
    """What calls itself a way back on the policy's topic is the policy's."""
    made = asked()
    made.tell(Answer("retreat"))
    count = len(made.of(Commitment))
    made.chunk(source=ROLLBACK)
    verdict = made.of(Verdict)[-1]
    assert (verdict.decision, verdict.reason) == (Decision.REFUSE, "sequence")
    assert "only the fuser" in verdict.checks[0].detail
    assert len(made.of(Commitment)) == count


def test_an_answer_that_is_refused_settles_no_doubt():
    made = asked()
    heard = []
    made.policy.hear = lambda value, now: heard.append(value)
    made.world.decision = Decision.HOLD
    made.run(made.seconds + 0.1)
    made.tell(Answer("resume"))
    assert not [value for value in heard if isinstance(value, Answer)]
    made.world.decision = Decision.ALLOW
    made.run(made.seconds + 0.1)
    made.tell(Answer("resume"))
    assert [value for value in heard if isinstance(value, Answer)] == [Answer("resume")]
