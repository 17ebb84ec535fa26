"""Each member's own copy of a room's film: found, missing, of another encoding, or not read to its end yet.

Viewers and a real room server in this process. The players are simulated.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.media import find
from hangd.engine.playlist.playlist import Film, Loading
from hangd.protocol.model import QUEUE_MAX
from tests.support.daemons.viewers import APPEND, Watcher
from tests.support.servers.server import running

SOON: Final = 20.0
"""In seconds: longer than until a report that could not be sent is tried again, shorter than between two at rest."""


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with running() as url:
        yield url


@asynccontextmanager
async def watchers(*some: Watcher) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for one in some:
            await one.viewer.close()


def put(path: Path, content: str) -> str:
    """Write a file that is older than what a cache of hashes keeps apart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() * 100)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return str(path)


def member(watcher: Watcher, name: str) -> dict[str, Any]:
    (found,) = (one for one in watcher.viewer.hang_property("room/members") if one["name"] == name)
    return dict(found)


def named(watcher: Watcher, event: str) -> list[Any]:
    return [one for one in watcher.events if one["event"] == event]


# ---- joining without a file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["media dir", "playlist", "open", "hashed before"])
async def test_who_joins_without_a_file_gets_the_copy_that_is_here(url: str, tmp_path: Path, place: str) -> None:
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0, media_dirs=(str(tmp_path / "films"),))
    async with watchers(ada, bob):
        film = put(tmp_path / ("films" if place == "media dir" else "elsewhere") / "f", "film")
        if place == "playlist":
            bob.viewer.playlist.load([Film(bob.film("x")), Film(film)], Loading())
            await bob.opens("x")
        elif place == "open":
            bob.viewer.playlist.load([Film(film)], Loading())
            await bob.until(lambda: bob.viewer.path == film and not bob.viewer.seeking)
        elif place == "hashed before":
            await bob.viewer.media.whole_hash(film)
        room = await ada.viewer.room("room-create", {"file": put(tmp_path / "ada" / "o", "film")})
        answer = await bob.viewer.room("room-join", {"room": room["room_id"]})
        assert answer.get("file") == bob.viewer.path == film, answer
        await ada.until(lambda: member(ada, "bob").get("file") is not None)
        await ada.until(lambda: not member(ada, "bob")["verifying"])
        assert not named(bob, "film-missing")


async def test_who_has_no_copy_is_told_which_film_is_missing_and_the_others_are(url: str, tmp_path: Path) -> None:
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0)
    async with watchers(ada, bob):
        bob.load("x", Loading())
        await bob.opens("x")
        room = await ada.viewer.room("room-create", {"file": put(tmp_path / "ada" / "o", "film")})
        await ada.until(lambda: ada.viewer.copy.hash is not None)
        answer = await bob.viewer.room("room-join", {"room": room["room_id"]})
        film = {"name": "o", "size": 400, "duration": 60.0}
        assert answer["missing"].items() >= film.items()
        assert answer["missing"]["file_hash"] == ada.viewer.copy.hash
        assert bob.viewer.hang_property("media/missing") == answer["missing"]
        assert (bob.viewer.path, bob.viewer.room_view is not None) == (None, True), "what he had open is another film"
        (own,) = named(bob, "film-missing")
        assert (own["self"], own["film"]) == (True, answer["missing"])
        async with asyncio.timeout(SOON):
            await ada.until(lambda: not member(ada, "bob")["film"])
        (told,) = named(ada, "film-missing")
        assert (told["self"], told["name"], told["film"]["name"]) == (False, "bob", "o")
        bob.viewer.set_paused(False)
        await ada.until(lambda: not ada.viewer.paused)
        copy = put(tmp_path / "later" / "mine", "film")
        assert await bob.viewer.room("room-media", {"file": copy}) == {"moved": False}
        await ada.until(lambda: member(ada, "bob")["film"] and member(ada, "bob")["state"] == "playing")
        assert bob.viewer.hang_property("media/missing") is None


