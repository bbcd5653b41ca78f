"""The package as a whole: its files agree with each other, and a plain installation is complete."""

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE_XML = ElementTree.parse(ROOT / "package.xml").getroot()
CMAKE = (ROOT / "CMakeLists.txt").read_text()
EXTRAS = ("robots", "sim", "plot", "kinematics", "serve", "learn", "metaworld", "test")

# Imported name: the package on PyPI, the rosdep key (none where Debian has no package of it).
DISTRIBUTIONS = {
    "cv2": ("opencv-python-headless", "python3-opencv"),
    "daqp": ("daqp", None),
    "json_numpy": ("json-numpy", None),
    "matplotlib": ("matplotlib", "python3-matplotlib"),
    "msgpack": ("msgpack", None),
    "metaworld": ("metaworld", None),
    "mujoco": ("mujoco", None),
    "numpy": ("numpy", "python3-numpy"),
    "pinocchio": ("pin", None),
    "rich": ("rich", "python3-rich"),
    "rosbags": ("rosbags", None),
    "ruckig": ("ruckig", None),
    "safetensors": ("safetensors", None),
    "scipy": ("scipy", "python3-scipy"),
    "torch": ("torch", None),
    "transforms3d": ("transforms3d", "python3-transforms3d"),
    "typer": ("typer", "python3-typer"),
    "websockets": ("websockets", None),
    "yaml": ("pyyaml", "python3-yaml"),
}
# Part of the client library's packages, or looked for only where launch is installed.
WITH_RCLPY = {"ament_index_python": "rclpy", "rcl_interfaces": "rclpy"}
WITHOUT_WHEEL = {"launch", "launch_ros"}
# Imported by served policies in environments of their own, requirements/lerobot.txt and pi0.txt.
OWN_ENVIRONMENT = {"lerobot", "tokenizers", "transformers"}


def requirement_lines(name: str) -> list[str]:
    return (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()


def requirement_names(name: str) -> set[str]:
    """Packages that a requirements file names, with those of the files that it includes."""
    names = set()
    for line in requirement_lines(name):
        if line.startswith("-r "):
            names |= requirement_names(line.removeprefix("-r ").removesuffix(".txt"))
        elif line and not line.startswith("#"):
            names.add(re.match(r"[\w-]+", line)[0])
    return names


def declared_in_package_xml() -> set[str]:
    return {element.text for element in PACKAGE_XML if element.tag.endswith("depend")}


def imported_packages() -> set[str]:
    """Top-level packages that the code imports and that neither Python nor this package has."""
    names = set()
    for path in (ROOT / "aura_ros").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"aura_ros"}


def test_the_build_lists_every_message():
    listed = re.findall(r'"(msg/\w+\.msg)"', CMAKE)
    assert listed == sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("msg/*.msg"))


def test_the_build_depends_on_every_package_whose_messages_are_used():
    text = "".join(path.read_text() for path in ROOT.glob("msg/*.msg"))
    used = set(re.findall(r"^(\w+)/\w+", text, flags=re.MULTILINE))
    dependencies = set(re.search(r"DEPENDENCIES ([\w ]+)\)", CMAKE)[1].split())
    assert used <= dependencies <= declared_in_package_xml()
    assert all(f"find_package({name} REQUIRED)" in CMAKE for name in dependencies)


def test_every_executable_has_a_main():
    rooms = re.search(r"foreach\(room ([\w ]+)\)", CMAKE)[1].split()
    modules = [f"aura_ros.nodes.{room}" for room in rooms]
    modules += re.findall(r"aura_ros_executable\(\w+ ([\w.]+)\)", CMAKE)
    assert "aura_ros.cli" in modules
    for module in modules:
        stem = ROOT / module.replace(".", "/")
        path = stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")
        text = path.read_text() if path.is_file() else ""
        assert re.search(r"\bmain\b", text), f"{path} has no main()"


