"""What the guard corrects is planned alone, judged anew, and counted; nothing else is taken."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import Cell, assert_smooth, assert_within, at, chunk, verdict
from corrections import ROBOT, swing

from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.judged import MAX_CORRECTIONS
from aura_ros.fuser.retrace import LAST_SEQUENCE
from aura_ros.guard.checks import (
    braking,
    caution,
    integrity,
    plan_acceleration,
    plan_jerk,
    plan_position,
    plan_velocity,
    row_acceleration,
    row_position,
    row_velocity,
)
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.correct.corrections import Corrections
from aura_ros.guard.lattice import join
from aura_ros.guard.running import run_checks
from aura_ros.robot.description import Switching
from aura_ros.types import ROLLBACK, ActionChunk, Commitment, Decision, Proposal, Verdict

MODULES = (
    row_position, row_velocity, row_acceleration, integrity, plan_position, plan_velocity,
    plan_acceleration, plan_jerk, braking, caution,
)  # fmt: skip
CHECKS = tuple((module.__name__.rsplit(".", 1)[1], module.check) for module in MODULES)


class Corrected(Cell):
    """A cell whose guard judges, and corrects what it would refuse."""

    def __init__(self, robot=ROBOT, share=1.0):
        super().__init__(robot)
        self.share, self.heard, self.verdicts, self.attempts = share, {}, [], 0
        self.corrections = Corrections(robot, CHECKS)
        self.run(0.1)

    def tell(self, value, vetted=True):
        if isinstance(value, ActionChunk):
            self.heard[value.digest], self.attempts = value, 0
        said = super().tell(value, vetted=False)
        for out in list(said):
            if isinstance(out, Proposal) and vetted:
                said += self.tell(self.judged(out.plan))
        return said

    def judged(self, plan):
        context = Context(
            self.now, self.robot, GuardConfig(), self.heard[plan.chunk_digest], plan,
            share=self.share,
        )  # fmt: skip
        checks = run_checks(CHECKS, context)
        decision, reason = join(checks)
        correction = None
        if decision != Decision.ALLOW:
            self.attempts += 1
            found = self.corrections.propose(context, checks, self.attempts)
            if found is not None:
                decision, correction = found
                self.heard[correction.digest] = correction
        self.verdicts.append(
            Verdict(
                self.now.ros_ns, plan.chunk_digest, plan.digest, decision, reason, checks,
                correction=correction,
            )
        )  # fmt: skip
        return self.verdicts[-1]

    @property
    def status(self):
        return self.fuser.status(self.now)

    @property
    def decisions(self):
        return [verdict.decision for verdict in self.verdicts]


FAST, OUTSIDE = swing(0.5, 6.0), swing(1.3, 2.0, rows=40)
FAST_SINE = swing(0.4, 5.0)


def test_what_was_too_fast_is_done_more_slowly():
    made = Corrected()
    made.chunk(FAST)
    assert made.decisions == [Decision.SLOW, Decision.ALLOW]
    assert made.status.refused == {"corrected": 1}
    assert "row_velocity" in made.status.last_refusal
    made.run(3.0)
    made.assert_sound()
    # The path is the same: only its time is not.
    reached = np.array([command.position for command in made.commands])
    assert reached[:, 0].max() == pytest.approx(FAST[:, 0].max(), abs=0.02)


def test_what_left_the_limits_stays_inside():
    made = Corrected()
    made.chunk(OUTSIDE)
    assert made.decisions == [Decision.CLAMP, Decision.ALLOW]
    made.run(3.0)
    made.assert_sound()
    reached = np.array([command.position[0] for command in made.commands])
    assert 2.3 < reached.max() <= ROBOT.limits.upper[0]


def test_caution_is_met_by_a_slower_chunk():
    made = Corrected(share=0.5)
    made.chunk(swing(0.5, 3.0))
    assert made.decisions[-1] == Decision.ALLOW
    assert set(made.decisions[:-1]) == {Decision.SLOW}
    plan = made.commitments[-1]
    late = np.abs(plan.velocity[ROBOT.stop_knots :]) / ROBOT.limits.velocity
    assert late.max() <= 0.5


@pytest.mark.parametrize("seed", range(6))
def test_streams_of_chunks_that_are_corrected_move_soundly(seed):
    generator = np.random.default_rng(seed)
    made = Corrected(share=float(generator.uniform(0.4, 1.0)))
    for _ in range(8):
        begin = made.fuser._moving.place(made.now.ros_ns, made.now)
        begin = made.position if begin is None else begin
        rows = begin + (FAST_SINE - FAST_SINE[0]) * generator.uniform(-2.0, 2.0)
        made.chunk(rows)
        made.run(0.25)
    made.run(1.5)
    made.assert_sound()
    assert Decision.ALLOW in made.decisions
    for plan in made.commitments:
        assert_within(plan, ROBOT.limits)
        assert_smooth(plan)


def pending(**changes):
    """A cell whose plan of a fast chunk waits for its verdict."""
    made = Corrected()
    (proposal,) = made.chunk(FAST, vetted=False)
    return made, proposal.plan, next(iter(made.heard.values()))


def corrected(plan, chunk, **changes):
    correction = replace(chunk, source="corrected", row_period_ns=2 * chunk.row_period_ns)
    correction = replace(correction, **changes)
    return replace(verdict(plan, Decision.SLOW, "row_velocity"), correction=correction)


def test_a_correction_is_planned_alone():
    made = Corrected()
    made.chunk(swing(0.02, 1.0))
    made.run(0.05)
    (proposal,) = made.chunk(FAST, vetted=False)
    heard = list(made.heard.values())[-1]
    members = made.fuser._chunks.proposer._ensemble._members
    assert len(members) == 2
    said = made.tell(corrected(proposal.plan, heard), vetted=False)
    assert [m.digest for m in made.fuser._chunks.proposer._ensemble._members] == [
        said[-1].plan.chunk_digest
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 7},
        {"episode": 2},
        {"session": 2},
        {"source": ROLLBACK},
        {"rows": np.full_like(FAST, np.nan)},
        {"joint_names": ("a", "b", "c")},
        {"row_period_ns": 0},
    ],
)
def test_a_correction_that_is_not_of_the_judged_chunk_is_refused(changes):
    made, plan, chunk = pending()
    said = made.tell(corrected(plan, chunk, **changes), vetted=False)
    assert made.status.refused == {"correction": 1}
    assert not [out for out in said if isinstance(out, Proposal | Commitment)]
    assert not made.fuser._chunks.judged


@pytest.mark.parametrize("decision", [Decision.REFUSE, Decision.HOLD, Decision.STOP])
def test_with_a_worse_decision_no_correction_is_taken(decision):
    made, plan, chunk = pending()
    made.tell(replace(corrected(plan, chunk), decision=decision), vetted=False)
    assert made.status.refused == {"guard_row_velocity": 1}
    assert not made.commitments or made.fuser._moving.leased is None


def test_a_correction_of_another_plan_is_not_heard():
    made, plan, chunk = pending()
    assert made.tell(replace(corrected(plan, chunk), plan_digest="another"), vetted=False) == []
    assert made.fuser._chunks.judged


def test_a_chunk_is_not_corrected_for_ever():
    made, plan, chunk = pending()
    for k in range(MAX_CORRECTIONS + 1):
        assert made.fuser._chunks.judged
        period = (k + 2) * chunk.row_period_ns
        said = made.tell(corrected(plan, chunk, row_period_ns=period), vetted=False)
        plan = next((out.plan for out in said if isinstance(out, Proposal)), None)
    assert plan is None
    assert not made.fuser._chunks.judged
    assert made.status.refused == {"corrected": MAX_CORRECTIONS, "guard_row_velocity": 1}


def test_a_chunk_that_waits_is_tried_after_the_correction():
    made, plan, heard = pending()
    made.tell(chunk(ROBOT, 0.1, 10**19), vetted=False)
    said = made.tell(corrected(plan, heard), vetted=False)
    (proposal,) = [out for out in said if isinstance(out, Proposal)]
    said = made.tell(verdict(proposal.plan), vetted=False)
    assert [out for out in said if isinstance(out, Commitment)]
    (waited,) = [out for out in said if isinstance(out, Proposal)]
    assert waited.plan.chunk_digest == list(made.heard)[-1]


def test_of_a_late_correction_a_later_plan_is_tried():
    made, plan, chunk = pending()
    said = made.tell(corrected(plan, chunk), vetted=False)
    (proposal,) = [out for out in said if isinstance(out, Proposal)]
    made.run(0.1)
    (again,) = [
        out for out in made.tell(verdict(proposal.plan), vetted=False) if isinstance(out, Proposal)
    ]
    assert again.plan.chunk_digest == proposal.plan.chunk_digest
    assert made.fuser._chunks.judged._pending.corrections == 1


def test_discrete_grippers_of_a_correction_are_decided():
    groups = (ROBOT.groups[0], replace(ROBOT.groups[1], switching=Switching(0.0, 0.05)))
    made = Corrected(replace(ROBOT, groups=groups))
    rows = np.array(FAST)
    rows[:, 2] = 0.04
    (proposal,) = made.chunk(rows, vetted=False)
    heard = next(iter(made.heard.values()))
    made.tell(corrected(proposal.plan, heard), vetted=False)
    assert (made.fuser._chunks.judged._pending.chunk.rows[:, 2] == 0.05).all()


def test_the_newest_chunk_is_the_corrected_one():
    made, plan, chunk = pending()
    made.tell(corrected(plan, chunk), vetted=False)
    newest = made.fuser._chunks.taken.newest
    assert (newest.source, newest.order) == ("corrected", chunk.order)
    assert made.tell(replace(chunk, start_ns=chunk.start_ns + 1))[-1].refused["duplicate"] == 1


# --- chunks that the guard refuses as such ------------------------------------------------------


def refused_chunk(chunk, reason="sequence"):
    return Verdict(at(0.1).ros_ns, chunk.digest, "", Decision.REFUSE, reason, ())


def test_a_number_from_the_far_future_shuts_out_nobody():
    made = Corrected()
    made.chunk(swing(0.1, 1.0), vetted=True)
    late = chunk(ROBOT, 0.1, 1, session=2**62, episode=LAST_SEQUENCE)
    made.tell(late, vetted=False)
    made.tell(refused_chunk(late))
    assert made.status.refused == {"guard_sequence": 1}
    assert not made.fuser._chunks.judged
    assert late.digest not in made.fuser._chunks.proposer._ensemble
    made.run(0.05)
    made.chunk(swing(0.1, 1.0))
    assert made.status.refused == {"guard_sequence": 1}
    assert made.decisions == [Decision.ALLOW] * 2


def test_a_task_goes_on_where_the_chunk_of_another_was_none():
    made = Corrected()
    made.chunk(swing(0.1, 1.0))
    before = made.fuser._chunks.tasks.episodes
    late = chunk(ROBOT, 0.1, 1, session=2**62)
    made.tell(late, vetted=False)
    assert made.fuser._chunks.tasks.episodes.newest == late.order[:2]
    made.tell(refused_chunk(late))
    assert made.fuser._chunks.tasks.episodes.newest == before.newest


def test_a_refused_chunk_that_waits_is_not_proposed():
    made, plan, _ = pending()
    late = chunk(ROBOT, 0.1, 10**19)
    made.tell(late, vetted=False)
    made.tell(refused_chunk(late, "freshness"))
    assert made.fuser._chunks.judged
    said = made.tell(verdict(plan), vetted=False)
    assert not [out for out in said if isinstance(out, Proposal)]
    assert made.status.refused == {"guard_freshness": 1}


def test_a_verdict_on_a_chunk_that_nobody_took_changes_nothing():
    made, _, _ = pending()
    newest = made.fuser._chunks.taken.newest
    assert made.tell(refused_chunk(chunk(ROBOT, 0.3, 3))) == []
    assert made.fuser._chunks.taken.newest is newest
    assert made.fuser._chunks.judged


def test_the_fuser_is_the_same_without_corrections():
    made = Corrected()
    made.chunk(swing(0.1, 1.0))
    assert made.decisions == [Decision.ALLOW]
    assert isinstance(made.fuser, Fuser)
    assert made.status.refused == {}
