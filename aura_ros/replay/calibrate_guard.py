"""Episodes of recorded runs, for the calibration of what the guard watches of the policy.

A run is a recording of the chain's own topics (of the demo, or ``decisions`` of a replay), or the
journal of a guard node, which holds what that heard to the bit. With a success topic only
episodes that succeeded count, up to their success; without one all do, so only runs that went
well belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aura_ros.conversions import ConversionError, from_message
from aura_ros.figures import version
from aura_ros.guard.risk.calibration import GuardCalibration
from aura_ros.guard.risk.conformal import CalibrationError
from aura_ros.guard.risk.fit import fit, needed
from aura_ros.guard.risk.recorder import Episode, Recorder
from aura_ros.journal import read_journal
from aura_ros.replay.recording import Recording
from aura_ros.replay.retold import Retold, refused_chunk
from aura_ros.replay.writer import TOPICS
from aura_ros.robot.description import Robot
from aura_ros.types import (
    ActionChunk,
    Commitment,
    FailureRisk,
    Instruction,
    Lease,
    Now,
    PolicyFeatures,
    Proposal,
    Verdict,
    WayBack,
)

JOURNAL = ".jsonl"
SUCCESS = "/success"
HEARD = (
    ActionChunk, WayBack, Proposal, Verdict, Lease, Commitment, PolicyFeatures, FailureRisk,
)  # fmt: skip
NEEDED = (ActionChunk, Proposal, Verdict)
# What a calibration may hold, each for the watch of its name, and what runs must show for it.
PARTS = {
    "session_risk": "chunks that moved the robot",
    "instruction": "three different instructions (or name them in the rules, with `instructions`)",
    "embedding": "embeddings of the policy on the topic features, of one length",
    "sensitivity": "a policy with a flow, its node's parameter `sensitivity` true",
    "uncertainty": "chunks that overlap the ones before",
}


@dataclass(frozen=True)
class Success:
    """Whether the task is done."""

    done: bool


def calibrate_guard(
    runs: Sequence[Path],
    robot: Robot,
    alpha: float,
    say: Callable[[str], None] = lambda words: None,
) -> GuardCalibration:
    """Calibrate on the successful episodes of ``runs``; ``alpha`` is the false-alarm rate an
    episode of each watch. ``say`` is told of runs that may not fit. Raises CalibrationError and
    RecordingError."""
    episodes = {path: episodes_of(path, robot, say) for path in runs}
    try:
        return fit([e for each in episodes.values() for e in each], robot, alpha, version=version())
    except CalibrationError as error:
        found = ", ".join(f"{len(each)} in {path}" for path, each in episodes.items())
        words = f"{error} (successful episodes: {found or 'no runs were given'})"
        raise CalibrationError(words) from error


def summary(made: GuardCalibration) -> Iterator[str]:
    """What there is in a calibration, what there is not and why, and what it does not hold."""
    there = [name for name in PARTS if getattr(made, name) is not None]
    yield f"{made.episodes} episodes ({made.turns} turns) set the limits of {', '.join(there)}"
    for name, needs in PARTS.items():
        if name not in there:
            yield f"without {name}: too few episodes show {needs}"
    holds = made.session_risk.holds
    if holds > made.alpha:
        words = f"false alarms an episode are at most {holds:.3f}, not {made.alpha:g}"
        yield f"{words}: {needed(made.alpha)} episodes are needed for that"


def episodes_of(
    path: Path, robot: Robot, say: Callable[[str], None] = lambda words: None
) -> list[Episode]:
    """The episodes of one run that succeeded; all of them where nothing tells."""
    values = _of_journal(path) if path.suffix == JOURNAL else _of_recording(path, robot)
    _check([value for value, _ in values if isinstance(value, ActionChunk)], robot, path, say)
    retold = Retold(frozenset(filter(None, (refused_chunk(value) for value, _ in values))))
    recorder, kept, was = Recorder(robot), list[Episode](), False
    for value, now in values:
        if isinstance(value, Success):
            # What follows a success is waiting for the next task, not work.
            kept += recorder.take()[-1:] if value.done and not was else ()
            was = value.done
            continue
        for told in retold.told(value):
            recorder.hear(told, now)
    is_told = any(isinstance(value, Success) for value, _ in values)
    return kept if is_told else [*recorder.take()]


def _check(
    chunks: Sequence[ActionChunk], robot: Robot, path: Path, say: Callable[[str], None]
) -> None:
    """Raise CalibrationError for chunks of another robot; say where it may have been another."""
    for chunk in chunks:
        if chunk.joint_names != robot.joints:
            raise CalibrationError(
                f"{path}: a chunk moves {', '.join(chunk.joint_names)}; {robot.name} has "
                f"{', '.join(robot.joints)}: give the run's own --robot, and runs of one robot only"
            )
    if {chunk.provenance.configuration for chunk in chunks} - {"", robot.digest}:
        say(
            f"{path}: the configuration of {robot.name} has changed since, or --limit-set is "
            "another: if limits were others then, record again"
        )


def _of_journal(path: Path) -> list[tuple[Any, Now]]:
    """What the guard heard and said. Raises CalibrationError for what is no guard's journal."""
    try:
        entries = [(entry.value, entry.now) for entry in read_journal(path)]
    except FileNotFoundError:
        raise CalibrationError(f"{path} does not exist: the parameter journal writes it") from None
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise CalibrationError(f"{path} is no journal of a node: {error}") from error
    kinds = {type(value) for value, _ in entries}
    missing = [kind.__name__ for kind in NEEDED if kind not in kinds]
    if missing:
        words = f"{path} has no {', '.join(missing)}: give the journal of the guard's node"
        raise CalibrationError(words)
    return entries


def _of_recording(path: Path, robot: Robot) -> list[tuple[Any, Now]]:
    """What is recorded of the chain. Raises CalibrationError where topics are missing."""
    with Recording(path) as recording:
        topics = {connection.topic for connection in recording.connections}
        missing = sorted(TOPICS[kind] for kind in NEEDED if TOPICS[kind] not in topics)
        if missing:
            words = f"{path} has no topic {', '.join(missing)}: record the chain's own topics"
            raise CalibrationError(words)
        return list(_read(recording, robot))


def _read(recording: Recording, robot: Robot) -> Iterator[tuple[Any, Now]]:
    kinds = {TOPICS[kind]: kind for kind in HEARD}
    instruction = f"/{robot.instruction_topic.lstrip('/')}"
    wanted = [c for c in recording.connections if c.topic in {*kinds, SUCCESS, instruction}]
    ahead_ns = 0
    for connection, log_ns, data in recording.messages(wanted):
        try:
            message = recording.decode(connection, data)
            if connection.topic == SUCCESS:
                value: Any = Success(bool(message.data))
            elif connection.topic == instruction:
                value = Instruction(str(message.data))
            else:
                value = from_message(kinds[connection.topic], message)
        except (ConversionError, ValueError) as error:
            raise CalibrationError(f"{recording.path}: {connection.topic}: {error}") from error
        if isinstance(value, Lease):
            # Of a replay the log has arrivals, which may be on another clock than stamps.
            ahead_ns = value.stamp_ns - log_ns
        yield value, Now(log_ns + ahead_ns, log_ns)
