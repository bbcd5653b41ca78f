"""Pictures of replays and benchmarks, where matplotlib is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def drawn(path: Path, size: tuple[float, float], paint: Callable[[Any], None]) -> str:
    """Let ``paint`` fill a figure of ``size`` (width, height) [inches], and save it.

    Returns a line that says where it is, or why there is none.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return f"{path.name} is not drawn: pip install matplotlib"
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    paint(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return f"drawn: {path}"
