"""Editing a room's queue together: several members, one room, and messages that take their time."""

import itertools
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hangd.engine.playlist.edits import SharedEntry
from hangd.engine.playlist.playlist import Film, Loading, PlaylistRefused
from hangd.engine.playlist.shared import SharedPlaylist
from hangd.engine.room import queue as queues
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import ClientMessage, QueueInsert, QueueMove, QueueRemove, SetEntry, SetMedia
from hangd.protocol.model import QUEUE_MAX, FileInfo, Queue, QueueChange, QueueEntry, QueueItem


def hash_of(name: str) -> str:
    return name.encode().hex().ljust(64, "0")


def info(name: str) -> FileInfo:
    return FileInfo(size=100, name=name, quick_hash=hash_of(name)[::-1])


APPEND = Loading("append")

Answer = tuple[Queue, Sequence[str]]


class Member:
    """One member's view, and its line from the room."""

    def __init__(self, number: int) -> None:
        self.list = SharedPlaylist(itertools.count(1000 * number + 100).__next__, Random(number).shuffle)
        self.line: deque[Callable[[], None]] = deque()
        self.away = False

    @property
    def names(self) -> str:
        return "".join(name_of(entry) for entry in self.list.entries)

    @property
    def current(self) -> int:
        return self.list.index(self.list.current)

    def load(self, *names: str, how: Loading = APPEND, read: bool = True) -> list[SharedEntry]:
        entries = self.list.load([Film(name) for name in names], how)
        if read:
            self.read()
        return entries

    def read(self) -> None:
        """Read all files that are to be read, so that their whole hashes are known."""
        while (entry := self.list.unread) is not None:
            assert entry.path is not None
            self.list.read(entry, info(entry.path), hash_of(entry.path))


def name_of(entry: SharedEntry) -> str:
    name = entry.path or (entry.file.name if entry.file is not None else None)
    assert name is not None
    return name


def begun(name: str) -> Queue:
    """Return the queue of a new room that shows this film."""
    return queues.after(Queue(), queues.begun(Queue(), hash_of(name), info(name)))


class Party:
    """A room, as far as its queue goes, and its members."""

    def __init__(self, members: int = 2) -> None:
        self.queue = begun("o")
        self.shown: str | None = hash_of("o")
        self.members = [Member(number) for number in range(members)]
        for member in self.members:
            member.list.enter(self.queue, SharedEntry(7, file_hash=hash_of("o"), path="o"), again=False)

    @property
    def names(self) -> str:
        return "".join(entry.file.name or "" for entry in self.queue.entries)

    @property
    def current(self) -> str:
        entry = queues.current_of(self.queue)
        return "" if entry is None else entry.file.name or ""

    def carries_out(self, request: ClientMessage) -> Answer:
        """Do what the room does. Raises RequestRefused."""
        change: QueueChange | None
        match request:
            case QueueInsert():
                change = queues.inserted(self.queue, request)
            case QueueRemove(ids=ids):
                change = queues.removed(self.queue, ids)
            case QueueMove(ids=ids, after=after):
                change = queues.moved(self.queue, ids, after)
            case SetMedia():
                change = queues.moved_to(self.queue, request)
            case _:
                raise AssertionError(request)
        self.queue = queues.after(self.queue, change)
        current = queues.current_of(self.queue)
        if current is not None:
            self.shown = current.file_hash
        queues.check(self.queue, self.shown, None if current is None else current.file)
        return self.queue, () if change is None else [entry.id for entry in change.inserted]

    def asks(self, member: Member) -> bool:
        """Let a member ask for what it wants, if anything, and the room answer. The answers are on their way then."""
        request = member.list.request(play=False)
        if request is None:
            return False
        try:
            queue, inserted = self.carries_out(request)
        except RequestRefused:
            member.line.append(lambda: member.list.answered(None))
            return True
        for other in self.members:
            if other is member:
                other.line.append(lambda: member.list.answered(queue, inserted))
            else:
                other.line.append(lambda other=other: other.list.learn(queue))  # type: ignore[misc]
        return True

    def hashes(self, name: str) -> None:
        """Let the whole hash of a film become known to the room, and to everybody at once."""
        (entry,) = (entry for entry in self.queue.entries if entry.file.name == name)
        self.queue, _ = queues.learned(self.queue, SetEntry(entry.id, hash_of(name)))
        for member in self.members:
            member.list.learn(self.queue)

    def settles(self) -> None:
        """Let everybody who is connected ask and hear until nothing is left."""
        for _ in range(1000):
            quiet = True
            for member in self.members:
                if member.away:
                    member.line.clear()
                while member.line:
                    member.line.popleft()()
                quiet &= not self.asks(member)
            if quiet and not any(member.line for member in self.members):
                return
        raise AssertionError("it never comes to an end")


