"""Which module may import which, and what the small processes must never load."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "aura_ros"

# What each room may import of the package, besides itself.
WAIST = {"types", "settings"}
ALLOWED = {
    "types": set(),
    "settings": set(),
    "journal": {"types"},
    # Conversions and replay: only to read heads out of recordings.
    "audit": {"types", "conversions", "replay"},
    "robot": WAIST,
    "motion": WAIST | {"robot"},
    "policy": WAIST | {"robot", "motion"},
    "memory": WAIST | {"robot", "motion"},
    "monitor": WAIST | {"robot", "motion"},
    "guard": WAIST | {"robot", "motion"},
    "fuser": WAIST | {"robot", "motion"},
    "pipeline": WAIST | {"robot", "policy", "memory", "monitor", "guard", "fuser"},
    "conversions": WAIST | {"robot"},
    "serve": WAIST | {"robot", "policy"},
}
# With ROS, by design; everything else must do without.
WITH_ROS = {"nodes", "demo", "bench"} | {
    f"sim/{name}.py" for name in ("node", "outputs", "parameters", "messages", "health")
}
ROS = ("rclpy", "sensor_msgs", "std_msgs", "geometry_msgs", "trajectory_msgs", "diagnostic_msgs")
# Served policies: imported only where their libraries are, by the registry.
SERVED = tuple(f"aura_ros.serve.{name}" for name in ("lerobot", "pi0", "tiny", "torch_common"))
SMALL = ("aura_ros.guard.guard", "aura_ros.fuser.fuser", "aura_ros.fuser.loop")
HEAVY = {"torch", "scipy", "cv2", "mujoco", "pinocchio", "matplotlib"}


def modules():
    """Every module file and its path inside the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        if relative.parts[0] != "msg":
            yield relative


def name_of(relative):
    parts = relative.with_suffix("").parts
    return ".".join(("aura_ros", *(parts[:-1] if parts[-1] == "__init__" else parts)))


def imports(relative):
    """Full names of all that a module imports, also inside functions."""
    for node in ast.walk(ast.parse((PACKAGE / relative).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative} imports relatively"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(relative):
    for name in imports(relative):
        parts = name.split(".")
        if parts[0] == "aura_ros" and len(parts) > 1:
            yield parts[1]


def room_of(relative):
    return relative.parts[0].removesuffix(".py")


def is_with_ros(relative):
    return relative.parts[0] in WITH_ROS or relative.as_posix() in WITH_ROS


def without_ros():
    return [relative for relative in modules() if not is_with_ros(relative)]


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_the_design_allows(room):
    found = [r for r in modules() if room_of(r) == room]
    assert found
    for relative in found:
        extra = set(rooms_imported(relative)) - ALLOWED[room] - {room}
        assert not extra, f"{relative} imports {sorted(extra)}"


def test_the_rule_would_notice_a_forbidden_import():
    assert set(rooms_imported(Path("pipeline.py"))) - ALLOWED["guard"]


def test_nothing_below_the_nodes_names_ros():
    for relative in without_ros():
        named = {name.split(".")[0] for name in imports(relative)}
        assert not named & set(ROS), f"{relative} imports {named & set(ROS)}"


def run(program):
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=50
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_below_the_nodes_imports_without_ros():
    names = [name_of(relative) for relative in without_ros()]
    names = [name for name in names if not name.startswith(SERVED)]
    if find_spec("mujoco") is None:
        names = [name for name in names if not name.startswith(("aura_ros.sim", "aura_ros.train"))]
    if find_spec("torch") is None:
        names = [name for name in names if not name.startswith("aura_ros.train")]
    if find_spec("msgpack") is None or find_spec("websockets") is None:
        names = [name for name in names if not name.startswith("aura_ros.serve")]
    assert "aura_ros.pipeline" in names
    run(
        "import importlib, sys\n"
        f"sys.modules |= dict.fromkeys({ROS!r})  # whoever imports them now gets ImportError\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
    )


def test_only_served_policies_import_their_libraries():
    for relative in modules():
        if not name_of(relative).startswith(SERVED):
            named = list(imports(relative))
            assert not any(name.startswith((*SERVED, "lerobot", "transformers")) for name in named)


@pytest.mark.parametrize("module", SMALL)
def test_the_small_processes_load_nothing_heavy(module):
    loaded = run(f"import sys, {module}\nprint(*sys.modules)").split()
    assert not HEAVY & {name.split(".")[0] for name in loaded}
