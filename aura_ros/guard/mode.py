"""The mode machine. Pure: the next state from the state and what is known now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aura_ros.types import Decision, Mode

MOVING = (Mode.ARMED, Mode.ACTIVE)
# The check of plans that says whether the mode lets them move.
MODE = "mode"
RESUME, RETREAT, DISARM = OPTIONS = ("resume", "retreat", "disarm")


@dataclass(frozen=True)
class State:
    """A mode. ``asking``: a HOLD that only a person's answer ends; ``recovering``: ARMED or
    ACTIVE for the way back alone."""

    mode: Mode
    asking: bool = False
    recovering: bool = False

    @property
    def moving(self) -> bool:
        """Whether a lease is granted."""
        return self.mode in MOVING


STOPPED = State(Mode.STOP_LATCHED)


def after_causes(state: State, worst: Decision, released: bool, auto_arm: bool) -> State:
    """The state when world, chain and policy were judged.

    ``worst`` is the join over what stands against motion; ``released``: nothing has demanded a
    HOLD for the release time.
    """
    if worst == Decision.STOP:
        return STOPPED
    if worst >= Decision.HOLD:
        return _held(state, worst)
    if state.mode == Mode.INIT:
        return after_init(auto_arm)
    if state.mode == Mode.HOLD and released and not state.asking:
        return State(Mode.ARMED)
    return state


def after_init(auto_arm: bool) -> State:
    """The state once every source was heard."""
    return State(Mode.ARMED if auto_arm else Mode.DISARMED)


def after_verdict(state: State, decision: Decision) -> State:
    """The state after a verdict: what is worse than a refusal takes the lease back.

    STOP latches from everywhere.
    """
    if decision == Decision.STOP:
        return STOPPED
    if decision >= Decision.HOLD:
        return _held(state, decision)
    if decision == Decision.ALLOW and state.mode == Mode.ARMED:
        return replace(state, mode=Mode.ACTIVE)
    return state


def _held(state: State, decision: Decision) -> State:
    """Motion is held; who was on the way back or in doubt waits for a person."""
    if not state.moving and state.mode != Mode.HOLD:
        return state
    return State(Mode.HOLD, asking=state.asking or state.recovering or decision == Decision.ASK)


def after_arm(state: State, armed: bool, missing: str = "") -> tuple[State, str]:
    """The state after a person's word, and the reason: theirs, or why it was refused.

    ``missing``: what the rules ask for and this guard cannot check.
    """
    if state.mode == Mode.STOP_LATCHED:
        return state, "a stop is latched: call ~/reset first"
    if not armed:
        is_new = state.mode == Mode.INIT
        return (state if is_new else State(Mode.DISARMED)), "disarmed by a person"
    if state.mode == Mode.INIT:
        return state, "some source was never heard: see the checks in ~/status"
    if state.mode == Mode.DISARMED and missing:
        return state, missing
    return (State(Mode.ARMED) if state.mode == Mode.DISARMED else state), "armed by a person"


def after_answer(state: State, option: str, blocked: str = "") -> tuple[State, str]:
    """The state after a person's answer, and the reason: theirs, or why it was refused.

    ``blocked``: what in the world or the chain stands against any motion.
    """
    if state.mode != Mode.HOLD or (option == RESUME and not state.asking):
        return state, f"nothing is asked: the mode is {state.mode.name}"
    if blocked:
        return state, blocked
    if option == RESUME:
        return State(Mode.HOLD), "a person lets it resume"
    if option == RETREAT:
        return State(Mode.ARMED, recovering=True), "on the way back"
    return state, f"{option!r} is no answer; answers are {', '.join(OPTIONS)}"


def after_way_back(state: State) -> State:
    """The way back has ended: a person says how to go on."""
    return State(Mode.HOLD, asking=True) if state.recovering and state.moving else state


def after_reset(state: State) -> State:
    """Only a person's reset leads out of a latched stop, and only to DISARMED."""
    return State(Mode.DISARMED) if state.mode == Mode.STOP_LATCHED else state