@pytest.fixture
def party() -> Party:
    return Party()


def test_a_film_is_seen_at_once_and_keeps_its_number(party: Party) -> None:
    ada, bob = party.members
    (entry,) = ada.load("a")
    assert ada.names == "oa"
    assert bob.names == "o"
    party.settles()
    assert party.names == ada.names == bob.names == "oa"
    assert ada.list.entries[1] is entry
    assert ada.list.entries[0].id == 7, "so does the film that played when the room was entered"


def test_two_members_that_add_at_once_have_both_added(party: Party) -> None:
    ada, bob = party.members
    ada.load("a")
    bob.load("b")
    party.asks(ada)
    party.asks(bob)
    party.settles()
    assert party.names == ada.names == bob.names == "oab"


def test_edits_of_others_are_seen_while_an_own_edit_waits(party: Party) -> None:
    ada, bob = party.members
    ada.load("x", "y", how=Loading("insert-next"), read=False)
    bob.load("b")
    party.settles()
    assert (party.names, ada.names) == ("ob", "oxyb")
    bob.list.remove(0)
    party.settles()
    assert (party.names, ada.names) == ("b", "bxy"), "what they were to come after is gone"
    ada.read()
    party.settles()
    assert party.names == ada.names == bob.names == "bxy"


def test_indexes_mean_what_is_seen_after_the_edit_before(party: Party) -> None:
    """A control client reads indexes and edits by them, before the room has answered the edit before."""
    ada, bob = party.members
    ada.load(*"abc")
    party.settles()
    bob.load("x", how=Loading("insert-at", place=0))
    party.asks(bob)
    ada.list.remove(0)
    ada.list.remove(0)
    ada.list.move(1, 0)
    ada.load("d", read=False)
    ada.list.move(2, 0)
    assert ada.names == "dcb"
    ada.read()
    party.settles()
    assert party.names == ada.names == bob.names == "dcxb"


def test_films_that_are_added_one_by_one_are_sent_together(party: Party) -> None:
    ada, _ = party.members
    names = [f"a{number}" for number in range(100)]
    for name in names:
        ada.load(name, read=False)
    ada.read()
    asked = 0
    while party.asks(ada):
        asked += 1
        ada.line.popleft()()
    assert asked == 4
    assert [entry.file.name for entry in party.queue.entries] == ["o", *names]


def test_films_that_are_taken_out_one_by_one_are_taken_out_together(party: Party) -> None:
    ada, bob = party.members
    ada.load(*"abcdefgh")
    party.settles()
    bob.list.move(8, 0)
    party.asks(bob)
    asked = 0
    for _ in range(8):
        ada.list.remove(1)
        asked += party.asks(ada)
    assert ada.names == "o"
    party.settles()
    assert party.names == ada.names == bob.names == "o"
    assert asked == 1


def test_a_film_that_cannot_be_read_is_not_there(party: Party) -> None:
    (ada, _) = party.members
    bad, _ = ada.load("x", "y", read=False)
    ada.list.remove(2)
    ada.load("z", read=False)
    ada.list.play(1)
    ada.list.unusable(bad)
    ada.read()
    party.settles()
    assert party.names == ada.names == "oz"
    assert (party.current, ada.current) == ("o", 0), "nor does the room go there"


def test_what_a_list_lists_takes_its_place(party: Party) -> None:
    ada, _ = party.members
    ada.load("l", "b", how=Loading("replace"), read=False)
    ada.list.listed(ada.list.entries[0], [Film("x", "X"), Film("l"), Film("y")])
    assert (ada.names, ada.current) == ("xyb", 0)
    assert ada.list.entries[0].title == "X"
    ada.read()
    party.settles()
    assert (party.names, party.current) == ("xyb", "x")


def test_a_long_list_comes_all_or_not_at_all(party: Party) -> None:
    ada, bob = party.members
    ada.load("l", "b", read=False)
    long = [Film(f"x{number}") for number in range(70)]
    ada.list.listed(ada.list.entries[1], long)
    ada.read()
    party.settles()
    assert party.names == ada.names == bob.names == "o" + "".join(film.path for film in long) + "b"


