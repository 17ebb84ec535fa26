"""Options of one entry, from loadfile: alone and in a room. The players are simulated, and the films of 60 s."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.commands import prepare
from hangd.client.control.language.kinds import Pairs
from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import Properties
from hangd.client.control.tables.command import Context
from hangd.engine.player_messages import AddSubtitleFile
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import running


class Client:
    """A control client of a watcher."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.context = Context(watcher.viewer, Properties(watcher.viewer), lambda event: None)

    def __call__(self, name: str, *arguments: Any) -> Any:
        return prepare(name, arguments)(self.context)

    def loads(self, film: str, *more: Any) -> Any:
        return self("loadfile", self.watcher.film(film), *more)

    def get(self, name: str) -> Any:
        try:
            return self.context.properties.read(name)
        except CommandRefused:
            return None

    async def stands(self, film: str, position: float) -> None:
        await self.watcher.opens(film)
        await self.watcher.until(lambda: self.watcher.viewer.position() == pytest.approx(position, abs=0.02))


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    watcher = Watcher(tmp_path, duration=60.0)
    watcher.viewer.set_paused(True)
    yield Client(watcher)
    await watcher.viewer.close()


# ---- how they are written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ("start=10", {"start": "10"}),
        ('title="a,b",volume=3', {"title": "a,b", "volume": "3"}),
        ("title=[a,b],volume=3,", {"title": "a,b", "volume": "3"}),
        ("title=%5%é,\"=,volume=3", {"title": 'é,"=', "volume": "3"}),
        ("title=a=b,volume=3,volume=4", {"title": "a=b", "volume": "4"}),
        ("volume=,mute=yes", {"volume": "", "mute": "yes"}),
        ("volume=3,,mute=yes", {"volume": "3", ",mute": "yes"}),
    ],
)  # fmt: skip
def test_text_is_read_as_mpv_reads_it(text: str, pairs: Mapping[str, str]) -> None:
    assert Pairs().parse(text) == pairs


@pytest.mark.parametrize("text", ["start", "start=1,mute", "volume:50", 'title="a"b', "title=%9%a"])
def test_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        Pairs().parse(text)


@pytest.mark.parametrize(
    "options",
    [
        ("replace", "start=10"),
        ("replace", {"start": "10"}),
        ("replace", "-1", "start=10"),
        ("replace", -1, {"start": "10"}),
        ("replace", "", "start=0:10"),
        ("replace", "start=5", "start=10"),
    ],
    ids=str,
)
async def test_every_form_is_understood(client: Client, options: tuple[Any, ...]) -> None:
    client.loads("a", *options)
    await client.stands("a", 10.0)


async def test_by_name(client: Client) -> None:
    prepare("loadfile", {"url": client.watcher.film("a"), "options": {"start": "50%"}})(client.context)
    await client.stands("a", 30.0)


@pytest.mark.parametrize("options", ["start", {"start": 10}, ["start=10"], True])
async def test_another_form_is_refused_and_nothing_is_loaded(client: Client, options: Any) -> None:
    with pytest.raises(CommandRefused) as caught:
        client.loads("a", "replace", options)
    assert caught.value.error == "invalid parameter"
    assert client.get("playlist-count") == 0


# ---- what they do ---------------------------------------------------------------------------------------------------


async def test_they_count_for_one_film_and_are_undone(client: Client) -> None:
    client("set", "volume", "80")
    client("set", "pause", "no")
    names = ("pause", "volume", "mute", "speed", "audio-delay", "loop-file", "sub-visibility", "fullscreen")
    before = [client.get(name) for name in names]
    client.loads(
        "a",
        "replace",
        "pause=yes,start=20,volume=30,mute=yes,speed=0.5,audio-delay=1,loop-file=inf,sub-visibility=no,fullscreen=yes",
    )
    await client.stands("a", 20.0)
    assert [client.get(name) for name in names] == [True, 30.0, True, 0.5, 1.0, "inf", False, True]
    client.loads("b", "append")
    client("playlist-next")
    await client.watcher.opens("b")
    assert [client.get(name) for name in names] == before


@pytest.mark.parametrize("leave", [("stop",), ("playlist-remove", "current")])
async def test_they_are_undone_where_nothing_follows(client: Client, leave: tuple[str, ...]) -> None:
    client.loads("a", "replace", "pause=no,volume=30")
    await client.watcher.opens("a")
    assert (client.get("pause"), client.get("volume")) == (False, 30.0)
    client(*leave)
    assert (client.get("pause"), client.get("volume")) == (True, 100.0)


