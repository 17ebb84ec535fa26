"""What one address can make a hub send: bounded in messages and in bytes, on simulated time.

The floods are those of issue 23: 99 members of one room, and a queue of 500 entries with the longest names.
"""

import json
import time
from typing import Any

import pytest

from hangd.engine.room.connection.session import SessionSettings
from hangd.protocol.model import QUEUE_MAX
from hangd.rooms.edge.budgets import SharedSettings
from hangd.rooms.hub import Hub
from hangd.rooms.trust import Nobody
from tests.rooms.test_hub import HASH, make_hub
from tests.support.network.memory_transport import MemoryClient

MEMBERS = 99
ADDRESS = "192.0.2.1"
ELSEWHERE = "198.51.100.1"
AT_ONCE, PER_SECOND = 60_000, 10_000
"""Deliveries, and KiB, of one address (docs/protocol.md)."""


class Counting(MemoryClient):
    """A client that counts what it gets, and keeps the last messages."""

    def __init__(self, hub: Hub, address: str, now: float) -> None:
        super().__init__(address)
        self.messages = self.bytes = 0
        self.peer = self.listener = hub.attach(self.transport, now, address=address)

    def says(self, type: str, now: float, re: int | None = None, **payload: Any) -> None:
        self.say(
            json.dumps({"type": type, "payload": payload} | ({} if re is None else {"id": re}), ensure_ascii=False), now
        )

    def read(self) -> list[bytes]:
        heard = list(self.heard)
        self.heard.clear()
        self.messages += len(heard)
        self.bytes += sum(map(len, heard))
        return heard

    def reads(self, type: str) -> dict[str, Any]:
        found = [json.loads(data) for data in self.read() if f'"type":"{type}"'.encode() in data[:60]]
        payload = found[-1]["payload"]
        assert isinstance(payload, dict)
        return payload


class Crowd:
    """``MEMBERS`` of one room, from one address or each from another one."""

    def __init__(self, hub: Hub, *, address: str | None = ADDRESS) -> None:
        self.now = time.monotonic()
        self.members = [
            Counting(hub, f"203.0.113.{number}" if address is None else address, self.now) for number in range(MEMBERS)
        ]
        for number, member in enumerate(self.members):
            member.says("Hello", self.now, protocol=1, name=f"m{number}", client="test")
        self.members[0].says("CreateRoom", self.now, file_hash=HASH)
        self.room = self.members[0].reads("RoomCreated")["room_id"]
        for member in self.members[1:]:
            member.says("JoinRoom", self.now, room_id=self.room, file_hash=HASH)
        assert len(self.members[-1].reads("RoomJoined")["room"]["members"]) == MEMBERS
        self.forget()

    def forget(self) -> None:
        for member in self.members:
            member.read()
            member.messages = member.bytes = 0

    def rests(self) -> None:
        """Let enough time go by that everybody has the whole burst again."""
        self.now += 1000.0

    def sent(self) -> tuple[int, int]:
        """Return how many messages the members got, and how many bytes."""
        for member in self.members:
            member.read()
        return sum(member.messages for member in self.members), sum(member.bytes for member in self.members)

    def refused(self) -> int:
        return sum(sum(member.peer.session.limited.values()) for member in self.members)


def limited_hub(**settings: Any) -> Hub:
    """Return a hub with the limits that a server has by default."""
    return make_hub(trust=Nobody(), session=SessionSettings(), shared=SharedSettings(), **settings)


async def test_members_that_say_one_letter_at_the_burst_cost_no_more_than_an_address_may() -> None:
    crowd = Crowd(limited_hub())
    crowd.rests()
    for _ in range(60):
        for member in crowd.members:
            member.says("Say", crowd.now, text="a")
    delivered, _ = crowd.sent()
    assert delivered <= AT_ONCE + MEMBERS + crowd.refused()
    assert crowd.refused() > 0.8 * 60 * MEMBERS
    # Three more seconds of it.
    for tenth in range(30):
        for member in crowd.members:
            member.says("Say", crowd.now + tenth / 10, text="a")
            member.says("Say", crowd.now + tenth / 10, text="a")
    assert crowd.sent()[0] <= AT_ONCE + PER_SECOND * 3 + MEMBERS + crowd.refused()


