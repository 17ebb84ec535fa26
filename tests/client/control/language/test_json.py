"""JSON as clients of mpv send it and expect it, and what holds for any bytes at all."""

import json
import math
import os
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hangd.client.control.language.json import InvalidJson, parse, write
from tests.support.names import file_names

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("\udc80\udcff"))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)


@given(PLAIN)
def test_written_values_are_read_again(value: Any) -> None:
    assert parse(write(value).encode("utf-8", "surrogateescape")) == value


@given(PLAIN)
def test_values_of_the_standard_library_are_read(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.binary(min_size=1).filter(lambda data: not set(data) & set(b'"\\\0')))
def test_any_bytes_in_a_string_come_back_as_they_were(data: bytes) -> None:
    """A file name may be any bytes, and shell scripts insert it as it is."""
    assert parse(b'"' + data + b'"').encode("utf-8", "surrogateescape") == data


@given(file_names())
def test_bytes_that_were_written_as_escapes_are_one_name_with_those_that_were_not(name: bytes) -> None:
    """A program that takes names for ASCII escapes each byte, also where they are UTF-8."""
    raw = parse(json.dumps([os.fsdecode(name)], ensure_ascii=False).encode("utf-8", "surrogateescape"))
    escaped = parse(json.dumps([name.decode("ascii", "surrogateescape")]).encode())
    assert escaped == raw == [os.fsdecode(name)]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_have_six_decimals(value: float) -> None:
    assert write(value) == "%f" % value  # noqa: UP031 - it is C's format that is meant
    assert parse(write(value).encode()) == pytest.approx(value, abs=1e-6)


@given(st.binary())
@example(b'{"a":"\\')
@example(b"-")
@example(b'"\\ud83d\\ude00\xed\xa0\x80"')
def test_any_bytes_are_a_value_or_an_error(data: bytes) -> None:
    try:
        value = parse(data)
    except InvalidJson:
        return
    write(value).encode("utf-8", "surrogateescape")


@given(st.text('{}[]",:\\truefalsn0123456789.eExpu+- d', max_size=60))
def test_any_text_of_jsons_letters_is_a_value_or_an_error(text: str) -> None:
    try:
        value = parse(text.encode())
    except InvalidJson:
        return
    assert parse(write(value).encode()) == pytest.approx(value, abs=1e-6) if isinstance(value, float) else True


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"[1]x", [1]),
        (b'"a" 1', "a"),
        (b"[]", []),
        (b"-0", 0),
        (b"1e3", 1000.0),
        (b"9223372036854775808", 9223372036854775808.0),
        (b"[-9223372036854775809]", [-9223372036854775808.0]),
        (b'{"a":18446744073709551616}', {"a": 18446744073709551616.0}),
        (b'"a\tb\x01"', "a\tb\x01"),
        (b'"\\u00e9\xc3\xa9\\/"', "éé/"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\xff"', "\udcff"),
        (b'"\\udcff"', "\udcff"),
        (b"null", None),
    ],
)
def test_json_and_what_clients_send_beside_it(data: bytes, value: Any) -> None:
    parsed = parse(data)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "{,}", "[,1]", "[1,,2]", "[1 2]", '{"a"}', '{"a" 1}', "{a-b:1}", "tru", "nan", "inf", "+5",
        ".5", "[1e400]", "[-1e400]", "NaN", "Infinity", "-Infinity", "9" * 5000, "1" + "0" * 400, "--5", "-",
        '"', '"\\"', '"\\p"', '"\\u12"', '"\\u000x"',
        # What mpv reads in addition to JSON.
        "{a:1}", '{"a"=1}', "[1,]", '{"a":1,}', "[0x10]", "[010]", "[1.]", '"\\x41"', '"\\e"', "\"\\'\"",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidJson):
        parse(text.encode())


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud83d", "\\ud83dx", "\\ude00", "\\udbff\\ud800", "\\udc7f"])
def test_no_string_has_a_nul_or_half_a_character(text: str) -> None:
    """The first cannot be in a file name, the second cannot be encoded."""
    for value in (f'"{text}"', f'[["{text}"]]', f'{{"{text}":1}}'):
        with pytest.raises(InvalidJson):
            parse(value.encode())


def test_of_equal_keys_the_first_counts() -> None:
    value = parse(b'{"b":1,"a":1,"a":[{"c":1,"c":2}],"b":2}')
    assert write(value) == '{"b":1,"a":1}'


def test_depth_and_number_of_values_are_limited() -> None:
    assert parse(b"[" * 50 + b"]" * 50)
    assert len(parse(b"[" + b"1," * 9_998 + b"1]")) == 9_999
    assert parse(b'[",[{' + b'\\",' * 20_000 + b'"]') == [",[{" + '",' * 20_000], "not what is in strings"
    for data in (
        b"[" * 51 + b"]" * 51,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b"[" * 51,
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"[" + b"1," * 9_999 + b"1]",
        b"[" + b"[1,1]," * 4_000 + b"1]",
        b'["' + b'\\",' * 300_000,
    ):
        with pytest.raises(InvalidJson):
            parse(data)


def test_infinities_are_strings() -> None:
    assert [write(value) for value in (math.inf, -math.inf, math.nan)] == ['"inf"', '"-inf"', '"nan"']


def test_only_control_characters_quotes_and_backslashes_are_escaped() -> None:
    assert write('\x00\x1f\x7f"\\/\b\f\n\r\té\udcff') == '"\\u0000\\u001f\x7f\\"\\\\/\\b\\f\\n\\r\\té\udcff"'


def test_objects_that_are_not_plain_data_are_not_written() -> None:
    with pytest.raises(TypeError, match="not plain data: object"):
        write({"a": [object()]})
