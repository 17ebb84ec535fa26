"""The playlist: outside rooms the daemon's own, in a room the room's queue, which its controllers edit.

Where there is no entry at an index, mpv stops playback or refuses, and so does hang; only a room never stops for that.
"""

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final, cast, get_args

from hangd.client.control.language.kinds import Choice, Flag, FlagSet, Integer, Kind, Node, Pairs, Phrase, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Command, Context, Parameter, Waiting, local_path, off_loop
from hangd.client.control.tables.file_options import FileOptions
from hangd.client.control.tables.property import Property, PropertyTable
from hangd.engine.playlist.m3u import BYTES_MAX, NotAPlaylist, read_playlist
from hangd.engine.playlist.playlist import ENTRIES_MAX, FORCED, FOREVER, NESTED_MAX, Film, KeepOpen, Loading, Where
from hangd.log import escape
from hangd.player.files import MediaUnusable, examine, examine_film, shown_name
from hangd.tasks import in_thread

_ADD_SECONDS: Final = 10.0
"""How long many files may take to be looked at. A sleeping disk starts in less."""
_CURRENT: Final = -2
"""The index that stands for the current entry."""


@dataclass(frozen=True)
class _Index(Integer):
    """A number, such as the index of an entry, or a word for one."""

    words: dict[str, int] = field(default_factory=dict)
    label = "Choice"

    def parse(self, value: Any) -> int:
        return self.words[value] if isinstance(value, str) and value in self.words else super().parse(value)


@dataclass(frozen=True)
class _Repetitions(_Index):
    """A number of repetitions, or a word for one. The number of "no" reads as False."""

    def parse(self, value: Any) -> int:
        return super().parse(("inf" if value else "no") if isinstance(value, bool) else value)

    def shown(self, repetitions: int) -> Any:
        """Return the value as clients read it."""
        word = next((word for word, meant in self.words.items() if meant == repetitions), repetitions)
        return False if word == "no" else word

    def text(self, value: Any) -> str:
        return "no" if value is False else str(value)


@dataclass(frozen=True)
class _YesNoOr(Choice):
    """Words of which yes and no are read as a flag."""

    def parse(self, value: Any) -> str:
        return super().parse(("yes" if value else "no") if isinstance(value, bool) else value)

    def shown(self, parsed: str) -> Any:
        return {"yes": True, "no": False}.get(parsed, parsed)


_IS_INDEX: Final = re.compile(r"-?[0-9]{1,9}").fullmatch
_MODES: Final = get_args(Where)
_AND_PLAY: Final = ("append-play", "insert-next-play", "insert-at-play")
_FLAGS: Final = FlagSet(((*_MODES, *_AND_PLAY), ("play",)))


def _loading(flags: str, index: str) -> Loading:
    """Return where the flags and the index say that films go, and whether they play at once."""
    words = flags.split("+")
    mode = next((word for word in words if word != "play"), "replace")
    # Since mpv 0.38 the index precedes the options. Clients of older mpv give the options in its place.
    known = _IS_INDEX(index)
    play = "play" in words or mode in _AND_PLAY
    return Loading(cast(Where, mode.removesuffix("-play")), play, int(index) if known else -1)


@dataclass(frozen=True)
class _IndexOrOptions(Kind):
    """The third argument of loadfile: options in mpv up to 0.37, an index since."""

    label = Pairs.label

    def parse(self, value: Any) -> Mapping[str, str] | str:
        if type(value) is int or (isinstance(value, str) and _IS_INDEX(value)):
            return str(value)
        return Pairs().parse(value)


def _loadfile(
    context: Context,
    url: str,
    flags: str,
    index: Mapping[str, str] | str = "",
    options: Mapping[str, str] | None = None,
) -> dict[str, int]:
    place = index if isinstance(index, str) else ""
    given = {**({} if isinstance(index, str) else index), **(options or {})}
    film, how = Film(local_path(url)), _loading(flags, place)
    file_options = context.properties.state(FileOptions).of(context.properties)
    with file_options.coming(given) as loaded:
        loaded += context.viewer.playlist.load([film], how)
    return {"playlist_entry_id": loaded[0]}


