"""What ships for the demonstration's guard fits the policy that ships, and what is stale shows."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from chain_values import at

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")
pytest.importorskip("safetensors", reason="the policy's file needs safetensors")

from aura_ros.demo import calibrate, nominal
from aura_ros.demo.settings import GUARD, ROBOT, RULES, TRAINED
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.risk.calibration import load
from aura_ros.guard.risk.conformal import CalibrationError
from aura_ros.guard.risk.fit import FEWEST
from aura_ros.guard.risk.made_with import MadeBy
from aura_ros.guard.rules.built import build
from aura_ros.guard.rules.load import load_rules
from aura_ros.policy.demo import load_demo
from aura_ros.policy.shipped import shipped
from aura_ros.robot.load import load_robot
from aura_ros.sim import gl
from aura_ros.sim.tasks import TASKS
from aura_ros.types import ActionChunk, Decision, Provenance

PANDA = load_robot(ROBOT)
SHIPPED = Path(__file__).parent.parent / "config" / "guard" / "demo_calibration.json"
MADE = load(SHIPPED, PANDA)
AGAIN = "make it again: python -m aura_ros.demo.calibrate config/guard/demo_calibration.json"
CALIBRATED = ("session_risk", "instruction", "embedding", "uncertainty")

needs_gl = pytest.mark.skipif(not gl.backends(), reason=f"no OpenGL here: {gl.REMEDY}")


def test_it_was_made_with_the_policy_that_ships():
    policy = load_demo(shipped("demo"), PANDA)
    declared = policy.declared
    found = MadeBy(declared.weights_digest, declared.normalisation_digest)
    assert MADE.policy == found, AGAIN
    assert set(MADE.instruction.instructions) == {text.casefold() for text in policy.instructions}
    assert len(MADE.embedding.mean) == declared.features, AGAIN


def test_it_is_small_and_was_made_on_seeds_for_development():
    assert SHIPPED.stat().st_size < 100_000
    assert MADE.seeds[0] >= 200_000
    parts = (MADE.session_risk, MADE.embedding, MADE.uncertainty)
    assert all(part.holds < 0.0025 for part in parts)  # from nearly a thousand episodes
    # Without the extra that geometry needs, it holds too.
    assert not {"workspace", "self_collision", "singularity"} & set(MADE.session_risk.shape.uses)


def test_the_demonstration_has_every_check_that_it_makes_possible():
    checks = build(PANDA, GuardConfig, load_rules(RULES[TRAINED]))
    assert checks.missing == ()
    assert set(CALIBRATED) <= {watch.name for watch in checks.watches}


@pytest.mark.parametrize(("policy", "rules"), [(TRAINED, "demo"), ("scripted", "")])
def test_only_the_trained_policy_is_held_to_it(policy, rules):
    pytest.importorskip("rclpy")
    from aura_ros.demo.run import DemoOptions, nodes_of

    (guard,) = (node for node in nodes_of(DemoOptions(policy)) if node.kind == "guard")
    assert guard.parameters["rules"] == rules


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("asks", [False, True])
def test_what_the_guard_asks_is_answered_with_the_next_scene(asks, refuses):
    """A question in one episode must not hold all others."""
    pytest.importorskip("rclpy")
    from aura_ros.demo.run import DemoOptions, Director

    class Observer:
        success, mode_reason, called = False, "session_risk", ()
        meter = SimpleNamespace(begin=lambda: None)

        def trigger(self, service):
            self.called = (*self.called, service)
            if refuses and service == "guard/resume":
                raise RuntimeError("guard/resume: HOLD: camera")
            return "7"

    observer, said = Observer(), []
    observer.asks = asks
    Director(observer, SimpleNamespace(dead=list), DemoOptions(), said.append)._begin()
    assert ("guard/resume" in observer.called) is asks
    assert len(said) == asks * (1 + refuses)


def test_a_robot_with_other_limits_is_refused_at_configuration():
    slower = replace(PANDA.limits, velocity=PANDA.limits.velocity * 0.5)
    with pytest.raises(CalibrationError, match=r"robot\.limits\.velocity of panda_joint1"):
        build(replace(PANDA, limits=slower), GuardConfig, load_rules(RULES[TRAINED]))


def chunk_of(made_by):
    """A chunk that stays where the robot is."""
    now_ns, rows = at(0.0).ros_ns, np.tile(PANDA.limits.lower + 0.5, (PANDA.horizon, 1))
    made = Provenance(made_by.model, made_by.normalisation)
    period = PANDA.row_period_ns
    return ActionChunk(1, 1, 1, now_ns, now_ns, period, PANDA.joints, rows, provenance=made)


@pytest.mark.parametrize(
    ("made_by", "holds"),
    [
        (MADE.policy, False),
        (replace(MADE.policy, model="ab" * 32), True),
        (replace(MADE.policy, normalisation="ab" * 32), True),
        (MadeBy(), True),
    ],
)
def test_chunks_of_a_policy_that_was_trained_again_are_noticed(made_by, holds):
    checks = build(PANDA, GuardConfig, load_rules(RULES[TRAINED]))
    guard = Guard(PANDA, GuardConfig(**GUARD), rules=lambda *_: checks)
    guard.handle(chunk_of(made_by), at(0.0))
    failing = {check.name: check for check in guard.status(at(0.0)).checks if not check.passed}
    stale = {name: check for name, check in failing.items() if "chunks come from" in check.detail}
    assert set(stale) == ({*CALIBRATED} - {"instruction"} if holds else set())
    assert all(check.decision == Decision.HOLD for check in stale.values())


@needs_gl
@pytest.mark.parametrize(("task", "seed"), [("reach", 230_001), ("drawer", 230_002)])
def test_an_episode_of_the_demonstration_asks_nobody(task, seed):
    played = nominal.play(nominal.Job(task, seed), RULES[TRAINED])
    assert (played.done, played.against) == (True, ())
    (heard,) = played.heard
    assert MadeBy(**heard["policies"][0]) == MADE.policy, AGAIN


@needs_gl
@pytest.mark.slow
def test_the_command_makes_such_a_file(tmp_path, monkeypatch):
    scenes = FEWEST // len(TASKS)
    calibrate.main(tmp_path / "made.json", scenes)
    made = load(tmp_path / "made.json", PANDA)
    assert (made.policy, made.episodes) == (MADE.policy, FEWEST)
    assert made.seeds == (calibrate.FIRST_SEED, calibrate.FIRST_SEED + scenes - 1)
    assert made.session_risk.shape.uses == MADE.session_risk.shape.uses
    assert calibrate.calibrated(scenes, workers=0).text() == made.text()
    assert all(getattr(made, name) is not None for name in CALIBRATED)
