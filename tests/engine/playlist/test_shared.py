"""Editing a room's queue together: several members, one room, and messages that take their time."""

import itertools
from collections import deque
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hangd.engine.playlist.edits import Slot
from hangd.engine.playlist.playlist import Film, Loading, PlaylistRefused
from hangd.engine.playlist.shared import SharedPlaylist
from hangd.engine.room import queue as queues
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import SetMedia, SetQueue
from hangd.protocol.model import QUEUE_MAX, FileInfo, Queue


def hash_of(name: str) -> str:
    return name.encode().hex().ljust(64, "0")


def info(name: str) -> FileInfo:
    return FileInfo(size=100, name=name)


AT_END = Loading("append")


class Member:
    """One member's view, and its line to the room and back."""

    def __init__(self, number: int) -> None:
        self.list = SharedPlaylist(itertools.count(1000 * number + 100).__next__, Random(number).random)
        self.line: deque[Any] = deque()
        self.seen: list[str] = []
        """What this member loaded and did not take out."""

    @property
    def names(self) -> str:
        return "".join(name_of(slot) for slot in self.list.entries)

    def load(self, *names: str, how: Loading = AT_END, read: bool = True) -> list[Slot]:
        slots = self.list.load([Film(name) for name in names], how)
        if read:
            self.read()
        return slots

    def read(self) -> None:
        while (slot := self.list.unread) is not None:
            assert slot.path is not None
            self.list.read(slot, hash_of(slot.path), info(slot.path))


def name_of(slot: Slot) -> str:
    name = slot.path or (slot.file.name if slot.file is not None else None)
    assert name is not None
    return name


class Party:
    """A room, of which only its queue is played; the real thing as far as that goes."""

    def __init__(self, members: int = 2) -> None:
        first = queues.begun(Queue(), hash_of("o"), info("o"))
        self.queue = first
        self.shown = hash_of("o")
        self.members = [Member(number) for number in range(members)]
        for member in self.members:
            member.list.enter(first, Slot(id=7, file_hash=hash_of("o"), path="o"), again=False)

    @property
    def names(self) -> str:
        return "".join(entry.file.name or "" for entry in self.queue.entries)

    @property
    def current(self) -> str:
        entry = queues.current_of(self.queue)
        return "" if entry is None else entry.file.name or ""

    def asks(self, member: Member) -> bool:
        """Let a member ask for what it wants, if anything, and the room answer; the answers are on their way then."""
        request = member.list.request(play=False)
        try:
            match request:
                case None:
                    return False
                case SetQueue():
                    self.queue = queues.edited(self.queue, request)
                case SetMedia():
                    self.queue = queues.moved_to(self.queue, request)
                    entry = queues.current_of(self.queue)
                    assert entry is not None
                    self.shown = entry.file_hash
        except RequestRefused as refused:
            member.line.append(refused)
            return True
        queues.check(self.queue, self.shown)
        for other in self.members:
            other.line.append((self.queue, other is member))
        return True

    def hears(self, member: Member) -> None:
        if not member.line:
            return
        match member.line.popleft():
            case RequestRefused() as refused:
                member.list.refused(again=refused.code == "Stale")
            case (Queue() as queue, True):
                member.list.changed(queue)
            case (Queue() as queue, False):
                member.list.learn(queue)

    def settles(self) -> None:
        for _ in range(1000):
            quiet = True
            for member in self.members:
                while member.line:
                    self.hears(member)
                quiet &= not self.asks(member)
            if quiet and not any(member.line for member in self.members):
                return
        raise AssertionError("it never comes to an end")


@pytest.fixture
def party() -> Party:
    return Party()


def test_a_film_is_seen_at_once_and_keeps_its_number(party: Party) -> None:
    ada, bob = party.members
    (slot,) = ada.load("a")
    assert ada.names == "oa"
    assert bob.names == "o"
    party.settles()
    assert party.names == ada.names == bob.names == "oa"
    assert ada.list.entries[1] is slot
    assert ada.list.entries[0].id == 7, "so does the film that played when the room was entered"


def test_two_who_add_at_once_both_have_added(party: Party) -> None:
    ada, bob = party.members
    ada.load("a")
    bob.load("b")
    party.asks(ada)
    party.asks(bob)
    assert isinstance(bob.line[1], RequestRefused)
    party.settles()
    assert party.names == ada.names == bob.names == "oab"


def test_what_is_still_being_read_holds_up_nothing_else(party: Party) -> None:
    ada, bob = party.members
    big, small = ada.list.load([Film("B"), Film("s")], Loading("append"))
    ada.list.read(small, hash_of("s"), info("s"))
    party.settles()
    assert (party.names, ada.names) == ("os", "oBs")
    ada.list.move(2, 0)
    bob.load("b")
    party.settles()
    assert (party.names, ada.names) == ("sob", "sobB")
    ada.list.read(big, hash_of("B"), info("B"))
    party.settles()
    assert party.names == ada.names == bob.names == "sobB"