async def _add(context: Context, flags: str, files: list[str]) -> dict[str, int]:
    films = [Film(local_path(file)) for file in files]
    doing = f"looking at {len(films)} files"
    try:
        films = await in_thread(_expanded, films, deadline=_ADD_SECONDS, doing=doing)
    except MediaUnusable as error:
        raise CommandRefused.failed("FileUnusable", f"{error}: none of these files is added") from None
    except TimeoutError as error:
        raise CommandRefused.failed("TimedOut", str(error)) from None
    viewer, how = context.viewer, _loading(flags, "")
    begins = how.play and viewer.playlist.current < 0 and viewer.hang_property("room/id") is None
    entries = viewer.playlist.load(films, how)
    if begins and entries:
        viewer.set_paused(False)  # The pause of the film before has outlived it, and who adds to play wants it to play.
    return {"playlist_entry_id": entries[0], "num_entries": len(entries)} if entries else {}


def _expanded(films: list[Film]) -> list[Film]:
    """Return these films, and in place of lists the films that they list. Raises MediaUnusable. Blocks."""
    return list(itertools.islice(_without_lists(films, ()), ENTRIES_MAX + 1))


def _without_lists(films: Iterable[Film], within: tuple[str, ...]) -> Iterator[Film]:
    for film in films:
        try:
            examine_film(film.path)
        except MediaUnusable as found:
            if found.code != "list":
                raise
            if film.path in within or len(within) > NESTED_MAX:
                raise MediaUnusable("list", f"{shown_name(film.path)} lists itself") from None
            yield from _without_lists(found.films, (*within, film.path))
        else:
            yield film


async def _loadlist(context: Context, url: str, flags: str, index: str = "") -> dict[str, int]:
    try:
        films = await off_loop(_read_list, local_path(url))
    except (MediaUnusable, NotAPlaylist, OSError) as error:
        why = str(error) if isinstance(error, MediaUnusable) else "that is no list of films"
        raise CommandRefused.failed("FileUnusable", why) from None
    if context.viewer.hang_property("room/id") is not None:
        # All of them or none: others would see a queue with films that nobody can show.
        missing = await off_loop(lambda _: [film.path for film in films if not os.path.isfile(film.path)], url)
        if missing:
            what = f"{len(missing)} of its {len(films)} films are not files of this machine, such as"
            raise CommandRefused.failed("FileUnusable", f"{what} {escape(missing[0])}")
    entries = context.viewer.playlist.load(films, _loading(flags, index))
    return {"playlist_entry_id": entries[0], "num_entries": len(entries)} if entries else {}


def _read_list(path: str) -> list[Film]:
    try:
        examine(path)
    except MediaUnusable as problem:
        if problem.code != "empty":
            raise
        return []
    with open(path, "rb") as file:
        return read_playlist(file.read(BYTES_MAX + 1), os.path.dirname(path))


def _play_index(context: Context, index: int) -> None:
    playlist = context.viewer.playlist
    playlist.play(playlist.current if index == _CURRENT else index)


_FILE: Final = (Parameter("url", Text()), Parameter("flags", _FLAGS, "replace"))
_WEAK_FORCE: Final = (Parameter("flags", Choice(("weak", "force")), "weak"),)

COMMANDS: Final = (
    Command("loadfile", "load a film into the playlist, in place of all entries or where the flags say",
        (*_FILE, Parameter("index", _IndexOrOptions(), None), Parameter("options", Pairs(), None)), _loadfile,
        moves_film=True),
    Command("loadlist", "load the films that a file lists: M3U, PLS, or one name per line",
        (*_FILE, Parameter("index", Phrase(), None)),
        lambda context, **arguments: Waiting(_loadlist(context, **arguments)), moves_film=True),
    Command("hang-playlist-add", "put these files, and the films of lists among them, into the playlist: all or none",
        (Parameter("flags", _FLAGS, "append"),), lambda context, **arguments: Waiting(_add(context, **arguments)),
        rest="files", moves_film=True),
    Command("playlist-next", "play the next entry; after the last one, force stops playback", _WEAK_FORCE,
        lambda context, flags: context.viewer.playlist.step(1, force=flags == "force"), moves_film=True),
    Command("playlist-prev", "play the previous entry; before the first one, force stops playback",
        _WEAK_FORCE, lambda context, flags: context.viewer.playlist.step(-1, force=flags == "force"), moves_film=True),
    Command("playlist-play-index", "play the entry at this index, from 0",
        (Parameter("index", _Index(-1, words={"current": _CURRENT, "none": -1})),), _play_index,
        moves_film=True),
    Command("playlist-remove", "remove the entry at this index, from 0; if it is the current one, the next one plays",
        (Parameter("index", _Index(0, words={"current": _CURRENT}), 0),),
        lambda context, index: context.viewer.playlist.remove(None if index == _CURRENT else index),
        moves_film=True),
    Command("playlist-move", "move the entry at index1 before the one at index2, or to the end where there is none",
        (Parameter("index1", Integer()), Parameter("index2", Integer())),
        lambda context, index1, index2: context.viewer.playlist.move(index1, index2),
        moves_film=True),
    Command("playlist-clear", "remove all entries but the current one", (),
        lambda context: context.viewer.playlist.clear(), moves_film=True),
    Command("playlist-shuffle", "put the entries in random order", (), lambda context: context.viewer.playlist.mix(),
        moves_film=True),
    Command("playlist-unshuffle", "undo playlist-shuffle", (), lambda context: context.viewer.playlist.unmix(),
        moves_film=True),
    Command("stop", "stop playback and empty the playlist; in a room, stop for all members and keep the queue",
        (Parameter("flags", FlagSet((("keep-playlist",),)), ""),),
        lambda context, flags: context.viewer.playlist.stop(keep="keep-playlist" in flags),
        moves_film=True),
)  # fmt: skip


