"""What must hold of guard, fuser and command loop together, whatever comes in whatever order."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import COMMAND_NS, NS, at, chunk, home, joints_at, moving_plan, picture
from guarded_rig import MOVING, PROMPT, ROBOT, Wired
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aura_ros.fuser.track import MAX_LEASE_NS
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.correct.corrections import OTHER_ROWS
from aura_ros.guard.correct.scaling import helps
from aura_ros.guard.guard import Guard
from aura_ros.guard.lattice import join, passed
from aura_ros.guard.rules.built import build
from aura_ros.types import (
    ActionChunk,
    Answer,
    Arm,
    Check,
    Commitment,
    Decision,
    Instruction,
    Lease,
    Mode,
    Proposal,
    Retreat,
    RiskLevel,
    Tampered,
    Tick,
    Verdict,
    WayBack,
)

STOP_NS = ROBOT.stop_knots * ROBOT.knot_period_ns
KINDS = (
    "good", "good", "good", "spike", "not finite", "elsewhere", "outside", "restarted", "old",
    "future", "far number", "alternatives", "again",
)  # fmt: skip
DISTURBED = (
    "stall", "jump", "policy", "guard", "fuser", "task", "disarm and arm", "off and on", "off",
)  # fmt: skip
PEOPLE = ("alarm", "well", "arm", "disarm", "resume", "retreat", "reset", "tampered")


# --- the lattice ------------------------------------------------------------------------------

names = st.sampled_from(["workspace", "caution", "plan_velocity", "timing", "novel", "braking"])
found = st.builds(
    lambda name, ok, decision: (
        passed(name, 0.1, 1.0) if ok else Check(name, False, 1.5, 1.0, decision, "drawn")
    ),
    names,
    st.booleans(),
    st.sampled_from([d for d in Decision if d != Decision.ALLOW]),
)


@given(st.lists(found), st.lists(found), st.lists(found))
def test_the_join_is_a_join(a, b, c):
    def of(checks):
        return join(checks)[0]

    assert of(a + b) == max(of(a), of(b)) == of(b + a)
    assert of(a + a) == of(a)
    assert of((a + b) + c) == max(of(a), of(b + c))
    # More that fails, or fails worse, is never milder.
    assert of(a + b) >= of(a)
    worse = [c if c.passed else replace(c, decision=Decision.STOP) for c in a]
    assert of(worse) >= of(a)
    assert of([]) == Decision.ALLOW


def says(checks):
    """A guard whose checks of plans say just this, armed."""

    def rules(robot, config):
        made = build(robot, config)
        plan = tuple((f"check {k}", lambda context, c=c: c) for k, c in enumerate(checks))
        return replace(made, plan=plan)

    guard = Guard(ROBOT, GuardConfig(auto_arm=True), session=7, rules=rules)
    for k in range(4):
        guard.handle(picture(0.05 * k), at(0.05 * k))
        guard.handle(joints_at(0.05 * k, home(ROBOT)), at(0.05 * k))
        guard.handle(Tick(), at(0.05 * k))
    return guard


@settings(max_examples=60)
@given(st.lists(found, max_size=6))
def test_no_verdict_is_milder_than_a_check_that_failed_unless_it_brings_a_correction(checks):
    guard, now = says(checks), at(0.16)
    made = chunk(ROBOT, 0.16)
    assert guard.handle(made, now) == []
    plan = moving_plan(ROBOT, 0.2, chunk_digest=made.digest)
    verdict, *rest = guard.handle(Proposal(plan), now)
    failing = [check for check in verdict.checks if not check.passed]
    assert set(failing) == {check for check in checks if not check.passed}
    worst = max((check.decision for check in failing), default=Decision.ALLOW)
    if verdict.correction is None:
        assert verdict.decision == worst
        assert (verdict.decision == Decision.ALLOW) is (not failing)
    else:
        assert verdict.decision in (Decision.CLAMP, Decision.SLOW)
        assert Decision.ALLOW < worst <= Decision.REFUSE
        # Nothing is corrected that a correction could not mend.
        assert all(c.name in OTHER_ROWS or helps(c) for c in failing)
    granted = [out.granted for out in rest if isinstance(out, Lease)]
    assert granted == ([True] if not failing else [False] if worst >= Decision.HOLD else [])


# --- what is committed ------------------------------------------------------------------------


def turn(made, kind, by):
    """One thing that happens."""
    if kind in KINDS:
        made.chunk(kind, by)
    elif kind in ("alarm", "well"):
        made.risk(RiskLevel.ALARM if kind == "alarm" else RiskLevel.OK)
    elif kind == "reset":
        made.reset()
    elif kind == "tampered":
        made.tell(Tampered("chunk", "forged"))
    elif kind in DISTURBED:
        disturb(made, kind, by)
    else:
        made.tell(Arm(kind == "arm") if kind in ("arm", "disarm") else Answer(kind))


def disturb(made, kind, by):
    """Something goes wrong, or a person is quick."""
    if kind == "stall":
        made.stall(abs(by))
    elif kind == "jump":
        made.jump(by)
    elif kind == "task":
        made.tell(Instruction(f"{by:.0f}"))
        made.episode += 1
    elif kind == "disarm and arm":
        made.tell(Arm(False))
        made.tell(Arm(True))
    elif kind in ("off", "off and on"):
        made.enable(False)
        if kind != "off":
            made.enable(True)
    else:
        made.restart(kind)


def turns_of(kinds):
    by, wait = st.floats(-1.8, 1.8), st.integers(4, 60)  # so many commands until the next
    return st.lists(st.tuples(st.sampled_from(kinds), by, wait), min_size=3, max_size=14)


turns = turns_of(KINDS + KINDS + PEOPLE)


def played(happens, fates=None):
    made = Wired(fates).run(0.2)
    for kind, by, wait in happens:
        turn(made, kind, by)
        made.run(wait * COMMAND_NS / NS)
    return made.run(0.6)


def assert_all_allowed(made):
    """Every verdict that allows is of checks that all passed, and nothing else was committed."""
    allowed = {v.plan_digest for v in made.verdicts if v.decision == Decision.ALLOW}
    for verdict in made.verdicts:
        clean = all(check.passed for check in verdict.checks)
        assert (verdict.decision == Decision.ALLOW) is (clean and bool(verdict.plan_digest))
        assert verdict.correction is None or verdict.decision in (Decision.CLAMP, Decision.SLOW)
    for cause, _, _ in made.commitments:
        if isinstance(cause, Verdict) and cause.decision == Decision.ALLOW:
            assert cause.plan_digest in allowed


# Between guard and fuser.
SENT = (ActionChunk, WayBack, Proposal, Commitment, Verdict, Lease, Retreat)


def wires(fate):
    """What becomes of every kind of message, in turn."""
    each = st.lists(fate, min_size=1, max_size=4)
    return st.fixed_dictionaries({}, optional=dict.fromkeys(SENT, each))


delayed = wires(st.tuples(st.integers(0, 12)))
GOOD = [("good", 0.6, 40), ("good", -0.8, 40), ("spike", 0.5, 40), ("good", 0.3, 40)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(turns, delayed)
@example(GOOD, {})
@example([("outside", 0.5, 60), ("alternatives", 0.5, 60), ("good", 1.5, 60)], {})
@example([("good", 0.9, 30), ("alarm", 0, 30), ("retreat", 0, 200), ("well", 0, 4),
          ("resume", 0, 60), ("good", 0.4, 60)], {Verdict: [(3,), (0,)]})  # fmt: skip
def test_what_is_committed_and_commanded_meets_every_limit_and_was_allowed(happens, fates):
    made = played(happens, fates)
    assert_all_allowed(made)
    made.assert_moved_within_limits()


def test_the_streams_move_the_robot_and_correct_it():
    """The proof is about something: of these streams plans are committed, others corrected."""
    made = played(GOOD)
    assert sum(isinstance(c, Verdict) for c, _, _ in made.commitments) >= 3
    assert max(np.abs(state.velocity).max() for _, state in made.states) > 0.3
    fast = played([("good", 1.8, 60)] * 3)
    assert any(v.correction is not None for v in fast.verdicts)
    corrected = {v.correction.digest for v in fast.verdicts if v.correction is not None}
    allowed = {v.chunk_digest for v in fast.verdicts if v.decision == Decision.ALLOW}
    assert corrected & allowed


# --- any order --------------------------------------------------------------------------------

# Lost, prompt, late, doubled: a message, and copies of it long after it.
lossy = wires(
    st.one_of(
        st.just(PROMPT),
        st.just(()),
        st.tuples(st.integers(0, 80)),
        st.tuples(st.integers(0, 12), st.integers(0, 40), st.integers(0, 200)),
    )
)
# A lease may be so long on its way, holds so long, and then the tail runs from a knot on.
LATE_NS = 2 * MAX_LEASE_NS + STOP_NS + 2 * ROBOT.knot_period_ns + COMMAND_NS


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(turns, lossy)
@example([("good", 0.9, 2), ("disarm", 0, 60)], {Verdict: [(5,)]})
@example(GOOD, {Lease: [(k,) for k in (60, 0, 30)]})
def test_lost_doubled_and_late_messages_lead_to_no_motion_without_lease(happens, fates):
    made = played(happens, fates)
    assert_all_allowed(made)
    made.assert_moved_within_limits()
    assert made.longest_ns <= LATE_NS


# On one topic nothing overtakes: commitments may be lost, but come in their order.
some_lost = st.lists(st.sampled_from([PROMPT, ()]), min_size=1, max_size=4)


def assert_goes_on(made):
    """Once all is well and the guard armed again, good chunks are committed, and move the robot."""
    made.fate_of_all(PROMPT)
    made.run(1.1)  # what was on its way is there
    made.risk(RiskLevel.OK)
    made.enable(True)
    status = made.guard.status(made.now)
    if status.mode not in MOVING or status.recovering:
        made.reset()
        made.tell(Arm(False))
        made.tell(Arm(True))
    made.run(0.3)
    count, made.session, places = len(made.commitments), made.session + 1, [made.position]
    for _ in range(4):
        made.chunk("good", -0.2 * np.sign(made.position[0]))
        made.run(0.3)
        places.append(made.position)
    assert any(isinstance(cause, Verdict) for cause, _, _ in made.commitments[count:])
    assert np.ptp(places, axis=0).max() > 0.02


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(turns, lossy, some_lost)
@example([("good", 0.9, 10), ("good", -0.5, 60)], {Verdict: [(9,), (0,)]}, [PROMPT])
@example([("good", 0.9, 60), ("again", 0, 42), ("retreat", 0, 4), ("good", 0, 4)], {}, [PROMPT])
def test_after_whatever_happened_a_good_chunk_is_committed_again(happens, fates, commitments):
    """Guard and fuser may have missed each other's words; they do not stay apart: a chunk may
    be refused for that, and the robot be held, but only until both know the same again."""
    assert_goes_on(played(happens, {**fates, Commitment: commitments}))


disturbed = turns_of(("good",) * 6 + DISTURBED + PEOPLE)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(disturbed, lossy, some_lost)
@example([("good", 0.9, 30), ("jump", -0.3, 4), ("good", 0.5, 30)], {}, [PROMPT])
@example([("good", -0.6, 30), ("guard", 0, 40), ("off and on", 0, 40), ("fuser", 0, 40)], {}, [()])
@example([("good", 0.9, 30), ("stall", 1.0, 4), ("fuser", 0, 4), ("guard", 0, 30)], {}, [PROMPT])
def test_after_stalls_jumps_and_restarts_a_good_chunk_is_committed_again(
    happens, fates, commitments
):
    assert_goes_on(played(happens, {**fates, Commitment: commitments}))


def test_without_loss_the_robot_rests_one_tail_after_the_word():
    made = played([("good", 0.9, 50), ("disarm", 0, 10)])
    assert made.guard.mode == Mode.DISARMED
    # It is granted every tick until the word comes.
    assert NS / 10 < made.longest_ns <= STOP_NS + 2 * ROBOT.knot_period_ns + NS / 20


@pytest.mark.parametrize("on_their_way", [tuple(range(30)), (13,)], ids=["again", "late"])
def test_what_was_granted_before_the_word_to_stop_lets_nothing_move_after_it(on_their_way):
    made = Wired({Lease: [on_their_way]}).run(0.2)
    made.chunk("good", 0.9)
    made.run(0.2)
    made.fate(Lease, PROMPT)
    made.tell(Arm(False))
    made.step()
    made.fate(Lease, ())  # what is granted anew is lost
    made.tell(Arm(True))
    made.run(0.05)
    made.chunk("good", 0.5)
    count = len(made.commitments)
    made.run(0.3)
    assert made.verdicts[-1].decision == Decision.ALLOW
    assert len(made.commitments) == count
    assert not made.states[-1][1].velocity.any()


def test_what_is_allowed_while_no_lease_comes_through_does_not_move():
    made = Wired().run(0.2)
    made.chunk("good", 0.9)
    made.run(0.2)
    made.fate(Lease, ())
    made.run(0.2)
    made.chunk("good", 0.5)  # judged in time, and said too late
    made.fate(Verdict, (20,))
    made.run(0.1)
    made.chunk("good", 0.5)
    made.run(0.6)
    assert made.verdicts[-1].decision == Decision.ALLOW
    assert made.fuser.status(made.now).refused["no_lease"] > 0
    assert not made.states[-1][1].velocity.any()


def test_a_guard_that_dies_leaves_a_robot_at_rest_whatever_is_said_again():
    """Its last words come again and again, in the wrong order."""
    made = Wired({Lease: [(0, 40, 90, 150)], Verdict: [(20, 80, 160), (0,)]}).run(0.2)
    made.chunk("good", 1.2)
    made.run(0.25)
    assert made.states[-1][1].velocity.any()
    made.guard.handle = lambda value, now: []
    made.run(1.5)
    assert not made.states[-1][1].velocity.any()
    assert made.longest_ns <= LATE_NS


def test_the_proof_can_fail():
    """With weaker limits, with leases that ended, and with a plan that nobody judged."""
    made = played([("good", 0.9, 60)])
    slower = replace(ROBOT.limits, velocity=ROBOT.limits.velocity / 4)
    made.robot = replace(ROBOT, limits=slower)
    with pytest.raises(AssertionError):
        made.assert_moved_within_limits()
    made = played([("good", 0.9, 30)])
    made.chunk("good", -0.9)
    made.run(0.3)
    other = moving_plan(ROBOT, made.seconds + 0.1)
    with pytest.raises(AssertionError):
        made._check_commitment(Tick(), other, made.now)
    made.leased_until_ns = made.now.steady_ns - NS
    with pytest.raises(AssertionError):
        made._check_lease(made.states[-1][1])


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(disturbed, lossy, some_lost)
def test_many_more_disturbances(happens, fates, commitments):
    assert_goes_on(played(happens, {**fates, Commitment: commitments}))


@pytest.mark.slow
@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(turns, lossy)
def test_many_more_streams(happens, fates):
    made = played(happens, fates)
    assert_all_allowed(made)
    made.assert_moved_within_limits()
    assert made.longest_ns <= LATE_NS