async def test_what_one_address_owes_is_not_asked_of_another() -> None:
    hub = limited_hub()
    crowd = Crowd(hub)
    other = Counting(hub, ELSEWHERE, crowd.now)
    other.says("Hello", crowd.now, protocol=1, name="other", client="test")
    other.says("CreateRoom", crowd.now, file_hash=HASH)
    other.read()
    for _ in range(60):
        for member in crowd.members:
            member.says("Say", crowd.now, text="a")
    crowd.members[0].says("SetReady", crowd.now, re=1, ready=True)
    error = crowd.members[0].reads("Error")
    assert (error["code"], error["details"]["limit"], error["details"]["of"]) == (
        "RateLimited",
        "deliveries",
        "network",
    )
    assert error["message"].startswith(
        "the server has had to send too much because of those in your network: try again"
    )
    other.says("Say", crowd.now, text="hello")
    assert other.reads("Said")["text"] == "hello"


async def test_a_room_that_owes_is_slowed_though_its_members_come_from_everywhere() -> None:
    hub = limited_hub()
    crowd = Crowd(hub, address=None)
    crowd.rests()
    for _ in range(60):
        for member in crowd.members:
            member.says("Say", crowd.now, text="a")
    assert crowd.sent()[0] <= AT_ONCE + MEMBERS + crowd.refused()
    host = crowd.members[0]
    host.says("SetFile", crowd.now, re=1, file={"size": 5}, file_hash=HASH)
    details = host.reads("Error")["details"]
    assert 0.0 < details["retry_after"] < 1.0 and details["of"] == "room"
    host.says("SetPolicy", crowd.now, re=2, locked=True)
    assert host.reads("PolicyChanged"), "it still controls its room"