async def test_a_copy_of_another_film_is_no_copy(url: str, tmp_path: Path) -> None:
    """And who may not move the room on gets back what was shown."""
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0)
    async with watchers(ada, bob):
        room = await ada.viewer.room("room-create", {"file": put(tmp_path / "ada" / "o", "film"), "control": "host"})
        await bob.viewer.room("room-join", {"room": room["room_id"]})
        with pytest.raises(CommandRefused) as refused:
            await bob.viewer.room("room-media", {"file": put(tmp_path / "bob" / "x", "another")})
        assert "another film" in str(refused.value)
        await bob.until(lambda: bob.viewer.hang_property("media/missing") is not None)
        assert bob.viewer.path is None


async def test_the_next_film_that_is_missing_is_told_once(url: str, tmp_path: Path) -> None:
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0)
    async with watchers(ada, bob):
        room = await ada.viewer.room("room-create", {"file": put(tmp_path / "ada" / "o", "film")})
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": put(tmp_path / "bob" / "o", "film")})
        ada.viewer.playlist.load([Film(put(tmp_path / "ada" / "p", "part two"))], APPEND)
        await bob.until(lambda: bob.names == "op")
        ada.viewer.playlist.step(1, force=False)
        async with asyncio.timeout(SOON):
            await ada.until(lambda: bool(named(ada, "film-missing")))
        await ada.until(lambda: ada.viewer.copy.hash is not None)
        await bob.until(lambda: bob.viewer.room_view is not None and bob.viewer.room_view.file_hash is not None)
        await bob.until(lambda: not bob.viewer.playlists.room.is_searching)
        assert len(named(ada, "film-missing")) == len(named(bob, "film-missing")) == 1
        bob.viewer.playlist.step(-1, force=False)
        await bob.opens("o")
        await ada.until(lambda: member(ada, "bob")["film"])


# ---- two encodings of one series ------------------------------------------------------------------------------------

_SAME = {"A1.mkv": 60.0, "A2.mkv": 60.0, "A3.mkv": 60.0, "B1.avi": 61.5, "B2.avi": 61.5, "B3.avi": 61.5}
_DIFFERENT = {"A1.mkv": 60.0, "A2.mkv": 70.0, "A3.mkv": 80.0, "B1.avi": 60.9, "B2.avi": 71.0, "B3.avi": 78.5}


def season(folder: Path, encoding: str) -> list[str]:
    ending = {"A": "mkv", "B": "avi"}[encoding]
    return [put(folder / f"{encoding}{number}.{ending}", f"{encoding}{number}" * number) for number in (1, 2, 3)]


@pytest.mark.parametrize("match", ["duration", "none"])
@pytest.mark.parametrize("durations", [_SAME, _DIFFERENT])
@pytest.mark.parametrize("listed", [True, False])
async def test_each_goes_through_a_series_in_an_encoding_of_its_own(
    url: str, tmp_path: Path, match: str, durations: dict[str, float], listed: bool
) -> None:
    ada = Watcher(tmp_path / "ada", server=url, durations=durations)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, durations=durations)
    async with watchers(ada, bob):
        first, *rest = season(ada.folder, "A")
        copies = season(tmp_path / "bob" / "other", "B")
        if listed:
            bob.viewer.playlist.load([Film(copy) for copy in copies], Loading())
            await bob.until(lambda: bob.viewer.path == copies[0] and not bob.viewer.seeking)
        room = await ada.viewer.room("room-create", {"file": first, "match": match})
        await bob.viewer.room("room-join", {"room": room["room_id"]} | ({} if listed else {"file": copies[0]}))
        ada.viewer.playlist.load([Film(path) for path in rest], APPEND)
        await bob.until(lambda: len(bob.names) == len("B1.aviA2.mkvA3.mkv"))
        for step, index in ((1, 1), (1, 2), (-1, 1), (-1, 0)):
            (ada if step > 0 else bob).viewer.playlist.step(1 if step > 0 else -1, force=False)
            await ada.until(lambda index=index: ada.viewer.path == [first, *rest][index])  # type: ignore[misc]
            await bob.until(lambda index=index: bob.viewer.path == copies[index])  # type: ignore[misc]
            await ada.until(
                lambda index=index: member(ada, "bob").get("file", {}).get("name") == Path(copies[index]).name  # type: ignore[misc]
            )
            assert len(ada.viewer.playlist.entries()) == 3
            assert ada.viewer.playlist.current == bob.viewer.playlist.current == index
            await ada.until(lambda: not member(ada, "bob")["verifying"])
        ada.viewer.set_paused(False)
        await bob.until(lambda: not bob.viewer.paused)
        assert not named(bob, "film-missing") and not named(ada, "member-left")


