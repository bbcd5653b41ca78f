"""The rules of our guard in this benchmark: what its robot, room and sensors ask for.

Options that a person would set for this room: where nobody may go, what the force sensor and the
scanner mean. Checks that this version of the package does not have are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from aura_ros.bench.guard.scene import KEEP_OUT
from aura_ros.guard.rules.table import TABLE
from aura_ros.policy.shipped import shipped

REACH_S = 0.02
"""How far a chunk may begin from the motion, as the time that the velocity limit takes for it: the
trained policy's chunks begin on the motion to rounding."""
FORCE_N = 35.0
"""Development episodes without faults deviate by up to 21 N, on the drawer."""


def wanted(calibration: str = "") -> dict[str, dict[str, Any]]:
    """Checks by name, with options. ``calibration``: file of the checks that need one."""
    region = {"center": list(KEEP_OUT.center), "size": list(KEEP_OUT.size)}
    rules: dict[str, dict[str, Any]] = {
        "workspace": {"regions": [{"name": "beside_table", "keep": "out", "box": region}]},
        "self_collision": {},
        "human_separation": {},
        "wrench": {"force_deviation": FORCE_N},
        "row_start": {"reach": REACH_S},
    }
    if calibration:
        calibrated = ("session_risk", "instruction", "embedding", "uncertainty")
        rules |= {name: {"calibration": calibration} for name in calibrated}
    return rules


def text(calibration: str = "") -> str:
    """The rules file, as YAML."""
    known = {entry.name for entry in TABLE}
    rules: Mapping[str, Any] = wanted(calibration)
    chosen = {name: {"enabled": True, **rule} for name, rule in rules.items() if name in known}
    return yaml.safe_dump({"checks": chosen}, sort_keys=False)


def write(path: Path, calibration: str = "") -> Path:
    """Write the rules to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(calibration))
    return path


def artifact() -> Path:
    """The trained policy that ships."""
    return Path(shipped("demo"))