@pytest.mark.parametrize("films", [[], [Film("l")], [Film("x")] * QUEUE_MAX])
def test_a_list_of_nothing_or_of_too_much_is_refused(party: Party, films: list[Film]) -> None:
    ada, _ = party.members
    (entry,) = ada.load("l", read=False)
    with pytest.raises(PlaylistRefused):
        ada.list.listed(entry, films)
    ada.list.unusable(entry)
    assert ada.names == "o"


def test_a_film_replaces_all_that_is_there(party: Party) -> None:
    ada, bob = party.members
    bob.load("b")
    party.settles()
    ada.load("x", "y", how=Loading("replace"), read=False)
    ada.load("z", read=False)
    assert (ada.names, ada.current, ada.list.index(ada.list.playing)) == ("xyz", 0, -1)
    bob.load("c")
    party.settles()
    assert (party.names, ada.names) == ("obc", "cxyz"), "nothing of it before the first one is read"
    ada.read()
    party.settles()
    assert party.names == ada.names == bob.names == "cxyz"
    assert party.current == "x"


def test_a_file_that_cannot_be_read_replaces_nothing(party: Party) -> None:
    ada, _ = party.members
    (entry,) = ada.load("x", how=Loading("replace"), read=False)
    ada.list.unusable(entry)
    party.settles()
    assert party.names == ada.names == "o"


def test_stepping_twice_goes_to_the_second_next_film(party: Party) -> None:
    ada, bob = party.members
    ada.load("a", "b", "c")
    party.settles()
    assert ada.list.step(1)
    assert ada.list.step(1)
    assert (ada.current, ada.list.index(ada.list.playing)) == (2, 0)
    party.settles()
    assert party.current == "b"
    assert bob.list.index(bob.list.playing) == 2
    assert bob.list.step(-1)
    party.settles()
    assert party.current == "a"
    assert not (ada.list.step(-1) and ada.list.step(-1) and ada.list.step(-1))


def test_going_to_a_film_that_the_room_does_not_know_yet(party: Party) -> None:
    ada, _ = party.members
    ada.load("a", read=False)
    ada.list.play(1)
    party.settles()
    assert party.current == "o"
    ada.read()
    party.settles()
    assert party.current == "a"


def test_going_to_a_film_whose_whole_hash_is_not_known_yet(party: Party) -> None:
    ada, bob = party.members
    (entry, _) = ada.load("a", "b", read=False)
    while (unread := ada.list.unread) is not None:
        ada.list.read(unread, info(unread.path or ""), None)
    party.settles()
    assert party.names == bob.names == "oab", "it is in the queue meanwhile"
    assert ada.list.unhashed == ada.list.entries[1:]
    assert bob.list.unhashed == [], "it has no copy"
    for other in bob.list.entries[1:]:
        bob.list.found(other, other.file.name if other.file else None)
    assert bob.list.unhashed == [], "ada tells what her film is"
    bob.list.play(2)
    party.settles()
    assert party.current == "b"
    party.hashes("b")
    assert ada.list.unhashed == [entry]


def test_taking_out_what_plays_goes_on_with_the_next(party: Party) -> None:
    ada, bob = party.members
    ada.load("a", "b")
    party.settles()
    bob.list.remove(None)
    party.settles()
    assert (party.names, party.current) == ("ab", "a")


def test_two_members_that_take_out_the_same_film_take_out_no_other(party: Party) -> None:
    ada, bob = party.members
    ada.load("a", "b")
    party.settles()
    ada.list.remove(1)
    bob.list.remove(1)
    party.settles()
    assert party.names == ada.names == bob.names == "ob"


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


def test_the_film_that_goes_on_without_its_entry_is_the_last_one_that_was_shown(party: Party) -> None:
    ada, bob = party.members
    bob.load("a")
    party.settles()
    bob.list.step(1)
    party.settles()
    assert (party.names, party.current) == ("oa", "a")
    shown = ada.list.playing
    ada.list.remove(None)
    party.settles()
    assert party.names == "o"
    for member in (ada, bob):
        assert member.list.playing is not None and member.list.index(member.list.playing) == -1
    assert ada.list.playing is shown


def test_clearing_takes_out_only_what_was_seen(party: Party) -> None:
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
    assert party.names[-1] == "x", "what came meanwhile is last"
    ada.list.unmix()
    party.settles()
    assert party.names == "oabcdefx"


