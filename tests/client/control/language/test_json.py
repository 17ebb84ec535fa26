"""What is particular to mpv's JSON, and what must hold for anything at all."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hangd.client.control.language.json import NotationError, from_bytes, parse, to_bytes, write

TEXT = st.text().map(lambda text: from_bytes(to_bytes(text)).replace("\0", ""))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)


@given(PLAIN)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert parse(write(value)) == value


@given(PLAIN)
def test_it_reads_what_json_writes(value: Any) -> None:
    assert parse(json.dumps(value)) == value
    assert parse(json.dumps(value, ensure_ascii=False, indent=1)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_keep_six_places(value: float) -> None:
    assert write(value) == "%f" % value  # noqa: UP031 - it is C's format that is meant
    assert parse(write(value)) == pytest.approx(value, abs=1e-6)


@given(st.binary())
@example(b'{"a":"\\')
@example(b"-")
@example(b'"\\ud83d\\ude00\xed\xa0\x80"')
def test_any_bytes_are_a_value_or_an_error(data: bytes) -> None:
    try:
        value = parse(from_bytes(data))
    except NotationError:
        return
    to_bytes(write(value))


@given(st.text('{}[]",:=\\truefalsn0123456789.eExpu+- d', max_size=60))
def test_anything_that_looks_like_json_is_a_value_or_an_error(text: str) -> None:
    try:
        value = parse(text)
    except NotationError:
        return
    assert parse(write(value)) == pytest.approx(value, abs=1e-6) if isinstance(value, float) else True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a:1,b=2,}", {"a": 1, "b": 2}),
        ("[1,]x", [1]),
        ("[]", []),
        ("0x10", 16),
        ("-0x10", -16),
        ("010", 8),
        ("089", 89.0),
        ("0x1.8p3", 12.0),
        ("1.", 1.0),
        ("9223372036854775808", 9223372036854775808.0),
        ('"\\x41\\u00e9\\xc3\\xa9"', "Aéé"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"pause\\u0000x"', "pause"),
        ('"\\xff"', "\udcff"),
        ('"\\udcff"', "\udced\udcb3\udcbf"),
        ('"\\x f\\x-1\\u0x41\\u  42"', "\x0f\udcffAB"),
        ('"\\e\\\'\\/"', "\x1b'/"),
        ("-.5", -0.5),
        ("0x.8", 0.5),
        ("-0", 0),
        ("01777777777777777777777", 1777777777777777777777.0),
        ("0" * 30 + "1", 1),
        ("null", None),
    ],
)
def test_extensions(text: str, value: Any) -> None:
    parsed = parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "{,}", "[,1]", "[1,,2]", "[1 2]", '{"a"}', '{"a" 1}', "{a-b:1}", "tru", "truefoo", "nan", "inf", "+5",
        ".5", "[1e400]", "[-1e400]", "[1e-400]", "9" * 5000, "--5", "-",
        '"', '"\\"', '"\\p"', '"\\x4"', '"\\u12"', '"\\ud83d"', '"\\ud83dx"', "[" * 51,
        "0x" + "f" * 300, '"\\x4"', '"\\x- "', '"\\x0x"', '"\\u-001"', '"\\u000x"', '"\\udbff\\ud800"',
    ],
)  # fmt: skip
def test_no_values(text: str) -> None:
    with pytest.raises(NotationError):
        parse(text)


def test_a_key_that_comes_twice() -> None:
    """The first counts, and both are given back."""
    value = parse('{"b":1,"a":1,"a":[{"c":1,"c":2}]}')
    assert (value["a"], len(value)) == (1, 2)
    assert write(value) == '{"b":1,"a":1,"a":[{"c":1,"c":2}]}'


def test_depth_and_length_have_limits() -> None:
    assert parse("[" * 50 + "]" * 50)
    with pytest.raises(NotationError):
        parse("[" * 51 + "]" * 51)
    with pytest.raises(NotationError):
        parse("[" * 100_000)
    with pytest.raises(NotationError):
        parse("[" + "1," * 20_000 + "]")


def test_infinities_are_strings() -> None:
    assert [write(value) for value in (math.inf, -math.inf, math.nan)] == ['"inf"', '"-inf"', '"nan"']


def test_half_characters_do_not_stop_the_writer() -> None:
    assert to_bytes("a\ud800\udcffb") == b"a\xef\xbf\xbd\xffb"