@pytest.mark.parametrize("match", ["duration", "none"])
async def test_another_encoding_is_opened_by_its_owner_alone(url: str, tmp_path: Path, match: str) -> None:
    """Though it is in another folder, and by another name."""
    ada = Watcher(tmp_path / "ada", server=url, durations=_SAME)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, durations=_SAME)
    async with watchers(ada, bob):
        room = await ada.viewer.room("room-create", {"file": put(ada.folder / "A1.mkv", "A1"), "match": match})
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": put(bob.folder / "B1.avi", "B1")})
        ada.viewer.playlist.load([Film(put(ada.folder / "A2.mkv", "A2"))], APPEND)
        await bob.until(lambda: bob.names == "B1.aviA2.mkv")
        ada.viewer.playlist.step(1, force=False)
        await bob.until(lambda: bool(named(bob, "film-missing")))
        second = put(tmp_path / "elsewhere" / "B2.avi", "B2")
        assert await bob.viewer.room("room-media", {"file": second}) == {"moved": False}
        await bob.until(lambda: bob.viewer.path == second)
        await ada.until(lambda: member(ada, "bob").get("file", {}).get("name") == "B2.avi")
        assert (ada.viewer.path, len(ada.viewer.playlist.entries())) == (str(ada.folder / "A2.mkv"), 2)
        for index, own in ((0, str(bob.folder / "B1.avi")), (1, second)):
            ada.viewer.playlist.play(index)
            await bob.until(lambda own=own: bob.viewer.path == own)  # type: ignore[misc]


async def test_a_file_of_another_duration_is_no_copy_where_durations_are_compared(url: str, tmp_path: Path) -> None:
    durations = {"A1": 60.0, "A2": 70.0, "B1": 61.0, "B2": 80.0, "new": 90.0}
    ada = Watcher(tmp_path / "ada", server=url, durations=durations)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, durations=durations)
    async with watchers(ada, bob):
        room = await ada.viewer.room("room-create", {"file": put(ada.folder / "A1", "A1"), "match": "duration"})
        with pytest.raises(CommandRefused) as refused:
            await bob.viewer.room("room-join", {"room": room["room_id"], "file": put(bob.folder / "B2", "B2")})
        assert refused.value.code == "FileHashMismatch"
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": put(bob.folder / "B1", "B1")})
        ada.viewer.playlist.load([Film(put(ada.folder / "A2", "A2"))], APPEND)
        await bob.until(lambda: bob.names == "B1A2")
        ada.viewer.playlist.step(1, force=False)
        await ada.until(lambda: ada.viewer.room_view is not None and (ada.viewer.room_view.film["duration"] == 70.0))
        await bob.until(lambda: bool(named(bob, "film-missing")) or bob.viewer.room_view is None)
        if bob.viewer.room_view is not None:
            assert bob.viewer.path is None, "B2 is opened, measured, and closed again"
            assert await bob.viewer.room("room-media", {"file": put(bob.folder / "new", "new")}) == {
                "moved": True,
                "film": "new",
            }
            await ada.until(lambda: len(ada.viewer.playlist.entries()) == 3)


