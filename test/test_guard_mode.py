"""The mode machine, walked exhaustively: every event from every state, and what can be reached."""

import itertools

import pytest

from aura_ros.guard.mode import (
    DISARM,
    MOVING,
    OPTIONS,
    RESUME,
    RETREAT,
    State,
    after_answer,
    after_arm,
    after_causes,
    after_reset,
    after_verdict,
    after_way_back,
)
from aura_ros.types import Decision, Mode

BOOLS = (False, True)
STATES = [State(*values) for values in itertools.product(Mode, BOOLS, BOOLS)]
INIT, HOLD = State(Mode.INIT), State(Mode.HOLD)
ASKING = State(Mode.HOLD, asking=True)
STOPPED = State(Mode.STOP_LATCHED)

# Every event that can happen to the machine, by name.
EVENTS = {
    **{
        f"causes {worst.name} {released} {auto}": (
            lambda s, w=worst, r=released, a=auto: after_causes(s, w, r, a)
        )
        for worst, released, auto in itertools.product(Decision, BOOLS, BOOLS)
        if worst < Decision.HOLD or not released  # nothing is released while a cause stands
    },
    "arm": lambda s: after_arm(s, True)[0],
    "arm without what the rules ask for": lambda s: after_arm(s, True, "pin is missing")[0],
    "disarm": lambda s: after_arm(s, False)[0],
    "reset": after_reset,
    "way back ended": after_way_back,
    **{f"answer {o}": (lambda s, o=o: after_answer(s, o)[0]) for o in (*OPTIONS, "dance")},
    **{f"blocked {o}": (lambda s, o=o: after_answer(s, o, "deaf")[0]) for o in OPTIONS},
    **{f"verdict {d.name}": (lambda s, d=d: after_verdict(s, d)) for d in Decision},
}
PERSONS = ("arm", "answer resume", "answer retreat")


def reach(begin, events):
    """States that can be reached from ``begin`` by any sequence of ``events``."""
    found, new = set(), {begin}
    while new:
        found |= new
        new = {EVENTS[e](s) for s in new for e in events} - found
    return found


REACHABLE = reach(INIT, EVENTS)


def without(*left_out):
    return [event for event in EVENTS if not event.startswith(left_out)]


def test_the_walk_reaches_every_mode_and_only_states_that_mean_something():
    assert {state.mode for state in REACHABLE} == set(Mode)
    assert all(not state.asking or state.mode == Mode.HOLD for state in REACHABLE)
    assert all(not state.recovering or state.moving for state in REACHABLE)


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_leads_from_every_state_to_one_that_is_known(event):
    for state in REACHABLE:
        assert EVENTS[event](state) in REACHABLE
    for state in STATES:  # also from states that nobody should be in
        assert EVENTS[event](state).mode in Mode


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", REACHABLE)
def test_motion_begins_only_by_the_events_that_may_begin_it(state, event):
    after = EVENTS[event](state)
    if not after.moving or state.moving:
        return
    may = {
        Mode.INIT: "causes",  # auto_arm
        Mode.DISARMED: "arm",
        Mode.HOLD: ("causes", "answer retreat"),
    }
    assert event.startswith(may[state.mode])
    if event.startswith("causes"):
        assert not state.asking
        assert state.mode == Mode.HOLD or event.endswith("True")


def test_no_way_out_of_a_latched_stop_but_reset():
    assert reach(STOPPED, without("reset")) == {STOPPED}
    assert after_reset(STOPPED) == State(Mode.DISARMED)


def test_after_the_reset_only_a_person_arms():
    states = reach(State(Mode.DISARMED), without("arm"))
    assert not any(state.moving for state in states)
    assert any(state.moving for state in reach(STOPPED, EVENTS))


def test_no_way_out_of_a_question_but_a_person():
    states = reach(ASKING, without(*PERSONS, "disarm", "reset"))
    assert states == {ASKING, STOPPED}


