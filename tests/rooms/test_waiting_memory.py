"""What waits for those that do not read is bounded, and free as soon as they are gone."""

import gc
import weakref
from unittest.mock import Mock

from hypothesis import given
from hypothesis import strategies as st

from hangd.protocol.model import FileInfo, QueueEntry
from hangd.rooms.edge.outbox import Outbox
from hangd.rooms.edge.waiting_memory import WaitingMemory
from hangd.rooms.hub import Hub
from hangd.transport.base import Encoded
from tests.rooms.test_hub import Someone, make_hub
from tests.support.network.memory_transport import MemoryClient, MemoryTransport

BIG = "x" * 400


def crowd(hub: Hub, number: int) -> list[Someone]:
    """Return so many members of one room."""
    members = [Someone(hub) for _ in range(number)]
    room = None
    for index, one in enumerate(members):
        one.hello(f"member {index}")
        room = one.join(room)["room"]["room_id"] if room else one.create()["room"]["room_id"]
    for one in members:
        one.heard()
    return members


async def test_beyond_the_limit_those_are_cut_off_for_which_most_waits() -> None:
    hub = make_hub(max_waiting=100_000)
    talker, reader, *others = crowd(hub, 12)
    slow, slower = others[:5], others[5:]
    for one in slower:
        one.wire.stop_reading()
    for _ in range(50):
        talker.say("Say", text=BIG)
    for one in slow:
        one.wire.stop_reading()
    assert not any(one.close_code for one in (*slow, *slower)), "one message counts once, however many it waits for"
    number = 0
    while not any(one.close_code for one in slower):
        number += 1
        slower[0].say("GetRoom", id=number)  # Answers are each one's own.
    assert number < 500
    assert [one.close_code for one in slower].count(4002) >= 1
    assert not any(one.close_code for one in (talker, reader, *slow)), "others go on"
    said = len([one for one in reader.heard() if one["type"] == "Said"])
    assert said == 50
    assert hub._memory.total <= 100_000


async def test_what_waits_for_many_is_counted_once_and_nothing_is_left_when_all_have_gone() -> None:
    hub = make_hub(max_waiting=10**9)
    talker, *others = crowd(hub, 5)
    for one in others:
        one.wire.stop_reading()
    before = hub._memory.total
    talker.say("Say", text=BIG)
    once = hub._memory.total - before
    assert len(BIG) < once < 2 * len(BIG)
    others[0].wire.read_again()
    assert hub._memory.total - before == once
    for one in others[1:]:
        one.drop()
    others[0].wire.read_again()
    assert hub._memory.total == 0
    assert not hub._memory.slow


class HalfTaken(MemoryTransport):
    """The kernel has taken all but 10 bytes of what was sent, since the client stopped reading."""

    @property
    def buffered(self) -> int:
        return 0 if self.writable else 10

    def send(self, message: Encoded) -> None:
        super().send(message)
        self._client.stop_reading()


def test_a_frame_that_is_written_in_part_counts_as_a_whole() -> None:
    client = MemoryClient()
    outbox = Outbox(HalfTaken(client, ""))
    client.listener = Mock()
    outbox.put(Encoded(bytes(1000)))
    assert outbox.in_transport > 1000
    client.read_again()
    outbox.flush()
    assert outbox.in_transport == 0
    client.stop_reading()
    assert outbox.in_transport == 10, "what others write past the outbox is no part of that frame"


async def test_a_lost_peer_is_free_without_a_collection() -> None:
    hub = make_hub()
    talker, lost = crowd(hub, 2)
    lost.wire.stop_reading()
    talker.say("Say", text=BIG)
    peer = weakref.ref(lost.wire.listener)
    gc.collect()
    gc.disable()
    try:
        lost.drop()
        del lost.wire.listener
        assert peer() is None
    finally:
        gc.enable()


def test_a_full_collection_does_not_look_at_each_entry_of_each_queue() -> None:
    entries = tuple(QueueEntry(f"1-{number}", FileInfo(number, name="film")) for number in range(500))
    gc.collect()
    assert not any(gc.is_tracked(one) for entry in entries for one in (entry, entry.file))
    assert not gc.is_tracked(entries)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.sampled_from(["a", "b", None, "flush", "clear"]))))
def test_the_total_is_what_waits(steps: list[tuple[int, int, str | None]]) -> None:
    memory = WaitingMemory()
    clients = [MemoryClient() for _ in range(4)]
    boxes = [Outbox(client.transport, memory) for client in clients]
    messages = [Encoded(bytes(10 + 5 * number)) for number in range(5)]
    for client in clients:
        client.reading = False
    for box, message, key in steps:
        if key == "flush":
            clients[box].reading = True
            boxes[box].flush()
            clients[box].reading = False
        elif key == "clear":
            boxes[box].clear()
        else:
            boxes[box].put(messages[message], key)
        waiting = {one for each in boxes for one in each._waiting.values() if isinstance(one, Encoded)}
        assert memory.total == sum(len(one.frame) for one in waiting)
    for each in boxes:
        each.clear()
    assert memory.total == 0
