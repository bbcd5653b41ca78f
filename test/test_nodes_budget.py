"""Checks that take too long hold the robot; the guard goes on, and the node reads its rules."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("rclpy")

from chain_values import at, chunk, toy
from live_chain import ROBOT as PANDA
from live_chain import init
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.entry import Entry, Stage
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.rules import load
from aura_ros.guard.rules.foreign import Busy, Foreign, ForeignListener
from aura_ros.guard.rules.load import Rules, load_rules
from aura_ros.guard.rules.rule import Rule, Use
from aura_ros.guard.watch import Watch
from aura_ros.nodes import guard as module
from aura_ros.nodes.budget import Budget, Watchdog
from aura_ros.nodes.guard import GuardNode
from aura_ros.nodes.run import MISCONFIGURED
from aura_ros.types import Check, Decision, Tick

ROBOT = toy()
CONTEXT = Context(at(0), ROBOT, GuardConfig(), chunk(ROBOT))
# Far longer than a thread needs to answer on a machine whose cores are taken.
PATIENT_S = 5.0


def passing(context):
    return passed("looks", 0, 1)


class Hanging:
    """A check that waits until it is let go, and then counts its calls."""

    def __init__(self):
        self.go, self.called = threading.Event(), 0

    def __call__(self, context):
        self.go.wait(60)
        self.called += 1
        return passed("slow", self.called, 10)

    def hear(self, value, now):
        self.go.wait(60)


@pytest.fixture
def hanging():
    check = Hanging()
    yield check
    check.go.set()


@pytest.fixture
def budget():
    made = []

    def of(seconds):
        made.append(Budget(seconds))
        return made[-1]

    yield of
    for one in made:
        one.close()


def threads(name):
    return [thread for thread in threading.enumerate() if thread.name == name]


# --- checks of other packages ---------------------------------------------------------------


def test_a_foreign_check_runs_in_one_thread_of_its_own(budget):
    ran = []

    def check(context):
        ran.append((threading.current_thread(), context))
        return passed("slow", len(ran), 10)

    run, foreign = budget(PATIENT_S), Foreign("slow", check)
    assert [run("slow", foreign, CONTEXT).value for _ in range(2)] == [1, 2]
    (first, context), (second, _) = ran
    assert first is second is not threading.current_thread()
    assert context is CONTEXT


def test_one_that_hangs_is_a_hold_at_once_until_it_is_back(budget, hanging):
    run, foreign = budget(0.5), Foreign("slow", hanging)
    said = run("slow", foreign, CONTEXT)
    assert (said.name, said.passed, said.decision) == ("slow", False, Decision.HOLD)
    assert said.detail == "over its budget of 500 ms"
    began = time.monotonic()
    said = [run("slow", foreign, CONTEXT) for _ in range(100)]
    assert time.monotonic() - began < 5  # not a hundred budgets
    assert {check.decision for check in said} == {Decision.HOLD}
    assert {check.detail for check in said} == {"has not come back from an earlier call"}
    hanging.go.set()
    assert run._workers[foreign]._last.done.wait(PATIENT_S)
    # What it said too late is gone: this is what it says now.
    assert run("slow", foreign, CONTEXT).value == 2


def test_others_go_on_meanwhile(budget, hanging):
    run = budget(0.5)
    run("slow", Foreign("slow", hanging), CONTEXT)
    other = Foreign("other", lambda context: passed("other", 0, 1))
    assert run("other", other, CONTEXT).passed


@pytest.mark.parametrize("raised", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_one_that_raises_is_a_hold_and_its_thread_goes_on(budget, raised):
    left = [raised]

    def check(context):
        if left:
            raise left.pop()
        return passed("slow", 0, 1)

    run, foreign = budget(PATIENT_S), Foreign("slow", check)
    said = run("slow", foreign, CONTEXT)
    assert said.decision == Decision.HOLD
    assert repr(raised) in said.detail
    assert run("slow", foreign, CONTEXT).passed


def test_a_process_ends_while_a_check_hangs():
    program = (
        "import threading\n"
        "from aura_ros.guard.rules.foreign import Foreign\n"
        "from aura_ros.nodes.budget import Budget\n"
        "hang = Foreign('slow', lambda context: threading.Event().wait())\n"
        "print(Budget(0.01)('slow', hang, None).decision.name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50
    )
    assert (done.returncode, done.stdout) == (0, "HOLD\n"), done.stderr


def test_threads_end_with_the_budget(budget):
    run = budget(PATIENT_S)
    run("ending", Foreign("ending", lambda context: passed("ending", 0, 1)), CONTEXT)
    (thread,) = threads("check ending")
    assert thread.daemon
    run.close()
    thread.join(PATIENT_S)
    assert not thread.is_alive()


# --- checks of this package -----------------------------------------------------------------


def working(seconds: float, said: Check):
    """A check that uses so much processor time."""

    def check(context):
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass
        return said

    return check


def test_a_built_in_check_is_held_to_its_processor_time(budget):
    run, good = budget(0.005), passed("own", 0, 1)
    assert run("own", lambda context: good, CONTEXT) is good
    said = run("own", working(0.006, good), CONTEXT)
    assert (said.name, said.passed, said.decision) == ("own", False, Decision.HOLD)
    assert said.detail == "over its budget of 5 ms"


def test_what_is_worse_than_a_hold_stays(budget):
    bad = failed("own", 2, 1, Decision.STOP, "too near")
    assert budget(0.001)("own", working(0.002, bad), CONTEXT).decision == Decision.STOP


def test_time_in_which_others_had_the_processor_does_not_count(budget):
    waits = threading.Event()

    def check(context):
        waits.wait(0.1)
        return passed("own", 0, 1)

    assert budget(0.02)("own", check, CONTEXT).passed


def test_a_built_in_check_that_raises_is_a_hold(budget):
    said = budget(PATIENT_S)("own", lambda context: 1 / 0, CONTEXT)
    assert said.decision == Decision.HOLD
    assert "ZeroDivisionError" in said.detail


# --- code in the guard's own thread ---------------------------------------------------------


def test_the_watchdog_names_a_call_once_that_outlasts_two_looks():
    busy, said = Busy(), []
    dog = Watchdog(busy, said.append, patience=600)
    with busy.running("load"):
        dog.look()
    dog.look()
    assert not said
    for times in (1, 2):
        with busy.running("load"):
            for _ in range(3):
                dog.look()
        dog.look()
        assert len(said) == times
    assert said[0].startswith("check load keeps the guard waiting")
    with busy.running("load"):
        dog.look()
    with busy.running("load"):  # another call, as long
        dog.look()
    assert len(said) == 2
    dog.end()


def test_the_watchdog_looks_by_itself_and_ends(hanging):
    busy, said, spoken = Busy(), [], threading.Event()
    dog = Watchdog(busy, lambda words: (said.append(words), spoken.set()), patience=0.01)
    listener = ForeignListener("slow", hanging, busy)
    thread = threading.Thread(target=listener.hear, args=(1, at(0)))
    thread.start()
    assert spoken.wait(PATIENT_S)
    assert said[0].startswith("check slow")
    hanging.go.set()
    thread.join(PATIENT_S)
    dog.end()
    dog._thread.join(PATIENT_S)
    assert not dog._thread.is_alive()


# --- the node -------------------------------------------------------------------------------


@pytest.fixture
def node():
    made = []
    init()

    def of(**parameters):
        values = {"robot": PANDA, **parameters}
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        made.append(GuardNode(parameter_overrides=overrides, use_global_arguments=False))
        return made[-1]

    yield of
    for one in made:
        one.end()


def test_the_node_checks_what_its_rules_say(node, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("checks: {integrity: {decision: ask}}")
    for rules, expected in (("", ""), ("strict", "strict"), (str(path), str(path))):
        one = node(rules=rules, check_budget=0.5)
        assert one.trigger_configure() == TransitionCallbackReturn.SUCCESS
        checks = one._core._judge._checks
        assert checks.digest == one._checks(load_rules(expected), *about(one)).digest
        assert one._core._judge._run._seconds == 0.5


def about(node):
    """Robot and settings of a node's guard."""
    return node.robot_source.load(), lambda: node._core._config


