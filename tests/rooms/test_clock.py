"""Whether the clock of before is the clock of now, and what its times mean if it is not."""

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


def test_two_clocks_have_two_names() -> None:
    assert ServerClock().clock_id != ServerClock().clock_id


@pytest.mark.parametrize("wall", [50_007.0, 50_900.0, 10.0])
def test_on_the_same_boot_it_goes_on_whatever_the_wall_clock_says(wall: float) -> None:
    now = clock(1007.0, wall, "one")
    assert (now.clock_id, now.shift(THEN)) == ("clock", 0.0)


def test_after_another_boot_the_wall_clock_tells_what_lay_between() -> None:
    now = clock(30.0, 50_100.0, "two")
    assert now.clock_id != "clock"
    # What was at 1000 then is 100 s ago: 70 s before this machine was switched on.
    assert 1000.0 + now.shift(THEN) == pytest.approx(30.0 - 100.0)
    # A start that was to come 0.3 s later is 0.3 s later still.
    assert 1000.3 + now.shift(THEN) == pytest.approx(30.3 - 100.0)


def test_another_boot_may_have_run_for_longer() -> None:
    now = clock(5000.0, 60_000.0, "two")
    assert now.clock_id != "clock"
    assert 1000.0 + now.shift(THEN) == pytest.approx(5000.0 - 10_000.0)


def test_a_wall_clock_that_was_set_back_stops_the_film_meanwhile_rather_than_rewinding_it() -> None:
    now = clock(30.0, 49_000.0, "two")
    assert 1000.0 + now.shift(THEN) == pytest.approx(30.0)


@pytest.mark.parametrize(("wall", "same"), [(50_007.0, True), (50_007.4, True), (50_008.0, False), (50_003.0, False)])
def test_where_nobody_names_boots_the_two_clocks_must_have_kept_their_distance(wall: float, same: bool) -> None:
    nameless = ClockMark("clock", 1000.0, 50_000.0)
    for now in (clock(1007.0, wall, None), clock(1007.0, wall, None, nameless), clock(1007.0, wall, "one", nameless)):
        assert (now.clock_id == "clock") == same


def test_a_clock_that_shows_less_than_it_did_is_another_one() -> None:
    assert clock(999.0, 49_999.0, None).clock_id != "clock"
    assert clock(999.0, 49_999.0, "one").clock_id != "clock"


def test_the_newest_mark_decides_and_each_is_read_by_its_own() -> None:
    older = ClockMark("another", monotonic=7.0, wall=49_000.0, boot="zero")
    now = clock(1007.0, 50_007.0, "one", older, THEN)
    assert now.clock_id == "clock"
    assert 7.0 + now.shift(older) == pytest.approx(0.0)


def test_this_machine_names_its_boot_if_it_is_linux() -> None:
    assert boot_id() == boot_id()
