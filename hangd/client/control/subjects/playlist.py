"""The playlist: out of a room the daemon's own, as mpv has one; in a room the room's queue, which all may see and edit
who may control the room.

What can not be is refused as mpv refuses it. Where mpv stops playing because there is no such place, a room does not.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final, Literal

from hangd.client.control.language.kinds import Choice, Flag, FlagSet, Integer, Node, Phrase, Text
from hangd.client.control.port import CommandRefused, ListedFilm
from hangd.client.control.tables.command import Arguments, Command, Context, Parameter, Waiting, file_named
from hangd.client.control.tables.common import alias
from hangd.client.control.tables.property import Property, PropertyTable
from hangd.engine.playlist.m3u import BYTES_MAX, NotAPlaylist, read_playlist
from hangd.engine.playlist.playlist import FORCED, FOREVER, Film, Loading, Where
from hangd.player.files import MediaUnusable, examine

__all__ = ["COMMANDS", "PROPERTIES"]


# ---- kinds of value -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place(Integer):
    """A place in the list, or a word for one."""

    words: dict[str, int] = field(default_factory=dict)
    label: str = field(default="Choice", kw_only=True)

    def parse(self, value: Any) -> int:
        return self.words[value] if isinstance(value, str) and value in self.words else super().parse(value)


@dataclass(frozen=True)
class _Times(Integer):
    """How often something is played: "no" (reads as False), a number, "inf" or, where it may be, "force"."""

    none: int = 0
    words: tuple[tuple[str, int], ...] = (("inf", FOREVER), ("yes", FOREVER))
    label: str = field(default="Choice", kw_only=True)

    def parse(self, value: Any) -> int:
        match value:
            case bool():
                return FOREVER if value else self.none
            case "no":
                return self.none
            case str() if value in dict(self.words):
                return dict(self.words)[value]
        return super().parse(value)

    def told(self, times: int) -> Any:
        """Return the value as it reads."""
        if times == self.none:
            return False
        return next((word for word, meant in self.words if meant == times), times)

    def text(self, value: Any) -> str:
        return "no" if value is False else str(value)


# ---- commands -------------------------------------------------------------------------------------------------------


_MODES: Final = ("replace", "append", "insert-next", "insert-at")
_BEGINNING: Final = tuple(f"{mode}-play" for mode in _MODES[1:])
_FLAGS: Final = FlagSet(((*_MODES, *_BEGINNING), ("play",)))


def _how(arguments: Arguments) -> Loading:
    words = arguments["flags"].split("+")
    mode = next((word for word in words if word != "play"), "replace")
    play = "play" in words or mode in _BEGINNING
    wheres: dict[str, Where] = {"append": "append", "insert-next": "insert-next", "insert-at": "insert-at"}
    return Loading(wheres.get(mode.removesuffix("-play"), "replace"), play, _index(arguments))


def _index(arguments: Arguments) -> int:
    # mpv 0.38 put an index before the options; who does not know that puts the options here.
    given = arguments.get("index", "")
    return int(given) if given.removeprefix("-").isdecimal() and len(given) < 10 else -1


def _loadfile(context: Context, arguments: Arguments) -> dict[str, int]:
    (entry,) = context.viewer.playlist.load([Film(file_named(arguments["url"]))], _how(arguments))
    return {"playlist_entry_id": entry}


def _loadlist(context: Context, arguments: Arguments) -> Waiting:
    return Waiting(_load_list(context, file_named(arguments["url"]), _how(arguments)))


async def _load_list(context: Context, path: str, how: Loading) -> dict[str, int]:
    try:
        films = await asyncio.to_thread(_read, path)
    except (MediaUnusable, NotAPlaylist, OSError) as error:
        why = str(error) if isinstance(error, MediaUnusable) else "that is no list of films"
        raise CommandRefused("error running command", "FileUnusable", why) from None
    entries = context.viewer.playlist.load(films, how)
    return {"playlist_entry_id": entries[0], "num_entries": len(entries)} if entries else {}


def _read(path: str) -> list[Film]:
    try:
        examine(path)
    except MediaUnusable as problem:
        if problem.code != "empty":
            raise
        return []
    with open(path, "rb") as file:
        return read_playlist(file.read(BYTES_MAX + 1), os.path.dirname(path))


def _step(direction: Literal[1, -1]) -> Callable[[Context, Arguments], None]:
    return lambda context, arguments: context.viewer.playlist.step(direction, force=arguments["flags"] == "force")


def _remove(context: Context, arguments: Arguments) -> None:
    context.viewer.playlist.remove(None if arguments["index"] == _CURRENT else arguments["index"])


def _play_index(context: Context, arguments: Arguments) -> None:
    playlist = context.viewer.playlist
    playlist.play(playlist.current if arguments["index"] == _CURRENT else arguments["index"])


def _move(context: Context, arguments: Arguments) -> None:
    context.viewer.playlist.move(arguments["index1"], arguments["index2"])


def _stop(context: Context, arguments: Arguments) -> None:
    context.viewer.playlist.stop(keep="keep-playlist" in arguments["flags"])


_CURRENT: Final = -2
_WEAK_FORCE: Final = (Parameter("flags", Choice(("weak", "force")), "weak"),)
_REMOVED: Final = _Place(0, 2**31 - 1, words={"current": _CURRENT})
_PLAYED: Final = _Place(-1, 2**31 - 1, words={"current": _CURRENT, "none": -1})

COMMANDS: Final = (
    Command(
        "loadfile",
        "put a film into the playlist: instead of all that is there, or where the flags say",
        (
            Parameter("url", Text()),
            Parameter("flags", _FLAGS, "replace"),
            Parameter("index", Phrase(), None),
            Parameter("options", Phrase(), None),
        ),
        _loadfile,
    ),
    Command(
        "loadlist",
        "put the films into the playlist that are listed in a file: M3U, PLS, or one name a line",
        (Parameter("url", Text()), Parameter("flags", _FLAGS, "replace"), Parameter("index", Phrase(), None)),
        _loadlist,
    ),
    Command("playlist-next", "go to the next film; where there is none and it is forced, stop", _WEAK_FORCE, _step(1)),
    Command(
        "playlist-prev", "go to the film before; where there is none and it is forced, stop", _WEAK_FORCE, _step(-1)
    ),
    Command("playlist-play-index", "go to the film at this place, from 0", (Parameter("index", _PLAYED),), _play_index),
    Command(
        "playlist-remove",
        "take the film at this place (from 0) out of the playlist; after the current one the next one plays",
        (Parameter("index", _REMOVED, 0),),
        _remove,
    ),
    Command(
        "playlist-move",
        "put the film at the first place before the one at the second; where there is none, at the end",
        (Parameter("index1", Integer()), Parameter("index2", Integer())),
        _move,
    ),
    Command("playlist-clear", "take all films out but the current one", (), lambda c, _: c.viewer.playlist.clear()),
    Command("playlist-shuffle", "put the films into an order of chance", (), lambda c, _: c.viewer.playlist.mix()),
    Command(
        "playlist-unshuffle",
        "put the films back into the order of before they were shuffled",
        (),
        lambda c, _: c.viewer.playlist.unmix(),
    ),
    Command(
        "stop",
        "stop playing and empty the playlist; in a room this is the room's stop, and its queue stays",
        (Parameter("flags", FlagSet((("keep-playlist",),)), ""),),
        _stop,
    ),
)


# ---- properties -----------------------------------------------------------------------------------------------------


def _entries(properties: PropertyTable) -> list[dict[str, Any]]:
    playlist = properties.viewer.playlist
    current, playing = playlist.current, playlist.playing
    return [
        {
            "filename": film.filename,
            **({"current": True} if place == current else {}),
            **({"playing": True} if place == playing else {}),
            **({} if film.title is None else {"title": film.title}),
            "id": film.id,
        }
        for place, film in enumerate(playlist.entries())
    ]


def _shown(properties: PropertyTable) -> str:
    """The list as mpv shows it on the screen: the bytes are its own, around what it highlights or hides."""
    playlist = properties.viewer.playlist
    current = playlist.current
    return "".join(
        ("\udcfd\u279c\u00a0\udcfe" if place == current else "\udcfd{\\alpha&HFF}\u279c\u00a0{\\r}\udcfe")
        + f"{film.title or PurePath(film.filename).name or film.filename}\n"
        for place, film in enumerate(playlist.entries())
    )


def _listed(properties: PropertyTable) -> Sequence[ListedFilm]:
    return properties.viewer.playlist.entries()


def _from_one(place: int) -> int:
    return place if place < 0 else place + 1


def _read_times(kind: _Times, read: Callable[[PropertyTable], int]) -> Callable[[PropertyTable], Any]:
    return lambda properties: kind.told(read(properties))


_FILM_TIMES: Final = _Times(0, 10_000)
_LIST_TIMES: Final = _Times(1, 10_000, none=1, words=(("inf", FOREVER), ("yes", FOREVER), ("force", FORCED)))

_LOOP_FILE: Final = Property(
    "loop-file",
    "how often the film is yet to be played again; in a room never",
    _FILM_TIMES,
    _read_times(_FILM_TIMES, lambda p: p.viewer.playlist.loop_file),
    lambda p, times: p.viewer.playlist.repeat_film(times),
    option=True,
)

PROPERTIES: Final = (
    Property(
        "playlist",
        "the playlist's entries: filename, id, title, and which is current and which plays",
        Node(),
        _entries,
        pretty=_shown,
        may_lack=frozenset(("current", "playing", "title")),
    ),
    Property("playlist-count", "how many entries the playlist has", Integer(), lambda p: len(_listed(p))),
    Property(
        "playlist-pos",
        "which entry of the playlist plays, from 0; writing it plays another one",
        Integer(-(2**31), 2**31 - 1),
        lambda p: p.viewer.playlist.current,
        lambda p, place: p.viewer.playlist.play(max(place, -1)),
        limits=lambda p: (0, len(_listed(p)) - 1),
        choices=lambda p: range(len(_listed(p))),
        option=False,
    ),
    Property(
        "playlist-pos-1",
        "which entry of the playlist plays, from 1; writing it plays another one",
        Integer(-(2**31), 2**31 - 1),
        lambda p: _from_one(p.viewer.playlist.current),
        lambda p, place: p.viewer.playlist.play(max(place - 1, -1)),
        limits=lambda p: (1, len(_listed(p))),
        choices=lambda p: range(1, len(_listed(p)) + 1),
    ),
    Property(
        "playlist-current-pos",
        "which entry of the playlist is current, from 0; writing it plays nothing",
        Integer(-(2**31), 2**31 - 1),
        lambda p: p.viewer.playlist.current,
        lambda p, place: p.viewer.playlist.make_current(place),
    ),
    Property(
        "playlist-playing-pos",
        "which entry of the playlist is open, from 0",
        Integer(),
        lambda p: p.viewer.playlist.playing,
    ),
    _LOOP_FILE,
    alias(_LOOP_FILE, "loop"),
    Property(
        "loop-playlist",
        "how often the playlist is to be played; in a room once",
        _LIST_TIMES,
        _read_times(_LIST_TIMES, lambda p: p.viewer.playlist.loop_playlist),
        lambda p, times: p.viewer.playlist.repeat_list(times),
        option=True,
    ),
    Property(
        "shuffle",
        "whether lists are shuffled as they are read, and each time that they begin anew",
        Flag(),
        lambda p: p.viewer.playlist.shuffle,
        lambda p, shuffle: p.viewer.playlist.shuffle_lists(shuffle),
        option=True,
    ),
)
