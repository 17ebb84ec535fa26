"""How large each message of a server can get: built from the limits in the types of its fields.

docs/protocol.md ("Limits") states these sizes.
"""

from typing import Any

import msgspec
import pytest
from msgspec import inspect

from hangd.engine.room import untold
from hangd.engine.room.admission import bans, inviting
from hangd.protocol.codec import SERVER_BYTES_MAX, encode_server
from hangd.protocol.messages import SERVER_TYPES
from hangd.protocol.model import FRAME_BYTES_MAX, TEXT_MAX, Member, QueueEntry

KIB = 1024
LONGEST_CHARACTER = "🎬"  # four bytes; what JSON would write longer is refused in every text
TEXT_OF_THE_SERVER = 600
"""Characters of what the server itself writes: its sentences quote at most 200 of a client's."""
MANY: dict[type | str, int] = {
    "bans": bans._MOST,
    "invites": inviting._KEPT_MOST,
    "features": 10,
    "kinds": 3,
    "details": 8,
    "members": 100,
    "waiting_for": 100,
    "reports": untold.REPORTS_MOST,
}
"""Of lists whose length is not in their type: how long the server lets them get, where rooms have a hundred members."""
WITH_A_ROOM = ("Welcome", "RoomCreated", "RoomJoined", "RoomState")
LARGE = {"Bans": 370 * KIB}
ELSEWHERE = ("Rooms", "QueueChanged", "MediaChanged")
"""Pages, and what one edit changes: it carries what came in one frame of a client, and ids."""


def largest(kind: inspect.Type, name: str = "") -> Any:
    """Return a value of this type that is as long in JSON as one can be. ``name``: of the field that has it."""
    match kind:
        case inspect.StructType(cls=cls, fields=fields):
            return cls(**{field.name: largest(field.type, field.name) for field in fields})
        case inspect.StrType(pattern=pattern, max_length=most):
            if pattern is not None and "0-9a-f" in pattern:
                return "f" * 64
            if (pattern is not None and "A-Za-z" in pattern) or name in ("ws", "url", "public_url"):
                return "x" * (most or 100)
            if name == "text":  # of Said: as a client's Say
                return LONGEST_CHARACTER * TEXT_MAX
            return LONGEST_CHARACTER * most if most is not None else "x" * TEXT_OF_THE_SERVER
        case inspect.IntType():
            return -(2**53) + 1
        case inspect.FloatType():
            return -1.2345678901234567e-105
        case inspect.BoolType():
            return False
        case inspect.NoneType():
            return None
        case inspect.LiteralType(values=values):
            return max(values, key=lambda value: len(str(value)))
        case inspect.UnionType(types=types):
            return max((largest(one, name) for one in types), key=lambda value: len(msgspec.json.encode(value)))
        case inspect.VarTupleType(item_type=item, max_length=most):
            return (largest(item, name),) * (MANY[name] if most is None else most)
        case inspect.DictType(key_type=key, value_type=value):
            return {f"{number}{largest(key)[:30]}": largest(value)[:200] for number in range(MANY[name])}
        case _:
            raise AssertionError(f"{name}: {kind}")


def size_of(name: str) -> int:
    return len(encode_server(largest(inspect.type_info(SERVER_TYPES[name])), LONGEST_CHARACTER * 64))


@pytest.mark.parametrize("name", [name for name in SERVER_TYPES if name not in (*WITH_A_ROOM, *ELSEWHERE)])
def test_no_message_without_the_rooms_state_is_larger_than_clients_send(name: str) -> None:
    assert size_of(name) < LARGE.get(name, FRAME_BYTES_MAX)


@pytest.mark.parametrize("name", WITH_A_ROOM)
def test_the_state_of_a_room_of_a_hundred_with_the_longest_names_is_what_is_stated(name: str) -> None:
    assert size_of(name) < 1100 * KIB


def test_a_member_and_an_entry_are_as_large_as_is_stated_and_a_room_of_a_thousand_can_be_joined() -> None:
    member = len(msgspec.json.encode(largest(inspect.type_info(Member))))
    entry = len(msgspec.json.encode(largest(inspect.type_info(QueueEntry))))
    assert member < 2.3 * KIB
    assert entry < 1.7 * KIB
    assert 1000 * member + 500 * entry + 10 * KIB < SERVER_BYTES_MAX
