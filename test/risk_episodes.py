"""Episodes as the guard's recorder collects them, drawn by a model, and turns for its watches."""

from functools import lru_cache

import numpy as np
from chain_values import at, chunk, home, joints_at, moving_plan, ns, toy

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Setup
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.risk.features import Features
from aura_ros.guard.risk.fit import fit
from aura_ros.guard.risk.recorder import Episode
from aura_ros.guard.watch import Judged, Turn
from aura_ros.types import Decision, PolicyFeatures, Provenance

ROBOT = toy()
INSTRUCTIONS = (
    "move the gripper to the green ball",
    "push the red cube onto the green disc",
    "open the red drawer",
    "pick up the blue cube and place it on the green disc",
)
USES = {"braking": 0.6, "plan_velocity": 0.5, "row_position": 0.3}
TURNS, DIMENSIONS = 40, 100


def drawn(seed, shift=0.0, turns=TURNS, use=0.0):
    """A nominal episode; ``shift`` is added to the start of joint_0, ``use`` to all uses; both
    may be arrays (turns,)."""
    rng = np.random.default_rng(seed)
    offset = rng.normal(0, 0.03, len(USES))
    shift, use = np.broadcast_to(shift, turns), np.broadcast_to(use, turns)
    found = []
    for t in range(turns):
        used = np.array([*USES.values()]) + offset + rng.normal(0, 0.05, len(USES)) + use[t]
        start = rng.normal([shift[t], 0, 0], 0.01)
        named = dict(zip(USES, np.clip(used, 0, 1), strict=True))
        monitor, disagreement = rng.normal(0.5, 0.1), rng.normal(0, 0.01, 3)
        found.append(Features(named, monitor, start, disagreement, dict.fromkeys(USES, 1.0)))
    return Episode(
        INSTRUCTIONS[seed % len(INSTRUCTIONS)],
        tuple(found),
        embeddings(rng, turns),
        rng.gamma(4.0, 0.1, turns),
        rng.uniform(0.01, 0.02, (turns, 4)),
    )


def embeddings(rng, count):
    """Embeddings (count, DIMENSIONS) in a space of five dimensions, and noise."""
    basis = np.random.default_rng(99).normal(size=(5, DIMENSIONS))
    noise = 0.1 * rng.normal(size=(count, DIMENSIONS))
    return 3.0 + rng.normal(size=(count, 5)) @ basis + noise


@lru_cache(maxsize=1)
def calibrated():
    """A calibration on 80 nominal episodes."""
    return fit([drawn(seed) for seed in range(80)], ROBOT, alpha=0.05)


@lru_cache(maxsize=1)
def written(folder):
    path = folder / "guard.json"
    calibrated().save(path)
    return path


def setup(path=None, decision=Decision.ASK, **options):
    if path is not None:
        options["calibration"] = str(path)
    return Setup(ROBOT, GuardConfig, options, decision)


def turn(sequence, features=None, allowed=True, moving=True, limit=1.0, **changes):
    """A turn whose checks say what ``features`` says, its chunk 0.1 s after the last one's."""
    begin = 0.1 * sequence
    uses = USES if features is None else features.uses
    checks = [passed(name, use * limit, limit) for name, use in uses.items()]
    mode = passed("mode", 3, 3) if moving else failed("mode", 4, 3, Decision.HOLD, "held")
    rows = home(ROBOT) * np.ones((16, 1))
    committed = moving_plan(ROBOT, 0.0, jerk=np.zeros((4, 3)))
    if features is not None:
        rows = rows + features.start
    value = chunk(ROBOT, begin, sequence, rows, **changes)
    return Turn(
        value, committed, committed, joints_at(begin, home(ROBOT)), (mode, *checks), allowed
    )


def judged(sequence, good=True, **changes):
    value = chunk(ROBOT, 0.1 * sequence, sequence, **changes)
    bad = failed("schema", 1, 0, Decision.REFUSE, "bad")
    return Judged(value, (passed("schema", 0, 0) if good else bad,))


def of_other_policy(sequence=1, good=True):
    """A judged chunk of a policy that was not calibrated."""
    return judged(sequence, good, provenance=Provenance("ab" * 32, "cd" * 32))


def assert_holds_for_another_policy(watch):
    """A chunk of another policy holds, one that was refused does not, the right one ends it."""
    assert told(watch, [judged(1), of_other_policy(good=False)]).passed
    check = told(watch, [of_other_policy()])
    assert (check.passed, check.decision) == (False, Decision.HOLD)
    assert check.detail.startswith(f"{watch.name}: ")
    for words in ("guard.json", "policy is one that does not say", "chunks come from abababababab",
                  "make it with `aura calibrate --guard`"):  # fmt: skip
        assert words in check.detail
    assert told(watch, [judged(2)]).passed


def shown(sequence, embedding, sensitivity=float("nan")):
    stamp = at(0.1 * sequence).ros_ns
    return PolicyFeatures(1, 1, sequence, stamp, embedding, sensitivity)


def told(watch, values):
    """The one check of a watch after it heard ``values`` 0.1 s apart."""
    for i, value in enumerate(values):
        watch.hear(value, at(ns(0.1 * i) / 1e9))
    (check,) = watch.checks(at(60.0))
    return check