def test_films_are_inserted_next_at_an_index_and_at_the_end(party: Party) -> None:
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


def test_an_edit_that_the_room_refuses_is_given_up(party: Party) -> None:
    ada, _ = party.members
    ada.load("a")
    ada.list.play(1)
    assert ada.list.request(play=False) is not None
    assert ada.list.request(play=False) is None, "one at a time"
    ada.list.answered(None)
    party.settles()
    assert (party.names, ada.names, ada.current) == ("o", "o", 0)


@pytest.mark.parametrize("answered", [0, 1, 2])
def test_films_that_are_loaded_together_are_all_inserted_or_none(party: Party, answered: int) -> None:
    """Bob fills the queue after Ada has looked how much room there is."""
    ada, bob = party.members
    bob.load(*(f"b{number}" for number in range(QUEUE_MAX - 80)))
    party.settles()
    ada.load("x")
    ada.load(*(f"a{number}" for number in range(70)))
    for _ in range(1 + answered):
        party.asks(ada)
        while ada.line:
            ada.line.popleft()()
    party.carries_out(QueueInsert(None, (QueueItem(info("z")),) * (QUEUE_MAX - len(party.queue.entries))))
    for member in party.members:
        member.line.append(lambda member=member: member.list.learn(party.queue))  # type: ignore[misc]
    party.settles()
    assert len(ada.list.entries) == QUEUE_MAX - 30 * answered
    assert ada.names == bob.names == party.names
    assert "x" in ada.names and "a" not in ada.names.replace("ada", "")
    assert ada.list.request(play=False) is None


def test_edits_wait_only_to_a_bound(party: Party) -> None:
    ada, _ = party.members
    ada.load("a")
    with pytest.raises(PlaylistRefused):
        for _ in range(2000):
            ada.list.move(1, 0)


# ---- over a broken connection ---------------------------------------------------------------------------------------


def loses_the_connection(party: Party, member: Member, *, heard: bool) -> None:
    """Let a member ask, and the connection break before the answer; ``heard``: after the room carried it out."""
    request = member.list.request(play=False)
    assert request is not None
    if heard:
        party.carries_out(request)
    member.list.disconnected()
    member.away = True


def returns(party: Party, member: Member) -> None:
    member.line.clear()
    member.list.enter(party.queue, None, again=True)
    member.away = False
    party.settles()


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("read", [True, False])
def test_an_insert_that_was_not_answered_is_done_once(party: Party, heard: bool, read: bool) -> None:
    ada, bob = party.members
    mine = ada.load("a", "b", "a", read=read)
    while (entry := ada.list.unread) is not None:
        ada.list.read(entry, info(entry.path or ""), None)
    loses_the_connection(party, ada, heard=heard)
    bob.load("c")
    party.settles()
    returns(party, ada)
    assert sorted(party.names) == sorted("oabac")
    assert ada.names == bob.names == party.names
    assert set(mine) < set(ada.list.entries)


@pytest.mark.parametrize("heard", [True, False])
def test_other_edits_that_were_not_answered_are_asked_again(party: Party, heard: bool) -> None:
    ada, bob = party.members
    ada.load(*"abc")
    party.settles()
    edits: list[Callable[[], None]] = [lambda: ada.list.move(3, 0), lambda: ada.list.remove(1), ada.list.clear]
    for edit, result in zip(edits, ("coab", "cab", "c"), strict=True):
        edit()
        loses_the_connection(party, ada, heard=heard)
        party.settles()
        returns(party, ada)
        assert party.names == ada.names == bob.names == result or (result == "c" and party.current == "a")


@pytest.mark.parametrize("heard", [True, False])
def test_a_film_that_was_begun_meanwhile_is_not_begun_anew(party: Party, heard: bool) -> None:
    ada, _ = party.members
    ada.load("a")
    party.settles()
    ada.list.play(1)
    loses_the_connection(party, ada, heard=heard)
    ada.line.clear()
    ada.list.enter(party.queue, None, again=True)
    assert (ada.list.request(play=False) is None) is heard
    assert ada.current == 1


def test_another_room_has_nothing_of_the_edits(party: Party) -> None:
    ada, _ = party.members
    ada.load("a")
    ada.list.enter(Queue(), None, again=False)
    assert (ada.names, ada.list.request(play=False)) == ("", None)


