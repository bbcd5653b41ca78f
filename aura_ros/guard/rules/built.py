"""The checks of one robot's guard, made from the table by its rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Setup, Stage, Unavailable
from aura_ros.guard.rules.digest import RulesDigest
from aura_ros.guard.rules.foreign import Busy, Foreign, ForeignListener, ForeignWatch
from aura_ros.guard.rules.load import Rules, default_rules
from aura_ros.guard.rules.rule import Rule, Use
from aura_ros.guard.rules.severity import RaisedCheck, RaisedWatch, is_raised
from aura_ros.guard.running import Named
from aura_ros.guard.watch import Watch
from aura_ros.robot.description import Robot
from aura_ros.types import Now


class Listener(Protocol):
    """A check of chunks or plans that hears what the guard hears."""

    def hear(self, value: Any, now: Now) -> None:
        """Take one value."""


@dataclass(frozen=True)
class Checks:
    """Checks of chunks, of plans, and watches; those that are ``off`` with the reason, and those
    that the rules ask for but are ``missing``: with one of these the guard cannot be armed.

    ``listeners`` are checks of chunks and plans that also hear; ``busy`` tells which check of
    another package holds the guard's thread.
    """

    chunk: tuple[Named, ...]
    plan: tuple[Named, ...]
    watches: tuple[Watch, ...]
    off: tuple[str, ...]
    missing: tuple[str, ...]
    listeners: tuple[Listener, ...]
    rules_digest: RulesDigest
    busy: Busy

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything in force now: checks with options and decisions, settings,
        robot, and versions of packages that bring checks."""
        return self.rules_digest()


def build(
    robot: Robot,
    settings: Callable[[], GuardConfig],
    rules: Rules | None = None,
    urdf: Callable[[], bytes] | None = None,
) -> Checks:
    """The checks that ``rules`` say, by default those of ``config/guard/default.yaml``.

    ``urdf`` gives the robot's URDF to checks that need it. Raises RulesError where installed
    packages clash, and whatever the maker of a check raises beside Unavailable.
    """
    rules = default_rules() if rules is None else rules
    joined = _Joined(list(rules.off))
    for rule in rules.rules:
        joined.add(rule, Setup(robot, settings, rule.options, rule.decision, urdf))
    content = {"robot": robot.digest, "checks": joined.in_force}
    return Checks(
        tuple(joined.named[Stage.CHUNK]),
        tuple(joined.named[Stage.PLAN]),
        tuple(joined.watches),
        tuple(joined.off),
        tuple(joined.missing),
        tuple(joined.listeners),
        RulesDigest(content, settings),
        joined.busy,
    )


class _Joined:
    """The checks made so far."""

    def __init__(self, off: list[str]) -> None:
        self.named: dict[Stage, list[Named]] = {Stage.CHUNK: [], Stage.PLAN: []}
        self.watches: list[Watch] = []
        self.listeners: list[Listener] = []
        self.off, self.missing = off, list[str]()
        self.in_force: dict[str, Any] = {}
        self.busy = Busy()

    def add(self, rule: Rule, setup: Setup) -> None:
        """Make the check of a rule, or note why there is none."""
        why = _unwanted(rule)
        if why:
            self.off.append(f"{rule.name}: {why}")
            return
        try:
            made = _made(rule, setup)
        except Unavailable as error:
            words = self.missing if rule.use is Use.ON else self.off
            words.append(f"{rule.name}: {error}")
            return
        self.in_force[rule.name] = {
            "options": rule.options,
            "decision": rule.decision,
            "distribution": rule.distribution,
            # What a check read beside its options, such as a calibration, it may give a digest of.
            "digest": str(getattr(made, "digest", "")),
        }
        if rule.entry.stage is Stage.WORLD:
            self.watches.append(self._watch(rule, made))
        else:
            self._add_check(rule, made)

    def _watch(self, rule: Rule, made: Any) -> Watch:
        watch: Watch = ForeignWatch(rule.name, made, self.busy) if rule.distribution else made
        return RaisedWatch(watch, rule) if is_raised(rule) else watch

    def _add_check(self, rule: Rule, made: Any) -> None:
        if callable(getattr(made, "hear", None)):
            foreign = rule.distribution
            heard = ForeignListener(rule.name, made, self.busy) if foreign else made
            self.listeners.append(heard)
        check = RaisedCheck(made, rule) if is_raised(rule) else made
        # Outermost, so that a runner knows it.
        check = Foreign(rule.name, check) if rule.distribution else check
        self.named[rule.entry.stage].append((rule.name, check))


def _made(rule: Rule, setup: Setup) -> Any:
    """What the maker makes. Raises Unavailable; of a foreign maker any other error names it."""
    if not rule.distribution:
        return rule.entry.make(setup)
    where = f"check {rule.name} of {rule.distribution}"
    try:
        made = rule.entry.make(setup)
    except Unavailable:
        raise
    except Exception as error:
        raise RuntimeError(f"{where} cannot be made: {error!r}") from error
    is_watch = rule.entry.stage is Stage.WORLD
    if not (isinstance(made, Watch) if is_watch else callable(made)):
        wanted = "a Watch" if is_watch else "a function of a Context"
        raise TypeError(f"{where} is made as a {type(made).__name__}, {wanted} is needed")
    return made


def _unwanted(rule: Rule) -> str:
    if rule.use is Use.OFF:
        by_default = not rule.entry.automatic
        return "the rules do not ask for it" if by_default else "the rules switch it off"
    if rule.lacking:
        return f"the rules do not give its option {', '.join(rule.lacking)}"
    return ""
