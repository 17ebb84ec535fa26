"""A refused create, join or change of the film leaves the player and the playlist as they were.

Viewers and a real room server in this process. The players are simulated.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused, RoomCommand
from hangd.engine.playlist.playlist import Loading
from hangd.protocol.messages import SetFile
from hangd.protocol.model import FileInfo
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import running


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with running() as url:
        yield url


@pytest.fixture
async def pair(url: str, tmp_path: Path) -> AsyncIterator[tuple[Watcher, Watcher]]:
    """Ada, in the room "lock" with the film "o" and a password, and bob, who is in no room."""
    durations = {"no-film": None}
    ada = Watcher(tmp_path / "ada", server=url, duration=600.0, durations=durations)
    bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=600.0, durations=durations)
    await ada.viewer.room("room-create", {"file": ada.film("o"), "name": "lock", "password": "sesame"})
    yield ada, bob
    await ada.viewer.close()
    await bob.viewer.close()


def seen(somebody: Watcher) -> list[Any]:
    viewer = somebody.viewer
    playlist = viewer.playlist
    entries = [entry.id for entry in playlist.entries()]
    return [viewer.path, viewer.paused, somebody.names, entries, playlist.current, playlist.playing]


REFUSED: list[tuple[RoomCommand, str, dict[str, str], str]] = [
    ("room-create", "e", {"name": "lock"}, "NameTaken"),
    ("room-create", "b", {"name": "lock"}, "NameTaken"),
    ("room-create", "no-film", {}, "Unrecognized"),
    ("room-join", "o", {"room": "lock", "password": "wrong"}, "WrongPassword"),
    ("room-join", "e", {"room": "lock", "password": "sesame"}, "FileHashMismatch"),
    ("room-join", "no-film", {"room": "lock"}, "Unrecognized"),
]


@pytest.mark.parametrize("plays", [True, False])
@pytest.mark.parametrize(("command", "film", "arguments", "code"), REFUSED)
async def test_what_was_open_is_open_again(
    pair: tuple[Watcher, Watcher], command: RoomCommand, film: str, arguments: dict[str, str], code: str, plays: bool
) -> None:
    _, bob = pair
    bob.load("abc", Loading("replace"))
    await bob.opens("a")
    bob.viewer.set_paused(not plays)
    bob.viewer.seek(300.0)
    await bob.until(lambda: not bob.viewer.seeking and bob.viewer.paused is not plays)
    before = seen(bob)
    with pytest.raises(CommandRefused) as refused:
        await bob.viewer.room(command, {"file": bob.film(film), **arguments})
    assert refused.value.code == code
    await bob.opens("a")
    assert seen(bob) == before
    position = bob.viewer.position()
    assert position is not None and (300.0 <= position < 320.0 if plays else position == 300.0)


@pytest.mark.parametrize("film", ["e", "no-film"])
async def test_where_nothing_was_open_nothing_is(pair: tuple[Watcher, Watcher], film: str) -> None:
    _, bob = pair
    before = seen(bob)
    with pytest.raises(CommandRefused):
        await bob.viewer.room("room-create", {"file": bob.film(film), "name": "lock"})
    assert seen(bob) == before and before[0] is None


async def test_a_film_that_the_viewer_opens_in_the_meantime_stays(pair: tuple[Watcher, Watcher]) -> None:
    _, bob = pair
    bob.load("a", Loading("replace"))
    await bob.opens("a")
    arguments = {"file": bob.film("e"), "name": "lock"}
    creating = bob.viewer.tasks.start(bob.viewer.room("room-create", arguments), name="create")
    await bob.until(lambda: bob.viewer.path == str(bob.folder / "e"))
    bob.load("b", Loading("replace"))
    with pytest.raises(CommandRefused):
        await creating
    await bob.opens("b")
    assert bob.names == "b"


@pytest.mark.parametrize("plays", [True, False])
async def test_a_room_whose_film_was_not_changed_plays_on(pair: tuple[Watcher, Watcher], plays: bool) -> None:
    ada, _ = pair
    ada.load("a")
    await ada.until(lambda: ada.names == "oa")
    ada.viewer.seek(300.0)
    await ada.until(lambda: not ada.viewer.seeking and ada.viewer.position() == 300.0)
    ada.viewer.set_paused(not plays)
    await ada.viewer.settle("playing" if plays else "paused")
    before = seen(ada)
    with pytest.raises(CommandRefused) as refused:
        await ada.viewer.room("room-media", {"file": ada.film("no-film")})
    assert refused.value.code == "Unrecognized"
    await ada.opens("o")
    assert seen(ada) == before
    await ada.viewer.settle("playing" if plays else "paused")
    position = ada.viewer.position()
    assert position is not None and (300.0 <= position < 320.0 if plays else position == 300.0)


async def test_a_host_whose_file_is_not_the_film_is_told_and_stays_in_its_room(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    await bob.viewer.room("room-join", {"file": bob.film("o"), "room": "lock", "password": "sesame"})
    ada.events.clear()
    for somebody in (ada, bob):
        somebody.viewer.connection.send(SetFile(FileInfo(size=7, quick_hash="01" * 32)))
    await ada.until(lambda: any(event["event"] == "media-mismatch" for event in ada.events))
    await bob.until(lambda: bob.viewer.state.room is None)
    room = ada.viewer.state.room
    assert room is not None and room.role == "host"
