"""A URDF's collision meshes: where their files are, and which links lack them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

from aura_ros.guard.entry import Unavailable

_SCHEMES = ("package://", "file://", "model://")


def mesh_folders() -> list[Path]:
    """Folders that ``package://`` may start from: shares of ROS workspaces and of wheels."""
    prefixes = [Path(path) for path in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)]
    prefixes += [Path(entry) / "cmeel.prefix" for entry in sys.path]
    shares = [prefix / "share" for prefix in prefixes if prefix.name]
    return list(dict.fromkeys(share for share in shares if share.is_dir()))


def collision_urdf(
    urdf: bytes, replaced: frozenset[str], folders: list[Path]
) -> tuple[str, list[str]]:
    """The URDF with collision shapes that can be read, and its links that have none.

    Links in ``replaced`` lose theirs: the options describe them. Raises Unavailable, which names
    link and file, for a mesh that is nowhere.
    """
    try:
        root = ElementTree.fromstring(urdf)
    except ElementTree.ParseError as error:
        raise Unavailable(f"the URDF is not XML ({error}); expand xacro files first") from None
    bare = []
    for link in root.findall("link"):
        name = link.get("name", "")
        _strip(link, "visual")
        if name in replaced:
            _strip(link, "collision")
        for mesh in link.iterfind("collision/geometry/mesh"):
            mesh.set("filename", str(_found(mesh.get("filename", ""), name, folders)))
        if link.find("collision") is None:
            bare.append(name)
    return ElementTree.tostring(root, encoding="unicode"), bare


def mimics(urdf: bytes) -> dict[str, tuple[str, float, float]]:
    """Joints that follow another: its name, multiplier and offset [rad or m]."""
    found = {}
    for joint in ElementTree.fromstring(urdf).findall("joint"):
        mimic = joint.find("mimic")
        if mimic is not None:
            numbers = float(mimic.get("multiplier", "1")), float(mimic.get("offset", "0"))
            found[joint.get("name", "")] = (mimic.get("joint", ""), *numbers)
    return found


def _strip(link: ElementTree.Element, tag: str) -> None:
    for element in link.findall(tag):
        link.remove(element)


def _found(name: str, link: str, folders: list[Path]) -> Path:
    path = name
    for scheme in _SCHEMES:
        path = path.removeprefix(scheme)
    for candidate in (Path(path), *(folder / path for folder in folders)):
        if candidate.is_absolute() and candidate.is_file():
            return candidate
    raise Unavailable(
        f"link {link!r}: its mesh {name!r} is in no share folder; install the package that holds "
        f"it, or describe the link by link_radius"
    )
