"""A room's queue by mpv's commands: two viewers and a real room server in this process. The players are simulated."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.engine.playlist.playlist import FOREVER, Film, Loading
from hangd.protocol.model import QUEUE_MAX
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import running


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with running() as url:
        yield url


async def paired(url: str, folder: Path, *, duration: float = 60.0, **settings: Any) -> tuple[Watcher, Watcher]:
    """Two in one room with the film "o": ada, its host, and bob."""
    ada = Watcher(folder / "ada", server=url, duration=duration)
    bob = Watcher(folder / "bob", name="bob", server=url, duration=duration, **settings)
    room = await ada.viewer.room("room-create", {"file": ada.film("o")})
    await bob.viewer.room("room-join", {"room": room["room_id"], "file": bob.film("o")})
    await ada.opens("o")
    await bob.opens("o")
    ada.events.clear()
    bob.events.clear()
    return ada, bob


async def knows(somebody: Watcher, names: str) -> None:
    """Wait until the playlist is this here, and all of it found."""
    paths = [str(somebody.folder / name) for name in names]
    await somebody.until(lambda: [entry.filename for entry in somebody.viewer.playlist.entries()] == paths)


@pytest.fixture
async def pair(url: str, tmp_path: Path) -> AsyncIterator[tuple[Watcher, Watcher]]:
    ada, bob = await paired(url, tmp_path)
    yield ada, bob
    await ada.viewer.close()
    await bob.viewer.close()


async def test_a_list_comes_into_the_queue_as_the_films_that_it_lists(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    for name in "xyz":
        ada.film(name)
    (ada.folder / "l").write_text("#EXTM3U\nx\ninner\nl\ngone\nz\n")
    (ada.folder / "inner").write_text("[playlist]\nFile1=y\n")
    ada.viewer.playlist.load([Film(str(ada.folder / "l"))], Loading("append"))
    await bob.until(lambda: bob.names == "oxyz")
    await ada.until(lambda: ada.names == "oxyz")


async def test_the_rooms_film_is_the_playlist(pair: tuple[Watcher, Watcher]) -> None:
    for somebody in pair:
        playlist = somebody.viewer.playlist
        assert (somebody.names, playlist.current, playlist.playing) == ("o", 0, 0)
        assert playlist.entries()[0].id == somebody.viewer.playlist_entry_id
        assert playlist.entries()[0].filename == str(somebody.folder / "o")


async def test_one_member_adds_a_film_and_the_other_sees_it(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    bob.film("a")
    (entry,) = ada.load("a")
    assert ada.names == "oa", "at once"
    await knows(bob, "oa")
    ada.load("b")
    await bob.until(lambda: bob.names == "oab")
    assert bob.viewer.playlist.entries()[2].filename == "b", "the name alone: it is not here"
    assert ada.viewer.playlist.entries()[1].id == entry


async def test_both_edit_at_once_and_nothing_is_lost(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    for name in "abc":
        ada.load(name)
        bob.load(name.upper())
    await ada.until(lambda: sorted(ada.names) == sorted("oabcABC"))
    await bob.until(lambda: bob.names == ada.names)
    ada.viewer.playlist.remove(0)
    bob.viewer.playlist.move(1, 99)
    bob.viewer.playlist.mix()
    await ada.until(lambda: len(ada.names) == 6 and ada.names == bob.names)


async def test_next_takes_both_to_the_next_film(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    bob.film("a")
    ada.load("a")
    await knows(bob, "oa")
    bob.viewer.playlist.step(1, force=False)
    assert bob.viewer.playlist.current == 1
    for somebody in pair:
        await somebody.opens("a")
        entry = somebody.viewer.playlist.entries()[1].id
        assert somebody.viewer.playlist_entry_id == entry
        # "idle" comes between them where the copy's hash is still being compared when the room changes.
        said = [word for word in somebody.heard() if word != "idle"]
        assert said[-3:] == ["end 1 stop", f"start {entry}", "file-loaded"]
        assert somebody.viewer.paused, "as the room was"
    with pytest.raises(CommandRefused):
        ada.viewer.playlist.step(1, force=False)
    ada.viewer.set_paused(False)
    await bob.until(lambda: not bob.viewer.paused)
    ada.viewer.playlist.play(0)
    await bob.opens("o")
    assert not bob.viewer.paused, "as the room was"


async def test_a_film_that_ends_is_followed_by_the_next_at_both(url: str, tmp_path: Path) -> None:
    ada, bob = await paired(url, tmp_path, duration=0.8)
    bob.films("ab")
    first = ada.load("ab")
    await knows(bob, "oab")
    ada.viewer.set_paused(False)
    for somebody in (ada, bob):
        await somebody.opens("b")
        await somebody.until(lambda somebody=somebody: somebody.viewer.ended)  # type: ignore[misc]
    heard = [word for word in ada.heard() if word != "file-loaded"]
    assert heard == [
        "end 1 eof",
        f"start {first[0]}",
        f"end {first[0]} eof",
        f"start {first[1]}",
        f"end {first[1]} eof",
    ]
    assert (ada.viewer.playlist.current, bob.viewer.playlist.current) == (2, 2)
    await ada.viewer.close()
    await bob.viewer.close()


async def test_a_film_replaces_all_that_is_there(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    bob.film("x")
    ada.load("a")
    await bob.until(lambda: bob.names == "oa")
    (entry,) = bob.load("x", Loading())
    assert bob.names == "x"
    bob.load("y")
    await bob.opens("x")
    assert bob.viewer.playlist_entry_id == entry
    await ada.until(lambda: ada.names == "xy" and ada.viewer.playlist.current == 0)
    assert ada.viewer.path is None
    await ada.until(lambda: "film-missing" in [event["event"] for event in ada.events])


async def test_a_member_without_control_changes_nothing(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    ada.load("a")
    await bob.until(lambda: bob.names == "oa")
    await ada.viewer.room("room-set", {"key": "control", "value": "host"})
    await bob.until(lambda: bob.viewer.room_view is not None and not bob.viewer.room_view.may_control)
    playlist = bob.viewer.playlist
    for forbidden in (
        lambda: playlist.load([Film(bob.film("z"))], Loading()), lambda: bob.load("z"), lambda: playlist.play(1),
        lambda: playlist.step(1, force=False), lambda: playlist.step(-1, force=True), lambda: playlist.remove(0),
        lambda: playlist.move(0, 2), playlist.clear, playlist.mix, playlist.unmix,
    ):  # fmt: skip
        with pytest.raises(CommandRefused) as refused:
            forbidden()
        assert (refused.value.error, refused.value.code) == ("error running command", "Forbidden")
    assert (bob.names, playlist.current, bob.viewer.path) == ("oa", 0, str(bob.folder / "o"))
    with pytest.raises(CommandRefused) as by_verb:
        await bob.viewer.room("room-media", {"file": bob.film("z")})
    assert by_verb.value.code == "Forbidden"
    assert bob.viewer.path == str(bob.folder / "o"), "nor is it opened here"


async def test_impossible_commands_are_refused_and_change_nothing(pair: tuple[Watcher, Watcher]) -> None:
    ada, _ = pair
    playlist = ada.viewer.playlist
    for impossible in (
        lambda: playlist.play(7), lambda: playlist.remove(7), lambda: playlist.move(7, 0),
        lambda: playlist.step(-1, force=False), lambda: playlist.make_current(0), lambda: playlist.repeat_film(2),
        lambda: playlist.repeat_list(2), lambda: playlist.load([Film("/x")] * QUEUE_MAX, Loading("append")),
    ):  # fmt: skip
        with pytest.raises(CommandRefused):
            impossible()
    with pytest.raises(CommandRefused, match=r"^this is the last film of the playlist$"):
        playlist.step(1, force=False)
    playlist.repeat_film(0)
    playlist.repeat_list(1)
    assert (ada.names, ada.viewer.path) == ("o", str(ada.folder / "o"))


async def test_the_host_lets_the_room_repeat_its_film_or_its_queue_and_others_are_told_who_can(
    pair: tuple[Watcher, Watcher],
) -> None:
    ada, bob = pair
    for times, repeats in ((FOREVER, True), (0, False)):
        ada.viewer.playlist.repeat_film(times)
        await ada.viewer.settle("done")
        assert (ada.viewer.playlist.loop_file, ada.viewer.playlist.loop_playlist) == (times, 1)
        await bob.until(lambda wanted=repeats: (bob.viewer.playlist.loop_file == FOREVER) == wanted)  # type: ignore[misc]
    ada.viewer.playlist.repeat_list(FOREVER)
    await bob.until(lambda: bob.viewer.playlist.loop_playlist == FOREVER)
    for forbidden, times in ((bob.viewer.playlist.repeat_film, FOREVER), (bob.viewer.playlist.repeat_list, 1)):
        with pytest.raises(CommandRefused, match=r"^only .*, the host, can let this room repeat$"):
            forbidden(times)
    bob.viewer.playlist.repeat_film(0)
    assert ada.viewer.playlist.loop_playlist == FOREVER, "what does not change is not asked"


async def test_indexes_read_after_an_edit_are_those_of_the_next_edit(pair: tuple[Watcher, Watcher]) -> None:
    """As scripts do that sort a playlist: they read it once, and move entry by entry."""
    ada, bob = pair
    ada.load("dcba")
    for index in range(4):
        order = sorted(range(index, 5), key=lambda place: ada.names[place])
        ada.viewer.playlist.move(order[0], index)
    assert ada.names == "abcdo"
    await bob.until(lambda: bob.names == "abcdo")
    for _ in range(3):
        ada.viewer.playlist.remove(0)
    assert ada.names == "do"
    await bob.until(lambda: bob.names == "do")
    assert ada.names == "do"


class Slow:
    """Hashing that takes until the test says so."""

    def __init__(self, watcher: Watcher, patch: pytest.MonkeyPatch) -> None:
        self.done = asyncio.Event()
        self._hash = watcher.viewer.media.whole_hash
        patch.setattr(watcher.viewer.media, "whole_hash", self.whole_hash)

    async def whole_hash(self, path: str, progress: Any = None, **how: Any) -> str:
        await self.done.wait()
        return await self._hash(path, progress, **how)


async def test_a_film_is_in_the_queue_before_it_is_hashed(
    pair: tuple[Watcher, Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = pair
    slow = [Slow(somebody, monkeypatch) for somebody in pair]
    bob.films("ab")
    ada.load("ab")
    await knows(bob, "oab")
    ada.viewer.playlist.move(2, 1)
    bob.viewer.playlist.play(2)
    await knows(bob, "oba")
    await ada.until(lambda: ada.names == "oba")
    assert bob.viewer.playlist.current == 1, "b, which is the entry that was meant"
    for somebody in pair:
        await somebody.opens("b")
    assert ada.viewer.playlist.current == 1
    assert all(member["verifying"] for member in ada.viewer.hang_property("room/members"))
    ada.viewer.playlist.step(1, force=False)
    for somebody in pair:
        await somebody.opens("a")
    for one in slow:
        one.done.set()
    for somebody in pair:
        await somebody.until(
            lambda somebody=somebody: (
                not any(member["verifying"] for member in somebody.viewer.hang_property("room/members"))
            )  # type: ignore[misc]
        )


async def test_a_copy_elsewhere_is_found_once_the_whole_hash_is_known(
    pair: tuple[Watcher, Watcher], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ada, bob = pair
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    copy = elsewhere / "a"
    copy.write_bytes(b"a" * 100)
    os.utime(copy, (1_000_000_000, 1_000_000_000))
    await bob.viewer.media.whole_hash(str(copy))
    slow = Slow(ada, monkeypatch)
    ada.load("a")
    await bob.until(lambda: bob.names == "oa")
    assert bob.viewer.playlist.entries()[1].filename == "a"
    slow.done.set()
    await bob.until(lambda: bob.viewer.playlist.entries()[1].filename == str(copy))


async def test_a_copy_by_another_name_elsewhere_is_found(url: str, tmp_path: Path) -> None:
    trove = tmp_path / "trove" / "deep"
    trove.mkdir(parents=True)
    ada, bob = await paired(url, tmp_path, media_dirs=(str(tmp_path / "trove"),))
    copy = trove / "renamed.mkv"
    copy.write_bytes(b"a" * 100)
    await ada.viewer.room("room-media", {"file": ada.film("a")})
    await bob.until(lambda: bob.viewer.path == str(copy))
    assert not [event for event in bob.events if event["event"] == "film-missing"]
    await bob.until(lambda: bob.viewer.copy.hash is not None)
    assert bob.viewer.copy.hash == ada.viewer.copy.hash
    assert bob.viewer.playlist.entries()[1].filename == str(copy)
    await ada.until(lambda: not any(member["verifying"] for member in ada.viewer.hang_property("room/members")))
    await ada.viewer.close()
    await bob.viewer.close()


async def test_without_a_copy_nothing_is_shown_until_there_is_something(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    ada.load("a")
    await bob.until(lambda: bob.names == "oa")
    ada.viewer.playlist.play(1)
    await ada.opens("a")
    await bob.until(lambda: "film-missing" in [event["event"] for event in bob.events])
    assert bob.viewer.path is None
    ada.viewer.playlist.play(0)
    await bob.opens("o")
    assert bob.viewer.playlist.current == 0


async def test_a_file_that_cannot_be_read_does_not_come_into_the_queue(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    ada.viewer.playlist.load([Film("/nowhere/x")], Loading("append"))
    assert ada.names == "ox"
    ada.load("a")
    await bob.until(lambda: bob.names == "oa")
    assert ada.names == "oa"


async def test_out_of_the_room_the_old_playlist_is_there_again(url: str, tmp_path: Path) -> None:
    ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
    ada.load("abc", Loading())
    await ada.opens("a")
    await ada.viewer.room("room-create", {"file": ada.film("b")})
    assert ada.names == "b"
    assert ada.viewer.playlist.entries()[0].id == ada.viewer.playlist_entry_id == 2
    ada.load("x")
    ada.viewer.playlist.step(1, force=False)
    await ada.opens("x")
    entry = ada.viewer.playlist_entry_id
    await ada.viewer.room("room-leave", {})
    assert (ada.names, ada.viewer.playlist.current) == ("abxc", 2)
    assert ada.viewer.playlist_entry_id == ada.viewer.playlist.entries()[2].id == entry
    await ada.viewer.close()


async def test_many_films_at_once(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    films = [Film(ada.film(f"{'long name ' * 20}{number}")) for number in range(QUEUE_MAX - 1)]
    ada.viewer.playlist.load(films, Loading("append"))
    await bob.until(lambda: len(bob.viewer.playlist.entries()) == QUEUE_MAX)
    assert bob.names == ada.names


async def test_a_viewer_that_was_away_shows_what_the_room_shows_now(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    bob.film("a")
    ada.load("a")
    await knows(bob, "oa")
    assert bob.viewer.connection._transport is not None
    bob.viewer.connection._transport.abort()
    ada.viewer.playlist.step(1, force=False)
    await ada.opens("a")
    await bob.opens("a")
    await bob.until(lambda: bob.viewer.connection.is_up)
    assert (bob.viewer.playlist.current, bob.names) == (1, "oa")
    await bob.until(lambda: bob.viewer.copy.hash == ada.viewer.copy.hash)


async def test_an_edit_without_an_answer_is_asked_again_after_the_connection_broke(
    pair: tuple[Watcher, Watcher],
) -> None:
    ada, bob = pair
    (entry,) = bob.load("a")
    assert bob.viewer.connection._transport is not None
    bob.viewer.connection._transport.abort()
    await ada.until(lambda: ada.names == "oa")
    await bob.until(lambda: bob.viewer.playlists.room._queue.unread is None and bob.viewer.connection.is_up)
    assert [film.id for film in bob.viewer.playlist.entries()] == [1, entry]


async def test_an_insert_whose_answer_was_lost_is_not_done_twice(
    pair: tuple[Watcher, Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = pair
    received = bob.viewer.playlists.room.received
    monkeypatch.setattr(bob.viewer.playlists.room, "received", lambda message, re: None)
    (entry,) = bob.load("a")
    await ada.until(lambda: ada.names == "oa")
    assert bob.viewer.connection._transport is not None
    bob.viewer.connection._transport.abort()
    monkeypatch.setattr(bob.viewer.playlists.room, "received", received)
    await bob.until(lambda: not bob.viewer.connection.is_up)
    await bob.until(lambda: bob.viewer.connection.is_up and not bob.viewer.playlists.room.is_asking)
    ada.load("b")
    await bob.until(lambda: bob.names == "oab")
    assert [film.id for film in bob.viewer.playlist.entries()][:2] == [1, entry]


async def test_waiting_for_done_ends_with_the_rooms_answer(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    ada.load("a")
    await bob.until(lambda: bob.names == "oa")
    bob.viewer.playlist.move(1, 0)
    await bob.viewer.settle("done")
    await ada.until(lambda: ada.names == "ao")
    # The rule changes while bob's edit is under way: he asks before he has heard of it.
    wire = bob.viewer.connection._transport
    assert wire is not None
    wire._transport.pause_reading()
    await ada.viewer.room("room-set", {"key": "control", "value": "host"})
    bob.viewer.playlist.move(1, 0)
    wire._transport.resume_reading()
    with pytest.raises(CommandRefused) as refused:
        await bob.viewer.settle("done")
    assert refused.value.code == "Forbidden"
    assert bob.names == "ao"
