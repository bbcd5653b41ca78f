"""Texts of parameters that say what belongs to which key of an observation."""

from __future__ import annotations

import re

from aura_ros.policy.declared import DeclarationError, Declared
from aura_ros.robot.problems import closest


def entries(text: str, parameter: str, form: str) -> dict[str, str]:
    """The words after each key of ``KEY: WORDS; KEY: WORDS``. Raises DeclarationError."""
    found: dict[str, str] = {}
    for entry in filter(None, map(str.strip, text.split(";"))):
        key, _, words = (piece.strip() for piece in entry.partition(":"))
        if not key or not words or key in found:
            fault = "is given twice" if key in found else f"is no {form}"
            raise DeclarationError(f"parameter {parameter}: {entry!r} {fault}; correct it")
        found[key] = words
    return found


def check_known(
    given: dict[str, str], known: list[str], declared: Declared, parameter: str
) -> None:
    """Raise DeclarationError for a key that the policy does not take."""
    for key in given:
        if key not in known:
            raise DeclarationError(
                f"parameter {parameter}: policy {declared.name} takes no {key!r}, "
                f"{closest(key, known)}"
            )


def last_word(key: str) -> str:
    """What a key names: ``front`` of ``observation.images.front``."""
    return re.split(r"[/.]", key)[-1]
