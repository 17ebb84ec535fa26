"""The public list of rooms comes in pages below 64 KiB, which together are all rooms."""

import uuid
from typing import Any

from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.protocol.model import FRAME_BYTES_MAX
from hangd.rooms.hosting.public_list import page
from hangd.rooms.hub import Hub
from tests.rooms.test_hub import Someone, make_hub

LONGEST_FILE = {"size": 2**53 - 1, "name": "🎬" * 255}
LONGEST_ID = "🎬" * 64


def listed(client: Someone) -> list[list[str]]:
    """Ask for all pages. Returns the ids of each."""
    pages, after = [], None
    while True:
        client.say("ListRooms", id=LONGEST_ID, **({} if after is None else {"after": after}))
        (data,) = client.wire.heard
        assert len(data) < FRAME_BYTES_MAX
        (answer,) = client.heard()
        assert (answer["type"], answer["re"]) == ("Rooms", LONGEST_ID)
        pages.append([room["room_id"] for room in answer["payload"]["rooms"]])
        after = answer["payload"].get("next")
        if after is None:
            return pages


def filled(rooms: int, name: str = "room {}", **more: Any) -> tuple[Hub, set[str]]:
    hub = make_hub(publish_rooms=True)
    return hub, {Someone(hub).create(name=name.format(number), **more)["room_id"] for number in range(rooms)}


async def test_rooms_with_the_longest_names_come_in_pages_that_every_client_takes() -> None:
    hub, made = filled(300, name="{:03} " + "🎬" * 60, file=LONGEST_FILE)
    pages = listed(Someone(hub))
    assert 5 < len(pages) < 20
    assert sorted(room for one in pages for room in one) == sorted(made)


async def test_usual_rooms_are_two_hundred_to_a_page() -> None:
    hub, made = filled(401, file={"size": 5, "name": "film.mkv"})
    assert [len(one) for one in listed(Someone(hub))] == [200, 200, 1]
    assert len(made) == 401


async def test_a_list_that_fits_is_one_page_and_an_empty_one_too() -> None:
    hub, made = filled(3)
    assert [set(one) for one in listed(Someone(hub))] == [made]
    assert listed(Someone(make_hub(publish_rooms=True))) == [[]]


async def test_rooms_that_come_and_go_between_two_pages_hide_no_other() -> None:
    def room(number: int) -> Room:
        return Room(room_id=str(uuid.UUID(int=number)), epoch="e", settings=RoomSettings(), now=0.0)

    ordered = [room(number) for number in range(0, 1000, 2)]
    first = page(ordered, None)
    gone = first.next
    left = [one for one in ordered if one.room_id != gone] + [room(999)]
    seen = [one.room_id for one in first.rooms]
    after = first.next
    while after is not None:
        more = page(left, after)
        seen += [one.room_id for one in more.rooms]
        after = more.next
    assert seen == [one.room_id for one in [*ordered, room(999)]]


async def test_a_page_that_starts_after_everything_is_empty_and_nonsense_harms_nothing() -> None:
    hub, _ = filled(3)
    client = Someone(hub)
    for after in ("zzz", "\x00", "🎬"):
        client.say("ListRooms", after=after)
        assert "next" not in client.last("Rooms")
    client.say("ListRooms", after="x" * 65)
    assert client.error() == "InvalidMessage"