def test_a_film_that_can_not_be_read_is_not_there(party: Party) -> None:
    (ada, _) = party.members
    bad, _ = ada.list.load([Film("x"), Film("y")], Loading("append"))
    ada.list.unusable(bad)
    ada.read()
    party.settles()
    assert party.names == ada.names == "oy"


def test_instead_of_all_that_is_there(party: Party) -> None:
    ada, bob = party.members
    bob.load("b")
    party.settles()
    ada.load("x", "y", how=Loading("replace"), read=False)
    ada.load("z", read=False)
    assert (ada.names, ada.list.index(ada.list.current), ada.list.index(ada.list.playing)) == ("xyz", 0, -1)
    bob.load("c")
    party.settles()
    assert party.names == "obc", "nothing of it before the first one is read"
    ada.read()
    party.settles()
    assert party.names == ada.names == bob.names == "xyz"
    assert party.current == "x"


def test_what_can_not_be_read_replaces_nothing(party: Party) -> None:
    ada, _ = party.members
    (slot,) = ada.load("x", how=Loading("replace"), read=False)
    ada.list.unusable(slot)
    party.settles()
    assert party.names == ada.names == "o"


def test_to_the_next_and_to_the_one_after_it(party: Party) -> None:
    ada, bob = party.members
    ada.load("a", "b", "c")
    party.settles()
    assert ada.list.step(1)
    assert ada.list.step(1)
    assert (ada.list.index(ada.list.current), ada.list.index(ada.list.playing)) == (2, 0)
    party.settles()
    assert party.current == "b"
    assert bob.list.index(bob.list.playing) == 2
    assert bob.list.step(-1)
    party.settles()
    assert party.current == "a"
    assert not (ada.list.step(-1) and ada.list.step(-1) and ada.list.step(-1))


def test_to_a_film_that_the_room_does_not_know_yet(party: Party) -> None:
    ada, _ = party.members
    ada.load("a", read=False)
    ada.list.play(1)
    party.settles()
    assert party.current == "o"
    ada.read()
    party.settles()
    assert party.current == "a"


def test_taking_out_what_plays_goes_on_with_the_next(party: Party) -> None:
    ada, bob = party.members
    ada.load("a", "b")
    party.settles()
    bob.list.remove(None)
    party.settles()
    assert (party.names, party.current) == ("ab", "a")


def test_the_last_film_goes_on_though_its_entry_is_gone(party: Party) -> None:
    ada, bob = party.members
    ada.list.remove(None)
    party.settles()
    assert party.names == ada.names == bob.names == ""
    assert ada.list.playing is not None
    assert ada.list.playing.id == 7
    bob.load("b")
    party.settles()
    assert bob.list.step(1)
    party.settles()
    assert party.current == "b"


def test_clearing_takes_out_what_was_seen_and_nothing_else(party: Party) -> None:
    ada, bob = party.members
    ada.load("a", "b")
    party.settles()
    bob.load("c")
    party.asks(bob)
    ada.list.clear()
    party.settles()
    assert party.names == ada.names == bob.names == "oc"


def test_shuffled_and_back(party: Party) -> None:
    ada, bob = party.members
    ada.load(*"abcdef")
    party.settles()
    ada.list.mix()
    bob.load("x")
    party.asks(bob)
    party.settles()
    assert sorted(party.names) == sorted("oabcdefx")
    assert party.names != "oabcdefx"
    assert party.names[-1] == "x", "what came meanwhile stays where it is"
    ada.list.unmix()
    party.settles()
    assert party.names == "oabcdefx"


def test_what_came_next_and_elsewhere(party: Party) -> None:
    ada, _ = party.members
    ada.load("a")
    ada.load("b", "c", how=Loading("insert-next"))
    assert ada.names == "obca"
    ada.load("d", how=Loading("insert-at", place=0))
    ada.load("e", how=Loading("insert-at", place=2))
    ada.load("f", how=Loading("insert-at", place=20))
    party.settles()
    assert party.names == ada.names == "doebcaf"


def test_a_queue_has_its_bound(party: Party) -> None:
    ada, bob = party.members
    ada.load(*(f"a{number}" for number in range(QUEUE_MAX - 2)))
    with pytest.raises(PlaylistRefused):
        ada.load("b", "c")
    party.settles()
    ada.load("x")
    bob.load("y")
    party.settles()
    assert len(party.queue.entries) == QUEUE_MAX
    assert ada.names == bob.names == party.names