def _entries(properties: PropertyTable) -> list[dict[str, Any]]:
    playlist = properties.viewer.playlist
    current, playing = playlist.current, playlist.playing
    return [
        {
            "filename": entry.filename,
            **({"current": True} if index == current else {}),
            **({"playing": True} if index == playing else {}),
            **({} if entry.title is None else {"title": entry.title}),
            "id": entry.id,
        }
        for index, entry in enumerate(playlist.entries())
    ]


def _for_people(properties: PropertyTable) -> str:
    """Return one line for each entry, the current one with a mark."""
    playlist = properties.viewer.playlist
    return "".join(
        f"{'> ' if index == playlist.current else '  '}"
        f"{entry.title or PurePath(entry.filename).name or entry.filename}\n"
        for index, entry in enumerate(playlist.entries())
    )


def _count(properties: PropertyTable) -> int:
    return len(properties.viewer.playlist.entries())


def _position(name: str, first: int) -> Property:
    """Make the row for the index of the current entry, where the first entry has the index ``first``."""

    def read(properties: PropertyTable) -> int:
        current = properties.viewer.playlist.current
        return current if current < 0 else current + first

    return Property(name, f"index of the current entry, from {first}, or -1; writing it plays another entry",
        Integer(), read, lambda p, index: p.viewer.playlist.play(max(index - first, -1)),
        limits=lambda p: (first, _count(p) - 1 + first), moves_film=True)  # fmt: skip


_KEEP: Final = _YesNoOr(get_args(KeepOpen))
_FILM: Final = _Repetitions(0, 10_000, words={"no": 0, "inf": FOREVER, "yes": FOREVER})
_LIST: Final = _Repetitions(1, 10_000, words={"no": 1, "inf": FOREVER, "yes": FOREVER, "force": FORCED})

PROPERTIES: Final = (
    Property("playlist", "entries of the playlist: filename, id, title, and which one is current and which one is open",
        Node(), _entries, pretty=_for_people, may_lack=frozenset(("current", "playing", "title"))),
    Property("playlist-count", "number of entries in the playlist", Integer(), _count),
    _position("playlist-pos", 0),
    _position("playlist-pos-1", 1),
    Property("playlist-current-pos", "index of the current entry, from 0; writing it does not play the entry",
        Integer(), lambda p: p.viewer.playlist.current, lambda p, index: p.viewer.playlist.make_current(index),
        moves_film=True),
    Property("playlist-playing-pos", "index of the open entry, from 0", Integer(), lambda p: p.viewer.playlist.playing),
    Property("loop-file", "number of times that the film will be repeated; in a room its rule loop", _FILM,
        lambda p: _FILM.shown(p.viewer.playlist.loop_file),
        lambda p, repetitions: p.viewer.playlist.repeat_film(repetitions), option=True, aliases=("loop",)),
    Property("loop-playlist", "number of times that the playlist is played; in a room its rule loop", _LIST,
        lambda p: _LIST.shown(p.viewer.playlist.loop_playlist),
        lambda p, repetitions: p.viewer.playlist.repeat_list(repetitions), option=True),
    Property("keep-open", "which films stay open at their end, outside rooms: yes the last, always each, or no",
        _KEEP, lambda p: _KEEP.shown(p.viewer.playlist.keep_open),
        lambda p, which: p.viewer.playlist.keep_films_open(which), option=True),
    Property("shuffle", "whether lists are shuffled when they are loaded, and each time they begin again", Flag(),
        lambda p: p.viewer.playlist.shuffle, lambda p, shuffle: p.viewer.playlist.shuffle_lists(shuffle), option=True),
)  # fmt: skip
