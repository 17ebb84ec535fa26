"""A queue as plain data: what an edit, a move and an end make of it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room import queue as queues
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import SetMedia, SetQueue
from hangd.protocol.model import QUEUE_MAX, FileInfo, Queue, QueueItem

QUICK = "01" * 32


def film(letter: str) -> str:
    """Return the hash of a film that has a letter for a name."""
    return f"{ord(letter):02x}" * 32


def info(letter: str, **fields: object) -> FileInfo:
    return FileInfo(**{"size": ord(letter), "duration": 60.0, "name": f"{letter}.mkv", **fields})  # type: ignore[arg-type]


def item(letter: str) -> QueueItem:
    return QueueItem(file_hash=film(letter), file=info(letter))


def a_queue(letters: str, current: str | None = None) -> Queue:
    """Return a queue of these films, in one rev."""
    queue = queues.edited(Queue(), SetQueue(0, tuple(item(letter) for letter in letters)))
    return queue if current is None else queues.moved_on(queue, queue.entries[letters.index(current)])


def shown(queue: Queue) -> str:
    """Return "abc" of three films, with the current one in upper case."""
    return "".join(
        chr(entry.file.size).upper() if entry.id == queue.current else chr(entry.file.size) for entry in queue.entries
    )


def kept(queue: Queue, letters: str) -> tuple[QueueItem, ...]:
    """Return the items that keep these entries, in this order."""
    return tuple(QueueItem(id=entry.id) for letter in letters for entry in queue.entries if entry.file == info(letter))


def test_a_room_begins_with_the_film_that_it_was_made_for() -> None:
    queue = queues.begun(Queue(), film("a"), info("a"))
    assert (queue.rev, shown(queue)) == (1, "A")


def test_a_film_that_nobody_described_yet_stands_in_no_queue() -> None:
    assert queues.begun(Queue(), film("a"), None) == Queue()


def test_it_comes_before_what_was_added_meanwhile() -> None:
    assert shown(queues.begun(a_queue("bc"), film("a"), info("a"))) == "Abc"


def test_a_full_queue_has_no_place_for_it() -> None:
    full = a_queue("b" * QUEUE_MAX)
    assert queues.begun(full, film("a"), info("a")) == full


# ---- edits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "result"),
    [
        ("abc", "aBc"),
        ("cba", "cBa"),
        ("b", "B"),
        ("", ""),
        ("ac", "ac"),
    ],
)
def test_entries_are_kept_moved_and_left_out(wanted: str, result: str) -> None:
    queue = a_queue("abc", "b")
    after = queues.edited(queue, SetQueue(queue.rev, kept(queue, wanted)))
    assert (after.rev, shown(after)) == (queue.rev + 1, result)
    assert {entry.id for entry in after.entries} <= {entry.id for entry in queue.entries}
    queues.check(after, film("b"))


def test_new_entries_get_names_of_their_own() -> None:
    queue = a_queue("ab", "a")
    items = (item("c"), *kept(queue, "a"), item("c"))
    after = queues.edited(queue, SetQueue(queue.rev, items))
    assert shown(after) == "cAc"
    again = queues.edited(after, SetQueue(after.rev, (*kept(after, "a"), item("b"))))
    names = [entry.id for one in (queue, after, again) for entry in one.entries]
    assert len(set(names)) == 5, "also b has another than before"


def test_an_entry_that_is_kept_stays_as_the_room_knows_it() -> None:
    queue = a_queue("a", "a")
    (entry,) = queue.entries
    told = QueueItem(id=entry.id, file_hash=film("a"), file=info("a", duration=None, name="mine.mkv"))
    assert queues.edited(queue, SetQueue(queue.rev, (told,))).entries == queue.entries


@pytest.mark.parametrize("base", [0, 1, 3])
def test_an_edit_of_another_queue_is_stale(base: int) -> None:
    queue = a_queue("ab", "a")
    with pytest.raises(RequestRefused) as caught:
        queues.edited(queue, SetQueue(base, kept(queue, "a")))
    assert (caught.value.code, caught.value.retry, caught.value.details) == ("Stale", True, {"rev": 2})


@pytest.mark.parametrize(
    ("items", "path"),
    [
        (lambda q: (QueueItem(id="9-9"),), "$.payload.entries[0].id"),
        (lambda q: (*kept(q, "ab"), QueueItem(id=q.entries[0].id)), "$.payload.entries[2].id"),
        (lambda q: (QueueItem(id=q.entries[0].id, file_hash=film("b")),), "$.payload.entries[0].file_hash"),
        (lambda q: (*kept(q, "a"), QueueItem(file_hash=film("c"))), "$.payload.entries[1]"),
        (lambda q: (QueueItem(file=info("c")),), "$.payload.entries[0]"),
        (lambda q: (QueueItem(),), "$.payload.entries[0]"),
    ],
)
def test_an_entry_that_is_none_is_named(items: Callable[[Queue], tuple[QueueItem, ...]], path: str) -> None:
    queue = a_queue("ab", "a")
    with pytest.raises(RequestRefused) as caught:
        queues.edited(queue, SetQueue(queue.rev, items(queue)))
    assert (caught.value.code, caught.value.details) == ("InvalidMessage", {"path": path})
    assert caught.value.message.startswith(f"{path} ")


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
    after = queues.moved_to(queue, set_media("x", clear=clear))
    assert (after.rev, shown(after)) == (queue.rev + 1, result)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(("clear", "result"), [(False, "abC"), (True, "C")])
def test_an_entry_becomes_the_current_one(told: bool, clear: bool, result: str) -> None:
    queue = a_queue("abc", "a")
    id = queue.entries[2].id
    wanted = set_media("c", entry=id, clear=clear) if told else SetMedia(entry=id, clear=clear)
    after = queues.moved_to(queue, wanted)
    assert (shown(after), after.current) == (result, id)


def test_whoever_has_the_film_of_an_entry_may_know_more_of_it() -> None:
    bare = QueueItem(file_hash=film("a"), file=info("a", duration=None, name=None))
    queue = queues.edited(Queue(), SetQueue(0, (bare,)))
    id = queue.entries[0].id
    told = SetMedia(film("a"), info("a", duration=7.0, name="mine.mkv", quick_hash=QUICK), entry=id)
    assert queues.moved_to(queue, told).entries[0].file == info("a", duration=7.0, name=None, quick_hash=QUICK)


def test_an_entry_that_somebody_took_out_is_stale() -> None:
    with pytest.raises(RequestRefused) as caught:
        queues.moved_to(a_queue("ab", "a"), SetMedia(entry="0-7"))
    assert (caught.value.code, caught.value.retry) == ("Stale", True)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (SetMedia(), "$.payload"),
        (SetMedia(file_hash=film("x")), "$.payload"),
        (SetMedia(file=info("x")), "$.payload"),
        (SetMedia(entry="1-0", file_hash=film("a")), "$.payload"),
        (set_media("b", entry="1-0"), "$.payload.file_hash"),
    ],
)
def test_a_move_to_no_film_is_refused(wanted: SetMedia, path: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        queues.moved_to(a_queue("ab", "b"), wanted)
    assert (caught.value.code, caught.value.details) == ("InvalidMessage", {"path": path})


def test_a_full_queue_forgets_its_oldest_film_rather_than_refuse_another() -> None:
    queue = a_queue("a" + "b" * (QUEUE_MAX - 1), "a")
    after = queues.moved_to(queue, set_media("x"))
    assert shown(after) == "X" + "b" * (QUEUE_MAX - 1)
    queues.check(after, film("x"))


def test_but_not_one_that_is_still_to_come() -> None:
    with pytest.raises(RequestRefused) as caught:
        queues.moved_to(a_queue("b" * QUEUE_MAX), set_media("x"))
    assert (caught.value.code, caught.value.retry) == ("TooLarge", False)


def test_a_full_queue_can_be_cleared_for_another_film() -> None:
    assert shown(queues.moved_to(a_queue("b" * QUEUE_MAX), set_media("x", clear=True))) == "X"


def test_what_is_known_of_the_current_film_is_kept_and_is_no_edit() -> None:
    queue = a_queue("aba", "b")
    after = queues.described(queue, info("b", duration=9.0))
    assert [entry.file.duration for entry in after.entries] == [60.0, 9.0, 60.0]
    assert after.rev == queue.rev


@pytest.mark.parametrize(
    ("file_hash", "file", "result"),
    [
        (film("b"), info("x"), True),
        (film("a"), info("a"), False),
        (film("x"), info("b", quick_hash=QUICK), False),
        (None, info("b", quick_hash=QUICK), True),
        (None, info("b"), False),
        (None, info("c", quick_hash=QUICK), False),
    ],
)
def test_whether_a_file_is_another_film_of_the_queue(file_hash: str | None, file: FileInfo, result: bool) -> None:
    items = (item("a"), QueueItem(file_hash=film("b"), file=info("b", quick_hash=QUICK)))
    queue = queues.edited(Queue(), SetQueue(0, items))
    assert queues.holds_besides(queue, film("a"), file_hash, file) is result


# ---- whatever is done -----------------------------------------------------------------------------------------------

letters = st.sampled_from("abc")
numbers = st.integers(0, 5)
edits = st.lists(st.one_of(letters, numbers), max_size=6)
moves = st.tuples(st.one_of(letters, numbers), st.booleans())


@given(st.lists(st.one_of(edits, moves, st.none()), max_size=20))
def test_revs_rise_names_are_never_given_twice_and_what_is_current_is_shown(steps: list[object]) -> None:
    """A number is the entry of that place, a letter a new film; None is the end of the film."""
    queue, now = queues.begun(Queue(), film("a"), info("a")), film("a")
    named = {entry.id: entry.file_hash for entry in queue.entries}
    for step in steps:
        before = queue
        try:
            match step:
                case list():
                    items = tuple(
                        item(one) if isinstance(one, str) else QueueItem(id=queue.entries[one].id)
                        for one in step
                        if isinstance(one, str) or one < len(queue.entries)
                    )
                    queue = queues.edited(queue, SetQueue(queue.rev, items))
                case (str() as letter, bool() as clear):
                    queue = queues.moved_to(queue, set_media(letter, clear=clear))
                case (int() as place, bool() as clear):
                    id = queue.entries[place].id if place < len(queue.entries) else "0-0"
                    queue = queues.moved_to(queue, SetMedia(entry=id, clear=clear))
                case None:
                    entry = queues.following(queue)
                    queue = queue if entry is None else queues.moved_on(queue, entry)
        except RequestRefused:
            continue
        if queue is not before:
            assert queue.rev == before.rev + 1
        current = queues.current_of(queue)
        now = now if current is None else current.file_hash
        queues.check(queue, now)
        for entry in queue.entries:
            assert named.setdefault(entry.id, entry.file_hash) == entry.file_hash
            assert entry in before.entries or entry.id.startswith(f"{queue.rev}-")