def test_every_import_is_declared():
    for name in imported_packages() - OWN_ENVIRONMENT:
        if name in DISTRIBUTIONS:
            wheel, key = DISTRIBUTIONS[name]
            groups = ["core", *EXTRAS]
            assert any(wheel in requirement_names(group) for group in groups), wheel
            assert key is None or key in declared_in_package_xml(), key
        else:
            package = WITH_RCLPY.get(name, name)
            assert package in declared_in_package_xml(), f"{name} is not in package.xml"
            for distro in ("jazzy", "kilted"):
                wheel = f"ros-{package.replace('_', '-')}"
                # builtin_interfaces and the like come with the messages that use them.
                assert name in WITHOUT_WHEEL | {"builtin_interfaces"} or (
                    wheel in requirement_names(distro)
                ), f"{wheel} is not in {distro}.txt"


def test_both_distributions_have_the_same_packages_at_run_time():
    at_run_time = re.compile(r"ros-(rclpy|\w+-msgs|std-srvs)$")
    jazzy, kilted = (
        set(filter(at_run_time.match, requirement_names(distro))) for distro in ("jazzy", "kilted")
    )
    assert "ros-rclpy" in jazzy
    assert jazzy == kilted


@pytest.mark.parametrize("name", ["core", *EXTRAS, "build", "jazzy", "kilted"])
def test_every_bound_has_its_reason(name):
    """A comment stands above each requirement, or above the block of requirements it is in."""
    explained = False
    for line in requirement_lines(name):
        explained = line.startswith("#") or (explained and bool(line))
        assert explained or not line, f"{name}.txt: {line!r} has no comment above it"


def test_the_version_has_one_source():
    asked = [sys.executable, "setup.py", "--version"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.split()[-1] == PACKAGE_XML.findtext("version")
    assert "Forthcoming" in (ROOT / "CHANGELOG.rst").read_text()


def can_build_wheels() -> bool:
    """Asked of the metadata: importing setuptools here would replace the tests' distutils."""
    found = {d.name: d.version for d in distributions() if d.name in ("pip", "setuptools")}
    release = re.findall(r"\d+", found.get("setuptools", "0.0"))[:2]
    return "pip" in found and tuple(map(int, release)) >= (70, 1)


@pytest.fixture(scope="module")
def wheel_contents(tmp_path_factory) -> list[str]:
    """Names of the files in a wheel that is built from a copy of the sources."""
    if not can_build_wheels():
        pytest.skip("needs pip and setuptools 70.1 or newer; those of Debian are older")
    copy = tmp_path_factory.mktemp("sources")
    for name in ("aura_ros", "config", "launch", "msg", "requirements", "test"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, ignore=ignore)
    for name in ("LICENSE", "MANIFEST.in", "package.xml", "pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, copy)
    build = ["-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", "out"]
    subprocess.run([sys.executable, *build], cwd=copy, check=True, capture_output=True)
    (wheel,) = (copy / "out").glob("aura_ros-*.whl")
    return zipfile.ZipFile(wheel).namelist()


@pytest.mark.parametrize("folder", ["msg", "config", "launch"])
def test_a_plain_installation_shares_the_folder(wheel_contents, folder):
    shared = {name.partition("/data/share/aura_ros/")[2] for name in wheel_contents}
    files = {path for path in (ROOT / folder).rglob("*.*") if "__pycache__" not in path.parts}
    assert {str(path.relative_to(ROOT)) for path in files if path.is_file()} <= shared


def test_a_plain_installation_has_the_code_and_no_tests(wheel_contents):
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "aura_ros").rglob("*.py")}
    assert code <= set(wheel_contents)
    assert not [name for name in wheel_contents if name.startswith("test")]


def test_the_shared_memory_profile_holds_an_image():
    profile = ElementTree.parse(ROOT / "config/fastdds_shm.xml")
    largest = profile.find(".//{*}transport_descriptor/{*}maxMessageSize")
    assert int(largest.text) > 1920 * 1080 * 3
