"""Which of a guard's turns is written down: everything once, repetitions summed up."""

from __future__ import annotations

import pytest
from audit_logs import now, verdict

from aura_ros.audit.selection import Selection, is_permission
from aura_ros.types import (
    Answer,
    Arm,
    AuditState,
    Configure,
    Decision,
    GuardStatus,
    Instruction,
    Lease,
    Mode,
    Proposal,
    Question,
    Reset,
    Retreat,
    SetEnabled,
    Tampered,
    Tick,
    Verdict,
)


def lease(step, granted=True, mode=Mode.ACTIVE):
    return Lease(1, step, now(step).ros_ns, granted, 100, mode, "" if granted else "why")


def status(mode, asking=False):
    return GuardStatus(0, mode, "why", (), 0, {}, asking)


def recorded(turns):
    """Kinds and values of every record of (value, said) turns, one a step."""
    selection, found = Selection(), []
    for step, (value, said) in enumerate(turns):
        entries, selection = selection.turn(now(step), value, said)
        found += entries
    return found


WORDS = (Arm(True), Reset(), Answer("resume"), SetEnabled(False), Configure({"a": 1}),
         Tampered("chunk", "why"))  # fmt: skip


@pytest.mark.parametrize("value", WORDS, ids=lambda v: type(v).__name__)
def test_every_word_of_a_person_is_recorded(value):
    assert recorded([(value, []), (value, [])]) == [(type(value).__name__, value)] * 2


def test_every_verdict_question_and_retreat_is_recorded():
    said = [verdict(1), verdict(1), Question(0, 1, "?", ("resume",)), Retreat(0, 1, "why")]
    found = recorded([(Tick(), said)])
    assert [value for _, value in found] == said


def test_what_streams_is_not_recorded():
    assert not recorded([(Tick(), []), (Proposal(None), [])])


def test_changes_alone_of_mode_instruction_and_log_are_recorded():
    hold, active = status(Mode.HOLD), status(Mode.ACTIVE)
    turns = [(Tick(), [s]) for s in (hold, hold, status(Mode.HOLD, asking=True), active, active)]
    assert [fields["mode"] for _, fields in recorded(turns)] == [Mode.HOLD, Mode.HOLD, Mode.ACTIVE]
    words = ("a", "a", "b")
    assert len(recorded([(Instruction(text), []) for text in words])) == 2
    faults = ("", "full", "full", "")
    found = recorded([(AuditState(fault), []) for fault in faults])
    assert [value.fault for _, value in found] == ["full", ""]


def test_a_lease_that_changes_is_recorded_at_once_and_renewals_once_a_second():
    turns = [(Tick(), [lease(step)]) for step in range(50)]
    turns.append((Tick(), [lease(50, granted=False, mode=Mode.HOLD)]))
    found = recorded(turns)
    assert [kind for kind, _ in found] == ["Lease", "Renewed", "Renewed", "Renewed", "Lease"]
    sums = [fields for kind, fields in found if kind == "Renewed"]
    assert sum(fields["leases"] for fields in sums) == 49
    assert sums[-1] == {"granted": True, "last": 49, "leases": 9, "session": 1}
    assert found[-1][1] == lease(50, granted=False, mode=Mode.HOLD)


def test_what_was_not_written_is_news_again():
    selection = Selection()
    entries, _ = selection.turn(now(0), Tick(), [lease(0)])
    again, _ = selection.turn(now(1), Tick(), [lease(0)])
    assert entries == again != []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (lease(1), True),
        (lease(1, granted=False), False),
        (Verdict(0, "", "", Decision.ALLOW, "", ()), True),
        (Verdict(0, "", "", Decision.CLAMP, "", ()), False),
        (status(Mode.ACTIVE), False),
    ],
)
def test_only_leases_and_verdicts_that_allow_are_permissions(value, expected):
    assert is_permission(value) == expected
