"""The mode machine, walked exhaustively."""

import itertools

import pytest

from aura_ros.guard.mode import MOVING, after_arm, after_causes, after_reset, after_verdict
from aura_ros.types import Decision, Mode

BOOLS = (False, True)

# Every event that can happen to the machine, by name.
EVENTS = {
    **{
        f"causes {healthy} {released} {auto}": lambda m, h=healthy, r=released, a=auto: (
            after_causes(m, h, r, a)
        )
        for healthy, released, auto in itertools.product(BOOLS, BOOLS, BOOLS)
        if healthy or not released  # nothing is released while a cause stands
    },
    "arm": lambda m: after_arm(m, True)[0],
    "disarm": lambda m: after_arm(m, False)[0],
    "reset": after_reset,
    **{f"verdict {d.name}": lambda m, d=d: after_verdict(m, d) for d in Decision},
}


def reach(begin, events):
    """Modes that can be reached from ``begin`` by any sequence of ``events``."""
    found, new = set(), {begin}
    while new:
        found |= new
        new = {EVENTS[e](m) for m in new for e in events} - found
    return found


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("mode", Mode)
def test_every_event_leads_from_every_mode_to_a_mode(mode, event):
    assert EVENTS[event](mode) in Mode


def test_no_way_out_of_a_latched_stop_but_reset():
    others = [event for event in EVENTS if event != "reset"]
    assert reach(Mode.STOP_LATCHED, others) == {Mode.STOP_LATCHED}
    assert after_reset(Mode.STOP_LATCHED) == Mode.DISARMED


def test_after_the_reset_only_a_person_arms():
    others = [event for event in EVENTS if event != "arm"]
    assert not reach(Mode.STOP_LATCHED, others) & set(MOVING)
    assert set(MOVING) <= reach(Mode.STOP_LATCHED, EVENTS)


def test_disarmed_stays_disarmed_until_a_person_arms():
    others = [event for event in EVENTS if event != "arm"]
    assert reach(Mode.DISARMED, others) <= {Mode.DISARMED, Mode.STOP_LATCHED}


def test_nothing_moves_before_every_source_was_heard():
    # A reset of a stop may be armed without them; the guard then holds at once.
    deaf = [e for e in EVENTS if not e.startswith("causes True") and e != "reset"]
    assert reach(Mode.INIT, deaf) == {Mode.INIT, Mode.STOP_LATCHED}


@pytest.mark.parametrize("mode", MOVING)
def test_a_cause_holds_and_its_end_releases_to_armed(mode):
    assert after_causes(mode, False, False, False) == Mode.HOLD
    assert after_causes(Mode.HOLD, True, False, False) == Mode.HOLD
    assert after_causes(Mode.HOLD, True, True, False) == Mode.ARMED


@pytest.mark.parametrize("mode", Mode)
def test_verdicts(mode):
    for decision in (Decision.ASK, Decision.STOP):
        assert after_verdict(mode, decision) == Mode.STOP_LATCHED
    held = Mode.HOLD if mode in MOVING else mode
    assert after_verdict(mode, Decision.HOLD) == held
    for decision in (Decision.CLAMP, Decision.SLOW, Decision.REFUSE):
        assert after_verdict(mode, decision) == mode
    assert after_verdict(mode, Decision.ALLOW) == (Mode.ACTIVE if mode in MOVING else mode)


def test_arming_is_refused_with_the_remedy():
    assert after_arm(Mode.STOP_LATCHED, True) == (
        Mode.STOP_LATCHED,
        "a stop is latched: call ~/reset first",
    )
    mode, words = after_arm(Mode.INIT, True)
    assert mode == Mode.INIT
    assert "never heard" in words


@pytest.mark.parametrize("mode", [Mode.DISARMED, Mode.ARMED, Mode.ACTIVE, Mode.HOLD])
def test_a_person_disarms_from_everywhere(mode):
    assert after_arm(mode, False)[0] == Mode.DISARMED


def test_auto_arm_arms_once_at_the_start_and_never_again():
    assert after_causes(Mode.INIT, True, False, True) == Mode.ARMED
    assert after_causes(Mode.INIT, True, False, False) == Mode.DISARMED
    assert after_causes(Mode.DISARMED, True, True, True) == Mode.DISARMED
