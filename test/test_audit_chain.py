"""Records: one text for one value, and a chain through all of them."""

from __future__ import annotations

import hashlib
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.audit.canonical import canonical
from aura_ros.audit.chain import GENESIS, Link, head_of, parse, signature
from aura_ros.audit.key import BadKeyError, load_key
from aura_ros.types import AuditState, Check, Configure, Decision, Mode, Now, Verdict

NOW = Now(5, 7)
KEY = bytes(range(32))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_what_json_can_say_comes_back(value):
    text = canonical(value)
    if any(0xD800 <= ord(c) <= 0xDFFF for c in json.dumps(value, ensure_ascii=False)):
        return  # no text that UTF-8 could carry
    assert json.loads(text) == value


def test_keys_are_sorted_and_nothing_is_spaced():
    assert canonical({"b": 1, "a": [True, None, 0.1]}) == b'{"a":[true,null,0.1],"b":1}'
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


def test_what_is_not_finite_is_text():
    assert canonical([math.nan, math.inf, -math.inf]) == b'["nan","inf","-inf"]'


def test_names_beyond_ascii_are_utf8_and_lines_stay_lines():
    assert canonical("Knüppel\n") == '"Knüppel\\n"'.encode()
    assert canonical("\ud800") == b'"\\ud800"'


def test_values_of_the_waist_have_a_text():
    checks = (Check("schema", True, np.float64(0.5), math.nan, Decision.ALLOW),)
    verdict = Verdict(1, "c", "p", Decision.STOP, "", checks)
    read = json.loads(canonical(verdict))
    assert read["decision"] == "STOP"
    assert read["checks"][0] == {
        "decision": "ALLOW", "detail": "", "limit": "nan", "name": "schema", "passed": True,
        "value": 0.5,
    }  # fmt: skip
    assert json.loads(canonical(Configure({"a": (1, 2.5), "mode": Mode.HOLD})))["values"] == {
        "a": [1, 2.5], "mode": "HOLD",
    }  # fmt: skip


def test_arrays_are_their_bytes():
    one, other = np.array([[0.1, 0.2]]), np.array([[0.1], [0.2]])
    assert canonical(one) == canonical(one.copy())
    assert canonical(one) != canonical(other)
    assert canonical(one) != canonical(np.nextafter(one, 1))


def test_what_has_no_text_is_refused():
    with pytest.raises(TypeError, match="object has no canonical JSON"):
        canonical(object())


def test_the_hash_is_that_of_the_hash_before_and_the_record():
    link, line = Link().then("A", NOW, AuditState("full"))
    stated, _, record = line.rstrip(b"\n").partition(b" ")
    assert stated.decode() == hashlib.sha256(GENESIS + record).hexdigest()
    second, _ = link.then("A", NOW, AuditState("full"))
    assert (link.records, second.records) == (1, 2)
    assert second.head != link.head


def test_a_line_follows_only_the_link_it_was_made_after():
    link, line = Link().then("A", NOW, 1)
    _, later = link.then("B", NOW, 2)
    assert parse(line.rstrip()).follows(Link())
    assert parse(later.rstrip()).follows(link)
    assert not parse(later.rstrip()).follows(Link())
    assert not parse(line.rstrip()).follows(link)
    _, other = Link(5, GENESIS).then("A", NOW, 1)
    assert not parse(other.rstrip()).follows(Link())
    assert not parse(line.rstrip().replace(b'"value":1', b'"value":2')).follows(Link())


@pytest.mark.parametrize(
    "line",
    [b"", b" ", b"00 {}", b"zz" * 32 + b' {"counter":1,"kind":"A","value":0}', b"00" * 32 + b" []"],
)
def test_what_is_no_record_is_none(line):
    assert parse(line) is None


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_raise(content):
    parse(content)
    parse(b"00" * 32 + b" " + content)


def test_a_hash_is_written_in_one_way_only():
    _, line = Link().then("A", NOW, 1)
    stated, _, record = line.rstrip().partition(b" ")
    assert parse(stated.upper() + b" " + record) is None
    assert parse(stated[:2] + b" " + stated[2:] + b" " + record) is None


def test_a_head_is_signed_with_all_that_is_in_it():
    link, _ = Link().then("A", NOW, 1)
    head = head_of(link, "guard", 3, KEY)
    assert head.signature == signature(head, KEY)
    assert head_of(link, "guard", 3, None).signature == ""
    others = [head_of(link, "other", 3, KEY), head_of(Link(), "guard", 3, KEY)]
    others.append(head_of(link, "guard", 3, bytes(32)))
    assert head.signature not in [other.signature for other in others]


def key_file(folder, content=KEY, mode=0o600):
    file = folder / "key"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_a_key_is_read_that_only_its_owner_may_read(tmp_path):
    assert load_key(key_file(tmp_path)) == KEY
    assert load_key(key_file(tmp_path, mode=0o400)) == KEY


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [(KEY, 0o640, "mode 0640"), (KEY, 0o604, "chmod 0600"), (KEY[:31], 0o600, "31 bytes")],
)
def test_what_is_no_secret_is_refused(tmp_path, content, mode, words):
    with pytest.raises(BadKeyError, match=words):
        load_key(key_file(tmp_path, content, mode))


def test_a_key_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadKeyError, match=r"no_key cannot be read.*openssl"):
        load_key(tmp_path / "no_key")
