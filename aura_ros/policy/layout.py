"""What the columns of a backend's rows mean: one part a joint group, as values and as text.

Text, parts apart by semicolons: ``GROUP: REPRESENTATION [ROTATION] [OPTION VALUE] ...``, such as
``arm: pose_delta euler sxyz position_scale 0.05; gripper: absolute opened -1 closed 1``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from aura_ros.robot.problems import closest

COLUMNS = ("absolute", "relative", "delta", "velocity")
POSES = ("pose", "pose_relative", "pose_delta")
REPRESENTATIONS = COLUMNS + POSES
ROTATIONS = {"quaternion": 4, "rotation_vector": 3, "6d": 6, "euler": 3}
FRAMES = ("base", "tool")


class LayoutError(ValueError):
    """A layout that cannot be meant: names the part, what is allowed and what to do."""


@dataclass(frozen=True)
class Part:
    """Columns of a backend's rows that move joint group ``group``.

    ``representation``: ``absolute`` targets; ``relative`` to the told state (pi0's delta joints);
    ``delta``, added up row by row; ``velocity`` [per s]; ``pose``, x y z and a rotation in the
    frame of ``base_link``, ``pose_relative`` to the told pose, ``pose_delta``, row by row.

    ``rotation``: ``quaternion`` (x y z w), ``rotation_vector``, ``6d`` or ``euler`` with ``axes``
    as transforms3d names them. Numbers are multiplied by ``scale`` and moved by ``offset``, those
    of a pose multiplied by ``position_scale`` and ``rotation_scale``; or they are stretched so
    that ``lower`` and ``upper`` become the joints' limits, ``closed`` and ``opened`` the
    gripper's positions. ``frame``: the axes of relative poses, ``base`` or ``tool``. Poses of a
    group of joints are those of ``tip_link``.
    """

    group: str
    representation: str = "absolute"
    rotation: str = ""
    axes: str = ""
    scale: float = 1.0
    offset: float = 0.0
    lower: float | None = None
    upper: float | None = None
    closed: float | None = None
    opened: float | None = None
    position_scale: float = 1.0
    rotation_scale: float = 1.0
    frame: str = "base"
    base_link: str = ""
    tip_link: str = ""

    @property
    def is_pose(self) -> bool:
        """Its columns are a place and a rotation."""
        return self.representation in POSES

    @property
    def is_step(self) -> bool:
        """Each row says how far to go from the row before."""
        return self.representation in ("delta", "velocity", "pose_delta")

    def given(self) -> dict[str, Any]:
        """The options that differ from their defaults, by name."""
        return {name: getattr(self, name) for name, default in _OPTIONS.items()
                if getattr(self, name) != default}  # fmt: skip

    def __str__(self) -> str:
        words = [self.representation, self.rotation, self.axes]
        words += [f"{name} {_plain(value)}" for name, value in self.given().items()]
        return f"{self.group}: {' '.join(filter(None, words))}"


def _plain(value: Any) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


_OPTIONS = {f.name: f.default for f in fields(Part)[4:]}
_TEXTS = ("frame", "base_link", "tip_link")


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a layout text; none of an empty one. Raises LayoutError."""
    return tuple(_part(words.strip()) for words in text.split(";") if words.strip())


def text_of(parts: tuple[Part, ...]) -> str:
    """The text that ``parse`` reads back as ``parts``."""
    return "; ".join(map(str, parts))


def _part(text: str) -> Part:
    group, colon, rest = text.partition(":")
    words = rest.split()
    if not colon or not words:
        raise LayoutError(f"{text!r}: write GROUP: REPRESENTATION, such as arm: relative")
    kind = words.pop(0)
    if kind not in REPRESENTATIONS:
        raise LayoutError(f"{text!r}: no representation {kind!r}, {closest(kind, REPRESENTATIONS)}")
    rotation, axes = _rotation(words, text) if kind in POSES else ("", "")
    return Part(group.strip(), kind, rotation, axes, **_options(words, text))


def _rotation(words: list[str], text: str) -> tuple[str, str]:
    """Rotation and axes, taken off ``words``."""
    kind = words.pop(0) if words else ""
    if kind not in ROTATIONS:
        known = ", ".join(ROTATIONS)
        raise LayoutError(f"{text!r}: {kind!r} is no rotation; a pose needs one of {known}")
    if kind != "euler":
        return kind, ""
    if not words:
        raise LayoutError(f"{text!r}: Euler angles need their axes, such as euler sxyz")
    return kind, words.pop(0)


def _options(words: list[str], text: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    while words:
        name = words.pop(0)
        if name not in _OPTIONS:
            raise LayoutError(f"{text!r}: no option {name!r}, {closest(name, _OPTIONS)}")
        if not words or name in options:
            fault = "is given twice" if words else "has no value"
            raise LayoutError(f"{text!r}: option {name} {fault}; give it one value")
        value = words.pop(0)
        options[name] = value if name in _TEXTS else _number(value, name, text)
    return options


def _number(word: str, name: str, text: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise LayoutError(f"{text!r}: option {name} is {word!r}; a number is needed")
    return number