def test_nothing_moves_before_every_source_was_heard():
    # A reset of a stop may be armed without them; the guard then holds at once.
    healthy = ("causes ALLOW", "causes CLAMP", "causes SLOW", "causes REFUSE")
    assert reach(INIT, without(*healthy, "reset")) == {INIT, STOPPED}


def test_without_what_the_rules_ask_for_it_cannot_be_armed():
    state, words = after_arm(State(Mode.DISARMED), True, "workspace needs pin")
    assert (state.mode, words) == (Mode.DISARMED, "workspace needs pin")


@pytest.mark.parametrize("state", REACHABLE)
def test_stop_latches_from_everywhere(state):
    assert after_causes(state, Decision.STOP, False, False) == STOPPED
    assert after_verdict(state, Decision.STOP) == STOPPED


@pytest.mark.parametrize("mode", MOVING)
def test_a_cause_holds_and_its_end_releases_to_armed(mode):
    for decision in (Decision.HOLD, Decision.ASK):
        for after in (
            after_causes(State(mode), decision, False, False),
            after_verdict(State(mode), decision),
        ):
            assert after == State(Mode.HOLD, asking=decision == Decision.ASK)
    assert after_causes(HOLD, Decision.ALLOW, False, False) == HOLD
    assert after_causes(HOLD, Decision.ALLOW, True, False) == State(Mode.ARMED)
    assert after_causes(ASKING, Decision.ALLOW, True, False) == ASKING


@pytest.mark.parametrize("state", REACHABLE)
def test_what_is_milder_than_hold_changes_nothing_that_moves(state):
    for decision in (Decision.CLAMP, Decision.SLOW, Decision.REFUSE):
        assert after_verdict(state, decision) == state
        if state.moving:
            assert after_causes(state, decision, True, False) == state


def test_a_plan_that_is_allowed_makes_it_active():
    assert after_verdict(State(Mode.ARMED), Decision.ALLOW) == State(Mode.ACTIVE)
    back = State(Mode.ARMED, recovering=True)
    assert after_verdict(back, Decision.ALLOW) == State(Mode.ACTIVE, recovering=True)
    assert after_verdict(HOLD, Decision.ALLOW) == HOLD


def test_the_way_back_begins_in_a_hold_and_ends_in_a_question():
    for state in (HOLD, ASKING):
        back, _ = after_answer(state, RETREAT)
        assert back == State(Mode.ARMED, recovering=True)
        assert after_way_back(back) == ASKING
        assert after_verdict(back, Decision.HOLD) == ASKING
        assert after_causes(back, Decision.HOLD, False, False) == ASKING
    assert after_way_back(State(Mode.ACTIVE)) == State(Mode.ACTIVE)


def test_an_answer_is_taken_only_where_something_is_asked():
    assert after_answer(ASKING, RESUME) == (HOLD, "a person lets it resume")
    for state in REACHABLE:
        if state.mode != Mode.HOLD:
            assert after_answer(state, RESUME)[0] == state
            assert after_answer(state, RETREAT)[0] == state
    assert after_answer(HOLD, RESUME)[0] == HOLD
    assert after_answer(ASKING, RETREAT, "front went silent") == (ASKING, "front went silent")
    assert "no answer" in after_answer(ASKING, DISARM)[1]


def test_arming_is_refused_with_the_remedy():
    assert after_arm(STOPPED, True) == (STOPPED, "a stop is latched: call ~/reset first")
    state, words = after_arm(INIT, True)
    assert state == INIT
    assert "never heard" in words


@pytest.mark.parametrize("state", REACHABLE)
def test_a_person_disarms_from_everywhere(state):
    if state.mode not in (Mode.INIT, Mode.STOP_LATCHED):
        assert after_arm(state, False)[0] == State(Mode.DISARMED)


def test_auto_arm_arms_once_at_the_start_and_never_again():
    assert after_causes(INIT, Decision.ALLOW, False, True) == State(Mode.ARMED)
    assert after_causes(INIT, Decision.ALLOW, False, False) == State(Mode.DISARMED)
    disarmed = State(Mode.DISARMED)
    assert after_causes(disarmed, Decision.ALLOW, True, True) == disarmed
