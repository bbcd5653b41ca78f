"""The lattice of decisions: what single checks say, and their join."""

from __future__ import annotations

from collections.abc import Iterable

from aura_ros.types import Check, Decision


def passed(name: str, value: float, limit: float) -> Check:
    """A check that passed."""
    return Check(name, True, float(value), float(limit), Decision.ALLOW)


def failed(name: str, value: float, limit: float, decision: Decision, detail: str) -> Check:
    """A check that failed, with what failing means."""
    return Check(name, False, float(value), float(limit), decision, detail)


def unknown(name: str, detail: str, decision: Decision = Decision.HOLD) -> Check:
    """A check that cannot tell: at least HOLD."""
    return failed(name, float("nan"), float("nan"), max(decision, Decision.HOLD), detail)


def below(
    name: str, value: float, limit: float, detail: str, decision: Decision = Decision.REFUSE
) -> Check:
    """Passes if ``value <= limit``. NaN never passes."""
    if value <= limit:
        return passed(name, value, limit)
    return failed(name, value, limit, decision, detail)


def join(checks: Iterable[Check]) -> tuple[Decision, str]:
    """The most severe decision and the name of the first check that made it."""
    decision, reason = Decision.ALLOW, ""
    for check in checks:
        if not check.passed and check.decision > decision:
            decision, reason = check.decision, check.name
    return decision, reason
