"""The picture of a film that other programs show."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.desktop.bus import art
from hangd.file_names import file_url
from hangd.tasks import Tasks

_PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000020000000208020000 00fdd49a73".replace(" ", ""))


class _Stage:
    """Films in a folder, and a player that shows one of them."""

    def __init__(self, folder: Path) -> None:
        self.tasks = Tasks()
        self.asked, self.found = asyncio.Event(), asyncio.Event()
        self.cache = folder / "cache" / "hang" / "art"
        self.film = folder / "films" / "a film; 1.mkv"
        self.film.parent.mkdir()
        self.film.write_bytes(b"no film")
        self.properties: dict[str, Any] = {"player/picture": True, "duration": 100.0, "time-pos": 4.0}
        self.properties["track-list"] = [{"type": "video"}]
        self.taken = 0
        self.refusal: CommandRefused | None = None
        self.art = art.Art(self.cache, self.properties.get, self._take, self.tasks)
        self.art.found = self.found.set

    async def _take(self, folder: Path, name: str) -> None:
        self.taken += 1
        self.asked.set()
        if self.refusal is not None:
            raise self.refusal
        (folder / name).write_bytes(_PNG)

    async def look(self) -> str:
        """Return the URL once there is one."""
        assert self.art.url(str(self.film), None) is None
        await asyncio.wait_for(self.found.wait(), 30)
        url = self.art.url(str(self.film), None)
        assert url is not None
        return url


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Stage]:
    monkeypatch.setattr(art, "_EVERY_SECONDS", 0.001)
    stage = _Stage(tmp_path)
    yield stage
    await stage.tasks.cancel()


async def test_a_cover_beside_the_film_is_named_as_it_is(stage: _Stage) -> None:
    cover = stage.film.parent / "cover.png"
    cover.write_bytes(_PNG)
    assert await stage.look() == file_url(str(cover))
    assert stage.taken == 0


async def test_the_desktops_own_picture_is_used(stage: _Stage) -> None:
    # As file managers name it: a semicolon is escaped, and a space.
    name = f"file://{stage.film.parent}/a%20film%3B%201.mkv"
    picture = stage.cache.parent.parent / "thumbnails" / "large" / f"{hashlib.md5(name.encode()).hexdigest()}.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(_PNG)
    assert await stage.look() == file_url(str(picture))


async def test_a_picture_is_made_late_enough_and_once_for_each_film(stage: _Stage) -> None:
    assert stage.art.url(str(stage.film), None) is None
    await asyncio.sleep(0.05)
    assert stage.taken == 0, "the first 5 % are often black"
    stage.properties["time-pos"] = 5.0
    await asyncio.wait_for(stage.found.wait(), 30)
    first = stage.art.url(str(stage.film), None)
    assert first is not None and first.startswith(file_url(str(stage.cache)))
    stage.art.url("/another/film.mkv", None)
    stage.found.clear()
    assert await stage.look() == first, "it is kept"
    assert stage.taken == 1


@pytest.mark.parametrize(
    "changed", [{"core-idle": True}, {"player/picture": False}, {"track-list": [{"type": "video", "image": True}]}]
)
async def test_no_picture_is_made_while_there_is_none(stage: _Stage, changed: dict[str, Any]) -> None:
    stage.properties.update({"time-pos": 50.0, **changed})
    assert stage.art.url(str(stage.film), None) is None
    await asyncio.sleep(0.05)
    assert stage.taken == 0


async def test_a_player_that_makes_no_pictures_is_asked_once(stage: _Stage) -> None:
    stage.properties["time-pos"] = 50.0
    stage.refusal = CommandRefused.failed("NotTaken", "the simulated player shows no pictures")
    assert stage.art.url(str(stage.film), None) is None
    await asyncio.wait_for(stage.asked.wait(), 30)
    await asyncio.sleep(0.05)
    assert stage.taken == 1 and not stage.found.is_set()


async def test_only_the_last_pictures_are_kept(stage: _Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(art, "_KEPT", 3)
    stage.cache.mkdir(parents=True)
    for number in range(5):
        picture = stage.cache / f"{number}.png"
        picture.write_bytes(_PNG)
        os.utime(picture, (number, number))
    (stage.film.parent / "cover.png").write_bytes(_PNG)
    await stage.look()
    assert sorted(path.name for path in stage.cache.iterdir()) == ["2.png", "3.png", "4.png"]
