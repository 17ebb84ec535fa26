"""Names of rooms and members: what is refused, and which are the same."""

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.saved import SavedRoom
from hangd.protocol.messages import CreateRoom, JoinRoom
from hangd.protocol.model import Alias, Name
from hangd.protocol.names import NAME_MAX, as_seen, matching, member_key, member_name, room_key, room_name
from hangd.protocol.validation import explain

HASH = "a" * 64
ROOM_ID = "6a420526-78c9-4678-a163-edb4fc358c1e"
UNSEEN = (
    "\xad",
    "\u034f",
    "\u061c",
    "\u115f",
    "\u180e",
    "\u200b",
    "\u200d",
    "\u202e",
    "\u2066",
    "\u3164",
    "\ufeff",
    "\U000e0041",
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=70)
tricky = st.text([*UNSEEN, " ", "\xa0", "\u3000", "\u0301", "\u0323", "a", "ü", "❤", "\ufe0f"], max_size=NAME_MAX + 2)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=NAME_MAX + 2) | tricky


@given(texts)
def test_a_room_s_normal_form_is_its_own_and_the_pattern_allows_it(text: str) -> None:
    try:
        name = room_name(text)
    except ValueError as error:
        assert str(error).startswith("must ")
        return
    assert room_name(name) == name
    assert room_key(name) == room_key(text)
    assert 1 <= len(name) <= 64 and name.isprintable() and unicodedata.is_normalized("NFC", name)
    assert msgspec.convert(name, Alias) == name


@given(lines)
def test_a_member_s_normal_form_is_its_own_and_the_pattern_allows_it(text: str) -> None:
    """So does it that of what is seen of it, which the room puts a number behind."""
    try:
        name = member_name(text)
    except ValueError as error:
        assert str(error).startswith("must ")
        return
    assert member_name(name) == name
    assert member_key(name) == member_key(as_seen(name)) == member_key(text)
    for form in (name, as_seen(name)[:NAME_MAX].strip()):
        assert unicodedata.is_normalized("NFC", form)
        assert msgspec.convert(form, Name) == form


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("\u200b host", "host"),
        ("host \u200b", "host"),
        (" \u2066\u3000\u202ehost\u200d\xa0\u200b ", "host\u200d"),
        ("\u202ehost\u200d", "\u202ehost\u200d"),
        ("a \u200b b", "a \u200b b"),
        ("I ❤\ufe0f \u200b", "I ❤\ufe0f"),
    ],
)
def test_a_member_s_name_has_no_spaces_around_what_is_seen(given: str, name: str) -> None:
    assert member_name(given) == name


@given(texts)
def test_a_key_is_its_own_key(text: str) -> None:
    assert room_key(room_key(text)) == room_key(text)
    assert member_key(member_key(text)) == member_key(text)


@given(texts)
def test_case_and_composition_make_no_difference(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert room_key(composed) == room_key(decomposed) == room_key(text)
    assert member_key(composed) == member_key(decomposed) == member_key(unicodedata.normalize("NFKD", text))
    assert member_key(text.casefold()) == member_key(text)


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_is_not_shown_is_refused_in_a_room_and_ignored_in_a_member(unseen: str) -> None:
    with pytest.raises(ValueError, match=r"must not contain U\+[0-9A-F]+.*, which cannot be seen"):
        room_name(f"fri{unseen}day")
    assert member_key(f"a{unseen}da") == "ada"
    with pytest.raises(ValueError, match="must have a character that can be seen"):
        member_name(unseen)


@pytest.mark.parametrize(
    "name",
    [
        ROOM_ID,
        ROOM_ID.upper(),
        ROOM_ID.replace("-", "\u2010"),
        "".join(chr(ord(letter) + 0xFEE0) for letter in ROOM_ID),
    ],
)
def test_a_name_that_looks_like_a_rooms_id_is_refused(name: str) -> None:
    """A link to a room that is gone would lead into the one that has its id for a name."""
    with pytest.raises(ValueError, match="must not look like a room's id"):
        room_name(name)
    assert room_name(f"{name}0") and room_name(name[1:])
    with pytest.raises(msgspec.ValidationError, match=r"must not look like a room's id.*\$\.name"):
        CreateRoom(HASH, name=name)
    assert JoinRoom(name).room_id, "but it may be sought"


def test_a_refused_name_is_explained() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        CreateRoom(HASH, name="fri\u200dday")
    assert explain(caught.value) == (".name", "must not contain U+200D (zero width joiner), which cannot be seen")


def test_the_member_that_is_named_exactly_comes_before_those_that_look_alike() -> None:
    names = {"1": "José", "2": "JOSÉ", "3": "Ada"}
    assert matching("José", names) == ["1"]
    assert matching("Jose\u0301", names) == ["1"]
    assert matching("jose\u0301", names) == ["1", "2"]
    assert matching("ada\u200d", names) == ["3"]
    assert matching("bob", names) == matching("", names) == matching("\u200d", names) == []


def test_a_room_that_was_kept_before_opens() -> None:
    kept = (
        b'{"room_id":"r","host_digest":"AAAA","file_hash":"' + HASH.encode() + b'","file":null,"policy":{},"members":'
        b'[{"client_id":"c","name":"ada\xe2\x80\x8d","role":"host"}],"timeline":{"epoch":"e","rev":1,"playing":false,'
        b'"position":0,"rate":1,"at":0},"name":"Film-Night_2.0"}'
    )
    room = msgspec.json.decode(kept, type=SavedRoom)
    assert (room.name, room.members[0].name) == ("Film-Night_2.0", "ada\u200d")
    assert room.name is not None and room_name(room.name) == room.name
    older = msgspec.json.decode(kept.replace(b"Film-Night_2.0", ROOM_ID.encode()), type=SavedRoom)
    assert older.name == ROOM_ID, "such names were allowed once"
