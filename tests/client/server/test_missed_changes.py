"""A room's queue as a member knows it by changes: it is the room's queue, and a change that was missed is noticed."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from hangd.client.server.room_view import RoomView
from hangd.engine.queue import applied
from hangd.protocol.codec import decode_server, encode_server
from hangd.protocol.films import MediaChanged, QueueChanged
from hangd.protocol.model import FileInfo, Queue, QueueChange, QueueEntry
from tests.support.rooms import edits
from tests.support.rooms.edits import NAMES
from tests.support.rooms.stage import Stage


class Member:
    """A member's view of the room. It misses what it is told, if ``misses`` says so."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.name = name
        self.view = RoomView(stage.room.view(), name, "ws://hang.example/ws")
        self.missed = False

    def hears(self, stage: Stage, chance: Random, misses: float) -> None:
        for message, re in stage.answers(self.name):
            if isinstance(message, QueueChanged | MediaChanged):
                if chance.random() < misses:
                    self.missed = True
                    continue
                self.view.learn(decode_server(encode_server(message, re)).message)
                assert self.view.is_behind == self.missed, "what is missing is noticed at the next change"
            else:
                self.view.learn(decode_server(encode_server(message, re)).message)

    def mends(self, stage: Stage) -> None:
        """Ask for the room's state, if something is missing, as `Membership` does."""
        if self.view.is_behind:
            self.view.learn(stage.asks(self.name))
            self.missed = False


def knows_the_room(view: RoomView, stage: Stage) -> None:
    room = stage.room.view()
    assert (view.queue, view.file_hash, view.file, view.start) == (room.queue, room.file_hash, room.file, room.start)
    for member in room.members:
        known = view.members[member.client_id]
        assert (known.ready, known.verifying, known.file) == (member.ready, member.verifying, member.file)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), misses=st.sampled_from((0.0, 0.0, 0.1, 0.5)), steps=st.integers(1, 60))
def test_whatever_members_do_everybody_knows_the_rooms_queue(seed: int, misses: float, steps: int) -> None:
    chance = Random(seed)
    stage = edits.room(chance)
    stage.goes_on()
    members = {name: Member(stage, name) for name in NAMES}
    for _ in range(steps):
        edits.edits(stage, chance)
        if chance.random() < 0.05:  # An absence of any length: what was told meanwhile did not arrive.
            name = chance.choice(NAMES)
            if name in stage.ids:
                stage.loses(name)
                edits.edits(stage, chance) if stage.room.attendance()[1] else None
                stage.resumes(name)
                stage.answers(name)
                members[name] = Member(stage, name)
        members = {name: member for name, member in members.items() if name in stage.ids}
        if not members:
            return
        for member in members.values():
            member.hears(stage, chance, misses)
            member.mends(stage)
            if not member.missed:
                knows_the_room(member.view, stage)


def a_queue(ids: str, rev: int = 7, current: str | None = None) -> Queue:
    return Queue(rev, tuple(QueueEntry(id, FileInfo(ord(id))) for id in ids), current)


def entry(id: str) -> QueueEntry:
    return QueueEntry(id, FileInfo(ord(id)))


def test_a_change_is_carried_out_in_the_order_of_its_fields() -> None:
    change = QueueChange(8, ("a",), ("e", "b"), (entry("x"),), "c", "x")
    assert applied(a_queue("abcdef", current="a"), change) == a_queue("cebxdf", 8, "x")


def test_a_change_that_is_known_already_changes_nothing() -> None:
    before = a_queue("abc", current="b")
    for change in (QueueChange(7, current="b"), QueueChange(6, removed=("a",)), QueueChange(0)):
        assert applied(before, change) is before


def test_a_change_of_another_queue_is_noticed() -> None:
    for change in (
        QueueChange(9),
        QueueChange(8, removed=("x",)),
        QueueChange(8, moved=("x",)),
        QueueChange(8, moved=("a", "a")),
        QueueChange(8, moved=("a",), after="a"),
        QueueChange(8, inserted=(entry("b"),)),
        QueueChange(8, inserted=(entry("x"),), after="y"),
        QueueChange(8, current="x"),
        QueueChange(8, removed=("a",), current="a"),
        QueueChange(8, inserted=tuple(QueueEntry(str(n), FileInfo(1)) for n in range(498))),
    ):
        assert applied(a_queue("abc"), change) is None