def fill_queue(crowd: Crowd) -> None:
    """Give the room the longest queue with the longest names."""
    entry = {"file_hash": HASH, "file": {"size": 5, "duration": 5.0, "name": "🎬" * 255, "quick_hash": HASH}}
    for _ in range(QUEUE_MAX // 20):
        crowd.rests()
        crowd.members[0].says("QueueInsert", crowd.now, after="end", entries=[entry] * 20)
    crowd.rests()
    crowd.forget()


@pytest.mark.parametrize("type", ["GetRoom", "GetInvites", "GetBans"])
async def test_who_asks_for_lists_all_the_time_gets_no_more_than_an_address_may(type: str) -> None:
    crowd = Crowd(limited_hub())
    fill_queue(crowd)
    for second in range(4):
        for member in crowd.members:
            for number in range(20):
                member.says(type, crowd.now + second, re=number)
    messages, sent = crowd.sent()
    largest = 800_000
    assert sent <= (AT_ONCE + 4 * PER_SECOND) * 1024 + largest + 300 * messages
    granted = messages - crowd.refused()
    assert granted <= 25 * (60 + 4 * 1.0) + 1


async def test_who_has_used_up_what_it_has_is_granted_more_after_exactly_the_time_that_it_was_told() -> None:
    crowd = Crowd(limited_hub())
    fill_queue(crowd)
    member = crowd.members[5]
    answers = []
    for number in range(40):
        member.says("GetRoom", crowd.now, re=number)
        answers.append(json.loads(member.read()[-1]))
    refused = [answer["payload"] for answer in answers if answer["type"] == "Error"]
    assert 10 < len(refused) < 30
    later = crowd.now + refused[-1]["details"]["retry_after"]
    member.says("GetRoom", later - 0.01, re=-1)
    assert json.loads(member.read()[-1])["type"] == "Error"
    member.says("GetRoom", later, re=-2)
    assert json.loads(member.read()[-1])["type"] == "RoomState"


async def test_an_edit_of_the_queue_sends_each_member_little_more_than_it_was() -> None:
    """The longest that fits into a frame, and one that takes out and moves all that there is."""
    hub = make_hub(trust=Nobody())
    crowd = Crowd(hub)
    fill_queue(crowd)
    host, other = crowd.members[:2]
    host.says("GetRoom", crowd.now)
    ids = [entry["id"] for entry in host.reads("RoomState")["room"]["queue"]["entries"]]
    entry = {"file_hash": HASH, "file": {"size": 5, "duration": 5.0, "name": "🎬" * 255, "quick_hash": HASH}}
    for type, payload in (
        ("QueueMove", {"ids": ids[::-1], "after": None}),
        ("SetMedia", {"entry": ids[7]}),
        ("QueueRemove", {"ids": ids[:100]}),
        ("QueueInsert", {"after": "end", "entries": [entry] * 50}),
        ("SetMedia", {"file": entry["file"], "file_hash": HASH, "clear": True}),
    ):
        crowd.rests()
        crowd.forget()
        host.says(type, crowd.now, **payload)
        (data,) = (data for data in other.read() if data[9:14] in (b"Queue", b"Media"))
        assert len(data) < 80_000, type


class Players(Crowd):
    """The members' players follow the room, and report each new state and each new timeline."""

    def __init__(self, hub: Hub, address: str | None = ADDRESS) -> None:
        super().__init__(hub, address=address)
        (self.hosted,) = hub._hosting.directory
        self.report("paused", self.now)
        self.rests()
        self.forget()

    def report(self, state: str, at: float) -> None:
        for member in self.members:
            member.says("Report", at, state=state, position=1.0, at=at, rev=self.hosted.room.timeline.rev)


@pytest.mark.parametrize(("step", "playing"), [(0.05, False), (0.3, True), (1.0, True)])
async def test_a_full_room_behind_one_address_in_which_a_slider_is_dragged_meets_no_limit(
    step: float, playing: bool
) -> None:
    """While the room plays, each seek stops and starts a hundred players, and each tells a hundred others."""
    hub = limited_hub()
    crowd, seconds = Players(hub), 8.0
    host = crowd.members[0]
    if playing:
        host.says("SyncCommand", crowd.now, action="Play", timestamp=0.0)
        crowd.report("playing", crowd.now + 0.2)
    for number in range(round(seconds / step)):
        at = crowd.now + 0.5 + number * step
        host.says("SyncCommand", at, action="Seek", timestamp=float(number))
        crowd.report("paused", at + 0.3 * step)
        if playing:
            crowd.report("playing", at + 0.7 * step)
    assert crowd.refused() == 0
    assert crowd.sent()[0] < 7_000 * seconds
    assert crowd.hosted.room.timeline.playing == playing


@pytest.mark.parametrize("everybody_from", [ADDRESS, None])
async def test_a_room_of_a_hundred_that_talks_and_seeks_for_minutes_meets_no_limit(everybody_from: str | None) -> None:
    """Each member says a line every five seconds, and reports every two; every ten somebody seeks. At the start, and
    once in the middle, all say something within a second."""
    hub = limited_hub()
    crowd = Players(hub, everybody_from)
    crowd.members[0].says("SyncCommand", crowd.now, action="Play", timestamp=0.0)
    begin = crowd.now + 1.0
    for second in range(120):
        at = begin + second
        talkers = crowd.members if second in (0, 60) else crowd.members[second % 5 :: 5]
        for place, member in enumerate(talkers):
            member.says("Say", at + place / 1000, text="did you see that?")
        if second % 10 == 5:
            crowd.members[second % MEMBERS].says("SyncCommand", at + 0.2, action="Seek", timestamp=float(second))
            crowd.report("paused", at + 0.3)
        if second % 2 == 0 or second % 10 == 5:
            crowd.report("playing", at + 0.6)
        crowd.sent()
    assert crowd.refused() == 0


async def test_players_that_change_their_states_all_the_time_are_told_seldom_in_a_large_room() -> None:
    crowd = Players(limited_hub())
    for twentieth in range(100):
        crowd.report("buffering" if twentieth % 2 else "paused", crowd.now + twentieth / 20)
    assert crowd.refused() == 0
    assert crowd.sent()[0] <= (50 * 5 + MEMBERS) * MEMBERS
