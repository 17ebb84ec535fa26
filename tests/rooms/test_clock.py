"""Server time over restarts: the same clock, or another one whose times are translated."""

import time

import pytest

from hangd.rooms.clock import ServerClock, boot_id
from hangd.store.base import ClockMark

THEN = ClockMark("clock", monotonic=1000.0, wall=50_000.0, boot="one")


def clock(monotonic: float, wall: float, boot: str | None, *marks: ClockMark) -> ServerClock:
    return ServerClock(marks or (THEN,), monotonic=lambda: monotonic, wall=lambda: wall, boot=boot)


def test_it_reads_the_monotonic_clock() -> None:
    before = time.monotonic()
    found = ServerClock().mark()
    assert before <= found.monotonic <= time.monotonic()
    assert found.wall == pytest.approx(time.time(), abs=5)


def test_two_clocks_have_different_ids() -> None:
    assert ServerClock().clock_id != ServerClock().clock_id


@pytest.mark.parametrize("wall", [50_007.0, 50_900.0, 10.0])
def test_on_the_same_boot_the_clock_continues_whatever_the_wall_clock_says(wall: float) -> None:
    now = clock(1007.0, wall, "one")
    assert (now.clock_id, now.shift(THEN)) == ("clock", 0.0)


def test_after_a_reboot_the_wall_clock_tells_how_much_time_has_passed() -> None:
    now = clock(30.0, 50_100.0, "two")
    assert now.clock_id != "clock"
    # What was at 1000 then is 100 s ago: 70 s before this machine was switched on.
    assert 1000.0 + now.shift(THEN) == pytest.approx(30.0 - 100.0)
    # A start that was to come 0.3 s later is 0.3 s later still.
    assert 1000.3 + now.shift(THEN) == pytest.approx(30.3 - 100.0)


def test_after_a_reboot_the_monotonic_clock_may_be_ahead() -> None:
    now = clock(5000.0, 60_000.0, "two")
    assert now.clock_id != "clock"
    assert 1000.0 + now.shift(THEN) == pytest.approx(5000.0 - 10_000.0)


def test_if_the_wall_clock_was_set_back_no_time_has_passed() -> None:
    now = clock(30.0, 49_000.0, "two")
    assert 1000.0 + now.shift(THEN) == pytest.approx(30.0)


@pytest.mark.parametrize(("wall", "same"), [(50_007.0, True), (50_007.4, True), (50_008.0, False), (50_003.0, False)])
def test_without_a_boot_id_the_difference_of_the_clocks_decides(wall: float, same: bool) -> None:
    nameless = ClockMark("clock", 1000.0, 50_000.0)
    for now in (clock(1007.0, wall, None), clock(1007.0, wall, None, nameless), clock(1007.0, wall, "one", nameless)):
        assert (now.clock_id == "clock") == same


def test_a_monotonic_clock_that_is_behind_is_another_one() -> None:
    assert clock(999.0, 49_999.0, None).clock_id != "clock"
    assert clock(999.0, 49_999.0, "one").clock_id != "clock"


def test_the_newest_mark_decides_and_each_room_is_shifted_by_its_own() -> None:
    older = ClockMark("another", monotonic=7.0, wall=49_000.0, boot="zero")
    now = clock(1007.0, 50_007.0, "one", older, THEN)
    assert now.clock_id == "clock"
    assert 7.0 + now.shift(older) == pytest.approx(0.0)


def test_the_boot_id_is_known_on_linux() -> None:
    assert boot_id() == boot_id()