@pytest.mark.parametrize("has_it", [True, False])
async def test_the_owner_comes_back_with_the_film_before_and_is_host_without_a_film_or_with_its_copy(
    url: str, tmp_path: Path, has_it: bool
) -> None:
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0, rooms=tmp_path / "rooms")
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0)
    async with watchers(ada, bob):
        ada.viewer.begin()  # Else it keeps no secrets.
        first = put(ada.folder / "A1", "A1")
        room = await ada.viewer.room("room-create", {"file": first})
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": put(bob.folder / "A1", "A1")})
        await ada.viewer.room("room-leave", {})
        await bob.viewer.room("room-media", {"file": put(bob.folder / "A2", "A2")})
        if has_it:
            put(ada.folder / "A2", "A2")
        joined = await ada.viewer.room("room-join", {"room": room["room_id"], "file": first})
        assert joined["host"]
        await bob.until(lambda: member(bob, "ada")["role"] == "host")
        if has_it:
            await ada.until(lambda: ada.viewer.path == str(ada.folder / "A2"))
        else:
            await bob.until(lambda: not member(bob, "ada")["film"])
            assert ada.viewer.path is None


# ---- films that are not read to their end yet -----------------------------------------------------------------------


class Slow:
    """Hashing that takes until the test says so."""

    def __init__(self, watcher: Watcher, patch: pytest.MonkeyPatch) -> None:
        self.go = threading.Event()
        media = watcher.viewer.media
        hash_it = media._whole_hash

        def whole_hash(*arguments: Any) -> str:
            self.go.wait(60)
            return hash_it(*arguments)

        patch.setattr(media, "_whole_hash", whole_hash)


async def test_a_room_exists_before_its_film_is_hashed_and_a_damaged_copy_is_put_out_later(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob, cy = (Watcher(tmp_path / name, name=name, server=url, duration=60.0) for name in ("ada", "bob", "cy"))
    async with watchers(ada, bob, cy):
        slow = Slow(ada, monkeypatch)
        content = os.urandom(5 * 1024 * 1024)
        for one in (ada, bob, cy):
            (one.folder / "f").write_bytes(content)
        (cy.folder / "f").write_bytes(content[:1_500_000] + bytes([content[1_500_000] ^ 1]) + content[1_500_001:])
        room = await ada.viewer.room("room-create", {"file": str(ada.folder / "f")})
        assert room["verifying"] and ada.viewer.room_view is not None and ada.viewer.room_view.file_hash is None
        for one in (bob, cy):
            assert (await one.viewer.room("room-join", {"room": room["room_id"], "file": str(one.folder / "f")}))[
                "verifying"
            ]
            await one.until(lambda one=one: one.viewer.copy.hash is not None)  # type: ignore[misc]
        assert all(one["verifying"] for one in ada.viewer.hang_property("room/members"))
        slow.go.set()
        await cy.until(lambda: cy.viewer.room_view is None)
        await ada.until(lambda: not any(one["verifying"] for one in ada.viewer.hang_property("room/members")))
        assert [one["name"] for one in ada.viewer.hang_property("room/members")] == ["ada", "bob"]


async def test_a_film_added_is_listed_and_shown_before_any_of_it_is_read(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0)
    async with watchers(ada, bob):
        slow = [Slow(one, monkeypatch) for one in (ada, bob)]
        room = await ada.viewer.room("room-create", {"file": put(ada.folder / "o", "film")})
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": put(bob.folder / "o", "film")})
        put(ada.folder / "p", "second")
        bob.viewer.playlist.load([Film(put(bob.folder / "p", "second"))], APPEND)
        await ada.until(lambda: ada.names == "op")
        ada.viewer.playlist.step(1, force=False)
        await ada.opens("p")
        await bob.opens("p")
        assert ada.viewer.room_view is not None and ada.viewer.room_view.file_hash is None
        assert member(ada, "ada")["verifying"] and member(ada, "bob")["verifying"]
        for one in slow:
            one.go.set()
        await ada.until(lambda: not any(one["verifying"] for one in ada.viewer.hang_property("room/members")))
        assert ada.viewer.room_view.file_hash == ada.viewer.copy.hash


async def test_all_of_many_films_are_added_or_none(url: str, tmp_path: Path) -> None:
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0)
    async with watchers(ada, bob):
        room = await ada.viewer.room("room-create", {"file": put(ada.folder / "o", "film")})
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": put(bob.folder / "o", "film")})
        films = [Film(put(ada.folder / f"p{number:03}", f"{number}")) for number in range(QUEUE_MAX)]
        with pytest.raises(CommandRefused, match="takes 500 films: 1 are in it, and these are 500 more"):
            ada.viewer.playlist.load(films, APPEND)
        # Both look how much room there is, and both ask.
        ada.viewer.playlist.load(films[:300], APPEND)
        # Other films than ada's: she would see her own copies of them.
        others = [Film(put(bob.folder / f"q{number:03}", f"other {number}")) for number in range(300)]
        bob.viewer.playlist.load(others, APPEND)
        for one in (ada, bob):
            with contextlib.suppress(CommandRefused):
                await one.until(lambda one=one: not one.viewer.playlists.room.is_asking)  # type: ignore[misc]
        # They are added in several requests, and taken out again where one is refused: the result in the end counts.
        added = [["p"] * 300, ["q"] * 300, []]
        await ada.until(lambda: _letters(ada) in added)
        await bob.until(lambda: _letters(bob) == _letters(ada) in added)


