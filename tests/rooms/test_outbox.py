"""The outbox of a slow peer: order, replacement of states, limits."""

from hypothesis import given
from hypothesis import strategies as st

from hangd.protocol.films import MediaChanged, QueueChanged
from hangd.protocol.messages import MemberChanged, RoomState, Said
from hangd.protocol.model import FileInfo, Member, Policy, QueueChange, Room, Timeline
from hangd.rooms.edge.outbox import Outbox, state_key
from hangd.transport.base import Encoded
from tests.support.network.memory_transport import MemoryClient


def slow_outbox(bytes_max: int = 10_000) -> tuple[Outbox, MemoryClient]:
    client = MemoryClient()
    outbox = Outbox(client.transport, bytes_max=bytes_max)
    client.listener = _Flush(outbox)
    client.stop_reading()
    return outbox, client


class _Flush:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def received(self, data: str | bytes, at: float) -> None: ...

    def latency_measured(self, rtt: float, at: float) -> None: ...

    def writable_again(self) -> None:
        self._outbox.flush()

    def lost(self, at: float) -> None: ...


def test_passes_straight_through_while_the_peer_reads() -> None:
    client = MemoryClient()
    outbox = Outbox(client.transport)
    assert outbox.put(Encoded(b"1"))
    assert list(client.heard) == [b"1"]
    assert outbox.size == 0


def test_a_newer_state_replaces_the_older_at_the_end_of_the_queue() -> None:
    outbox, client = slow_outbox()
    outbox.put(Encoded(b"anna 1"), "anna")
    outbox.put(Encoded(b"event 1"))
    outbox.put(Encoded(b"bert 1"), "bert")
    outbox.put(Encoded(b"anna 2"), "anna")
    outbox.put(Encoded(b"event 2"))
    assert not client.heard
    client.read_again()
    assert list(client.heard) == [b"event 1", b"bert 1", b"anna 2", b"event 2"]
    assert outbox.size == 0


def test_states_alone_never_overflow() -> None:
    outbox, _client = slow_outbox(bytes_max=1000)
    assert all(outbox.put(Encoded(b"x" * 100), f"member {number % 5}") for number in range(1000))


def test_events_overflow() -> None:
    outbox, client = slow_outbox(bytes_max=1000)
    taken = [outbox.put(Encoded(b"x" * 100)) for _ in range(20)]
    assert taken.index(False) == 9
    outbox.clear()
    assert outbox.size == 0
    client.read_again()
    assert not client.heard


def test_a_callable_encodes_its_message_when_it_is_written() -> None:
    outbox, client = slow_outbox()
    now = [1]
    outbox.put(lambda: Encoded(str(now[0]).encode()))
    now[0] = 2
    client.read_again()
    assert list(client.heard) == [b"2"]


def test_a_member_is_a_state_unless_somebody_asked() -> None:
    anna = MemberChanged(Member("anna", "Anna", "host"))
    bert = MemberChanged(Member("bert", "Bert", "viewer"))
    assert state_key(anna, None) is not None
    assert state_key(anna, None) != state_key(bert, None)
    assert state_key(anna, 7) is None
    assert state_key(Said("anna", "hi", 0.0), None) is None


def test_the_room_is_a_state_and_what_changes_in_it_is_an_event() -> None:
    timeline = Timeline("e", 1, False, 0.0, 1.0, 0.0)
    state = RoomState(Room("r", "ab" * 32, None, Policy(), (), timeline))
    assert (state_key(state, None) is None, state_key(state, 7)) == (False, None)
    for change in (QueueChanged(QueueChange(2)), MediaChanged("ab" * 32, FileInfo(1), timeline, QueueChange(2))):
        assert state_key(change, None) is None, "each one follows from the one before"


@given(
    st.lists(
        st.one_of(st.tuples(st.none(), st.binary(max_size=9)), st.tuples(st.integers(0, 3), st.binary(max_size=9)))
    )
)
def test_all_events_are_sent_in_order_and_of_each_state_the_last(messages: list[tuple[int | None, bytes]]) -> None:
    outbox, client = slow_outbox(bytes_max=10**9)
    for number, (key, data) in enumerate(messages):
        outbox.put(Encoded(b"%d %d " % (number, -1 if key is None else key) + data), key)
        assert outbox.size >= 0
    expected = [
        number
        for number, (key, _) in enumerate(messages)
        if key is None or all(later != key for later, _ in messages[number + 1 :])
    ]
    client.read_again()
    assert [int(data.split(b" ")[0]) for data in client.heard] == expected
    assert outbox.size == 0
