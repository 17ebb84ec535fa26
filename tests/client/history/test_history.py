"""The history of one person's films: what is written, when, and what is left of it."""

import contextlib
import logging
import sqlite3
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.history import history
from hangd.client.history.history import History
from hangd.client.history.record import Company, Scene
from hangd.protocol.messages import Report
from hangd.tasks import Tasks
from tests.support.daemons.control import until

NOTHING = Scene(None, False, None, None)


def playing(name: str = "film.mkv", *others: str, keeps_names: bool = True) -> Scene:
    company = Company("room-1", "Friday", others, keeps_names) if others else None
    return Scene(f"/films/{name}", True, 5400.0, company)


class Machine:
    """A daemon's history, and the clock by which it counts."""

    def __init__(self, path: Path | None) -> None:
        self.now = 1000.0
        self.scene = NOTHING
        self.wanted = True
        self.tasks = Tasks()
        self.history = History(path, self.tasks, lambda: self.scene if self.wanted else None, self.clock)

    def clock(self) -> float:
        return self.now

    async def passes(self, seconds: float, scene: Scene | None = None) -> None:
        """Let this be seen from now on, and so many seconds go by."""
        self.scene = scene or self.scene
        self.history.changed(frozenset({"path"}))
        self.now += seconds
        self.history.review()
        await self.written()

    async def written(self) -> None:
        await until(lambda: not self.tasks._tasks)

    async def films(self) -> list[str]:
        return [one["film"] for one in await self.history.read(0.0, 100)]

    async def close(self) -> None:
        await self.history.close()
        await self.tasks.cancel()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.sqlite3"


@pytest.fixture
async def machine(path: Path) -> AsyncIterator[Machine]:
    made = Machine(path)
    yield made
    await made.close()


@pytest.fixture
async def other(path: Path) -> AsyncIterator[Machine]:
    """Another daemon of the same user."""
    made = Machine(path)
    yield made
    await made.close()


