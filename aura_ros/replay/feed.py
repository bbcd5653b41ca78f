"""Recorded messages as values. A message that cannot become one is counted, not fatal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from rosbags.interfaces import Connection

from aura_ros.conversions import ConversionError
from aura_ros.replay.actions import ActionReader, Segment, segments
from aura_ros.replay.inputs import Input, Inputs
from aura_ros.replay.recording import Recording, RecordingError
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array

T = TypeVar("T")

COMMANDS = "recorded commands"


class Feed:
    """Values of a recording. ``errors`` counts (input, reason) of messages that gave none."""

    def __init__(self, recording: Recording, inputs: Inputs, robot: Robot) -> None:
        self._recording, self._inputs, self._robot = recording, inputs, robot
        self._good: Counter[str] = Counter()
        self.errors: Counter[tuple[str, str]] = Counter()

    def actions(self, start_ns: int, stop_ns: int) -> list[Segment]:
        """Recorded commands for a replay of [start, stop): a chunk looks ahead of it.

        Raises RecordingError if no two of them can be read.
        """
        connection = self._inputs.actions
        if connection is None:
            return []
        reader = ActionReader(self._robot, connection.msgtype)
        ahead = self._robot.horizon * self._robot.row_period_ns + NS
        commands: list[tuple[int, int, Array]] = []
        messages = self._recording.messages([connection], start_ns - NS, stop_ns + ahead)
        for _, log_ns, data in messages:
            read = self._convert(COMMANDS, connection, data, partial(reader.read, log_ns))
            if read is not None:
                commands.append((log_ns, *read))
        found = segments(commands)
        if not found:
            self._refuse(COMMANDS, connection)
        return found

    def values(self, start_ns: int, stop_ns: int) -> Iterator[tuple[int, Any]]:
        """Log time and value of each message in [start, stop).

        Raises RecordingError at the end if a needed input gave no value at all.
        """
        inputs = (*self._inputs.sensors, *self._inputs.chunks)
        by_topic: dict[tuple[str, str], Input] = {
            (i.connection.topic, i.connection.msgtype): i for i in inputs
        }
        connections = [i.connection for i in inputs]
        for found, log_ns, data in self._recording.messages(connections, start_ns, stop_ns):
            source = by_topic[found.topic, found.msgtype]
            value = self._convert(source.name, found, data, source.read)
            if value is not None:
                yield log_ns, value
        for source in inputs:
            if source.needed and not self._good[source.name]:
                self._refuse(source.name, source.connection)

    def _convert(
        self, name: str, connection: Connection, data: bytes, read: Callable[[Any], T]
    ) -> T | None:
        try:
            value = read(self._recording.decode(connection, data))
        except ConversionError as error:
            self.errors[name, str(error)] += 1
            return None
        self._good[name] += 1
        return value

    def _refuse(self, name: str, connection: Connection) -> None:
        where = f"{self._recording.path}: {name} on {connection.topic}"
        reasons = Counter({words: n for (of, words), n in self.errors.items() if of == name})
        if not reasons:
            raise RecordingError(f"{where} has too few messages in the chosen part")
        words, count = reasons.most_common(1)[0]
        total = sum(reasons.values())
        raise RecordingError(f"{where}: none of {total} messages can be used; {count}: {words}")
