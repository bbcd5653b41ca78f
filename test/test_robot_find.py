"""Where configurations and URDFs are found."""

import sys

import pytest
from robot_files import URDF, write

from aura_ros.robot import find
from aura_ros.robot.problems import Problems, RobotConfigError

ABSENT = {"file": None, "package": None, "path": None, "example_robot_data": None, "topic": None}


@pytest.fixture
def outside_checkout(monkeypatch, tmp_path):
    """No checkout, an empty Python environment and no ROS workspace."""
    monkeypatch.setattr(find, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    return tmp_path


def put_config(share, name):
    folder = share / "config/robots"
    folder.mkdir(parents=True)
    (folder / f"{name}.yaml").touch()
    return folder / f"{name}.yaml"


def test_finds_a_path_and_a_shipped_name(tmp_path):
    path = write(tmp_path)
    assert find.find_config(path) == path
    assert find.find_config(str(path)) == path
    shipped = find.find_config("embedded_panda")
    assert shipped.name == "embedded_panda.yaml"
    assert find.find_config("embedded_panda.yaml") == shipped


def test_order_is_checkout_environment_workspaces(outside_checkout, monkeypatch):
    root = outside_checkout
    workspaces = [root / "overlay", root / "underlay"]
    monkeypatch.setenv("AMENT_PREFIX_PATH", ":".join(map(str, workspaces)))
    shares = [root / "checkout", root / "venv/share/aura_ros",
              *(workspace / "share/aura_ros" for workspace in workspaces)]
    for share in reversed(shares):
        expected = put_config(share, "toy")
        assert find.find_config("toy") == expected


def test_unknown_name_lists_places_and_closest(outside_checkout):
    put_config(outside_checkout / "checkout", "toy")
    with pytest.raises(RobotConfigError, match="did you mean 'toy'") as caught:
        find.find_config("tony")
    assert str(outside_checkout / "venv/share/aura_ros/config/robots") in str(caught.value)
    with pytest.raises(RobotConfigError, match="no such configuration"):
        find.find_config("elsewhere/toy")
    with pytest.raises(RobotConfigError, match="no such configuration"):
        find.find_config("x" * 5000)


def urdf(source, base):
    problems = Problems("toy.yaml")
    return find.read_urdf(ABSENT | source, base, problems), problems


def refusal(source, base):
    data, problems = urdf(source, base)
    assert data is None
    with pytest.raises(RobotConfigError) as caught:
        problems.raise_if_any()
    return str(caught.value)


def test_urdf_from_a_file_relative_to_the_configuration(tmp_path):
    (tmp_path / "toy.urdf").write_text(URDF)
    assert urdf({"file": "toy.urdf"}, tmp_path)[0] == URDF.encode()
    assert str(tmp_path / "toy.ordf") in refusal({"file": "toy.ordf"}, tmp_path)


def test_urdf_from_a_ros_package(outside_checkout, monkeypatch):
    source = {"package": "toy_description", "path": "robots/toy.urdf"}
    assert "no folder at all" in refusal(source, outside_checkout)
    folder = outside_checkout / "ws/share/toy_description/robots"
    folder.mkdir(parents=True)
    (folder / "toy.urdf").write_text(URDF)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(outside_checkout / "ws"))
    assert urdf(source, outside_checkout)[0] == URDF.encode()
    assert "source its workspace" in refusal(source | {"path": "other.urdf"}, outside_checkout)


def test_urdf_from_example_robot_data(outside_checkout, monkeypatch):
    source = {"example_robot_data": "toy_description/toy.urdf"}
    monkeypatch.setattr(sys, "path", [str(outside_checkout)])
    assert "pip install example-robot-data" in refusal(source, outside_checkout)
    folder = outside_checkout / "cmeel.prefix/share/example-robot-data/robots/toy_description"
    folder.mkdir(parents=True)
    assert "correct the path" in refusal(source, outside_checkout)
    (folder / "toy.urdf").write_text(URDF)
    assert urdf(source, outside_checkout)[0] == URDF.encode()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({}, "names 0"),
        ({"file": "a", "topic": "b"}, "names 2"),
        ({"package": "a"}, "urdf.path"),
        ({"file": "a", "path": "b"}, "urdf.path"),
        ({"topic": "robot_description"}, "urdf_text"),
    ],
)
def test_urdf_needs_one_complete_source(source, words, tmp_path):
    assert words in refusal(source, tmp_path)
