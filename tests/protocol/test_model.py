"""The model, apart from the limits of single fields, which test_messages.py tests."""

import re

import msgspec
import pytest

from hangd.protocol.model import (
    PATTERN_MEANINGS,
    ROOM_ITSELF,
    Epoch,
    FileInfo,
    Member,
    Policy,
    RoomId,
    ServerUrl,
    Timeline,
    always_encoded,
)
from hangd.protocol.validation import explain


class Sample(msgspec.Struct, omit_defaults=True):
    promised: bool = always_encoded(False)
    optional: int | None = None


def test_a_default_that_is_always_encoded_may_be_absent_when_decoded() -> None:
    assert msgspec.json.encode(Sample()) == b'{"promised":false}'
    assert msgspec.json.decode(b"{}", type=Sample) == Sample(promised=False)


@pytest.mark.parametrize("pattern", PATTERN_MEANINGS)
def test_no_pattern_matches_a_final_newline(pattern: str) -> None:
    """In Python, "$" alone would."""
    good = {"[0-9a-f]{64}": "a" * 64, "^wss?": "ws://host/ws", "^https:": "https://host/a"}
    good |= {"{87}": "a" * 87, "{22}": "a" * 22, "{43}": "a" * 43, "{4}": "abcd-efgh", "[iu]": "0-i1-a1b2"}
    text = next((value for beginning, value in good.items() if beginning in pattern), "abc")
    assert re.search(pattern, text)
    assert not re.search(pattern, text + "\n")


@pytest.mark.parametrize("pattern", PATTERN_MEANINGS)
def test_each_pattern_is_explained(pattern: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert("\x00", msgspec_type(pattern))
    assert explain(caught.value) == ("", f"must be {PATTERN_MEANINGS[pattern]}")


def msgspec_type(pattern: str) -> object:
    from typing import Annotated

    return Annotated[str, msgspec.Meta(pattern=pattern)]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("ws://127.0.0.1:3005/ws", True),
        ("wss://films.example.org", True),
        ("ws://[::1]:3005/", True),
        ("http://films.example.org", False),
        ("ws://", False),
        ("ws:///ws", False),
        ("WS://host", False),
        ("ws://a b/", False),
        ("ws://host/\x1b", False),
        (" ws://host", False),
    ],
)
def test_the_url_of_a_server(url: str, good: bool) -> None:
    if good:
        assert msgspec.convert(url, ServerUrl) == url
    else:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(url, ServerUrl)


@pytest.mark.parametrize("type", [RoomId, Epoch])
def test_an_id_that_a_server_gives_is_printed_as_it_is(type: object) -> None:
    for good in ("0e37df36-f698-41e6-8f4d-9d6c5a1f2b3c", "4e5f6071", "a_B-9", "r" * 64):
        assert msgspec.convert(good, type) == good
    for bad in ("", "r" * 65, "\x1b]0;owned\x07\x1b[2J", "a b", "a\n", "a/b", "é", "\u202e"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(bad, type)


def test_a_policy_never_holds_a_password() -> None:
    """All members see it."""
    assert "password" not in Policy.__struct_fields__


def test_values_are_immutable() -> None:
    timeline = Timeline(epoch="e", rev=0, playing=False, position=0, rate=1, at=0)
    for value, name in ((timeline, "rev"), (FileInfo(size=1), "size"), (Member("a", "Ada", "host"), "name")):
        with pytest.raises(AttributeError):
            setattr(value, name, 1)


def test_the_id_of_the_room_itself_is_the_nil_uuid() -> None:
    """Members' ids are random UUIDs; the nil UUID is never among them."""
    assert ROOM_ITSELF.replace("-", "") == "0" * 32


def test_an_unknown_validation_error_is_shown_as_it_is() -> None:
    assert explain(ValueError("Something new of msgspec's - at `$.a`")) == (".a", "something new of msgspec's")
