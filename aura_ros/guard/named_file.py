"""Files that rules name: found from the folder of the rules, known by what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aura_ros.robot.problems import Problems
from aura_ros.robot.spec import Text
from aura_ros.types import digest_of


@dataclass(frozen=True)
class NamedFile:
    """Where a file is, and the ``digest`` of what it held when the rules were read. It may be used
    as a path."""

    path: str
    digest: str

    def __fspath__(self) -> str:
        return self.path


@dataclass(frozen=True)
class FileName:
    """The path of a file that is there, absolute or from the folder of the file that names it;
    ``remedy`` says where such a file comes from."""

    remedy: str

    def read(self, value: Any, key: str, problems: Problems) -> NamedFile | None:
        """The file; None after a problem was noted."""
        name = Text().read(value, key, problems)
        if name is None:
            return None
        path = (Path(problems.file).parent / Path(name).expanduser()).resolve()
        try:
            return NamedFile(str(path), digest_of(path.read_bytes()))
        except FileNotFoundError:
            limit = f"there is no file {path}"
            problems.add(key, limit, f"correct the path, or {self.remedy}", value)
        except OSError as error:
            limit = f"{path} cannot be read: {error.strerror}"
            problems.add(key, limit, "correct path or permissions", value)
        return None
