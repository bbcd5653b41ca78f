"""The policies that can be served, by name; imported only when they are used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aura_ros.policy.declared import Declared
from aura_ros.robot.problems import closest


class ServeError(ValueError):
    """A policy that cannot be served: names it and what to do."""


class Served(Protocol):
    """A frozen policy with what it declares."""

    declared: Declared

    def infer(self, observation: Mapping[str, Any], samples: int) -> Mapping[str, Any]:
        """``actions`` (T, A), ``features`` (d,) if declared, ``samples`` (k, T, A) of several.

        ``observation`` has what is declared, images as uint8, states as numbers. Called by one
        thread at a time. Raises BackendError for what it cannot answer.
        """


@dataclass(frozen=True)
class Entry:
    """``module:factory``, a function of a directory, and how to get what it needs."""

    factory: str
    remedy: str


ENTRIES = {
    "lerobot": Entry("aura_ros.serve.lerobot:load", "make env-lerobot"),
    "pi0": Entry("aura_ros.serve.pi0:load", "make env-pi0"),
}
OWN = "install what it needs into this environment"


def load(name: str, path: Path) -> Served:
    """The policy ``name`` from the directory ``path``. Raises ServeError or what it raises.

    ``name`` may be ``module:factory`` of a policy of one's own, also of the present directory.
    """
    entry = Entry(name, OWN) if ":" in name else ENTRIES.get(name)
    if entry is None:
        raise ServeError(
            f"no backend {name!r}, {closest(name, ENTRIES)}; "
            f"there are {', '.join(ENTRIES)}, or module:factory of your own"
        )
    if not path.exists():
        raise ServeError(f"{path} does not exist; give the directory of a checkpoint as --path")
    served: Served = _factory(name, entry)(path)
    declared = getattr(served, "declared", None)
    if not isinstance(declared, Declared):
        raise ServeError(f"backend {name}: declared is {declared!r}; an object Declared is needed")
    if not declared.normalizes:
        raise ServeError(
            f"{path} has no normalisation: its numbers are not in SI units; "
            "serve a checkpoint with its statistics or processors"
        )
    return served


def _factory(name: str, entry: Entry) -> Callable[[Path], Any]:
    module, _, function = entry.factory.partition(":")
    if ":" in name and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        factory: Callable[[Path], Any] = getattr(importlib.import_module(module), function)
    except ImportError as error:
        raise ServeError(f"backend {name} cannot be imported: {error}; {entry.remedy}") from error
    except AttributeError:
        raise ServeError(f"backend {name}: {module} has no {function!r}; correct it") from None
    return factory
