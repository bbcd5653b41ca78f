"""The guard's audit log at its node: what is recorded, before what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rclpy.node import Node

from aura_ros.audit.chain import head_of
from aura_ros.audit.key import load_key
from aura_ros.audit.log import AuditLog
from aura_ros.audit.selection import Selection, is_permission
from aura_ros.nodes.parameters import declare
from aura_ros.settings import Setting
from aura_ros.types import NS, AuditHead, AuditState, Now

MB = 1_000_000
SETTINGS = (
    Setting("audit", "", "directory of the audit log; empty: off", 0, 0),
    Setting("audit_key", "", "key file that signs the log's heads; empty: not signed", 0, 0),
    Setting("audit_size", 16.0, "size at which a new file of the log begins [MB]", 0.01, 1000.0),
    Setting(
        "audit_patience", 0.25, "HOLD where the disk takes longer for a record [s]", 0.05, 10.0
    ),
)


class AuditTrail:
    """The audit log of one node; nothing at all while the parameter ``audit`` is empty."""

    def __init__(self, node: Node) -> None:
        self._node = node
        for spec in SETTINGS:
            declare(node, spec, read_only=True)
        self._log: AuditLog | None = None
        self._selection = Selection()
        self._is_written = True
        self._key: bytes | None = None
        self._said_ns = 0
        self._fault = ""

    def open(self, now: Now, **started: Any) -> None:
        """Begin or continue the log, and record that the node started.

        Raises ValueError for a key, a directory or a log that cannot be one.
        """
        self.close(now)
        value = self._node.get_parameter
        directory = str(value("audit").value)
        key = str(value("audit_key").value)
        self._key = load_key(key) if key else None
        if not directory:
            return
        name = self._node.get_fully_qualified_name()
        self._log = AuditLog(
            _directory(directory),
            name.strip("/").replace("/", "_"),
            now,
            int(value("audit_size").value * MB),
            value("audit_patience").value,
        )
        self._selection = Selection()
        self._log.append(now, [("Started", {"node": name, **started})])

    def close(self, now: Now) -> None:
        """Record that the node stops, and close the log."""
        if self._log is not None:
            self._log.append(now, [("Stopped", {"node": self._node.get_fully_qualified_name()})])
            self._log.close()
            self._log = None

    def record(self, now: Now, value: Any, said: list[Any]) -> None:
        """Write down one input and what follows, before any of it is said."""
        if self._log is None:
            return
        entries, selection = self._selection.turn(now, value, said)
        self._is_written = self._log.append(now, entries)
        if self._is_written:
            self._selection = selection

    def permits(self, value: Any, now: Now) -> bool:
        """Whether ``value`` may be said: what lets something move must have been written."""
        if self._log is None or not is_permission(value):
            return True
        return self._is_written and not self._log.fault(now.steady_ns)

    def state(self, now: Now) -> AuditState | None:
        """How the log is; None: there is none."""
        return None if self._log is None else AuditState(self._log.fault(now.steady_ns))

    def has_news(self, now: Now) -> bool:
        """Whether the log's state is another one than when this was asked last."""
        before = self._fault
        self._fault = "" if self._log is None else self._log.fault(now.steady_ns)
        return self._fault != before

    def mend(self, now: Now) -> None:
        """Try to write again, if that failed."""
        if self._log is not None:
            self._log.mend(now)

    def head(self, now: Now) -> AuditHead | None:
        """What is to be published of the log now: every second, what is durable."""
        if self._log is None or now.steady_ns - self._said_ns < NS:
            return None
        link = self._log.durable
        if not link.records:
            return None
        self._said_ns = now.steady_ns
        return head_of(link, self._log.name, now.ros_ns, self._key)


def _directory(text: str) -> Path:
    """The directory of the log. A disk that is full or read-only is the log's to say."""
    directory = Path(text)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (NotADirectoryError, FileExistsError) as error:
        raise ValueError(f"parameter audit is {text}: that is no directory, name one") from error
    except OSError:
        pass
    return directory
