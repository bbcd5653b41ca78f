"""The rules that ship can be made, let through what is usual, and refuse what they are for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pinocchio", reason="pinocchio is absent: pip install pin")
from geometry_values import HOME, PANDA, PANDA_URDF, context, straight

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Unavailable
from aura_ros.guard.guard import Guard
from aura_ros.guard.rules.built import build
from aura_ros.guard.rules.load import load_rules
from aura_ros.guard.rules.rule import Use
from aura_ros.robot.load import load_robot
from aura_ros.robot.urdf_source import urdf_of

GEOMETRY = ("workspace", "self_collision", "singularity")
CALIBRATED = ("session_risk", "instruction", "embedding", "uncertainty")
FOLDER = Path(__file__).resolve().parent.parent / "config" / "guard"
DATA = FOLDER.parent.parent.parent / "shared/data/g1_bottle"
# The fingers are around a cube on the table.
LOW = np.array([0.0, 0.4875, 0.0, -2.3576, 0.0, 2.8451, np.pi / 4, 0.035])


def made(name, robot=PANDA, urdf=PANDA_URDF):
    """The checks of plans by name."""
    checks = build(robot, GuardConfig, load_rules(name), lambda: urdf)
    assert checks.missing == ()
    return dict(checks.plan)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_file_can_be_read(file):
    assert load_rules(file.stem).file == str(file)


@pytest.mark.parametrize("name", ["embedded_panda", "demo"])
def test_the_embedded_robot_works_over_its_table_and_not_in_it(name):
    checks = made(name)
    over = context(straight(HOME, LOW))
    assert all(checks[one](over).passed for one in GEOMETRY)
    into = context(straight(LOW, LOW + np.array([0, 0.2, 0, 0, 0, 0, 0, 0.0])))
    refused = checks["workspace"](into)
    assert not refused.passed
    assert "comes too near table" in refused.detail


def test_the_demo_is_judged_as_the_embedded_robot_is():
    ours = {rule.name: rule for rule in load_rules("embedded_panda").rules}
    for rule in load_rules("demo").rules:
        if rule.name in CALIBRATED:
            assert rule.use is Use.ON
            continue
        assert rule.options == ours[rule.name].options
        assert rule.use is (Use.AUTO if rule.name in GEOMETRY else ours[rule.name].use)


def test_without_the_extra_the_demo_can_be_armed_and_the_robot_cannot(monkeypatch):
    def absent(setup):
        raise Unavailable("pinocchio is absent")

    for name, armed in (("demo", True), ("embedded_panda", False)):
        rules = load_rules(name)
        without = [
            replace(rule, entry=replace(rule.entry, make=absent)) if rule.name in GEOMETRY else rule
            for rule in rules.rules
        ]
        built = build(PANDA, GuardConfig, replace(rules, rules=tuple(without)), lambda: PANDA_URDF)
        assert (built.missing == ()) is armed


def test_arms_of_the_g1_keep_off_each_other_and_the_torso():
    robot, urdf = load_robot("unitree_g1"), urdf_of("unitree_g1")
    check = made("unitree_g1", robot, urdf)["self_collision"]
    both = {frozenset(pair) for pair in check.pairs}
    for pair in (("left_hand_palm_link", "right_hand_palm_link"), ("head_link", "left_elbow_link"),
                 ("torso_link", "right_hand_palm_link")):  # fmt: skip
        assert frozenset(pair) in both
    rest = np.where(robot.averaged, 0.0, 0.5)
    assert check(context(straight(rest, rest, 0.4, robot), robot)).passed
    joined = rest.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        joined[robot.joints.index(f"{side}_shoulder_yaw_joint")] = -1.2 * sign
    refused = check(context(straight(rest, joined, 1.5, robot), robot))
    assert not refused.passed


@pytest.mark.skipif(not DATA.is_dir(), reason="the recordings of the Unitree G1 are not there")
@pytest.mark.parametrize("episode", ["g1_ep001", "g1_ep002"])
@pytest.mark.parametrize("limits", [None, "collaborative"])
def test_nothing_that_a_g1_did_is_blocked(tmp_path, episode, limits):
    from aura_ros.replay.run import run_replay

    found = run_replay(
        DATA / episode, "unitree_g1", tmp_path, limit_set=limits, rules="unitree_g1", progress=False
    ).metrics
    assert found["chunks"] > 40
    assert found["blocked_chunks"] == found["holds"] == 0


def lowest(seed):
    """An episode of the trained policy behind a guard by rules: done, and what was refused."""
    from aura_ros.bench.closed_loop.chain import Chain
    from aura_ros.bench.closed_loop.embedded import EmbeddedPlant
    from aura_ros.bench.loop.late import Late
    from aura_ros.bench.loop.outcome import Timing
    from aura_ros.bench.loop.run import run_episode
    from aura_ros.policy.demo import load_demo
    from aura_ros.policy.shipped import shipped

    def checks(robot, settings):
        return build(robot, settings, load_rules("embedded_panda"), lambda: PANDA_URDF)

    plant = EmbeddedPlant("push")
    try:
        plant.reset(seed)
        guard = Guard(plant.robot, GuardConfig(auto_arm=True), rules=checks)
        backend, late = load_demo(shipped("demo"), plant.robot), Late(200_000_000, 0.2, seed)
        chain = Chain(plant, backend, late, plant.instruction, others={"guard": guard})
        done = run_episode(plant, chain, plant.robot, plant.rest, Timing(limit_s=20.0), "lowest")
    finally:
        plant.close()
    return done


def test_the_episode_in_which_the_hand_is_lowest_is_not_refused():
    pytest.importorskip("safetensors", reason="the policy's file needs safetensors")
    from aura_ros.sim import gl

    if not gl.backends():
        pytest.skip(f"no OpenGL here: {gl.REMEDY}")
    done = lowest(200_012)
    assert done.done_s is not None
    assert done.refused == {}
