import threading
import time
from collections.abc import Callable

import pytest

from hangd.player.vlc.thread import OwnerThread


class Notebook:
    """An owned object that records its calls."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.due: float | None = None
        self.expired = threading.Event()
        self.expired_at = 0.0

    def handle(self, item: Callable[["Notebook"], None]) -> None:
        item(self)

    def deadline(self) -> float | None:
        return self.due

    def expire(self, now: float) -> None:
        self.due = None
        self.expired_at = time.monotonic()
        self.lines.append("expired")
        self.expired.set()

    def close(self) -> None:
        self.lines.append("closed")


def started() -> tuple[OwnerThread[Callable[[Notebook], None]], Notebook]:
    notebook = Notebook()
    thread: OwnerThread[Callable[[Notebook], None]] = OwnerThread(lambda _: notebook, name="test")
    thread.made.result(10)
    return thread, notebook


def test_items_are_handled_in_order_on_one_thread_and_the_end_comes_last() -> None:
    thread, notebook = started()
    names: set[str] = set()

    def item(number: int) -> Callable[[Notebook], None]:
        def write(owned: Notebook) -> None:
            names.add(threading.current_thread().name)
            owned.lines.append(str(number))

        return write

    for number in range(100):
        thread.post(item(number))
    thread.end()
    thread.ended.result(10)
    assert notebook.lines == [*map(str, range(100)), "closed"]
    assert names == {"test"}


def test_a_deadline_is_never_early_and_items_are_handled_before_it() -> None:
    thread, notebook = started()
    due = time.monotonic() + 0.3

    def wake(owned: Notebook) -> None:
        owned.due = due

    thread.post(wake)
    thread.post(lambda owned: owned.lines.append("meanwhile"))
    assert notebook.expired.wait(10)
    assert due <= notebook.expired_at < due + 0.25
    assert notebook.lines == ["meanwhile", "expired"]
    thread.end()
    thread.ended.result(10)


def test_an_item_can_cancel_a_deadline() -> None:
    thread, notebook = started()

    def soon(owned: Notebook) -> None:
        owned.due = time.monotonic() + 0.1

    def never(owned: Notebook) -> None:
        owned.due = None

    thread.post(soon)
    thread.post(never)
    assert not notebook.expired.wait(0.4)
    thread.end()
    thread.ended.result(10)


def test_an_exception_while_the_object_is_made_is_passed_on() -> None:
    def make(_: object) -> Notebook:
        raise SystemExit(1)

    thread: OwnerThread[Callable[[Notebook], None]] = OwnerThread(make, name="test")
    with pytest.raises(SystemExit):
        thread.made.result(10)
    thread.ended.result(10)


def test_busy_since_shows_a_stuck_item() -> None:
    thread, _ = started()
    stuck, release = threading.Event(), threading.Event()

    def hang(_: Notebook) -> None:
        stuck.set()
        release.wait(30)

    before = time.monotonic()
    thread.post(hang)
    assert stuck.wait(10)
    assert (thread.busy_since or 0.0) >= before
    release.set()
    thread.end()
    thread.ended.result(10)
    assert thread.busy_since is None


def test_an_exception_closes_the_object_and_is_passed_on() -> None:
    thread, notebook = started()

    def fail(_: Notebook) -> None:
        raise ValueError("broken")

    thread.post(fail)
    with pytest.raises(ValueError, match="broken"):
        thread.ended.result(10)
    assert notebook.lines == ["closed"]


def test_a_thread_that_is_abandoned_does_nothing_more() -> None:
    thread, notebook = started()
    stuck, held = threading.Event(), threading.Lock()
    held.acquire()

    def hang(owned: Notebook) -> None:
        stuck.set()
        held.acquire()
        owned.lines.append("went on")

    thread.post(hang)
    thread.end()
    assert stuck.wait(10)
    thread.abandon()
    held.release()
    with pytest.raises(TimeoutError):
        thread.ended.result(0.2)
    assert notebook.lines == []
