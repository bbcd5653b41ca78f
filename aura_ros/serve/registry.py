"""The policies that can be served, by name; imported only when they are used."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aura_ros.policy.declared import Declared
from aura_ros.policy.served import Served, ServedFlow
from aura_ros.robot.problems import closest


class ServeError(ValueError):
    """A policy that cannot be served: names it and what to do."""


@dataclass(frozen=True)
class Entry:
    """``module:factory``, a function of a directory, and how to get what it needs."""

    factory: str
    remedy: str


ENTRIES = {
    "demo": Entry("aura_ros.serve.demo:load", "make setup"),
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
            f"no backend {name!r}, {closest(name, ENTRIES)}, or module:factory of your own"
        )
    if not path.exists():
        raise ServeError(
            f"{path} does not exist; give the directory of a checkpoint as --path "
            "(of the policy node: parameter path)"
        )
    served = _made(name, _factory(name, entry), path)
    declared = getattr(served, "declared", None)
    if not isinstance(declared, Declared):
        raise ServeError(f"backend {name}: declared is {declared!r}; an object Declared is needed")
    if not callable(getattr(served, "infer", None)):
        raise ServeError(
            f"backend {name}: a {type(served).__name__} has no method infer(observation, samples); "
            "give it one"
        )
    if declared.flow and not isinstance(served, ServedFlow):
        raise ServeError(
            f"backend {name}: declares a flow, but has no method velocity(observation, rows, "
            "time); give it one, or declare none"
        )
    if not declared.normalizes:
        raise ServeError(
            f"{path} has no normalisation: its numbers are not in SI units; "
            "serve a checkpoint with its statistics or processors"
        )
    return served


def _factory(name: str, entry: Entry) -> Callable[[Path], Any]:
    """The function that makes the policy. Raises ServeError."""
    module, _, function = entry.factory.partition(":")
    if not module or not function:
        raise ServeError(f"backend {name!r} is no module:factory; write it as my_vla:load")
    if ":" in name and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        remedy = entry.remedy
        if ":" in name and error.name == module.partition(".")[0]:
            remedy = f"start this where {module} lies, or name its folder in PYTHONPATH"
        raise ServeError(f"backend {name} cannot be imported: {error}; {remedy}") from error
    except Exception as error:  # a module of one's own may raise anything
        raise ServeError(f"backend {name} cannot be imported: {_said(error)}") from error
    factory: Callable[[Path], Any] | None = getattr(found, function, None)
    if factory is None:
        raise ServeError(f"backend {name}: {module} has no {function!r}; correct it")
    if not callable(factory):
        raise ServeError(
            f"backend {name}: {function} is a {type(factory).__name__}; "
            "a function that makes the policy of a directory is needed"
        )
    return factory


def _made(name: str, factory: Callable[[Path], Any], path: Path) -> Any:
    try:
        return factory(path)
    except (ValueError, RuntimeError, OSError):
        raise  # in its own words
    except Exception as error:  # others rarely tell what they are about
        raise ServeError(f"backend {name} cannot be made of {path}: {_said(error)}") from error


def _said(error: Exception) -> str:
    """An error with its kind and the line that raised it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
