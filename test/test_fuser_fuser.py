"""The fuser: every refusal moves nothing; what is vetted is what moves; stops are stops."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import (
    STEADY_0,
    Cell,
    assert_smooth,
    at,
    chunk,
    home,
    joints_at,
    lease,
    ns,
    stamp,
    toy,
    verdict,
    wave,
)

from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.fuser import Fuser
from aura_ros.motion.jerk import sample
from aura_ros.settings import SettingError
from aura_ros.types import (
    ClockJump,
    Commitment,
    Configure,
    Decision,
    FailureRisk,
    FuserStatus,
    JointState,
    Level,
    Now,
    Proposal,
    Reset,
    RiskLevel,
    SetEnabled,
    Tick,
    Track,
    Tripped,
    Verdict,
)

ROBOT = toy()


def cell(**settings):
    """A fuser that has heard joint states and holds a lease, at 0.1 s."""
    made = Cell(ROBOT, Fuser(ROBOT, FuserConfig(**settings)))
    made.run(0.1)
    return made


def moving():
    """A cell whose robot moves, at 0.5 s."""
    made = cell()
    made.chunk()
    made.run(0.4)
    assert np.abs(made.commands[-1].velocity).max() > 0.05
    return made


def assert_refused(made, said, code):
    """The last status counts ``code`` once, and nothing was proposed or committed."""
    kinds = {type(out) for out in said}
    assert not kinds & {Proposal, Commitment, Track}
    assert said[-1].refused[code] == 1
    assert said[-1].last_refusal
    assert not made.commands


def other(begin_s, **changes):
    return chunk(ROBOT, begin_s, 10**18, **changes)


# --- refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("joints", {"joint_names": ("a", "b", "c")}),
        ("shape", {"rows": np.zeros((1, 3))}),
        ("not_finite", {"rows": np.full((4, 3), np.nan)}),
        ("row_period", {"row_period_ns": -1}),
        ("future", {"observation_stamp_ns": at(1.0).ros_ns}),
        ("stale", {"observation_stamp_ns": at(-2.0).ros_ns}),
        ("expired", {"start_ns": at(-0.7).ros_ns}),
    ],
)
def test_bad_chunks_are_refused_and_nothing_moves(code, changes):
    made = cell()
    assert_refused(made, made.tell(other(0.1, **changes)), code)


def test_a_disabled_fuser_takes_nothing():
    made = cell()
    made.tell(SetEnabled(False))
    assert_refused(made, made.chunk(), "disabled")
    assert made.fuser.health(made.now).level == Level.WARN
    made.tell(SetEnabled(True))
    assert any(isinstance(out, Proposal) for out in made.chunk())


def test_a_tripped_fuser_takes_nothing_until_reset():
    made = cell()
    made.tell(Tripped("step"))
    said = made.chunk()
    assert_refused(made, said, "tripped")
    assert said[-1].tripped
    assert said[-1].state == "tripped"
    assert made.fuser.health(made.now).level == Level.ERROR
    made.tell(Reset())
    assert any(isinstance(out, Proposal) for out in made.chunk())


def test_a_clock_jump_does_not_end_a_trip():
    made = cell()
    made.tell(Tripped("step"))
    made.tell(ClockJump())
    made.run(0.05)
    assert_refused(made, made.chunk(), "tripped")


@pytest.mark.parametrize(("code", "step"), [("duplicate", 0), ("out_of_order", -1)])
def test_old_chunks_are_refused(code, step):
    made = cell()
    made.chunk(sequence=7, vetted=False)
    assert_refused(made, made.chunk(sequence=7 + step), code)


def test_without_joint_states_there_is_nowhere_to_begin():
    made = Cell(ROBOT)
    made.feeling = False
    made.run(0.1)
    assert_refused(made, made.chunk(), "no_joint_states")


def test_joint_states_that_ended_are_too_old_to_begin_from():
    made = cell()
    made.feeling = False
    made.run(0.35)
    assert_refused(made, made.chunk(), "old_joint_states")


def test_the_first_motion_begins_at_rest():
    made = cell()
    made.tell(joints_at(0.1, home(ROBOT), np.array([0.0, 0.3, 0.0])))
    assert_refused(made, made.chunk(), "not_at_rest")


def test_a_robot_outside_its_limits_is_moved_back_by_hand():
    made = cell()
    made.tell(joints_at(0.1, ROBOT.limits.upper + 0.02))
    assert_refused(made, made.chunk(), "infeasible_start")


def test_a_robot_a_little_outside_its_limits_begins_on_the_limit():
    made = cell()
    made.tell(joints_at(0.1, ROBOT.limits.upper + 0.0009))
    made.chunk(vetted=False)
    np.testing.assert_array_equal(made.proposals[-1].position[0], ROBOT.limits.upper)


@pytest.mark.parametrize("where", ["position", "velocity"])
def test_joint_states_that_are_not_finite_are_not_heard(where):
    made = Cell(ROBOT)
    made.feeling = False
    bad = {"position": home(ROBOT), "velocity": np.zeros(3)}
    bad[where] = np.array([0.0, np.nan, 0.0])
    made.tell(JointState(made.now.ros_ns, **bad))
    made.run(0.1)
    assert_refused(made, made.chunk(), "no_joint_states")


def test_what_the_guard_refuses_does_not_move():
    made = cell()
    made.chunk(vetted=False)
    said = made.tell(verdict(made.proposals[-1], Decision.REFUSE, "plan_velocity"))
    assert_refused(made, said, "guard_plan_velocity")


@pytest.mark.parametrize("decision", [d for d in Decision if d != Decision.ALLOW])
def test_only_allow_allows(decision):
    made = cell()
    made.chunk(vetted=False)
    assert_refused(made, made.tell(verdict(made.proposals[-1], decision, "x")), "guard_x")


def test_without_a_lease_nothing_begins():
    made = Cell(ROBOT)
    made.beating = False
    made.run(0.1)
    made.chunk(vetted=False)
    assert_refused(made, made.tell(verdict(made.proposals[-1])), "no_lease")


def test_a_lease_is_no_longer_than_allowed_before_the_first_motion_too():
    made = Cell(ROBOT)
    made.beating = False
    made.tell(lease(1, duration_s=10.0))
    made.run(0.3)
    made.chunk(vetted=False)
    assert_refused(made, made.tell(verdict(made.proposals[-1])), "no_lease")


def test_late_verdicts_are_tried_again_and_then_refused():
    made = cell(attempts=3)
    made.chunk(vetted=False)
    for attempt in range(1, 4):
        made.run(0.04 * attempt + 0.03)
        said = made.tell(verdict(made.proposals[-1]), vetted=False)
        assert len(made.proposals) == min(attempt + 1, 3)
    assert_refused(made, said, "late_verdict")


def test_a_plan_that_the_guard_calls_late_is_tried_again():
    made = cell()
    made.chunk(vetted=False)
    made.run(0.06)
    said = made.tell(verdict(made.proposals[-1], Decision.REFUSE, "timing"), vetted=False)
    assert isinstance(said[0], Proposal)


def test_verdicts_of_other_plans_and_second_verdicts_say_nothing():
    made = cell()
    made.chunk(vetted=False)
    other_plan = replace(made.proposals[0], chunk_digest="another")
    assert made.tell(verdict(other_plan)) == []
    assert any(isinstance(out, Commitment) for out in made.tell(verdict(made.proposals[0])))
    assert made.tell(verdict(made.proposals[0], Decision.REFUSE, "timing")) == []


@pytest.mark.parametrize("decision", [Decision.ALLOW, Decision.REFUSE])
def test_a_chunk_that_comes_while_a_verdict_is_awaited_is_proposed_after_it(decision):
    made = cell()
    made.chunk(vetted=False)
    made.chunk(vetted=False, sequence=2 * 10**18)
    assert len(made.proposals) == 1
    said = made.tell(verdict(made.proposals[0], decision, "test"), vetted=False)
    assert len(made.proposals) == 2
    assert any(isinstance(out, Commitment) for out in said) == (decision == Decision.ALLOW)
    again = made.tell(verdict(made.proposals[1]), vetted=False)
    assert any(isinstance(out, Commitment) for out in again)


def rushing(begin_s, sequence):
    """A chunk that begins at rest and rushes off: what it would do if it were executed."""
    t = np.arange(ROBOT.horizon) * 0.05
    rows = home(ROBOT) + 0.75 * np.minimum(t, 0.5)[:, None] ** 2 * [1, 1, 0]
    return chunk(
        ROBOT, begin_s=begin_s, sequence=sequence, rows=rows, start_ns=stamp(begin_s + 0.06)
    )


@pytest.mark.parametrize("refused", [True, False])
def test_chunks_that_were_not_executed_do_not_pull_the_next_one_ahead(refused):
    """Each began at rest and would have moved by now."""
    made = Cell(ROBOT, Fuser(ROBOT, FuserConfig()))
    made.beating = refused
    made.run(0.1)
    for sequence in range(1, 6):
        made.tell(rushing(made.seconds, sequence), vetted=False)
        if refused:
            made.tell(verdict(made.proposals[-1], Decision.REFUSE, "test"), vetted=False)
        made.run(0.05)
    made.beating = True
    made.run(0.1)
    made.tell(rushing(made.seconds, 9), vetted=False)
    plan = made.proposals[-1]
    assert np.abs(plan.acceleration[:20]).max() < 2.5


def test_a_waiting_chunk_does_not_void_the_plan_that_is_judged():
    made = cell()
    made.chunk(vetted=False)
    made.chunk(vetted=False, sequence=2 * 10**18)
    stranger = replace(made.proposals[0], chunk_digest="another")
    assert made.tell(verdict(stranger), vetted=False) == []
    said = made.tell(verdict(made.proposals[0]), vetted=False)
    assert any(isinstance(out, Commitment) for out in said)


def test_a_verdict_that_never_comes_does_not_keep_later_chunks_waiting():
    made = cell()
    made.chunk(vetted=False)
    made.run(0.1)
    made.chunk(vetted=False, sequence=2 * 10**18)
    assert len(made.proposals) == 2


def test_a_chunk_that_waited_gives_way_to_a_newer_one_that_is_proposed_at_once():
    """A policy dies and is restarted while a verdict is awaited that never comes."""
    made = cell()
    made.chunk(vetted=False)
    made.run(0.02)
    made.chunk(vetted=False)
    waited = made.fuser._chunks.taken.newest
    made.run(0.1)
    made.chunk(vetted=False, session=2, sequence=1)
    newest = made.fuser._chunks.taken.newest
    assert [plan.chunk_digest for plan in made.proposals[1:]] == [newest.digest]
    made.tell(verdict(made.proposals[-1], Decision.REFUSE, "row_start"), vetted=False)
    assert waited.digest not in [plan.chunk_digest for plan in made.proposals]
    assert not made.fuser._chunks.judged


def test_a_verdict_that_came_too_late_says_nothing_once_a_newer_chunk_is_proposed():
    made = cell()
    made.chunk(vetted=False)
    made.run(0.1)
    # It ends before it could start: nothing is proposed in place of the overdue plan.
    made.chunk(late_s=0.68, vetted=False)
    assert made.fuser.status(made.now).refused == {"expired": 1}
    assert made.tell(verdict(made.proposals[0]), vetted=False) == []
    assert len(made.proposals) == 1


def test_a_chunk_that_was_given_up_is_not_proposed_again():
    """A chunk of a new session takes the place of all before it, and is none after all."""
    made = cell()
    made.chunk(vetted=False)
    made.chunk(vetted=False, session=2, sequence=1)
    newest = made.fuser._chunks.taken.newest
    made.tell(Verdict(made.now.ros_ns, newest.digest, "", Decision.REFUSE, "sequence", ()))
    late = verdict(made.proposals[0], Decision.REFUSE, "timing")
    said = made.tell(late, vetted=False)
    assert said[-1].refused["given_up"] == 1
    assert len(made.proposals) == 1


@pytest.mark.parametrize(("session", "sequence"), [(1, 1), (1, 0), (0, 99)])
def test_old_leases_do_not_count(session, sequence):
    made = Cell(ROBOT)
    made.tell(lease(1))
    said = made.tell(lease(sequence, session=session))
    assert said[-1].refused["lease_out_of_order"] == 1
    assert made.tell(lease(1, session=2)) == []  # a restarted guard counts anew


# --- motion ---------------------------------------------------------------------------------


def test_a_proposal_continues_what_is_committed():
    made = moving()
    committed = made.commitments[-1]
    made.chunk(vetted=False)
    plan = made.proposals[-1]
    state = sample(committed, plan.start_ns)
    np.testing.assert_array_equal(plan.position[0], state.position)
    np.testing.assert_array_equal(plan.velocity[0], state.velocity)
    np.testing.assert_array_equal(plan.acceleration[0], state.acceleration)
    assert plan.base_digest == made.proposals[0].digest


def test_smooth_chunks_are_followed_closely():
    made = cell()
    for _ in range(20):
        made.chunk(late_s=0.02)
        made.run(0.1)
    late = [c for c in made.commands if c.stamp_ns > at(0.8).ros_ns]
    wanted = np.array([wave(ROBOT, (c.stamp_ns - at(0).ros_ns) / 1e9, 1)[0] for c in late])
    deviation = np.abs(np.array([c.position for c in late]) - wanted)
    assert deviation.max() < 0.005
    made.assert_sound()


def test_motion_ends_at_rest_when_no_chunk_follows():
    made = moving()
    made.run(1.5)
    assert not made.commands[-1].velocity.any()
    assert made.fuser.status(made.now).state == "starved"
    assert made.fuser.health(made.now).level == Level.WARN
    made.assert_sound()


@pytest.mark.parametrize("cause", ["expired", "revoked", "disabled", "reset", "tripped"])
def test_every_loss_of_permission_stops_along_the_tail(cause):
    made = moving()
    began = made.now.ros_ns
    made.beating = False
    value = {
        "disabled": SetEnabled(False),
        "reset": Reset(),
        "tripped": Tripped("step"),
    }.get(cause)
    if cause == "revoked":
        made.beat(granted=False)
    elif value is not None:
        made.tell(value)
    made.run(0.6)
    stopped = [c.stamp_ns for c in made.commands if c.stamp_ns > began and not c.velocity.any()]
    lasts = ns(0.24 + 0.02 + (0.25 if cause == "expired" else 0.0))
    assert stopped[0] <= began + lasts + ns(0.005)
    assert_smooth(made.tracks[-1].plan)
    made.assert_sound()
    if cause != "tripped":
        assert made.fuser.status(made.now).state == "idle"


def test_a_track_needs_nobody_to_come_to_rest():
    made = moving()
    track = made.tracks[-1].plan
    assert track.end_ns <= made.now.ros_ns + ns(0.25 + 0.24)
    assert_smooth(track)


def test_after_a_stop_the_lease_alone_does_not_bring_the_old_motion_back():
    made = moving()
    made.beating = False
    made.run(0.35)
    made.beating = True
    made.run(1.0)
    assert not made.commands[-1].velocity.any()
    made.assert_sound()


@pytest.mark.parametrize("pause_s", [0.22, 0.26, 0.3, 0.34, 0.4, 0.46])
def test_leases_that_end_and_come_back_in_the_tail_leave_motion_continuous(pause_s):
    made = moving()
    for _ in range(3):
        made.beating = False
        made.run(pause_s)
        made.beating = True
        made.run(0.06)
        made.chunk(late_s=0.1)
        made.run(0.2)
    made.assert_sound()


def test_a_verdict_on_motion_that_has_been_stopped_since_is_planned_anew():
    made = moving()
    made.chunk(vetted=False)
    held = made.proposals[-1]
    made.beating = False
    made.run(0.26)
    made.beating = True
    made.beat()
    made.tell(verdict(held), vetted=False)
    assert made.proposals[-1].base_digest == made.commitments[-1].digest != held.base_digest
    made.assert_sound()


def test_a_plan_ahead_of_its_start_is_planned_anew_if_what_it_continues_was_stopped():
    made = moving()
    made.tell(Configure({"commit_delay": 0.3}))
    made.chunk(wave(ROBOT, made.seconds, 32), vetted=False)
    held = made.proposals[-1]
    made.beating = False
    made.run(0.26)
    made.beating = True
    made.beat()
    assert held.start_ns > made.now.ros_ns
    said = made.tell(verdict(held), vetted=False)
    assert [type(out) for out in said] == [Proposal]
    assert said[0].plan.base_digest == made.commitments[-1].digest


def test_while_tripped_leases_move_nothing():
    made = moving()
    made.tell(Tripped("step"))
    assert made.beat() == []


# --- a robot moved by hand --------------------------------------------------------------------


def put(made, position, seconds=0.2):
    """The robot is found at rest at ``position`` for a while."""
    made.feeling = False
    for _ in range(round(seconds / 0.005)):
        made.step()
        made.tell(JointState(made.now.ros_ns, position, np.zeros(3)))


def resting():
    made = moving()
    made.beating = False
    made.run(0.8)
    return made


def test_a_robot_moved_by_hand_at_rest_begins_anew_where_it_is():
    made = resting()
    there = home(ROBOT) + np.array([0.5, 0.0, 0.0])
    put(made, there)
    assert made.tracks[-1].anchored
    assert made.commitments[-1].position.shape == (1, 3)
    np.testing.assert_array_equal(made.commands[-1].position, there)
    made.beating = True
    made.run(0.1)
    made.chunk(vetted=False)
    np.testing.assert_array_equal(made.proposals[-1].position[0], there)
    assert all(command.passed for command in made.commands)


def test_before_its_first_plan_the_fuser_commits_to_rest_where_the_robot_is():
    made = cell()
    (rest,) = made.commitments
    np.testing.assert_array_equal(rest.position, [home(ROBOT)])
    put(made, home(ROBOT) + np.array([0.05, 0.0, 0.0]))
    assert len(made.commitments) == 1
    put(made, home(ROBOT) + np.array([0.5, 0.0, 0.0]))
    assert made.commitments[-1].position[0, 0] == home(ROBOT)[0] + 0.5
    assert not made.tracks
    assert not made.commands


def test_a_robot_moved_a_little_goes_on_from_its_plan():
    made = resting()
    before = made.commands[-1].position
    put(made, before + np.array([0.09, 0.0, 0.0]))
    assert not any(track.anchored for track in made.tracks)
    np.testing.assert_array_equal(made.commands[-1].position, before)


@pytest.mark.parametrize("revoked", [False, True])
def test_joint_states_from_before_the_end_of_motion_do_not_move_the_robot_back(revoked):
    # Joint states end in motion; the robot goes on to its tail, far from where it was last seen.
    made = cell(anchor_tolerance=0.03)
    made.chunk(rows=home(ROBOT) + np.linspace(0, 1, 16)[:, None] * [0.9, 0.9, 0.0])
    made.run(0.55)
    if revoked:
        made.beat(granted=False)
    made.feeling = made.beating = False
    made.run(1.5)
    seen, there = made.fuser._moving.measured[1].position, made.commands[-1].position
    assert np.abs(seen - there).max() > 0.03
    assert not any(track.anchored for track in made.tracks)
    made.assert_sound()


@pytest.mark.parametrize("kind", ["moving", "outside"])
def test_a_robot_that_still_moves_or_is_outside_is_not_anchored(kind):
    made = resting()
    made.feeling = False
    there = home(ROBOT) + np.array([0.5, 0.0, 0.0])
    speed = np.array([0.5, 0.0, 0.0]) if kind == "moving" else np.zeros(3)
    if kind == "outside":
        there = ROBOT.limits.upper + 0.3
    for _ in range(40):
        made.step()
        made.tell(JointState(made.now.ros_ns, there, speed))
    assert not any(track.anchored for track in made.tracks)


def test_after_a_trip_motion_begins_anew_where_the_robot_is():
    made = moving()
    held = made.commands[-1].position
    made.loop.tripped = "step"
    made.tell(Tripped("step"))
    made.run(0.6)
    np.testing.assert_array_equal(made.commands[-1].position, held)
    end = made.tracks[-1].plan.position[-1]
    assert np.abs(end - held).max() > 0.001  # the plan went on without the robot
    made.tell(Reset())
    made.loop.reset()
    made.run(0.3)
    np.testing.assert_array_equal(made.commands[-1].position, held)
    made.chunk()
    made.run(0.5)
    assert np.abs(made.commands[-1].position - held).max() > 0.01
    positions = np.array([command.position for command in made.commands])
    assert np.abs(np.diff(positions, axis=0)).max() <= 0.01 + 1e-9


def test_a_trip_is_not_reset_while_the_robot_moves():
    made = moving()
    made.tell(Tripped("step"))
    made.tell(JointState(made.now.ros_ns, made.position, np.full(3, 0.5)))
    said = made.tell(Reset())
    assert said[-1].tripped
    assert "moves" in said[-1].last_refusal


# --- the rest -------------------------------------------------------------------------------


def test_a_clock_jump_forgets_all_motion_and_every_order():
    made = moving()
    made.chunk(sequence=2 * 10**18)
    made.tell(ClockJump())
    made.loop.follow(None)
    assert made.fuser.status(made.now).state == "idle"
    made.now = Now(made.now.ros_ns - ns(0.3), made.now.steady_ns + ns(0.1))
    made.leases = 0
    made.commands.clear()
    made.run(0.1)
    made.chunk(sequence=1)
    made.run(0.4)
    assert np.abs(made.commands[-1].velocity).max() > 0.05
    made.assert_sound()


def test_settings_change_while_it_runs():
    made = cell()
    assert made.tell(Configure({"max_age": 0.05})) == []
    assert_refused(made, made.tell(other(0.0)), "stale")
    with pytest.raises(SettingError, match="commit_delay"):
        made.tell(Configure({"commit_delay": -1.0}))


def test_status_tells_state_motion_and_deviation():
    made = cell()
    idle = made.fuser.status(made.now)
    assert (idle.state, idle.remaining_s, idle.committed) == ("idle", 0.0, 0)
    assert np.isnan(idle.tracking_deviation)
    made.chunk()
    made.run(0.2)
    now = made.fuser.status(made.now)
    assert (now.state, now.committed) == ("moving", 1)
    assert 0.1 < now.remaining_s < 1.1
    away = made.position + np.array([0.0, 0.04, 0.0])
    made.tell(JointState(made.now.ros_ns, away, np.zeros(3)))
    assert made.fuser.status(made.now).tracking_deviation == pytest.approx(0.04)
    assert made.fuser.health(made.now).level == Level.OK
    assert isinstance(made.tell(Tick())[-1], FuserStatus)


def test_a_value_that_is_not_for_the_fuser_is_a_mistake():
    with pytest.raises(TypeError, match="int"):
        Fuser(ROBOT).handle(3, Now(0, STEADY_0))


def test_a_lease_that_was_long_on_its_way_is_over():
    made = cell()
    late = replace(lease(99), stamp_ns=made.now.ros_ns - ns(0.3))
    [said] = made.tell(late)
    assert said.refused == {"lease_stale": 1}


def test_the_word_to_stop_is_obeyed_whatever_its_order():
    made = cell()
    made.tell(replace(lease(5), stamp_ns=made.now.ros_ns))
    made.tell(replace(lease(3, granted=False), stamp_ns=made.now.ros_ns))
    assert not made.fuser._moving.is_allowed(made.now)


def test_what_was_granted_before_the_word_to_stop_does_not_count_after_it():
    made = cell()
    grant, stop = (replace(lease(n), stamp_ns=made.now.ros_ns) for n in (50, 51))
    made.tell(replace(stop, granted=False))
    assert made.tell(grant)[-1].refused == {"lease_out_of_order": 1}
    assert not made.fuser._moving.is_allowed(made.now)


@pytest.mark.parametrize(("ahead_s", "good"), [(0.05, True), (0.051, False)])
def test_a_lease_from_the_future_is_none(ahead_s, good):
    made = Cell(ROBOT)
    said = made.tell(replace(lease(9), stamp_ns=made.now.ros_ns + ns(ahead_s)))
    assert made.fuser._moving.is_allowed(made.now) is good
    if not good:
        assert said[-1].refused == {"lease_future": 1}
        assert "ahead of the clock" in said[-1].last_refusal
        # It has no place in the order of leases either.
        made.tell(replace(lease(1), stamp_ns=made.now.ros_ns))
        assert made.fuser._moving.is_allowed(made.now)


# --- trust ----------------------------------------------------------------------------------


def risk(trust):
    return FailureRisk(at(0).ros_ns, 1, RiskLevel.WARN, 1.0, 2.0, (), (), trust)


def planned_s(made):
    """How long the plan of a new chunk lasts before its stop tail [s]."""
    made.chunk()
    plan = made.proposals[-1]
    return (plan.end_ns - plan.start_ns) / 1e9 - ROBOT.stop_knots * ROBOT.knot_period_ns / 1e9


def test_a_chunk_that_is_trusted_less_is_followed_for_less_time():
    whole, half = cell(), cell()
    assert half.tell(risk(0.5)) == []
    assert half.fuser.health(half.now).values["trust"] == "0.50"
    assert planned_s(half) < planned_s(whole) - 0.2
    assert half.proposals[-1].chunk_digest == whole.proposals[-1].chunk_digest


def test_however_little_is_trusted_motion_can_begin():
    made = cell()
    made.tell(risk(0.0))
    made.chunk(late_s=0.1)
    assert made.fuser.status(made.now).committed == 1
    assert dict(made.fuser.status(made.now).refused) == {}


def test_an_old_risk_counts_no_more():
    made = cell(max_age=0.5)
    made.tell(risk(0.2))
    made.run(0.4)
    assert made.fuser.health(made.now).values["trust"] == "0.20"
    made.run(0.2)
    assert made.fuser.health(made.now).values["trust"] == "1.00"


@pytest.mark.parametrize("trust", [-0.1, 1.1, float("nan")])
def test_a_trust_that_is_no_share_is_refused(trust):
    made = cell()
    said = made.tell(risk(trust))
    assert said[-1].refused["risk"] == 1
    assert "from 0 to 1" in said[-1].last_refusal
    assert made.fuser.health(made.now).values["trust"] == "1.00"