@pytest.mark.parametrize("again", [True, False])
def test_what_the_room_refuses_is_asked_again_or_given_up(party: Party, again: bool) -> None:
    ada, _ = party.members
    ada.load("a")
    assert ada.list.request(play=False) is not None
    assert ada.list.request(play=False) is None, "one at a time"
    assert ada.list.refused(again=again) is not again
    party.settles()
    assert party.names == ada.names == ("oa" if again else "o")


def test_a_server_that_is_never_content_is_not_asked_for_ever(party: Party) -> None:
    ada, _ = party.members
    ada.load("a")
    asked = 0
    while ada.list.request(play=False) is not None:
        asked += 1
        ada.list.refused(again=True)
    assert asked == 100
    assert ada.names == "o"


def test_edits_outlive_the_connection(party: Party) -> None:
    ada, bob = party.members
    ada.load("a")
    assert ada.list.request(play=False) is not None
    ada.list.unanswered()
    bob.load("b")
    party.settles()
    ada.list.enter(party.queue, None, again=True)
    ada.line.clear()
    party.settles()
    assert sorted(party.names) == sorted("oab")
    ada.list.enter(Queue(), None, again=False)
    assert ada.names == ""


def test_a_room_made_anew_has_other_films_by_the_same_names(party: Party) -> None:
    ada, _ = party.members
    party.settles()
    anew = queues.begun(Queue(), hash_of("n"), info("n"))
    assert anew.entries[0].id == party.queue.entries[0].id
    ada.list.enter(anew, None, again=True)
    assert [name_of(slot) for slot in ada.list.entries] == ["n"]
    assert ada.list.entries[0].id != 7


# ---- any old thing --------------------------------------------------------------------------------------------------


class AnyParty(RuleBasedStateMachine):
    """Three edit at once and in the dark. When all is said, all see the same, and what was added is there once."""

    @initialize()
    def begin(self) -> None:
        self.party = Party(3)
        self.names = iter(f"{letter}{number}" for number in itertools.count() for letter in "abc")
        self.gone: set[str] = set()
        self.added: set[str] = set()

    _who = st.integers(0, 2)
    _place = st.integers(-1, 6)

    def _at(self, who: int, place: int) -> Slot | None:
        entries = self.party.members[who].list.entries
        return entries[place] if 0 <= place < len(entries) else None

    @rule(
        who=_who, count=st.integers(1, 3), place=_place, where=st.sampled_from(["append", "insert-next", "insert-at"])
    )
    def load(self, who: int, count: int, place: int, where: Any) -> None:
        names = [next(self.names) for _ in range(count)]
        self.added |= set(names)
        self.party.members[who].load(*names, how=Loading(where, place=place), read=False)

    @rule(who=_who)
    def read_one(self, who: int) -> None:
        member = self.party.members[who]
        if (slot := member.list.unread) is not None and slot.path is not None:
            member.list.read(slot, hash_of(slot.path), info(slot.path))

    @rule(who=_who, place=_place)
    def remove(self, who: int, place: int) -> None:
        if (slot := self._at(who, place)) is not None:
            self.gone.add(name_of(slot))
            self.party.members[who].list.remove(place)

    @rule(who=_who)
    def clear(self, who: int) -> None:
        member = self.party.members[who]
        self.gone |= {name_of(slot) for slot in member.list.entries if slot is not member.list.current}
        member.list.clear()

    @rule(who=_who, place=_place, to=_place)
    def move(self, who: int, place: int, to: int) -> None:
        if self._at(who, place) is not None:
            self.party.members[who].list.move(place, to)

    @rule(who=_who, undo=st.booleans())
    def mix(self, who: int, undo: bool) -> None:
        member = self.party.members[who].list
        member.unmix() if undo else member.mix()

    @rule(who=_who, place=_place)
    def play(self, who: int, place: int) -> None:
        if self._at(who, place) is not None:
            self.party.members[who].list.play(place)

    @rule(who=_who)
    def ask(self, who: int) -> None:
        self.party.asks(self.party.members[who])

    @rule(who=_who)
    def hear(self, who: int) -> None:
        self.party.hears(self.party.members[who])

    @invariant()
    def holds(self) -> None:
        for member in self.party.members:
            member.list.check()

    def teardown(self) -> None:
        if not hasattr(self, "party"):
            return
        for member in self.party.members:
            member.read()
        self.party.settles()
        there = [entry.file.name for entry in self.party.queue.entries]
        for member in self.party.members:
            assert [name_of(slot) for slot in member.list.entries] == there
        assert len(set(there)) == len(there)
        assert self.added - self.gone <= set(there) <= (self.added | {"o"})


TestAnyParty = AnyParty.TestCase
TestAnyParty.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
