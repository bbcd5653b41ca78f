"""Message types for rosbags: those of ROS 2 Jazzy and this package's own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from aura_ros.conversions.fields import Make
from aura_ros.robot.find import share_folders

STAMPS = ("builtin_interfaces/msg/Time", "builtin_interfaces/msg/Duration")


class DefinitionsError(FileNotFoundError):
    """The package's message definitions are nowhere to be found."""


def message_folder() -> Path:
    """Folder of the ``.msg`` files: checkout, Python environment or sourced ROS workspaces."""
    folders = [share / "msg" for share in share_folders()]
    for folder in folders:
        if any(folder.glob("*.msg")):
            return folder
    looked = ", ".join(str(folder) for folder in folders)
    raise DefinitionsError(
        f"no message definitions in {looked}: install the package with pip, "
        "or source the ROS workspace that it was built in"
    )


@lru_cache(maxsize=1)
def typestore() -> Typestore:
    """The types that decisions are written with, ready to write."""
    store = get_typestore(Stores.ROS2_JAZZY)
    types: dict[str, Any] = {}
    for path in sorted(message_folder().glob("*.msg")):
        types |= get_types_from_msg(path.read_text(), f"aura_ros/msg/{path.stem}")
    store.register(types)
    for name in (*types, *STAMPS):
        store.get_msgdef(name)  # compiles it; else the first message of each kind would
    return store


def maker() -> Make:
    """What makes message objects for rosbags from a type's name and its fields."""
    types = typestore().types

    def make(name: str, fields: dict[str, Any]) -> Any:
        return types[name](**fields)

    return make
