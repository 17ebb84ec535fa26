"""What is dropped on the window, or opened by MPRIS: the names in a list, and what is done with them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.control.port import CommandRefused, NoDesktop
from hangd.client.desktop.opening import Opening
from hangd.client.desktop.x11.drop import dropped_names


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"file:///a%20b.mp4\r\n", ["/a b.mp4"]),
        (b"file://localhost/a.mp4\n# a comment\n\nfile:/b.mp4\n", ["/a.mp4", "/b.mp4"]),
        (b"file:///%E4.mp4", ["/\udce4.mp4"]),
        (b"file:///a%00b.mp4", ["/a"]),
        (b"/plain/path.mkv\0", ["/plain/path.mkv"]),
        (b"https://example.org/film.mp4", ["https://example.org/film.mp4"]),
        (b"a sentence: with a colon\nfile:relative.mp4\njavascript:alert(1)\nhttp://[", []),
    ],
)
def test_names_in_a_list(content: bytes, names: list[str]) -> None:
    assert dropped_names(content) == names


@given(st.binary())
def test_any_content_is_a_list(content: bytes) -> None:
    assert all(name and "\0" not in name for name in dropped_names(content))


class Desktop(NoDesktop):
    def __init__(self) -> None:
        self.has_window = True
        self.asked: list[tuple[str, Callable[[], None]]] = []
        self.shown: list[str] = []

    def ask(self, question: str, then: Callable[[], None]) -> bool:
        if self.has_window:
            self.asked.append((question, then))
        return self.has_window

    def show_message(self, text: str, seconds: float) -> bool:
        self.shown.append(text)
        return True


class Stage:
    """Opening with properties that a test sets, and with films that are there."""

    def __init__(self, folder: Path, **properties: Any) -> None:
        self.films = [str(folder / name) for name in ("a\x1b.mkv", "b.mkv", "c d.mkv")]
        for film in self.films:
            Path(film).touch()
        self.done: list[tuple[Any, ...]] = []
        self.refusal: CommandRefused | None = None
        self.desktop = Desktop()
        self.opening = Opening(self._request, lambda name: properties.get(name.replace("/", "_")), lambda: self.desktop)

    async def _request(self, *words: Any) -> None:
        self.done.append(words)
        if self.refusal is not None:
            raise self.refusal

    async def drop(self, *names: str) -> None:
        self.opening.dropped(names)
        await self.settle()

    async def settle(self) -> None:
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not asyncio.current_task()))


async def test_alone_files_are_opened_at_once_and_subtitles_added(tmp_path: Path) -> None:
    alone = Stage(tmp_path, path="/film.mkv")
    await alone.drop(*alone.films)
    await alone.drop("/film.SRT")
    assert alone.done == [("hang-playlist-add", "replace+play", *alone.films), ("sub-add", "/film.SRT", "select")]
    assert alone.desktop.asked == []


async def test_in_a_room_the_viewer_is_asked_first(tmp_path: Path) -> None:
    room = Stage(tmp_path, room_id="r", path="/film.mkv")
    await room.drop(room.films[0])
    await room.drop(*room.films)
    assert room.done == []
    assert [question for question, _ in room.desktop.asked] == [
        "Show a\\x1b.mkv to everybody in the room?",
        "Add a\\x1b.mkv and 2 more to the room's playlist?",
    ]
    for _, then in room.desktop.asked:
        then()
    await room.settle()
    assert room.done == [("room-media", room.films[0]), ("hang-playlist-add", "append", *room.films)]


async def test_without_a_window_the_rooms_queue_gets_the_film(tmp_path: Path) -> None:
    room = Stage(tmp_path, room_id="r")
    room.desktop.has_window = False
    await room.opening.open([f"file://{tmp_path}/c%20d.mkv"])
    assert room.done == [("hang-playlist-add", "append", room.films[2])]


@pytest.mark.parametrize("room", [None, "r"])
async def test_invites_are_followed_however_they_come(tmp_path: Path, room: str | None) -> None:
    stage = Stage(tmp_path, room_id=room)
    await stage.drop("hang://films.example.org:3005/friday")
    assert stage.done == [("server-connect", "ws://films.example.org:3005/ws"), ("room-join", "friday")]
    await stage.drop("hang://films.example.org:3005/friday#invite=a.b.c")
    assert stage.done[2:] == [
        ("server-connect", "ws://films.example.org:3005/ws"),
        ("room-join", "friday", "", "", "a.b.c"),
    ]
    await stage.drop("https://films.example.org/#friday&invite=a.b.c")
    assert stage.done[4:] == [
        ("server-connect", "wss://films.example.org/ws"),
        ("room-join", "friday", "", "", "a.b.c"),
    ]
    await stage.drop("hang://films.example.org")
    assert stage.desktop.shown != []


async def test_what_cannot_be_opened_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    room = Stage(tmp_path, room_id="r")
    with pytest.raises(CommandRefused, match="there is no file nowhere"):
        await room.opening.open([f"{tmp_path}/nowhere.mkv"])
    with pytest.raises(CommandRefused, match="only files"):
        await room.opening.open(["https://example.org/film.mp4"])
    assert (room.done, room.desktop.asked) == ([], [])


async def test_what_is_refused_is_said(tmp_path: Path) -> None:
    alone = Stage(tmp_path)
    alone.refusal = CommandRefused.failed("FileUnusable", "that is a folder without films")
    await alone.drop(str(tmp_path))
    assert alone.desktop.shown == ["that is a folder without films"]
