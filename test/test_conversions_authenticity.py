"""At the edge of nodes: what was changed, taken from elsewhere or forged is never acted upon."""

from __future__ import annotations

import copy
from collections import deque
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from chain_values import COMMAND_NS, TICK_NS, Cell, at, chunk, joints_at, moving_plan, picture, toy

from aura_ros.conversions import ConversionError, from_message, to_message
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.nodes.authenticity import CHANGED, FORGED, UNSIGNED, Authenticity
from aura_ros.types import (
    NS,
    ActionChunk,
    Check,
    Commitment,
    Decision,
    Lease,
    Mode,
    Now,
    Proposal,
    Tick,
    Track,
    Verdict,
    WayBack,
)

ROBOT = toy()
KEY, OTHER_KEY = bytes(range(32)), bytes(32)
CHUNK, PLAN = chunk(ROBOT), moving_plan(ROBOT)
VALUES = (
    CHUNK,
    WayBack(CHUNK),
    Proposal(PLAN),
    Commitment(PLAN),
    Verdict(1, "c", "p", Decision.CLAMP, "r", (Check("a", False, 1, 2, Decision.CLAMP),),
            correction=CHUNK),
    Lease(1, 2, 3, True, NS // 4, Mode.ACTIVE, ""),
)  # fmt: skip
DIGESTED = (ActionChunk, WayBack, Proposal, Commitment)


def make(name, fields):
    return SimpleNamespace(**fields)


def name_of(value):
    return type(value).__name__


def sealed(value, key=KEY, namespace=""):
    message = to_message(value, make)
    Authenticity(key, lambda name: f"{namespace}/{name}").seal(value, message)
    return message


def heard(kind, message, key=KEY, namespace=""):
    """The value that a room would get and what speaks against it, as a node reads it."""
    value = from_message(kind, message)
    return value, Authenticity(key, lambda name: f"{namespace}/{name}").check(value, message)


def words(kind, message, key=KEY, namespace=""):
    try:
        return heard(kind, message, key, namespace)[1]
    except (ConversionError, ValueError) as error:
        return str(error)


# --- one message -------------------------------------------------------------------------------


@pytest.mark.parametrize("value", VALUES, ids=name_of)
@pytest.mark.parametrize("key", [KEY, None])
def test_what_was_sent_is_taken(value, key):
    assert words(type(value), sealed(value, key), key) == ""


@pytest.mark.parametrize("value", VALUES, ids=name_of)
def test_tags_do_not_trouble_who_has_no_key(value):
    assert words(type(value), sealed(value), None) == ""


@pytest.mark.parametrize("value", VALUES, ids=name_of)
def test_with_a_key_only_its_tags_are_taken(value):
    kind = type(value)
    assert words(kind, sealed(value, None)) == UNSIGNED
    assert words(kind, sealed(value, OTHER_KEY)) == FORGED
    assert words(kind, sealed(value, namespace="/left"), namespace="/right") == FORGED
    message = sealed(value)
    message.tag = message.tag.upper()
    assert words(kind, message) == FORGED
    message.tag = "ä"
    assert words(kind, message) == FORGED


@pytest.mark.parametrize(
    ("said", "taken"),
    [(Proposal(PLAN), Commitment), (Commitment(PLAN), Proposal), (CHUNK, WayBack),
     (WayBack(CHUNK), ActionChunk)],
    ids=lambda v: v.__name__ if isinstance(v, type) else name_of(v),
)  # fmt: skip
def test_a_tag_holds_on_its_topic_alone(said, taken):
    assert words(taken, sealed(said)) == FORGED


@pytest.mark.parametrize("value", VALUES[:5], ids=name_of)
def test_content_must_match_its_digest_without_a_key_too(value):
    message = sealed(value, None)
    inner = message.correction[0] if isinstance(value, Verdict) else message
    numbers = inner.rows if hasattr(inner, "rows") else inner.position
    changed = np.array(numbers)
    changed[3] = np.nextafter(changed[3], 10)
    setattr(inner, "rows" if hasattr(inner, "rows") else "position", changed)
    assert words(type(value), message, None) == CHANGED
    inner.digest = ""
    assert words(type(value), message, None) == CHANGED


def test_what_is_consistent_in_itself_is_believed_without_a_key_and_not_with_one():
    forged = replace(CHUNK, rows=CHUNK.rows + 0.01)
    assert words(ActionChunk, sealed(forged, None), None) == ""
    assert words(ActionChunk, sealed(forged, None)) == UNSIGNED


@pytest.mark.parametrize(
    "changes",
    [{"rows": np.zeros((16, 2))}, {"rows": np.zeros((5, 4))}, {"rows": np.zeros((0, 3))},
     {"rows": np.zeros(7)}, {"alternatives": np.zeros((2, 9, 3))}, {"joint_names": ()}],
    ids=str,
)  # fmt: skip
def test_a_chunk_that_is_merely_malformed_is_not_tampered_with(changes):
    """It is for the schema check to refuse: STOP is for those who forge."""
    value = replace(CHUNK, **changes)
    for key in (KEY, None):
        assert words(ActionChunk, sealed(value, key), key) == ""


def test_numbers_of_numpy_and_plain_ones_have_one_tag():
    check = Check("a", True, np.float64(1), 2, Decision.ALLOW)
    verdict = Verdict(np.int64(1), "c", "p", Decision.ALLOW, "", (check,))
    assert words(Verdict, sealed(verdict)) == ""


def test_what_has_no_seal_is_taken_as_it_is():
    edge = Authenticity(KEY)
    assert edge.check(Tick(), None) == ""
    edge.seal(Tick(), None)


# --- changes of any field ----------------------------------------------------------------------


def leaves(node, path=()):
    """The path of every field, every element of a list of messages, and every array."""
    for name, value in vars(node).items():
        if isinstance(value, SimpleNamespace):
            yield from leaves(value, (*path, name))
        elif isinstance(value, list) and value and isinstance(value[0], SimpleNamespace):
            yield (*path, name)
            for index, item in enumerate(value):
                yield from leaves(item, (*path, name, index))
        else:
            yield (*path, name)


def changed(value, rng):
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return [value + "x", value[:-1] if value else "y", "f" * 64][rng.integers(3)]
    if isinstance(value, int):
        return max(value + int(rng.choice([-1, 1, 7, 10**6])), 0) or value + 1
    if isinstance(value, float):
        return float(rng.choice([np.nextafter(value, np.inf), value + 1, np.inf, -np.inf]))
    if isinstance(value, list):
        return value[:-1] if value and rng.random() < 0.5 else [*value, *(value[:1] or ["z"])]
    after = np.append(value, 0.0) if not value.size or rng.random() < 0.2 else value.copy()
    index = rng.integers(after.size)
    after[index] = rng.choice([after[index] + 1e-9, -after[index] - 1, np.nan, np.inf])
    return after


def at_path(node, path):
    for step in path:
        node = node[step] if isinstance(step, int) else getattr(node, step)
    return node


def with_change(message, rng):
    """A copy with one field changed. Nobody reads the tag of a correction, and a message that
    has none gets none: no text is a chunk."""
    after = copy.deepcopy(message)
    paths = [p for p in leaves(after) if p[-1] not in ("tag", "correction")]
    path = paths[rng.integers(len(paths))]
    setattr(at_path(after, path[:-1]), path[-1], changed(at_path(after, path), rng))
    return after


@pytest.mark.parametrize("value", VALUES, ids=name_of)
def test_a_change_of_any_field_is_found_with_a_key(value):
    rng = np.random.default_rng(1)
    message = sealed(value)
    for path in leaves(message):
        after = copy.deepcopy(message)
        setattr(at_path(after, path[:-1]), path[-1], changed(at_path(after, path), rng))
        inner_tag = path[-1] == "tag" and len(path) > 1
        assert bool(words(type(value), after)) != inner_tag, path


@pytest.mark.parametrize("value", VALUES[:4], ids=name_of)
def test_a_change_of_any_field_but_the_tag_is_found_without_one(value):
    rng = np.random.default_rng(2)
    message = sealed(value, None)
    for path in leaves(message):
        if path[-1] != "tag":
            after = copy.deepcopy(message)
            setattr(at_path(after, path[:-1]), path[-1], changed(at_path(after, path), rng))
            assert words(type(value), after, None), path


# --- guard and fuser behind the edge -----------------------------------------------------------

BAD = 10_000
# To whom a message is given.
GUARD, FUSER = (ActionChunk, Proposal), (ActionChunk, Verdict, Lease)


class Chain(Cell):
    """Fuser and guard whose messages go over an edge; ``said`` has all of them, by turn."""

    def __init__(self, key):
        super().__init__(ROBOT)
        self.key = key
        self.guard = Guard(ROBOT, GuardConfig(auto_arm=True), session=9)
        self.said = []
        self.allowed = 0

    def judge(self, value):
        """What the guard says to ``value``, brought to the fuser, and back."""
        waiting = deque([(self.guard, value)])
        while waiting:
            room, value = waiting.popleft()
            for out in room.handle(value, self.now):
                if isinstance(out, Track):
                    self.tracks.append(out)
                    self.loop.follow(out)
                kind = type(out)
                if kind in (Verdict, Lease, Proposal, Commitment):
                    self.allowed += isinstance(out, Verdict) and out.decision == Decision.ALLOW
                    message = sealed(out, self.key)
                    self.said.append((kind, message))
                    value, words = heard(kind, message, self.key)
                    assert words == ""
                    waiting.append((self.guard if room is self.fuser else self.fuser, value))

    def bring(self, chunk):
        """A chunk goes to the guard and to the fuser."""
        self.said.append((ActionChunk, sealed(chunk, self.key)))
        self.judge(chunk)
        for out in self.fuser.handle(chunk, self.now):
            message = sealed(out, self.key) if isinstance(out, Proposal) else None
            if message is not None:
                self.said.append((Proposal, message))
                self.judge(heard(Proposal, message, self.key)[0])

    def turn(self, sequence):
        """0.2 s of motion, and one more chunk."""
        for _ in range(NS // 5 // COMMAND_NS):
            self.now = Now(self.now.ros_ns + COMMAND_NS, self.now.steady_ns + COMMAND_NS)
            command = self.loop.command(self.now)
            self.position = self.position if command is None else command.position
            if (self.now.ros_ns - at(0).ros_ns) % TICK_NS == 0:
                measured = joints_at(self.seconds, self.position)
                self.guard.handle(picture(self.seconds), self.now)
                self.guard.handle(measured, self.now)
                self.fuser.handle(measured, self.now)
                self.judge(Tick())
                self.fuser.handle(Tick(), self.now)
        self.bring(chunk(ROBOT, self.seconds, sequence))

    def accepted(self, kind, message):
        """Whether a room behind the edge does anything that a message asks for."""
        try:
            value, words = heard(kind, message, self.key)
        except (ConversionError, ValueError):
            return False
        if words:
            return False
        out = []
        if kind in GUARD:
            out += self.guard.handle(value, self.now)
            if kind is ActionChunk and not any(isinstance(o, Verdict) for o in out):
                return True  # of a chunk that it takes it says nothing yet
        if kind in FUSER:
            out += self.fuser.handle(value, self.now)
        return any(
            isinstance(o, Proposal | Commitment | Track)
            or (isinstance(o, Lease) and o.granted)
            or (isinstance(o, Verdict) and o.decision == Decision.ALLOW)
            for o in out
        )


def pick(rng, messages, kinds):
    chosen = [m for m in messages if m[0] in kinds]
    return chosen[rng.integers(len(chosen))]


def field_change(rng, said, keyed):
    kind, message = pick(rng, said, GUARD + FUSER if keyed else DIGESTED)
    return kind, with_change(message, rng)


def other_topic(rng, said, keyed):
    """Without a key, a plan that was committed is proposed again, and is late."""
    kind, message = pick(rng, said[: len(said) // 2], (Commitment, Proposal))
    return (Proposal if kind is Commitment else Commitment), message


def stripped(rng, said, keyed):
    kind, message = pick(rng, said, GUARD + FUSER if keyed else DIGESTED)
    after = copy.copy(message)
    if keyed:
        after.tag = ["", "0" * 64, message.tag[:-1], pick(rng, said, (kind,))[1].tag + "0"][
            rng.integers(4)
        ]
    else:
        after.digest = ["", "0" * 64, message.digest.upper()][rng.integers(3)]
        if after.digest == message.digest:
            after.digest = ""
    return kind, after


def future(rng, said, keyed):
    """Stamped ahead: as it is, and with a digest that fits again."""
    kind, message = pick(rng, said, GUARD)
    ahead = int(rng.uniform(0.1, 100) * NS)
    value = from_message(kind, message)
    if kind is ActionChunk:
        later = replace(
            value,
            sequence=10**6 + int(rng.integers(10**6)),
            observation_stamp_ns=value.observation_stamp_ns + 10 * NS + ahead,
            start_ns=value.start_ns + ahead,
        )
    else:
        whole = ahead // ROBOT.knot_period_ns * ROBOT.knot_period_ns
        later = Proposal(replace(value.plan, start_ns=value.plan.start_ns + 10 * NS + whole))
    after = to_message(later, make)
    if rng.random() < 0.5:
        after.digest = message.digest
    after.tag = message.tag
    return kind, after


def again(rng, said, keyed):
    """Old messages, each as it was, in any order."""
    return pick(rng, said[: -len(said) // 3], GUARD + FUSER)


GENERATORS = (field_change, other_topic, stripped, future, again)


@pytest.mark.parametrize("key", [KEY, None], ids=["key", "no key"])
def test_none_of_10000_bad_messages_is_acted_upon(key):
    chain, rng = Chain(key), np.random.default_rng(3)
    turns = 50
    for turn in range(turns):
        chain.turn(turn + 1)
        if turn < 10:
            continue
        for count in range(BAD // (turns - 10)):
            generate = GENERATORS[count % len(GENERATORS)]
            kind, message = generate(rng, chain.said, key is not None)
            assert not chain.accepted(kind, message), (generate.__name__, kind, message)
    # And what is good is still taken.
    assert chain.allowed > turns // 2
    assert chain.guard.mode == Mode.ACTIVE
    assert chain.position[0] != 0
