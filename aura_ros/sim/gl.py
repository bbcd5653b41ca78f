"""Headless OpenGL: EGL where it works, else OSMesa, else an error that names the remedy."""

from __future__ import annotations

import ctypes.util
import os
from typing import Any

REMEDY = "install the Debian packages libegl1 libgl1-mesa-dri libgles2 (EGL) or libosmesa6 (OSMesa)"
_LIBRARIES = {"egl": "EGL", "osmesa": "OSMesa"}


class RenderingUnavailableError(RuntimeError):
    """This machine has no OpenGL that works without a display."""


def backends() -> tuple[str, ...]:
    """Backends worth trying, best first; ``MUJOCO_GL`` set to egl or osmesa decides alone."""
    wanted = os.environ.get("MUJOCO_GL", "").lower()
    names = (wanted,) if wanted in _LIBRARIES else tuple(_LIBRARIES)
    return tuple(name for name in names if ctypes.util.find_library(_LIBRARIES[name]))


def make_context(width: int, height: int) -> Any:
    """A current OpenGL context for images of ``width`` x ``height`` pixels.

    It belongs to the calling thread: use and free it there. Raises RenderingUnavailableError.
    """
    reasons = []
    for name in backends():
        try:
            context = _create(name, width, height)
            context.make_current()
        except Exception as error:  # PyOpenGL raises many types, AttributeError among them
            reasons.append(f"{name}: {error}")
        else:
            return context
    tried = "; ".join(reasons) or "no EGL or OSMesa library was found"
    raise RenderingUnavailableError(f"cannot render without a display ({tried}): {REMEDY}")


def _create(name: str, width: int, height: int) -> Any:
    # PyOpenGL binds to one platform when it is first imported: name it before that.
    os.environ["PYOPENGL_PLATFORM"] = name
    if name == "egl":
        from mujoco.egl import GLContext as Egl

        return Egl(width, height)
    from mujoco.osmesa import GLContext as OsMesa

    return OsMesa(width, height)
