"""The guard: it judges what is here, holds when the world is bad, and never grants by silence."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import (
    at,
    chunk,
    home,
    joints_at,
    moving_plan,
    picture,
    toy,
)

from aura_ros.guard import watch as guard_watch
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.judge import REMEMBERED
from aura_ros.guard.lattice import failed
from aura_ros.guard.mode import MOVING
from aura_ros.guard.rules.built import build
from aura_ros.motion.stop import at_rest
from aura_ros.settings import SettingError
from aura_ros.types import (
    Arm,
    ClockJump,
    Commitment,
    Configure,
    Decision,
    FailureRisk,
    GuardStatus,
    JointState,
    Lease,
    Level,
    Mode,
    Proposal,
    Reset,
    RiskLevel,
    SetEnabled,
    Tick,
    Verdict,
)

ROBOT = toy()


class Watch:
    """A guard whose sources live, unless told otherwise, in steps of 50 ms."""

    def __init__(self, **settings):
        self.guard = Guard(ROBOT, GuardConfig(**settings), session=7)
        self.seconds = 0.0
        self.picture = {}
        self.pictures = self.feels = True
        self.position = home(ROBOT)
        self.said = []

    def tell(self, value):
        out = self.guard.handle(value, at(self.seconds))
        self.said += out
        return out

    def step(self):
        self.seconds = round(self.seconds + 0.05, 3)
        if self.pictures:
            self.tell(picture(self.seconds, **self.picture))
        if self.feels:
            self.tell(joints_at(self.seconds, self.position))
        return self.tell(Tick())

    def run(self, seconds):
        for _ in range(round(seconds / 0.05)):
            self.step()
        return self

    @property
    def mode(self):
        return self.guard.mode

    @property
    def reason(self):
        return self.guard.status(at(self.seconds)).reason

    def leases(self):
        return [out for out in self.said if isinstance(out, Lease)]

    def chunk(self, sequence=1, **changes):
        return chunk(ROBOT, self.seconds, sequence, **changes)

    def plan(self, value, **changes):
        """A good first plan of chunk ``value``."""
        plan = moving_plan(ROBOT, self.seconds + 0.02, chunk_digest=value.digest)
        return replace(plan, **changes)

    def judge(self, sequence=1, **changes):
        """The last verdict on a good chunk and its plan, changed."""
        value = self.chunk(sequence)
        self.tell(value)
        self.tell(Proposal(self.plan(value, **changes)))
        return [out for out in self.said if isinstance(out, Verdict)][-1]


def armed(**settings):
    watch = Watch(**settings).run(0.1)
    watch.tell(Arm(True))
    assert watch.mode == Mode.ARMED
    return watch


def active(**settings):
    watch = armed(**settings)
    assert watch.judge().decision == Decision.ALLOW
    assert watch.mode == Mode.ACTIVE
    watch.said.clear()
    return watch


def risk(level, score=0.5):
    return FailureRisk(at(0).ros_ns, 1, level, score, 1.0, ("a",), (score,))


# --- coming up ------------------------------------------------------------------------------


def test_no_alarm_before_the_first_input():
    watch = Watch()
    watch.pictures = watch.feels = False
    watch.run(1.0)
    assert watch.mode == Mode.INIT
    assert "front was never heard" in watch.reason
    assert {lease.granted for lease in watch.leases()} == {False}
    assert watch.guard.health(at(1.0)).level == Level.WARN


def test_a_guard_comes_up_disarmed_and_a_person_arms_it():
    watch = Watch().run(0.1)
    assert watch.mode == Mode.DISARMED
    watch.run(1.0)
    assert watch.mode == Mode.DISARMED
    lease = watch.tell(Arm(True))[0]
    assert (lease.granted, lease.mode, lease.session) == (True, Mode.ARMED, 7)
    assert lease.duration_ns == 250_000_000


def test_auto_arm_arms_when_every_source_is_alive():
    assert Watch(auto_arm=True).run(0.1).mode == Mode.ARMED


@pytest.mark.parametrize("missing", ["pictures", "feels"])
def test_arming_is_refused_with_words_while_a_source_was_never_heard(missing):
    watch = Watch()
    setattr(watch, missing, False)
    watch.run(0.2)
    out = watch.tell(Arm(True))
    assert watch.mode == Mode.INIT
    assert "never heard" in out[-1].reason
    assert not any(isinstance(o, Lease) and o.granted for o in out)


def test_armed_with_a_dead_source_is_held_before_any_lease_is_granted():
    watch = Watch().run(0.1)
    watch.pictures = False
    watch.run(0.4)
    assert watch.mode == Mode.DISARMED
    out = watch.tell(Arm(True))
    assert watch.mode == Mode.HOLD
    assert [o.granted for o in out if isinstance(o, Lease)] == [False]


# --- leases ---------------------------------------------------------------------------------


def test_leases_are_granted_only_while_moving_is_allowed():
    watch = active()
    for value in (Arm(False), Arm(True), risk(RiskLevel.ALARM), risk(RiskLevel.OK)):
        watch.tell(value)
        watch.run(0.3)
    for lease in watch.leases():
        assert lease.granted is (lease.mode in MOVING)
        assert (lease.duration_ns > 0) is lease.granted
        assert bool(lease.reason) is not lease.granted
    assert {lease.granted for lease in watch.leases()} == {True, False}


def test_every_tick_says_lease_and_status_and_leases_count_up():
    watch = armed().run(0.5)
    sequences = [lease.sequence for lease in watch.leases()]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    assert [type(out) for out in watch.step()] == [Lease, GuardStatus]


@pytest.mark.parametrize("cause", ["alarm", "disarm", "disable", "malformed", "jump"])
def test_the_lease_is_revoked_at_once_not_with_the_next_heartbeat(cause):
    watch = active()
    bad = watch.chunk(joint_names=("a", "b", "c"))
    values = {
        "alarm": [risk(RiskLevel.ALARM)],
        "disarm": [Arm(False)],
        "disable": [SetEnabled(False)],
        "malformed": [bad, bad, bad],
        "jump": [ClockJump()],
    }
    for value in values[cause]:
        watch.tell(value)
    assert [lease.granted for lease in watch.leases()] == [False]
    assert watch.leases()[0].reason
    assert watch.mode not in MOVING


# --- causes of a HOLD -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"pictures": False}, "front went silent"),
        ({"feels": False}, "joint_states went silent"),
        ({"picture": {"fingerprint": 5}}, "front repeats the same content"),
        ({"picture": {"black": True}}, "front is black"),
    ],
)
def test_a_dead_source_holds_within_half_a_second_and_recovers(fault, words):
    watch = active(hold_release=0.2)
    healthy = {name: getattr(watch, name) for name in fault}
    for name, value in fault.items():
        setattr(watch, name, value)
    watch.run(0.25)
    assert watch.mode == Mode.ACTIVE
    watch.run(0.2)
    assert watch.mode == Mode.HOLD
    assert words in watch.reason
    for name, value in healthy.items():
        setattr(watch, name, value)
    watch.run(0.2)
    assert watch.mode == Mode.HOLD
    watch.run(0.1)
    assert watch.mode == Mode.ARMED
    assert watch.leases()[-1].granted


def test_a_source_that_comes_and_goes_never_releases_the_hold():
    watch = active(hold_release=0.2)
    for _ in range(5):
        watch.pictures = False
        watch.run(0.4)
        watch.pictures = True
        watch.run(0.15)
        assert watch.mode == Mode.HOLD


def test_pictures_of_other_cameras_are_no_sign_of_life():
    watch = active()
    watch.picture = {"source": "elsewhere"}
    watch.run(0.4)
    assert watch.mode == Mode.HOLD


@pytest.mark.parametrize("where", ["position", "velocity"])
def test_joint_states_that_are_not_finite_are_no_sign_of_life(where):
    watch = active()
    watch.feels = False
    values = {"position": home(ROBOT), "velocity": np.zeros(3)}
    values[where] = np.full(3, np.nan)
    for _ in range(9):
        watch.step()
        watch.tell(JointState(at(watch.seconds).ros_ns, **values))
    assert watch.mode == Mode.HOLD
    assert "joint_states went silent" in watch.reason


def test_an_alarm_holds_at_once_and_ok_ends_it():
    watch = active()
    out = watch.tell(risk(RiskLevel.ALARM, 2.0))
    assert watch.mode == Mode.HOLD
    check = next(c for c in out[-1].checks if c.name == "failure_risk")
    assert (check.passed, check.value, check.limit) == (False, 2.0, 1.0)
    watch.run(1.0)
    assert watch.mode == Mode.HOLD
    watch.tell(risk(RiskLevel.OK))
    watch.run(0.3)
    assert watch.mode == Mode.ARMED


@pytest.mark.parametrize("level", [RiskLevel.OK, RiskLevel.WARN, RiskLevel.UNKNOWN])
def test_below_an_alarm_motion_goes_on(level):
    watch = active()
    watch.tell(risk(level))
    assert watch.run(0.2).mode == Mode.ACTIVE


def test_required_risk_that_was_never_heard_lets_nothing_begin():
    watch = Watch(require_risk=True).run(0.5)
    assert watch.mode == Mode.INIT
    assert "no monitor heard" in watch.reason
    watch.tell(risk(RiskLevel.OK))
    assert watch.run(0.1).mode == Mode.DISARMED


@pytest.mark.parametrize(
    ("then", "words"), [("silence", "went silent"), (RiskLevel.UNKNOWN, "cannot tell")]
)
def test_required_risk_that_ends_or_is_unknown_holds(then, words):
    watch = Watch(require_risk=True, risk_timeout=0.5)
    watch.tell(risk(RiskLevel.OK))
    watch.run(0.1)
    watch.tell(Arm(True))
    assert watch.mode == Mode.ARMED
    if then == "silence":
        watch.run(0.35)
        assert watch.mode == Mode.ARMED
        watch.run(0.15)
    else:
        watch.tell(risk(then))
        watch.run(0.1)
    assert watch.mode == Mode.HOLD
    assert words in watch.reason


@pytest.mark.parametrize(("away", "mode"), [(0.299, Mode.ACTIVE), (0.301, Mode.HOLD)])
def test_a_robot_far_from_its_plan_is_held(away, mode):
    watch = active()
    rest = at_rest(home(ROBOT), at(0).ros_ns, ROBOT.knot_period_ns, ROBOT.joints)
    watch.tell(Commitment(rest))
    watch.position = home(ROBOT) + np.array([0.0, away, 0.0])
    watch.run(0.1)
    assert watch.mode == mode
    if mode == Mode.HOLD:
        assert "joint_1 is far from its plan" in watch.reason


def test_three_malformed_chunks_in_a_row_hold_and_a_good_one_ends_it():
    watch = active()
    for k in range(2):
        watch.tell(watch.chunk(2 + k, rows=np.full((4, 3), np.nan)))
    watch.tell(watch.chunk(4))
    for k in range(2):
        watch.tell(watch.chunk(5 + k, rows=np.zeros((4, 2))))
    assert watch.mode == Mode.ACTIVE
    watch.tell(watch.chunk(7, row_period_ns=0))
    assert watch.mode == Mode.HOLD
    assert "malformed" in watch.reason
    watch.run(1.0)
    assert watch.mode == Mode.HOLD
    watch.tell(watch.chunk(8))
    watch.run(0.3)
    assert watch.mode == Mode.ARMED


# --- judging --------------------------------------------------------------------------------


def test_a_good_plan_is_allowed_and_named_by_its_digest():
    watch = armed()
    value = watch.chunk()
    assert watch.tell(value) == []
    plan = watch.plan(value)
    verdict, lease, status = watch.tell(Proposal(plan))
    assert (verdict.decision, verdict.reason) == (Decision.ALLOW, "")
    assert (verdict.chunk_digest, verdict.plan_digest) == (value.digest, plan.digest)
    assert verdict.checks[0].name == "mode"
    assert (lease.granted, status.mode, status.allowed) == (True, Mode.ACTIVE, 1)


def test_a_plan_waits_for_its_chunk_and_is_judged_when_it_comes():
    watch = armed()
    value = watch.chunk()
    assert watch.tell(Proposal(watch.plan(value))) == []
    verdict = watch.tell(value)[0]
    assert verdict.decision == Decision.ALLOW


def test_a_plan_of_a_chunk_that_was_refused_is_never_judged():
    watch = armed()
    value = watch.chunk(observation_stamp_ns=at(-5).ros_ns)
    (verdict,) = watch.tell(value)
    assert (verdict.plan_digest, verdict.reason) == ("", "freshness")
    assert watch.tell(Proposal(watch.plan(value))) == []


@pytest.mark.parametrize("sequence", [1, 0])
def test_a_chunk_comes_once_and_in_order(sequence):
    watch = armed()
    watch.tell(watch.chunk(1))
    (verdict,) = watch.tell(watch.chunk(sequence))
    assert (verdict.decision, verdict.reason) == (Decision.REFUSE, "sequence")


def test_a_plan_is_judged_once():
    watch = active()
    value = watch.chunk(2)
    watch.tell(value)
    plan = watch.plan(value)
    assert watch.tell(Proposal(plan))[0].decision == Decision.ALLOW
    again = watch.tell(Proposal(plan))[0]
    assert (again.decision, again.reason) == (Decision.REFUSE, "timing")


def test_a_chunk_that_grew_old_while_its_plan_waited_is_refused():
    watch = armed(max_age=0.2)
    value = watch.chunk()
    watch.tell(value)
    watch.run(0.25)
    plan = watch.plan(value)
    assert watch.tell(Proposal(plan))[0].reason == "freshness"


@pytest.mark.parametrize("mode", [Mode.DISARMED, Mode.HOLD, Mode.STOP_LATCHED])
def test_nothing_is_allowed_in_a_mode_without_motion(mode, monkeypatch):
    watch = armed()
    if mode == Mode.DISARMED:
        watch.tell(Arm(False))
    elif mode == Mode.HOLD:
        watch.tell(risk(RiskLevel.ALARM))
    else:
        put_in(watch, "plan", stop_check, monkeypatch)
        watch.judge(50)
        monkeypatch.undo()
    assert watch.mode == mode
    verdict = watch.judge(60)
    assert verdict.decision == (Decision.HOLD if mode == Mode.HOLD else Decision.REFUSE)
    assert verdict.reason == "mode"
    assert watch.mode == mode


def put_in(watch, stage, check, monkeypatch):
    """``check`` is the only one of its stage."""
    judge = watch.guard._judge
    made = replace(judge._checks, **{stage: (("novel", check),)})
    monkeypatch.setattr(judge, "_checks", made)


def stop_check(context):
    return failed("tampering", 1, 0, Decision.STOP, "forged")


def broken_check(context):
    raise RuntimeError("broken")


@pytest.mark.parametrize("kind", ["chunk", "plan"])
def test_a_stop_latches_until_a_person_resets_and_arms(kind, monkeypatch):
    watch = active()
    put_in(watch, kind, stop_check, monkeypatch)
    watch.judge(2)
    monkeypatch.undo()
    assert watch.mode == Mode.STOP_LATCHED
    assert [lease.granted for lease in watch.leases()] == [False]
    assert watch.reason == "tampering"
    assert watch.guard.health(at(watch.seconds)).level == Level.ERROR
    assert "call ~/reset first" in watch.tell(Arm(True))[-1].reason
    watch.run(1.0)
    assert watch.mode == Mode.STOP_LATCHED
    watch.tell(Reset())
    watch.run(1.0)
    assert watch.mode == Mode.DISARMED
    watch.tell(Arm(True))
    assert watch.mode == Mode.ARMED


@pytest.mark.parametrize("kind", ["chunk", "plan"])
def test_a_check_that_raises_holds_and_the_hold_ends(kind, monkeypatch):
    watch = active()
    put_in(watch, kind, broken_check, monkeypatch)
    verdict = watch.judge(2)
    monkeypatch.undo()
    assert verdict.decision == Decision.HOLD
    assert "broken" in verdict.checks[-1].detail
    assert watch.mode == Mode.HOLD
    assert [lease.granted for lease in watch.leases()] == [False]
    watch.tell(watch.chunk(9))
    watch.run(0.3)
    assert watch.mode == Mode.ARMED


def test_refusals_are_counted_by_reason_until_a_reset():
    watch = armed()
    watch.judge(1, joint_names=("a", "b", "c"))
    watch.tell(watch.chunk(1))
    status = watch.guard.status(at(watch.seconds))
    assert dict(status.refused) == {"integrity": 1, "sequence": 1}
    health = watch.guard.health(at(watch.seconds))
    assert health.values["refused_integrity"] == "1"
    watch.tell(Reset())
    assert not watch.guard.status(at(watch.seconds)).refused


def test_a_plan_that_breaks_the_motion_it_continues_is_refused():
    watch = active()
    committed = moving_plan(ROBOT, watch.seconds)
    watch.tell(Commitment(committed))
    verdict = watch.judge(2, base_digest="base", start_ns=committed.start_ns + 200_000_000)
    assert (verdict.decision, verdict.reason) == (Decision.REFUSE, "continuity")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"position": np.zeros((0, 3))}, "expected (2 to 2000, 3)"),
        ({"position": np.zeros((5000, 3))}, "expected (2 to 2000, 3)"),
        ({"velocity": np.zeros((4, 2))}, "differ in shape"),
        ({"acceleration": np.full((33, 3), np.nan)}, "not finite"),
        ({"joint_names": ("ü", "", "\x00")}, "joints are not those"),
        ({"knot_period_ns": 2**62}, "grid"),
    ],
)
def test_what_is_no_motion_is_refused_for_that_alone_and_holds_nothing(changes, words):
    watch = active()
    verdict = watch.judge(2, **changes)
    assert (verdict.decision, verdict.reason) == (Decision.REFUSE, "integrity")
    assert words in verdict.checks[-1].detail
    assert watch.mode == Mode.ACTIVE


@pytest.mark.parametrize(
    ("source", "words"), [("rollback", "only the fuser"), ("corrected", "only the guard")]
)
def test_a_policy_says_not_of_its_chunks_what_others_say(source, words):
    watch = active()
    (verdict,) = watch.tell(watch.chunk(2, source=source))
    assert (verdict.decision, verdict.reason) == (Decision.REFUSE, "sequence")
    assert words in verdict.checks[0].detail
    assert watch.tell(watch.chunk(2)) == []


def test_stamps_that_are_none_are_refused_and_hold_nothing():
    watch = active()
    (verdict,) = watch.tell(watch.chunk(2, start_ns=2**63 - 1))
    assert (verdict.decision, verdict.reason) == (Decision.REFUSE, "schema")
    assert watch.mode == Mode.ACTIVE


def test_what_is_remembered_is_bounded():
    watch = armed()
    for k in range(200):
        watch.tell(watch.chunk(k + 1))
    assert len(watch.guard._judge._chunks) == REMEMBERED


@pytest.mark.parametrize("jumps", [False, True])
def test_a_policy_that_starts_long_after_the_guard_is_no_policy_of_the_future(jumps):
    watch = Watch(auto_arm=True)
    born = 1_000_000_000_000_000_000
    watch.guard = Guard(ROBOT, GuardConfig(auto_arm=True), session=born)
    watch.run(0.1)
    watch.seconds = 300.0
    watch.run(0.1)
    if jumps:
        watch.tell(ClockJump())
        watch.run(0.3)
    late = born + 361_000_000_000  # clocks agree to a minute
    (verdict,) = watch.tell(watch.chunk(session=late))
    assert verdict.reason == "sequence"
    assert "begins in the future" in verdict.checks[1].detail
    assert watch.tell(watch.chunk(session=late - 1_000_000_000)) == []


# --- the rest -------------------------------------------------------------------------------


def test_after_a_clock_jump_orders_begin_anew_and_sources_must_live():
    watch = active()
    watch.tell(watch.chunk(50))
    watch.tell(ClockJump())
    assert watch.mode == Mode.HOLD
    watch.run(0.3)
    assert watch.mode == Mode.ARMED
    assert watch.judge(1).decision == Decision.ALLOW


def test_enabling_does_not_arm():
    watch = active()
    watch.tell(SetEnabled(False))
    assert watch.mode == Mode.DISARMED
    watch.tell(SetEnabled(True))
    assert watch.run(0.5).mode == Mode.DISARMED


def test_settings_change_while_it_runs():
    watch = active()
    watch.tell(Configure({"source_timeout": 1.0}))
    watch.pictures = False
    assert watch.run(0.9).mode == Mode.ACTIVE
    assert watch.run(0.2).mode == Mode.HOLD
    with pytest.raises(SettingError, match="lease_duration"):
        watch.tell(Configure({"lease_duration": 0.5}))


def test_a_value_that_is_not_for_the_guard_is_a_mistake():
    with pytest.raises(TypeError, match="str"):
        Guard(ROBOT).handle("x", at(0))


def test_a_tick_asks_every_watch_once():
    asked = []

    class Counted(guard_watch.Watch):
        name = "counted"

        def checks(self, now):
            asked.append(now)
            return (failed(self.name, 1.0, 0.5, self.decision, "on cue"),)

    class OfPolicy(Counted):
        about = guard_watch.About.POLICY

    counted = (Counted(), OfPolicy())
    Counted.decision = Decision.SLOW

    def rules(robot, settings):
        made = build(robot, settings)
        return replace(made, watches=(*made.watches, *counted))

    watch = Watch()
    watch.guard = Guard(ROBOT, GuardConfig(auto_arm=True), rules=rules)
    watch.run(0.3)
    assert watch.mode == Mode.ARMED
    asked.clear()
    watch.tell(Tick())
    assert len(asked) == 2
    # What changed at the same moment is seen.
    Counted.decision = Decision.HOLD
    watch.tell(Tick())
    assert watch.mode == Mode.HOLD
