"""How checks are run, so that they can only fail closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aura_ros.guard.context import Context
from aura_ros.guard.entry import CheckFunction
from aura_ros.guard.lattice import unknown
from aura_ros.types import Check

Named = tuple[str, CheckFunction]
# Runs one check by its name; a node hands in one that also keeps a budget of time.
Runner = Callable[[str, CheckFunction, Context], Check]


def run_check(name: str, check: CheckFunction, context: Context) -> Check:
    """What the check says; HOLD and its name where it raises."""
    try:
        found = check(context)
        return found if isinstance(found, Check) else unknown(name, f"gave {found!r}")
    except Exception as error:  # a broken check must not let anything through
        return unknown(name, f"raised {error!r}")


def run_checks(
    checks: Iterable[Named], context: Context, run: Runner = run_check
) -> tuple[Check, ...]:
    """Run all checks."""
    return tuple(run(name, check, context) for name, check in checks)