def _letters(one: Watcher) -> list[str]:
    return [entry.filename.rpartition("/")[2][0] for entry in one.viewer.playlist.entries()[1:]]


# ---- looking for many films -----------------------------------------------------------------------------------------


async def test_the_folders_are_walked_once_for_many_films(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
    trove = tmp_path / "trove"
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0, media_dirs=(str(trove),))
    async with watchers(ada, bob):
        room = await ada.viewer.room("room-create", {"file": put(ada.folder / "o", "film")})
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": put(bob.folder / "o", "film")})
        walked: list[Any] = []
        walk = find._walk

        def counted(walks: Any) -> None:
            walked.append(list(walks))
            walk(walks)

        monkeypatch.setattr(find, "_walk", counted)
        films = [Film(put(ada.folder / f"p{number:02}", f"{number:02}")) for number in range(60)]
        for film in films:
            put(trove / "deep" / Path(film.path).name, Path(film.path).name[1:])
        ada.viewer.playlist.load(films, APPEND)
        await bob.until(
            lambda: (
                [entry.filename for entry in bob.viewer.playlist.entries()][1:]
                == [str(trove / "deep" / Path(film.path).name) for film in films]
            )
        )
        assert len([walks for walks in walked if ("tree", str(trove)) in walks]) <= 2


# ---- a search that another one follows ------------------------------------------------------------------------------


async def test_who_looks_for_a_film_and_then_for_the_next_one_is_waited_for(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search that was given up must not end the one that follows it: the room would start without this member."""
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0, media_dirs=(str(tmp_path / "films"),))
    copies = [put(tmp_path / "films" / name, f"film {name}") for name in "12"]
    films = [put(tmp_path / "ada" / name, f"film {name}") for name in "12"]
    begun: asyncio.Queue[str | None] = asyncio.Queue()
    sound = find.FilmFinder.copy
    found = asyncio.Event()

    async def slowly(self: find.FilmFinder, file_hash: Any, film: Any, places: Any, anew: bool = False) -> Any:
        if self is bob.viewer.playlists.room.films._finder:
            if anew:  # It is shown. Those to come are looked for too.
                begun.put_nowait(film.name)
            await found.wait()
        return await sound(self, file_hash, film, places, anew=anew)

    monkeypatch.setattr(find.FilmFinder, "copy", slowly)
    async with watchers(ada, bob):
        room = await ada.viewer.room("room-create", {"file": films[0]})
        joining = bob.viewer.tasks.start(bob.viewer.room("room-join", {"room": room["room_id"]}), name="join")
        assert await asyncio.wait_for(begun.get(), SOON) == "1"
        await ada.viewer.room("room-media", {"file": films[1]})
        assert await asyncio.wait_for(begun.get(), SOON) == "2"
        await asyncio.sleep(0.1)
        assert bob.viewer.playlists.room.is_searching
        found.set()
        await bob.until(lambda: bob.viewer.path == copies[1])
        await joining
        assert not named(ada, "film-missing") and not named(bob, "film-missing")
