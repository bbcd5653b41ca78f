"""Messages: there and back, openpi's bytes, and nothing but numbers and texts."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nst

pytest.importorskip("msgpack")
pytest.importorskip("websockets")

import msgpack
from policy_servers import DECLARED, HORIZON, packed, unpacked

from aura_ros.policy.wire import WireError, checked, pack, unpack

DTYPES = st.sampled_from(["uint8", "int32", "int64", "float16", "float32", "float64", "bool"])
ARRAYS = DTYPES.flatmap(lambda dtype: nst.arrays(dtype, nst.array_shapes(max_dims=4, min_side=0)))


@given(st.dictionaries(st.text(max_size=8), ARRAYS | st.text(max_size=8) | st.integers(0, 9)))
def test_our_messages_are_openpis_and_come_back(table):
    assert pack(table) == packed(table)
    for back in (unpack(packed(table)), unpacked(pack(table))):
        assert set(back) == set(table)
        for key, value in table.items():
            np.testing.assert_array_equal(back[key], value)
            assert getattr(back[key], "dtype", None) == getattr(value, "dtype", None)


@pytest.mark.parametrize("number", [np.float32(1.5), np.int64(-3), np.bool_(True)])
def test_single_numbers_keep_their_type(number):
    assert pack({"a": number}) == packed({"a": number})
    back = unpack(packed({"a": number}))["a"]
    assert back == number
    assert back.dtype == number.dtype


def array(dtype, data=bytes(16), shape=(2,)):
    return {"a": {b"__ndarray__": True, b"data": data, b"dtype": dtype, b"shape": shape}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        packed({"a": 1}) + b"x",
        packed({"a": np.zeros(3)})[:-1],
        msgpack.packb([1, 2]),
        msgpack.packb("text"),
        msgpack.packb(array("|O")),
        msgpack.packb(array("<U4")),
        msgpack.packb(array("no dtype")),
        msgpack.packb(array("<f8", shape=(3,))),
        msgpack.packb(array("<f8", data=bytes(15))),
        msgpack.packb(array("<f8", data="text")),
        msgpack.packb({"a": {b"__ndarray__": True}}),
        msgpack.packb({"a": {b"__npgeneric__": True, b"dtype": "|O", b"data": 1}}),
    ],
)
def test_bytes_that_are_no_message_are_refused(data):
    with pytest.raises(WireError, match="a message that"):
        unpack(data)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_table_or_refused(data):
    with suppress(WireError):
        assert isinstance(unpack(data), dict)


@pytest.mark.parametrize("value", [object(), np.array([object()]), np.array(["a"]), {1, 2}])
def test_what_is_no_number_is_not_sent(value):
    with pytest.raises(WireError, match="cannot be sent"):
        pack({"a": value})


# --- answers --------------------------------------------------------------------------------

ROWS = np.arange(HORIZON * 3, dtype=np.float32).reshape(HORIZON, 3)
GOOD = {"actions": ROWS, "features": np.arange(5.0), "samples": np.stack([ROWS, ROWS + 1])}


def test_a_good_answer_is_rows_features_and_samples():
    found = checked(GOOD, DECLARED, 2)
    np.testing.assert_array_equal(found.rows, ROWS)
    np.testing.assert_array_equal(found.features, GOOD["features"])
    np.testing.assert_array_equal(found.samples, GOOD["samples"])
    assert {a.dtype for a in (found.rows, found.features, found.samples)} == {np.dtype(float)}


def test_one_sample_is_the_rows():
    np.testing.assert_array_equal(checked(GOOD, DECLARED, 1).samples, ROWS[None])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"actions": ROWS[:, :2]}, r"actions of shape \(4, 2\).*declares rows of 3 numbers"),
        ({"actions": ROWS[:0]}, r"actions of shape \(0, 3\)"),
        ({"actions": ROWS[None]}, "numbers in 2 dimensions are needed"),
        ({"actions": ROWS + np.inf}, r"actions has inf at \[0, 0\]; it must be finite"),
        ({"features": np.zeros(4)}, "4 features, but 5 are declared"),
        ({"features": np.array(["a"])}, "features is an array of shape .1,. and dtype <U1"),
        ({"samples": GOOD["samples"][:1]}, r"samples of shape \(1, 4, 3\); \(2, 4, 3\) is needed"),
        ({"samples": GOOD["samples"][:, :3]}, r"samples of shape \(2, 3, 3\)"),
    ],
)
def test_an_answer_that_is_not_what_was_declared_is_refused(changes, words):
    with pytest.raises(WireError, match=words):
        checked(GOOD | changes, DECLARED, 2)


@pytest.mark.parametrize("name", ["actions", "features", "samples"])
def test_what_is_missing_in_an_answer_is_named(name):
    table = dict(GOOD)
    del table[name]
    with pytest.raises(WireError, match=f"an answer without {name}; it has "):
        checked(table, DECLARED, 2)
