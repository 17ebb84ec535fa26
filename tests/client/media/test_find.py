"""Finding this machine's copy of a film: by its content, never by the name that a room gives it."""

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hangd.client.media import find
from hangd.client.media.files import MediaFiles
from hangd.client.media.find import Copy, FilmFinder, Places
from hangd.protocol.model import FileInfo
from hangd.tasks import Tasks

CONTENT = b"a film" * 1000


@pytest.fixture
def media(tmp_path: Path) -> MediaFiles:
    return MediaFiles(tmp_path / "cache")


async def film(media: MediaFiles, tmp_path: Path, content: bytes = CONTENT) -> tuple[str, FileInfo]:
    """Return the hash and the info of a film that is on another machine."""
    elsewhere = tmp_path / "elsewhere.mkv"
    elsewhere.write_bytes(content)
    path = str(elsewhere)
    told = await MediaFiles(None).whole_hash(path), await media.quick(path)
    elsewhere.unlink()
    return told


def put(path: Path, content: bytes = CONTENT) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return str(path)


async def test_a_copy_is_found_in_each_kind_of_place(media: MediaFiles, tmp_path: Path) -> None:
    file_hash, info = await film(media, tmp_path)
    in_folder, in_tree = put(tmp_path / "one" / "x.mkv"), put(tmp_path / "two" / "deep" / "down" / "y.mkv")
    for places, path in (
        (Places(files=[in_folder]), in_folder),
        (Places(folders=[str(tmp_path / "one")]), in_folder),
        (Places(trees=[str(tmp_path / "two")]), in_tree),
    ):
        copy = await FilmFinder(media, Tasks()).copy(file_hash, info, places)
        assert isinstance(copy, Copy)
        assert (copy.path, copy.proven, copy.info.size) == (path, False, info.size)
    assert await FilmFinder(media, Tasks()).copy(file_hash, info, Places(folders=[str(tmp_path / "two")])) is None


async def test_a_copy_with_a_cached_hash_is_found_anywhere(media: MediaFiles, tmp_path: Path) -> None:
    file_hash, info = await film(media, tmp_path)
    path = tmp_path / "far" / "away.mkv"
    put(path)
    # The hash of a file that has just changed is not cached.
    os.utime(path, (1, 1))
    assert await media.whole_hash(str(path)) == file_hash
    copy = await FilmFinder(media, Tasks()).copy(file_hash, info, Places())
    assert copy is not None
    assert (copy.path, copy.proven) == (str(path), True)
    put(path, b"something else")
    assert await FilmFinder(media, Tasks()).copy(file_hash, info, Places()) is None


async def test_another_film_of_the_same_name_and_size_is_not_a_copy(media: MediaFiles, tmp_path: Path) -> None:
    file_hash, info = await film(media, tmp_path)
    put(tmp_path / "one" / "elsewhere.mkv", CONTENT[::-1])
    assert await FilmFinder(media, Tasks()).copy(file_hash, info, Places(folders=[str(tmp_path / "one")])) is None


@pytest.mark.parametrize(("name", "found"), [("elsewhere.mkv", True), ("other.mkv", False)])
async def test_without_a_quick_hash_the_whole_file_is_read(
    media: MediaFiles, tmp_path: Path, name: str, found: bool
) -> None:
    file_hash, info = await film(media, tmp_path)
    put(tmp_path / "one" / name)
    told = FileInfo(size=info.size, name=info.name)
    copy = await FilmFinder(media, Tasks()).copy(file_hash, told, Places(folders=[str(tmp_path / "one")]))
    assert (copy is not None and copy.proven) is found


async def test_the_name_that_a_room_gives_is_not_used_as_a_path(media: MediaFiles, tmp_path: Path) -> None:
    file_hash, info = await film(media, tmp_path)
    put(tmp_path / "secret.mkv")
    for name in ("..", "secret.mkv", "\N{FULLWIDTH SOLIDUS}", str(tmp_path)[1:]):
        told = FileInfo(size=info.size, name=name, quick_hash=info.quick_hash)
        assert (
            await FilmFinder(media, Tasks()).copy(file_hash, told, Places(folders=[str(tmp_path / "nowhere")])) is None
        )


async def test_places_that_do_not_exist_are_skipped(media: MediaFiles, tmp_path: Path) -> None:
    file_hash, info = await film(media, tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path)
    path = put(tmp_path / "x.mkv")
    places = Places(["/nowhere/x", "\0", str(tmp_path)], ["/nowhere", "\0", path], [str(tmp_path)])
    copy = await FilmFinder(media, Tasks()).copy(file_hash, info, places)
    assert copy is not None
    assert copy.path == path