def content(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def is_there(path: Path) -> bool:
    return path.exists()


def remove(path: Path) -> None:
    path.unlink()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def damaged(path: Path) -> bytes:
    (aside,) = path.parent.glob("*.damaged-*")
    return aside.read_bytes()


def rows(path: Path) -> int:
    with contextlib.suppress(sqlite3.OperationalError), sqlite3.connect(path) as database:
        return int(database.execute("SELECT count(*) FROM watched_1").fetchone()[0])
    return 0  # The table is not there yet.


async def test_a_film_is_kept_with_its_figures(machine: Machine) -> None:
    await machine.passes(90.0, playing("film.mkv", "bob"))
    machine.history.heard({"event": "sync-corrected", "action": "resync"})
    machine.history.heard({"event": "sync-corrected", "action": "trim"})
    machine.history.heard({"event": "said", "text": "hello"})
    for _ in range(12):
        machine.history.reported(Report(state="playing", position=1.0, at=1.0, error=0.01))
    await machine.passes(10.0, NOTHING)
    (found,) = await machine.history.read(0.0, 100)
    assert found["skew_p50"] == pytest.approx(0.01, rel=0.05)
    assert found["started"] == pytest.approx(time.time(), abs=5)
    assert {
        key: found[key] for key in ("film", "path", "seconds", "duration", "room", "with", "others", "corrections")
    } == {
        "film": "film.mkv",
        "path": "/films/film.mkv",
        "seconds": 90.0,
        "duration": 5400.0,
        "room": "Friday",
        "with": ["bob"],
        "others": 1,
        "corrections": 1,
    }


async def test_a_film_of_less_than_a_minute_is_not_kept(machine: Machine, path: Path) -> None:
    await machine.passes(59.0, playing())
    await machine.passes(1.0, NOTHING)
    assert await machine.films() == []
    assert rows(path) == 0


async def test_the_film_that_plays_is_in_it_after_a_minute(machine: Machine) -> None:
    await machine.passes(61.0, playing())
    await machine.passes(5.0)
    (seconds,) = [one["seconds"] for one in await machine.history.read(0.0, 100)]
    assert seconds == 66.0


async def test_a_daemon_that_is_killed_loses_less_than_a_minute(machine: Machine, path: Path) -> None:
    await machine.passes(0.0, playing())
    for _ in range(50):
        await machine.passes(5.0)
    with sqlite3.connect(path) as database:
        (kept,) = database.execute("SELECT json_extract(record, '$.seconds') FROM watched_1").fetchone()
    assert 250.0 - kept < 60.0


async def test_it_is_written_by_the_clock_while_nothing_else_happens(
    machine: Machine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_LEAST_SECONDS", 0.05)
    machine.history._clock = time.monotonic
    machine.scene = playing()
    machine.history.changed(frozenset())
    await until(lambda: is_there(path) and rows(path) == 1)


async def test_the_end_of_the_daemon_writes_what_plays(machine: Machine, other: Machine) -> None:
    await machine.passes(0.0, playing())
    machine.now += 70.0
    await machine.close()
    assert await other.films() == ["film.mkv"]


async def test_the_end_of_the_daemon_writes_nothing_that_nobody_wants(machine: Machine, path: Path) -> None:
    await machine.passes(0.0, playing())
    machine.now += 70.0
    machine.wanted = False
    await machine.close()
    assert rows(path) == 0


async def test_nothing_begins_after_the_end(machine: Machine) -> None:
    machine.scene = playing()
    await machine.history.close()
    machine.history.changed(frozenset())
    machine.now += 100.0
    machine.history.review()
    await machine.written()


async def test_each_film_is_a_record_and_the_newest_is_first(machine: Machine) -> None:
    await machine.passes(70.0, playing("a.mkv"))
    await machine.passes(70.0, playing("b.mkv"))
    await machine.passes(70.0, playing("a.mkv"))
    assert await machine.films() == ["a.mkv", "b.mkv", "a.mkv"]
    assert [one["film"] for one in await machine.history.read(0.0, 1)] == ["a.mkv"]
    assert await machine.history.read(time.time() + 60, 100) == []


async def test_two_daemons_share_the_file(machine: Machine, other: Machine) -> None:
    await machine.passes(70.0, playing("a.mkv"))
    await other.passes(70.0, playing("b.mkv"))
    assert sorted(await machine.films()) == sorted(await other.films()) == ["a.mkv", "b.mkv"]


async def test_clearing_leaves_nothing(machine: Machine) -> None:
    await machine.passes(70.0, playing("secret-name.mkv"))
    await machine.passes(70.0, playing("other.mkv"))
    assert await machine.history.clear() == 2
    assert await machine.films() == []
    await machine.passes(59.0)
    assert await machine.films() == [], "what played before it was cleared does not come back"
    await machine.passes(2.0)
    (found,) = await machine.history.read(0.0, 100)
    assert found["seconds"] == 61.0


async def test_what_is_cleared_is_overwritten(machine: Machine, path: Path) -> None:
    await machine.passes(70.0, playing("film.mkv", "bartholomew"))
    await machine.passes(0.0, NOTHING)
    assert b"bartholomew" in content(path)
    await machine.history.clear()
    assert b"bartholomew" not in content(path)


async def test_what_another_daemon_clears_does_not_come_back(machine: Machine, other: Machine) -> None:
    await machine.passes(70.0, playing("a.mkv"))
    assert await other.history.clear() == 1
    await machine.passes(40.0)
    assert await other.films() == []
    await machine.passes(61.0)
    (found,) = await other.history.read(0.0, 100)
    assert found["seconds"] <= 101.0, "it began anew"


async def test_without_the_setting_nothing_is_kept(machine: Machine, path: Path) -> None:
    machine.wanted = False
    await machine.passes(600.0, playing())
    await machine.passes(0.0, NOTHING)
    assert await machine.films() == []
    assert rows(path) == 0


async def test_what_plays_when_the_setting_changes_is_counted_from_then_on(machine: Machine) -> None:
    machine.wanted = False
    await machine.passes(600.0, playing())
    machine.wanted = True
    await machine.passes(70.0)
    (seconds,) = [one["seconds"] for one in await machine.history.read(0.0, 100)]
    assert seconds == 70.0


async def test_only_its_owner_may_read_it(machine: Machine, path: Path) -> None:
    await machine.passes(70.0, playing())
    assert [mode(path), mode(path.parent)] == [0o600, 0o700]


async def test_a_damaged_file_is_set_aside_and_begun_anew(
    machine: Machine, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, b"no database at all" * 1000)
    await machine.passes(70.0, playing())
    assert await machine.films() == ["film.mkv"]
    assert damaged(path).startswith(b"no database at all")
    assert "damaged" in caplog.text


async def test_a_file_that_cannot_be_written_costs_one_line(
    machine: Machine, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(path.parent, b"a file where the folder should be")
    caplog.set_level(logging.WARNING)
    await machine.passes(70.0, playing("a.mkv"))
    await machine.passes(70.0, playing("b.mkv"))
    assert caplog.text.count("cannot be used") == 1
    with pytest.raises(CommandRefused, match="log says why"):
        await machine.history.read(0.0, 100)
    remove(path.parent)
    await machine.passes(70.0, playing("c.mkv"))
    assert sorted(await machine.films()) == ["a.mkv", "b.mkv", "c.mkv"], "they are written once that is possible"


async def test_a_daemon_without_a_folder_refuses() -> None:
    machine = Machine(None)
    await machine.passes(70.0, playing())
    with pytest.raises(CommandRefused, match="keeps no history"):
        await machine.history.read(0.0, 100)


async def test_the_oldest_go_when_there_are_too_many(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hangd.client.history.file._RECORDS_MAX", 3)
    for name in "abcde":
        await machine.passes(70.0, playing(name))
    await machine.passes(0.0, NOTHING)
    assert await machine.films() == ["e", "d", "c"]
