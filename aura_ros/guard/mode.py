"""The mode machine. Pure: the next mode from the mode and what is known now."""

from __future__ import annotations

from aura_ros.types import Decision, Mode

MOVING = (Mode.ARMED, Mode.ACTIVE)


def after_causes(mode: Mode, healthy: bool, released: bool, auto_arm: bool) -> Mode:
    """The mode when sources and monitor were judged.

    ``healthy``: nothing demands a HOLD now; ``released``: nothing has for the release time.
    """
    if mode == Mode.INIT and healthy:
        return Mode.ARMED if auto_arm else Mode.DISARMED
    if mode in MOVING and not healthy:
        return Mode.HOLD
    if mode == Mode.HOLD and released:
        return Mode.ARMED
    return mode


def after_arm(mode: Mode, armed: bool) -> tuple[Mode, str]:
    """The mode after a person's word, and the reason: theirs, or why it was refused."""
    if mode == Mode.STOP_LATCHED:
        return mode, "a stop is latched: call ~/reset first"
    if not armed:
        return (mode if mode == Mode.INIT else Mode.DISARMED), "disarmed by a person"
    if mode == Mode.INIT:
        return mode, "some source was never heard: see the checks in ~/status"
    return (Mode.ARMED if mode == Mode.DISARMED else mode), "armed by a person"


def after_verdict(mode: Mode, decision: Decision) -> Mode:
    """The mode after a verdict: what is worse than a refusal takes the lease back.

    STOP latches from everywhere, and so does ASK: both need a person.
    """
    if decision >= Decision.ASK:
        return Mode.STOP_LATCHED
    if decision == Decision.HOLD and mode in MOVING:
        return Mode.HOLD
    return Mode.ACTIVE if decision == Decision.ALLOW and mode == Mode.ARMED else mode


def after_reset(mode: Mode) -> Mode:
    """Only a person's reset leads out of a latched stop, and only to DISARMED."""
    return Mode.DISARMED if mode == Mode.STOP_LATCHED else mode