def test_the_node_hands_checks_its_urdf(node, tmp_path, monkeypatch):
    read = []
    looks = Entry("looks", Stage.PLAN, lambda setup: read.append(setup.urdf()) or passing)
    monkeypatch.setattr(load, "TABLE", (looks,))
    path = tmp_path / "mine.yaml"
    path.write_text("checks: {}")
    assert node(rules=str(path)).trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert len(read) == 1
    assert b"<robot" in read[0]


def test_the_node_says_which_foreign_check_keeps_it(node, monkeypatch, hanging):
    class Load(Watch):
        name = "load"

        def hear(self, value, now):
            hanging.hear(value, now)

        def checks(self, now):
            return ()

    entry = Entry("load", Stage.WORLD, lambda setup: Load())
    rules = Rules("", (Rule(entry, Use.ON, Decision.HOLD, distribution="grippers 1.2"),))
    monkeypatch.setattr(module, "load_rules", lambda path: rules)
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    one, said, spoken = node(), [], threading.Event()
    logger = one.get_logger()
    monkeypatch.setattr(logger, "error", lambda words: (said.append(words), spoken.set()))
    monkeypatch.setattr(one, "get_logger", lambda: logger)
    assert one.trigger_configure() == TransitionCallbackReturn.SUCCESS
    thread = threading.Thread(target=one._core.handle, args=(Tick(), at(0)))
    thread.start()
    assert spoken.wait(PATIENT_S)
    assert "check load keeps the guard waiting" in said[0]
    hanging.go.set()
    thread.join(PATIENT_S)
    (dog,) = threads("watchdog of checks")
    assert one.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
    dog.join(PATIENT_S)
    assert not dog.is_alive()


def test_malformed_rules_stop_the_node_at_its_configuration(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("checks:\n  braking:\n    enabled: false\n")
    command = [sys.executable, "-m", "aura_ros.nodes.guard", "--ros-args"]
    command += ["-p", f"robot:={PANDA}", "-p", f"rules:={path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert done.returncode == MISCONFIGURED
    said = f"{path}: line 3: checks.braking.enabled = False: this check cannot be switched off"
    assert said in done.stderr + done.stdout