async def test_a_place_that_does_not_answer_ends_the_search_and_what_was_found_counts(
    media: MediaFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_hash, info = await film(media, tmp_path)
    path = put(tmp_path / "one" / "x.mkv")
    back, scandir = threading.Event(), os.scandir

    def blocks(folder: str) -> Any:
        if folder == "/share":
            back.wait(60)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", blocks)
    monkeypatch.setattr(find, "_SEARCH_SECONDS", 0.3)
    copy = await FilmFinder(media, Tasks()).copy(file_hash, info, Places(folders=[str(tmp_path / "one"), "/share"]))
    assert copy is not None
    assert copy.path == path
    back.set()


# ---- another encoding -----------------------------------------------------------------------------------------------


async def others(media: MediaFiles, name: str, places: Places, last: str | None, steps: int | None) -> list[str]:
    film = FileInfo(size=1, name=name)
    return [
        os.path.basename(path) for path in await FilmFinder(media, Tasks()).others(film, places, last=last, steps=steps)
    ]


@pytest.mark.parametrize(
    ("steps", "found"),
    [(1, ["show 10.avi"]), (-1, ["Show 2.avi"]), (-2, ["show 1.avi"]), (2, []), (-3, []), (None, [])],
)
async def test_the_next_file_of_the_folder_is_the_next_episode(
    media: MediaFiles, tmp_path: Path, steps: int | None, found: list[str]
) -> None:
    for name in ("show 1.avi", "Show 2.avi", "show 9.avi", "show 10.avi", "show 9.srt", "notes.txt"):
        put(tmp_path / "b" / name)
    last = str(tmp_path / "b" / "show 9.avi")
    assert await others(media, "other.mkv", Places(), last, steps) == found


async def test_a_file_of_the_films_name_is_likelier_than_the_next_one(media: MediaFiles, tmp_path: Path) -> None:
    for name in ("e1.avi", "e2.avi", "e3.avi", "Film.avi"):
        put(tmp_path / "b" / name)
    put(tmp_path / "trove" / "deep" / "FILM.mp4")
    places = Places(folders=[str(tmp_path / "b")], trees=[str(tmp_path / "trove")])
    last = str(tmp_path / "b" / "e1.avi")
    assert await others(media, "film.mkv", places, last, 1) == ["Film.avi", "FILM.mp4", "e2.avi"]


async def test_episodes_in_folders_of_their_own_follow_the_playlist(media: MediaFiles, tmp_path: Path) -> None:
    films = [put(tmp_path / f"disc {number}" / "title.avi") for number in (1, 2, 3)]
    found = await FilmFinder(media, Tasks()).others(FileInfo(size=1), Places(files=films), last=films[0], steps=2)
    assert found == [films[2]]


async def test_places_are_walked_again_for_the_film_that_is_shown_now(media: MediaFiles, tmp_path: Path) -> None:
    file_hash, info = await film(media, tmp_path)
    finder, places = FilmFinder(media, Tasks()), Places(folders=[str(tmp_path / "one")])
    assert await finder.copy(file_hash, info, places) is None
    put(tmp_path / "one" / "x.mkv")
    assert await finder.copy(file_hash, info, places) is None, "walked a moment ago"
    assert await finder.copy(file_hash, info, places, anew=True) is not None


# ---- who shows films again and again ---------------------------------------------------------------------------------


class Walks:
    """How often the folders were listed, and by how many at a time. Each listing takes ``seconds`` more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.count = self.most = self._now = 0
        self.has_listed = threading.Event()
        walk = find._walk

        def counted(walks: Any) -> None:
            self._now += 1
            self.most = max(self.most, self._now)
            walk(walks)
            self.count += 1
            self.has_listed.set()
            time.sleep(seconds)
            self._now -= 1

        monkeypatch.setattr(find, "_walk", counted)


async def test_however_many_films_are_shown_there_is_one_walk_at_a_time_and_a_rest_after_it(
    media: MediaFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks, tasks = Walks(monkeypatch, 0.05), Tasks()
    put(tmp_path / "trove" / "deep" / "x.mkv")
    finder, places = FilmFinder(media, tasks), Places(trees=[str(tmp_path / "trove")])
    search: asyncio.Task[Copy | None] | None = None
    began = time.monotonic()
    for number in range(40):
        if search is not None:
            search.cancel()
        search = tasks.start(finder.copy(None, FileInfo(size=10**9 + number), places, anew=True), name="search")
        await asyncio.sleep(0.02)
    assert search is not None and await search is None, "the newest one is looked for to its end"
    elapsed = time.monotonic() - began
    assert walks.most == 1
    assert walks.count <= 1 + elapsed / (0.05 * (1 + find._REST)) + 1
    await tasks.cancel()


async def test_a_film_that_was_found_before_needs_no_walk(
    media: MediaFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = Walks(monkeypatch, 0.0)
    film_, other = await film(media, tmp_path), await film(media, tmp_path, b"another film" * 999)
    put(tmp_path / "trove" / "x.mkv")
    path = put(tmp_path / "trove" / "y.mkv", b"another film" * 999)
    finder, places = FilmFinder(media, Tasks()), Places(trees=[str(tmp_path / "trove")])
    assert await finder.copy(*film_, places, anew=True) is not None
    assert walks.count == 1
    copy = await finder.copy(*other, places, anew=True)
    assert copy is not None and copy.path == path
    assert walks.count == 1
    os.unlink(path)
    assert await finder.copy(*other, places, anew=True) is None, "what was found before is looked at again"
    assert walks.count == 2
    finder.forget()
    assert await finder.copy(*film_, places) is not None
    assert walks.count == 3


async def test_a_walk_that_a_newer_film_waits_for_began_before_it_so_another_follows(
    media: MediaFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file may have come while the places were walked."""
    walks, tasks = Walks(monkeypatch, 0.1), Tasks()
    told = await film(media, tmp_path)
    finder, places = FilmFinder(media, tasks), Places(trees=[str(tmp_path / "trove")])
    first = tasks.start(finder.copy(None, FileInfo(size=7), places, anew=True), name="first")
    await asyncio.to_thread(walks.has_listed.wait)
    first.cancel()
    put(tmp_path / "trove" / "deep" / "x.mkv")
    assert await finder.copy(*told, places, anew=True) is not None
    assert walks.count == 2
