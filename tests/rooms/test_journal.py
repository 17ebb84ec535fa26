"""What the log says of connections: a line for each begin, end, refusal and room, and no flood of lines."""

import asyncio
import logging

import pytest

from hangd.engine.room.connection.session import SessionSettings
from hangd.protocol.messages import Error
from hangd.rooms.edge.journal import Journal
from hangd.rooms.edge.peer import Peer
from tests.rooms.test_hub import HASH, Someone, make_hub, until


@pytest.fixture(autouse=True)
def lines_of_the_journal(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hangd.rooms.edge.journal")


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return list(caplog.messages)


async def test_who_is_in_which_room_who_is_refused_and_who_is_put_out(caplog: pytest.LogCaptureFixture) -> None:
    hub = make_hub()
    for name, network in (("c1", "192.0.2.1"), ("c2", "2001:db8::/64"), ("c3", "")):
        hub.journal.begins(name, network)
    caplog.clear()
    host, guest, third = (Someone(hub, connection=name) for name in ("c1", "c2", "c3"))
    welcome = host.hello("Ann")
    guest.hello("Ben")
    created = await host.asks("CreateRoom", file_hash=HASH, name="secret alias", password="sesame")
    room = created["room_id"]
    await guest.asks("JoinRoom", room_id=room, file_hash=HASH, password="guessed")
    await guest.asks("JoinRoom", room_id=room, file_hash=HASH, password="sesame")
    await guest.asks("LeaveRoom")
    joined = await guest.asks("JoinRoom", room_id=room, file_hash=HASH, password="sesame")
    await guest.asks("Play", timestamp=0.0, command_id=7)  # makes no sense, which is no line
    host.say("Kick", client_id=joined["client_id"], ban=True, reason="because")
    await guest.asks("JoinRoom", room_id="secret alias", file_hash=HASH, password="sesame")
    host.drop()
    third.hello("Ann", resume={"client_id": welcome["client_id"], "secret": welcome["resume_secret"]})
    assert said(caplog) == [
        f"c1: makes room {room[:8]}, from 192.0.2.1",
        "c2: is refused, from 2001:db8::/64: WrongPassword",
        f"c2: comes into room {room[:8]}, from 2001:db8::/64",
        f"c2: leaves room {room[:8]}",
        f"c2: comes into room {room[:8]}, from 2001:db8::/64",
        f"c2: is put out of room {room[:8]}: banned by c1",
        "c2: is refused, from 2001:db8::/64: Banned",
        f"c3: comes back into room {room[:8]}, from this machine",
    ]
    await hub.aclose()


async def test_a_connection_has_a_line_for_its_begin_and_one_for_its_end(caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal()
    journal.begins("c1", "192.0.2.1")
    journal.begins("c2", "")
    journal.turned_away("c3", "2001:db8::/64", "too many connections")
    journal.ends("c1", "closed by the client (1000)", 12.34, 5, 67_890)
    journal.ends("c2", "lost", 0.0, 0, None)
    journal.ends("c2", "lost", 0.0, 0, None)
    assert said(caplog) == [
        "c1: begins, from 192.0.2.1",
        "c2: begins, from this machine",
        "c3: is refused, from 2001:db8::/64: too many connections",
        "c1: ends after 12.3 s: closed by the client (1000); 5 messages in, 67.9 kB out",
        "c2: ends after 0.0 s: lost; 0 messages in",
    ]


async def test_refusals_of_one_connection_are_one_line_for_each_limit_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hub = make_hub(session=SessionSettings(chat_per_minute=2, lists_per_minute=1))
    hub.journal.begins("c1", "192.0.2.1")
    flooder = Someone(hub, connection="c1")
    flooder.hello("Ann")
    flooder.create()
    for _ in range(100):
        flooder.say("Say", 1, text="spam")
    await flooder.asks("GetRoom")
    await flooder.asks("GetRoom")
    hub.journal.ends("c1", "lost", 1.0, 104, None)
    refused = [line for line in said(caplog) if "refused" in line]
    assert refused == [
        "c1: is refused, from 192.0.2.1: RateLimited (chat)",
        "c1: is refused, from 192.0.2.1: RateLimited (lists)",
        "c1: ends after 1.0 s: lost; 104 messages in, refused 99 times",
    ]
    await hub.aclose()


async def test_a_flood_of_refusals_leaves_their_lines_to_others_of_that_network(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hub = make_hub()
    for number in range(59):
        hub.journal.begins(f"c{number}", "192.0.2.1")
        Someone(hub, connection=f"c{number}").say("JoinRoom", room_id="nothing", file_hash=HASH)
    for number in range(1000):
        hub.journal.turned_away(f"d{number}", "192.0.2.1", "too many connections")
    assert sum("is refused" in line for line in said(caplog)) == 60
    hub.journal.begins("c60", "192.0.2.1")
    assert said(caplog)[-1] == "c60: begins, from 192.0.2.1"
    neighbour = Someone(hub, connection="c60")
    created = await neighbour.asks("CreateRoom", file_hash=HASH)
    assert said(caplog)[-1] == f"c60: makes room {created['room_id'][:8]}, from 192.0.2.1"
    hub.journal.ends("c60", "lost", 1.0, 1, None)
    assert said(caplog)[-1].startswith("c60: ends after")
    await hub.aclose()


async def test_who_was_named_by_any_line_has_a_line_for_its_end(caplog: pytest.LogCaptureFixture) -> None:
    hub = make_hub()
    for number in range(61):
        hub.journal.begins(f"c{number}", "192.0.2.1")
    assert not any("c60" in line for line in said(caplog))
    Someone(hub, connection="c60").say("JoinRoom", room_id="nothing", file_hash=HASH)
    assert said(caplog)[-1] == "c60: is refused, from 192.0.2.1: RoomNotFound"
    hub.journal.ends("c60", "lost", 1.0, 1, None)
    assert said(caplog)[-1] == "c60: ends after 1.0 s: lost; 1 messages in, refused once"
    await hub.aclose()


async def test_nothing_is_said_of_who_has_no_network_by_then(caplog: pytest.LogCaptureFixture) -> None:
    hub = make_hub()
    ended = Someone(hub, connection="c9")
    assert isinstance(ended.wire.listener, Peer)
    hub.journal.told(ended.wire.listener, Error("Banned", "", False), None)
    assert said(caplog) == []
    await hub.aclose()


async def test_a_flood_of_connections_makes_no_flood_of_lines_and_a_minute_later_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = asyncio.get_running_loop().time()
    journal = Journal()
    for number in range(1000):
        journal.begins(f"c{number}", "192.0.2.1")
        journal.ends(f"c{number}", "lost", 0.0, 0, 0)
    assert len(said(caplog)) == 2 * 60
    journal.begins("d", "192.0.2.2")
    assert said(caplog)[-1] == "d: begins, from 192.0.2.2"
    for number in range(1000):
        journal.begins(f"e{number}", f"198.51.100.{number}")
    assert len(said(caplog)) == 2 * 60 + 1 + 239
    with monkeypatch.context() as patched:
        patched.setattr(asyncio.get_running_loop(), "time", lambda: now + 61)
        journal.begins("f", "192.0.2.1")
    assert said(caplog)[-2:] == [
        "lines about connections were left out: 1701, of which 940 are about 192.0.2.1",
        "f: begins, from 192.0.2.1",
    ]
    journal.close()


async def test_what_was_left_out_is_said_though_nothing_else_happens(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hangd.rooms.edge.journal._MINUTE", 0.05)
    monkeypatch.setattr("hangd.rooms.edge.journal._NETWORK_MOST", 1)
    journal = Journal()
    journal.begins("c1", "192.0.2.1")
    journal.begins("c2", "192.0.2.1")
    await until(lambda: len(said(caplog)) == 2)
    assert said(caplog)[1] == "lines about connections were left out: 1, of which 1 are about 192.0.2.1"
    journal.close()
    assert len(said(caplog)) == 2
