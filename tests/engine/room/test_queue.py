"""A queue as plain data: what an edit, a step to another entry and the end of a film make of it."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room import queue as queues
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import QueueInsert, SetEntry, SetMedia
from hangd.protocol.model import QUEUE_END, QUEUE_MAX, FileInfo, Queue, QueueEntry, QueueItem

QUICK = "01" * 32
Q2 = "02" * 32


def begun(queue: Queue, file_hash: str | None, file: FileInfo | None) -> Queue:
    return queues.after(queue, queues.begun(queue, file_hash, file))


def inserted(queue: Queue, request: QueueInsert) -> tuple[Queue, tuple[str, ...]]:
    change = queues.inserted(queue, request)
    return queues.after(queue, change), () if change is None else tuple(entry.id for entry in change.inserted)


def removed(queue: Queue, ids: Sequence[str]) -> Queue:
    return queues.after(queue, queues.removed(queue, ids))


def moved(queue: Queue, ids: Sequence[str], behind: str | None) -> Queue:
    return queues.after(queue, queues.moved(queue, ids, behind))


def moved_on(queue: Queue, entry: QueueEntry) -> Queue:
    return queues.after(queue, queues.moved_on(queue, entry))


def moved_to(queue: Queue, request: SetMedia) -> Queue:
    return queues.after(queue, queues.moved_to(queue, request))


def film(letter: str) -> str:
    """Return the hash of a film that has a letter for a name."""
    return f"{ord(letter):02x}" * 32


def info(letter: str, **fields: object) -> FileInfo:
    return FileInfo(**{"size": ord(letter), "duration": 60.0, "name": f"{letter}.mkv", **fields})  # type: ignore[arg-type]


def item(letter: str) -> QueueItem:
    return QueueItem(info(letter), film(letter))


def unhashed(letter: str) -> QueueItem:
    """Return the same film, of which only the quick hash is known."""
    return QueueItem(info(letter, quick_hash=QUICK))


def a_queue(letters: str, current: str | None = None) -> Queue:
    """Return a queue of these films, in one rev."""
    queue, _ = inserted(Queue(), QueueInsert(None, tuple(item(letter) for letter in letters)))
    return queue if current is None else moved_on(queue, queue.entries[letters.index(current)])


def shown(queue: Queue) -> str:
    """Return "abc" of three films, with the current one in upper case."""
    return "".join(
        chr(entry.file.size).upper() if entry.id == queue.current else chr(entry.file.size) for entry in queue.entries
    )


def id_of(queue: Queue, letter: str) -> str:
    """Return the id of the first entry of this film; of no film: an id that the queue has not got."""
    return next((entry.id for entry in queue.entries if entry.file.size == ord(letter)), "9-9")


def refused(error: RequestRefused) -> tuple[str, object]:
    return error.code, error.details and error.details.get("path")


def test_a_room_begins_with_the_film_that_it_was_made_for() -> None:
    queue = begun(Queue(), film("a"), info("a"))
    assert (queue.rev, shown(queue)) == (1, "A")


def test_a_film_that_nobody_described_yet_is_not_in_the_queue() -> None:
    assert begun(Queue(), film("a"), None) == Queue()


def test_the_rooms_own_film_comes_before_what_was_added_meanwhile() -> None:
    assert shown(begun(a_queue("bc"), film("a"), info("a"))) == "Abc"


def test_a_full_queue_has_no_room_for_the_rooms_own_film() -> None:
    full = a_queue("b" * QUEUE_MAX)
    assert begun(full, film("a"), info("a")) == full


def is_valid(queue: Queue, shown: str | None) -> None:
    """Check a queue of a room that shows the film with this hash."""
    current = queues.current_of(queue)
    queues.check(queue, shown, None if current is None else current.file)


# ---- edits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "result"),
    [(None, "xyaBc"), ("a", "axyBc"), ("b", "aBxyc"), ("c", "aBcxy"), ("z", "aBcxy"), (QUEUE_END, "aBcxy")],
)
def test_entries_are_inserted_behind_one_or_else_at_the_end(after: str | None, result: str) -> None:
    queue = a_queue("abc", "b")
    where = id_of(queue, after) if after is not None and len(after) == 1 else after
    changed, ids = inserted(queue, QueueInsert(where, (item("x"), item("y"))))
    assert (changed.rev, shown(changed)) == (queue.rev + 1, result)
    assert ids == (id_of(changed, "x"), id_of(changed, "y"))
    is_valid(changed, film("b"))


def test_nothing_is_no_edit() -> None:
    queue = a_queue("abc", "b")
    assert inserted(queue, QueueInsert(None, ())) == (queue, ())
    assert removed(queue, ()) is queue
    assert moved(queue, (), None) is queue


def test_a_queue_takes_no_more_than_its_maximum_and_no_part_of_what_is_too_much() -> None:
    queue = a_queue("a" * (QUEUE_MAX - 1))
    with pytest.raises(RequestRefused) as caught:
        inserted(queue, QueueInsert(None, (item("x"), item("y"))))
    assert (caught.value.code, caught.value.retry) == ("TooLarge", False)
    assert len(inserted(queue, QueueInsert(None, (item("x"),)))[0].entries) == QUEUE_MAX


@pytest.mark.parametrize(("gone", "result"), [("a", "Bc"), ("b", "ac"), ("ac", "B"), ("abc", ""), ("zb", "ac")])
def test_entries_are_removed_and_ids_that_are_gone_are_ignored(gone: str, result: str) -> None:
    queue = a_queue("abc", "b")
    changed = removed(queue, [id_of(queue, letter) for letter in gone])
    assert (changed.rev, shown(changed)) == (queue.rev + 1, result)
    is_valid(changed, film("b"))


def test_an_entry_that_another_member_removed_already_is_no_edit() -> None:
    queue = a_queue("abc", "b")
    assert removed(queue, ("9-9",)) is queue
    assert moved(queue, ("9-9",), None) is queue


@pytest.mark.parametrize(
    ("moving", "after", "result"),
    [
        ("c", None, "caBd"), ("a", "b", "Bacd"), ("ca", "d", "Bdca"), ("dcba", None, "dcBa"), ("a", "z", "Bcda"),
        ("az", "c", "Bcad"), ("aa", "c", "Bcad"), ("ab", "a", "cdaB"),
    ],
)  # fmt: skip
def test_entries_are_moved_in_the_order_that_was_asked_for(moving: str, after: str | None, result: str) -> None:
    queue = a_queue("abcd", "b")
    where = None if after is None else id_of(queue, after)
    changed = moved(queue, [id_of(queue, letter) for letter in moving], where)
    assert (changed.rev, shown(changed)) == (queue.rev + 1, result)
    assert set(changed.entries) == set(queue.entries)


def test_a_move_to_where_it_stands_is_no_edit() -> None:
    queue = a_queue("abcd", "b")
    assert moved(queue, (id_of(queue, "b"), id_of(queue, "c")), id_of(queue, "a")) is queue


def test_ids_are_never_given_twice() -> None:
    queue, first = inserted(Queue(), QueueInsert(None, (item("a"), item("b"))))
    queue, second = inserted(removed(queue, first), QueueInsert(None, (item("a"), item("b"))))
    assert not set(first) & set(second)
    is_valid(queue, film("a"))


# ---- the next film --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("current", "follows"), [("a", "b"), ("b", "c"), ("c", None), (None, "a")])
def test_what_follows(current: str | None, follows: str | None) -> None:
    entry = queues.following(a_queue("abc", current))
    assert (None if entry is None else entry.file) == (None if follows is None else info(follows))


def test_nothing_follows_in_an_empty_queue() -> None:
    assert queues.following(Queue()) is None


def set_media(letter: str, **fields: object) -> SetMedia:
    return SetMedia(file_hash=film(letter), file=info(letter), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("current", "clear", "result"),
    [("a", False, "aXbc"), ("c", False, "abcX"), (None, False, "Xabc"), ("a", True, "X"), (None, True, "X")],
)
def test_another_film_comes_after_the_current_one(current: str | None, clear: bool, result: str) -> None:
    queue = a_queue("abc", current)
    after = moved_to(queue, set_media("x", clear=clear))
    assert (after.rev, shown(after)) == (queue.rev + 1, result)


@pytest.mark.parametrize(("clear", "result"), [(False, "abC"), (True, "C")])
def test_an_entry_becomes_the_current_one(clear: bool, result: str) -> None:
    queue = a_queue("abc", "a")
    id = queue.entries[2].id
    after = moved_to(queue, SetMedia(entry=id, clear=clear))
    assert (shown(after), after.current) == (result, id)


def test_an_entry_that_somebody_took_out_cannot_be_shown() -> None:
    with pytest.raises(RequestRefused) as caught:
        moved_to(a_queue("ab", "a"), SetMedia(entry="0-7"))
    assert (caught.value.code, caught.value.retry) == ("NoSuchEntry", False)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (SetMedia(), "$.payload"),
        (SetMedia(file_hash=film("x")), "$.payload"),
        (SetMedia(file=info("x")), "$.payload"),
        (SetMedia(entry="1-0", file=info("a")), "$.payload"),
        (set_media("a", entry="1-0"), "$.payload"),
    ],
)
def test_a_request_that_names_no_film_is_refused(wanted: SetMedia, path: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        moved_to(a_queue("ab", "b"), wanted)
    assert refused(caught.value) == ("InvalidMessage", path)


def test_a_full_queue_forgets_its_oldest_film_rather_than_refuse_another() -> None:
    queue = a_queue("a" + "b" * (QUEUE_MAX - 1), "a")
    after = moved_to(queue, set_media("x"))
    assert shown(after) == "X" + "b" * (QUEUE_MAX - 1)
    is_valid(after, film("x"))


def test_a_full_queue_does_not_forget_a_film_that_is_still_to_come() -> None:
    with pytest.raises(RequestRefused) as caught:
        moved_to(a_queue("b" * QUEUE_MAX), set_media("x"))
    assert (caught.value.code, caught.value.retry) == ("TooLarge", False)


def test_a_full_queue_can_be_cleared_for_another_film() -> None:
    assert shown(moved_to(a_queue("b" * QUEUE_MAX), set_media("x", clear=True))) == "X"


# ---- what is known of an entry --------------------------------------------------------------------------------------


def test_what_is_known_of_the_current_film_is_kept_and_is_no_edit() -> None:
    queue = a_queue("aba", "b")
    after = queues.described(queue, film("b"), info("b", duration=9.0))
    assert [entry.file.duration for entry in after.entries] == [60.0, 9.0, 60.0]
    assert after.rev == queue.rev


def test_more_may_become_known_of_an_entry_and_that_is_no_edit() -> None:
    queue, (_, id) = inserted(Queue(), QueueInsert(None, (item("a"), QueueItem(info("b", duration=None)))))
    after, entry = queues.learned(queue, SetEntry(id, film("b")))
    assert after.entries[1] == entry
    assert (entry.id, entry.file_hash, after.rev) == (id, film("b"), queue.rev)
    assert queues.learned(after, SetEntry(id, film("b"))) == (after, entry), "two members may hash the same film"
    after, entry = queues.learned(after, SetEntry(id, file=info("b", quick_hash=QUICK, name="mine.mkv")))
    assert (entry.file, entry.file_hash) == (info("b", quick_hash=QUICK), film("b")), "all but the name"
    for request in (SetEntry(id, film("x")), SetEntry(id, file=info("c")), SetEntry(id, file=info("b", quick_hash=Q2))):
        with pytest.raises(RequestRefused) as caught:
            queues.learned(after, request)
        assert caught.value.code == "FileHashMismatch"
    with pytest.raises(RequestRefused) as caught:
        queues.learned(removed(queue, (id,)), SetEntry(id, film("b")))
    assert caught.value.code == "NoSuchEntry"


def test_an_entry_is_shown_without_its_whole_hash() -> None:
    queue, (id,) = inserted(Queue(), QueueInsert(None, (unhashed("a"),)))
    after = moved_to(queue, SetMedia(entry=id))
    assert (shown(after), after.current) == ("A", id)
    queues.check(after, None, info("a", quick_hash=QUICK))


# ---- whatever is done -----------------------------------------------------------------------------------------------

letters = st.sampled_from("abc")
numbers = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("insert"), st.lists(letters, max_size=3), st.none() | numbers),
    st.tuples(st.just("remove"), st.lists(numbers, max_size=3)),
    st.tuples(st.just("move"), st.lists(numbers, max_size=4), st.none() | numbers),
    st.tuples(st.just("show"), st.one_of(letters, numbers), st.booleans()),
    st.tuples(st.just("hash"), numbers),
    st.just(("end",)),
)


@given(st.lists(steps, max_size=25))
def test_revs_rise_ids_are_never_given_twice_and_what_is_current_is_shown(steps: list[Any]) -> None:
    """A number is the entry at that index, a letter a new film, of which every second one has no whole hash yet."""
    queue = begun(Queue(), film("a"), info("a"))
    now: str | None = film("a")
    named = {entry.id: entry.file.size for entry in queue.entries}

    def at(index: int | None) -> str | None:
        return None if index is None else queue.entries[index].id if index < len(queue.entries) else "0-9"

    for step in steps:
        before = queue
        try:
            match step:
                case ("insert", list() as films, after):
                    new = tuple((unhashed if number % 2 else item)(one) for number, one in enumerate(films))
                    queue, ids = inserted(queue, QueueInsert(at(after), new))
                    assert [entry.id for entry in queue.entries if entry not in before.entries] == list(ids)
                case ("remove", list() as places):
                    queue = removed(queue, [at(place) or "" for place in places])
                case ("move", list() as places, after):
                    queue = moved(queue, [at(place) or "" for place in places], at(after))
                    assert sorted(queue.entries, key=id) == sorted(before.entries, key=id)
                case ("show", str() as letter, bool() as clear):
                    queue = moved_to(queue, set_media(letter, clear=clear))
                case ("show", place, bool() as clear):
                    queue = moved_to(queue, SetMedia(entry=at(place), clear=clear))
                case ("hash", place):
                    entry = queue.entries[place] if place < len(queue.entries) else None
                    whole = film(chr(entry.file.size)) if entry else film("a")
                    queue, _ = queues.learned(queue, SetEntry(at(place) or "", whole))
                case _:
                    entry = queues.following(queue)
                    queue = queue if entry is None else moved_on(queue, entry)
        except RequestRefused:
            continue
        if [entry.id for entry in queue.entries] != [entry.id for entry in before.entries] or step[0] == "show":
            assert queue.rev == before.rev + 1
        current = queues.current_of(queue)
        now = now if current is None else current.file_hash
        queues.check(queue, now, None if current is None else current.file)
        for entry in queue.entries:
            assert named.setdefault(entry.id, entry.file.size) == entry.file.size
            assert entry.id in {other.id for other in before.entries} or entry.id.startswith(f"{queue.rev}-")
