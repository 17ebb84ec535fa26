"""Lines to requests, in JSON and in mpv's text syntax, and outcomes to answers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.control.language.lines import Malformed, Request, answer, decode
from hangd.client.control.port import CommandRefused


@given(st.binary() | st.binary().map(lambda data: b'{"command":' + data) | st.binary().map(lambda data: b"set " + data))
def test_any_line_is_decoded_or_malformed(data: bytes) -> None:
    try:
        assert decode(data) is None or isinstance(decode(data), Request | tuple)
    except Malformed:
        pass


def test_request() -> None:
    assert decode(b' \t{"command":["no-osd","seek",5],"request_id":{"a":1}} trailing\r') == Request(
        "seek", [5], {"a": 1}, ("no-osd",)
    )


def test_named_request() -> None:
    assert decode(b'{"command":{"name":"seek","target":5,"_flags":["raw"]}}') == Request(
        "seek", {"target": 5}, 0, ("raw",)
    )
    assert decode(b'{"command":{"_name":"room-create","name":"friday"}}') == Request("room-create", {"name": "friday"})


@pytest.mark.parametrize("line", [b"", b"   \r", b"# note", b'\0{"command":["client_name"]}'])
def test_empty_lines_and_comments(line: bytes) -> None:
    assert decode(line) is None


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        (b"{nonsense", 0),
        (b'{"request_id":5}', 5),
        (b'{"command":[],"request_id":5}', 5),
        (b'{"command":["no-osd"],"request_id":5}', 5),
        (b'{"command":["seek"],"request_id":5,"async":1}', 0),
        (b'{"command":["seek"],"request_id":"a","async":true}', "a"),
        (b'{"command":{"name":"seek","_flags":["nope"]},"request_id":5}', 5),
        (b'{"command":{"_name":5},"request_id":5}', 5),
    ],
)
def test_malformed_lines_have_the_request_id_as_far_as_it_is_known(line: bytes, request_id: object) -> None:
    with pytest.raises(Malformed) as caught:
        decode(line)
    assert caught.value.request_id == request_id


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        (b"cycle pause", [["cycle", "pause"]]),
        (b"set pause no; set volume 40 # louder", [["set", "pause", "no"], ["set", "volume", "40"]]),
        (b'raw loadfile "/a \\"b\\"" append', [["loadfile", '/a "b"', "append"]]),
        (b"loadfile '/it''s \\n' ; stop;", [["loadfile", "/it", "s \\n"], ["stop"]]),
        (b"ignore ;; stop", [["ignore"]]),
        (b"; stop", []),
        (b"stop; no-osd", []),
        (b"stop 'unfinished; stop", []),
        (b"show-text a\"b'c`d", [["show-text", "a\"b'c`d"]]),
        (b'show-text "a"b#c', [["show-text", "a", "b"]]),
        (b"'show-text' `X'a\"`bX`", [["show-text", "'a\"`b"]]),
        (b"show-text `Xa", []),
        (b"show-text `", []),
        (b"`", []),
        (b"show-text `\xc3\xa9a\xc3`", [["show-text", "\udca9a"]]),
        (b'show-text "\\u0041\\u00e9\\t\\\\ \xff" #c', [["show-text", "Aé\t\\ \udcff"]]),
        (b'show-text "a\\u0000b"', []),
        (b'show-text "\\x41"', []),
        (b'show-text "\\0"', []),
        (b"show-text \xff\x0b \xc2\xa0", [["show-text", "\udcff", " "]]),
        (b'show-text ""', [["show-text", ""]]),
        (b'set a "unfinished', []),
        (b"[1]", [["[1]"]]),
        (b"no-osd", []),
    ],
)
def test_text_lines(line: bytes, commands: list[list[str]]) -> None:
    decoded = decode(line)
    assert isinstance(decoded, tuple)
    assert [[request.name, *request.arguments] for request in decoded] == commands


def test_a_command_of_a_text_line_has_a_hundred_arguments_at_most() -> None:
    for count, requests in ((100, 2), (101, 0)):
        decoded = decode(b"script-message" + b" a" * count + b"; ignore")
        assert isinstance(decoded, tuple)
        assert len(decoded) == requests


def test_a_text_line_has_ten_thousand_words_at_most() -> None:
    for count, requests in ((5_000, 5_000), (5_001, 0)):
        decoded = decode(b"ignore;" * (count - 1) + b"ignore")
        assert isinstance(decoded, tuple)
        assert len(decoded) == requests


def test_text_is_expanded_unless_raw() -> None:
    decoded = decode(b"show-text a; raw show-text a")
    assert isinstance(decoded, tuple)
    assert [request.expanding for request in decoded] == [True, False]
    assert not any(request.answered for request in decoded)


@pytest.mark.parametrize(
    ("words", "expanding", "unattended"),
    [
        (b'"raw","expand-properties"', True, False),
        (b'"expand-properties","raw"', False, False),
        (b'"async"', False, True),
        (b'"async","no-osd","sync"', False, False),
    ],
)
def test_of_opposite_prefixes_the_last_counts(words: bytes, expanding: bool, unattended: bool) -> None:
    decoded = decode(b'{"command":[' + words + b',"ignore"]}')
    assert isinstance(decoded, Request)
    assert (decoded.expanding, decoded.unattended) == (expanding, unattended)


def test_of_equal_keys_the_first_counts() -> None:
    decoded = decode(b'{"request_id":1,"command":{"name":"seek","name":"stop","target":1,"target":2},"request_id":2}')
    assert decoded == Request("seek", {"target": 1}, 1)


@pytest.mark.parametrize(
    ("asynchronous", "outcome", "written"),
    [
        (False, 1.5, b'{"data":1.500000,"request_id":7,"error":"success"}\n'),
        (False, CommandRefused("not supported"), b'{"request_id":7,"error":"not supported"}\n'),
        (True, None, b'{"request_id":7,"error":"success","data":null}\n'),
        (True, CommandRefused("invalid parameter"), b'{"request_id":7,"error":"invalid parameter"}\n'),
        (
            True,
            CommandRefused("error running command"),
            b'{"request_id":7,"error":"error running command","data":null}\n',
        ),
    ],
)
def test_answers_have_the_order_of_keys_that_mpv_has(asynchronous: bool, outcome: Any, written: bytes) -> None:
    assert answer(Request("seek", [5], 7, asynchronous=asynchronous), outcome) == written


def test_a_refusal_with_a_code_has_details() -> None:
    refused = CommandRefused("error running command", "NoMedia", "no file is loaded")
    details = b'"details":{"code":"NoMedia","message":"no file is loaded"}'
    expected = b'{"request_id":"a","error":"error running command",' + details + b"}\n"
    assert answer(Request("seek", [5], "a"), refused) == expected