async def test_they_belong_to_the_entry_whenever_it_comes(client: Client) -> None:
    client.loads("a")
    client.loads("b", "append", "start=15,volume=40")
    client.loads("c", "append", "start=-10")
    await client.stands("a", 0.0)
    assert client.get("volume") == 100.0
    for _ in range(2):
        client("playlist-play-index", 1)
        await client.stands("b", 15.0)
        assert client.get("volume") == 40.0
        client("playlist-play-index", 2)
        await client.stands("c", 50.0)
        assert client.get("volume") == 100.0


async def test_tracks_and_files(client: Client) -> None:
    """The simulated player's films have two tracks of sound and two of subtitles."""
    other = client.watcher.film("other.srt")
    client.loads("a", "replace", {"aid": "2", "sub-file": other})
    await client.watcher.opens("a")
    await client.watcher.until(lambda: client.get("sid") == 3)
    assert (client.get("aid"), client.get("track-list/5/external-filename")) == (2, other)
    client.loads("b", "replace", {"sid": "2", "sub-files": f"{other}:{client.watcher.film('more.srt')}"})
    await client.watcher.opens("b")
    await client.watcher.until(lambda: client.get("track-list/count") == 7)
    assert client.get("aid") == 1


async def test_the_end_and_the_length(client: Client) -> None:
    client("set", "pause", "no")
    client.loads("a", "replace", "start=20,length=0.3")
    client.loads("b", "append", "start=90%,end=-5.8")
    client.loads("c", "append", "end=0.2,start=0.1")
    await client.watcher.until(lambda: client.get("playlist-pos") == 2 and client.get("pause") is True)
    await client.watcher.opens("c")
    # Where the timer has found it: on a busy machine it is late.
    await client.watcher.until(lambda: 0.18 < (client.watcher.viewer.position() or 0.0) < 59.0)
    assert client.get("pause") is True
    assert client.watcher.heard()[:6] == [
        "start 1", "file-loaded", "end 1 eof", "start 2", "file-loaded", "end 2 eof",
    ]  # fmt: skip


@pytest.mark.parametrize("option", ["nope=1", "start=x", "volume=5000", "path=x", "hang-version=1", "end=x", "=x"])
async def test_what_cannot_be_done_is_logged_and_the_film_plays(
    client: Client, option: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As in mpv, which answers success too."""
    with caplog.at_level(logging.WARNING, "hangd.client.control"):
        client.loads("a", "replace", f"{option},mute=yes")
    await client.stands("a", 0.0)
    assert client.get("mute") is True
    assert f"the option {option} of this film is left out" in caplog.text


async def test_what_is_asked_later_holds(client: Client) -> None:
    client.loads("a", "replace", "start=20,pause=yes,volume=30,aid=2")
    client("seek", "5")
    client("set", "volume", "50")
    client("set", "aid", "no")
    client("set", "pause", "no")
    await client.watcher.opens("a")
    assert (client.get("pause"), client.get("volume"), client.get("aid")) == (False, 50.0, False)
    assert 25.0 <= client.get("time-pos") < 40.0


@pytest.mark.parametrize(("first", "then", "sid"), [("add", "choose", 1), ("choose", "add", 3)])
async def test_of_files_and_numbers_the_last_word_counts(client: Client, first: str, then: str, sid: int) -> None:
    """Both are asked before the film has told its tracks."""
    client.loads("a")
    for what in (first, then):
        if what == "add":
            client.watcher.viewer.play_command(AddSubtitleFile(client.watcher.film("other.srt")))
        else:
            client("set", "sid", "1")
    await client.watcher.opens("a")
    await client.watcher.until(lambda: client.get("track-list/count") == 6)
    assert client.get("sid") == sid


# ---- in a room ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with running() as url:
        yield url


async def test_in_a_room_what_moves_the_film_is_asked_of_the_room_and_the_rest_is_done_here(
    url: str, tmp_path: Path
) -> None:
    ada, bob = (Watcher(tmp_path / name, name=name, server=url, duration=60.0) for name in ("ada", "bob"))
    room = await ada.viewer.room("room-create", {"file": ada.film("o")})
    await bob.viewer.room("room-join", {"room": room["room_id"], "file": bob.film("o")})
    bob.film("n")
    here, there = Client(ada), Client(bob)
    here.loads("n", "replace", "start=20,speed=1.25,volume=30,aid=2,length=3")
    for client in (here, there):
        await client.stands("n", 20.0)
        await client.watcher.until(lambda client=client: client.get("speed") == 1.25)  # type: ignore[misc]
    assert (here.get("volume"), there.get("volume")) == (30.0, 100.0)
    assert (here.get("aid"), there.get("aid")) == (2, 1)
    here.loads("o", "replace")
    for client in (here, there):
        await client.stands("o", 0.0)
        await client.watcher.until(lambda client=client: client.get("speed") == 1.0)  # type: ignore[misc]
    assert here.get("volume") == 100.0
    await asyncio.gather(ada.viewer.close(), bob.viewer.close())