def test_a_room_made_anew_has_other_films_by_the_same_ids(party: Party) -> None:
    ada, _ = party.members
    party.settles()
    ada.list.remove(0)
    anew = begun("n")
    assert anew.entries[0].id == party.queue.entries[0].id
    ada.list.enter(anew, None, again=True)
    assert ada.names == "n"
    assert ada.list.entries[0].id != 7
    assert ada.list.request(play=False) is None, "the film that was to be removed is not there"


# ---- whatever is done -----------------------------------------------------------------------------------------------


class AnyParty(RuleBasedStateMachine):
    """Three members edit at once, and their connections break.

    When all is said, all see the same, and what was added and not taken out is there once.
    """

    @initialize()
    def begin(self) -> None:
        self.party = Party(3)
        self.names = iter(f"{letter}{number}" for number in itertools.count() for letter in "abc")
        self.gone: set[str] = set()
        self.added: set[str] = set()

    _who = st.integers(0, 2)
    _place = st.integers(-1, 6)

    def _at(self, who: int, place: int) -> SharedEntry | None:
        entries = self.party.members[who].list.entries
        return entries[place] if 0 <= place < len(entries) else None

    @rule(
        who=_who,
        count=st.integers(1, 3),
        place=_place,
        where=st.sampled_from(["append", "append", "insert-next", "insert-at", "replace"]),
    )
    def load(self, who: int, count: int, place: int, where: Any) -> None:
        member = self.party.members[who]
        names = [next(self.names) for _ in range(count)]
        self.added |= set(names)
        if where == "replace":
            self.gone |= {name_of(entry) for entry in member.list.entries}
        member.load(*names, how=Loading(where, place=place), read=False)

    @rule(who=_who, hashed=st.booleans(), usable=st.sampled_from([True, True, True, False]))
    def read_one(self, who: int, hashed: bool, usable: bool) -> None:
        member = self.party.members[who].list
        if (entry := member.unread) is None or entry.path is None:
            return
        if usable:
            member.read(entry, info(entry.path), hash_of(entry.path) if hashed else None)
        else:
            self.gone.add(entry.path)
            member.unusable(entry)

    @rule(who=_who, count=st.integers(0, 40))
    def is_a_list(self, who: int, count: int) -> None:
        member = self.party.members[who].list
        if (entry := member.unread) is None or entry.path is None:
            return
        listed = [next(self.names) for _ in range(count)]
        if entry.path in self.gone:
            self.gone |= set(listed)
        self.gone.add(entry.path)
        try:
            member.listed(entry, [Film(name) for name in listed])
        except PlaylistRefused:
            member.unusable(entry)
        else:
            self.added |= set(listed)

    @rule(who=_who, place=_place)
    def remove(self, who: int, place: int) -> None:
        if (entry := self._at(who, place)) is not None:
            self.gone.add(name_of(entry))
            self.party.members[who].list.remove(place)

    @rule(who=_who)
    def clear(self, who: int) -> None:
        member = self.party.members[who].list
        self.gone |= {name_of(entry) for entry in member.entries if entry is not member.current}
        member.clear()

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
        if not self.party.members[who].away and (line := self.party.members[who].line) != deque():
            line.popleft()()

    @rule(who=_who, answered=st.booleans())
    def lose(self, who: int, answered: bool) -> None:
        """Break a connection, before the room has heard what was asked or after it."""
        member = self.party.members[who]
        if answered:
            self.party.asks(member)
        else:
            member.list.request(play=False)
        member.list.disconnected()
        member.away = True

    @rule(who=_who)
    def return_(self, who: int) -> None:
        member = self.party.members[who]
        member.line.clear()
        member.list.enter(self.party.queue, None, again=True)
        member.away = False

    @invariant()
    def holds(self) -> None:
        for member in self.party.members:
            member.list.check()

    def teardown(self) -> None:
        if not hasattr(self, "party"):
            return
        for who, member in enumerate(self.party.members):
            member.read()
            if member.away:
                self.return_(who)
        self.party.settles()
        unhashed: list[QueueEntry] = [entry for entry in self.party.queue.entries if entry.file_hash is None]
        for entry in unhashed:
            self.party.hashes(entry.file.name or "")
        self.party.settles()
        there = [entry.file.name for entry in self.party.queue.entries]
        for member in self.party.members:
            assert [name_of(entry) for entry in member.list.entries] == there
            assert member.list.current is member.list.playing, "all that was asked for is done"
        assert len(set(there)) == len(there)
        assert self.added - self.gone <= set(there) <= (self.added | {"o"})


TestAnyParty = AnyParty.TestCase
TestAnyParty.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
