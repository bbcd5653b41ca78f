"""What the demonstration sets otherwise than the nodes' defaults."""

from __future__ import annotations

from typing import Any

ROBOT = "embedded_panda"
CAMERA_RATE = 20.0
# Four lost frames are a dead camera.
GUARD: dict[str, Any] = {"auto_arm": True, "source_timeout": 0.2}
TRAINED = "demo"
"""The trained policy. Only of it is known what is usual."""
RULES = {TRAINED: "demo"}
"""The guard's rules by policy; by default those of every robot."""
