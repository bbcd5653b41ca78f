"""The core as a plain Python package: replay and reports on a machine without ROS.

The ROS build is CMakeLists.txt; package.xml holds the version and requirements/ the dependencies.
"""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
SHARE = Path("share/aura_ros")


def requirements(name: str) -> list[str]:
    """Return the requirements of ``requirements/<name>.txt`` without its comments."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def shared_files(*folders: str) -> list[tuple[str, list[str]]]:
    """Return ``data_files`` that install each folder with its subfolders under share/."""
    files = sorted(
        path.relative_to(ROOT) for name in folders for path in (ROOT / name).rglob("*.*")
        if path.is_file() and path.suffix != ".pyc"
    )
    return [(str(SHARE / path.parent), [str(path)]) for path in files]


setup(
    name="aura_ros",
    version=ElementTree.parse(ROOT / "package.xml").findtext("version"),
    description="Memory, failure prediction, authorization and smooth execution for frozen VLAs",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["aura_ros", "aura_ros.*"]),
    package_data={"": ["*"]},
    data_files=shared_files("msg", "config", "launch"),
    install_requires=requirements("core"),
    extras_require={
        name: requirements(name)
        for name in ("robots", "sim", "plot", "kinematics", "serve", "learn", "metaworld", "test")
    },
    entry_points={"console_scripts": ["aura = aura_ros.cli:main"]},
)
