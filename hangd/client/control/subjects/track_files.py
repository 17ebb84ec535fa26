"""Files beside the film: subtitles and sound that are added, taken away and read anew. This machine's alone."""

import asyncio
import os
from collections.abc import Callable
from pathlib import PurePath
from typing import Final

from hangd.client.control.language.kinds import Choice, Integer, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.subjects.tracks import tracks_of
from hangd.client.control.tables.command import (
    Arguments,
    Command,
    Context,
    Parameter,
    Waiting,
    file_named,
    needs_media,
    no_media,
)
from hangd.engine.player_messages import AddAudioFile, AddSubtitleFile, RemoveTrack, SelectTrack, Track, TrackKind

__all__ = ["COMMANDS"]

_CURRENT: Final = -1
_WORDS: Final[dict[TrackKind, str]] = {"audio": "sound", "subtitle": "subtitles"}


def _add(kind: TrackKind) -> Callable[[Context, Arguments], None]:
    def add(context: Context, arguments: Arguments) -> None:
        needs_media(context)
        path = file_named(arguments["url"])
        if not os.path.isfile(path):
            raise CommandRefused("error running command", "NotFound", "there is no such file")
        if arguments["flags"] == "cached":
            for track in tracks_of(context.properties, kind):
                if track.file == path:
                    context.viewer.play_command(SelectTrack(kind, track.id))
                    return
        make = AddAudioFile if kind == "audio" else AddSubtitleFile
        title, language = arguments.get("title"), arguments.get("lang")
        context.viewer.play_command(make(path, arguments["flags"] != "auto", title or None, language or None))

    return add


def _added(context: Context, arguments: Arguments, kind: TrackKind) -> tuple[Track, str]:
    """Return the track that is meant and the file that it came from. Raises CommandRefused."""
    needs_media(context)
    number: int = arguments["id"]
    for each, track in enumerate(tracks_of(context.properties, kind), start=1):
        if track.selected if number == _CURRENT else each == number:
            if track.file is None:
                raise CommandRefused("error running command", "NotSupported", "this track is the film's own")
            return track, track.file
    raise CommandRefused("error running command", "NotFound", "there is no such track")


def _remove(kind: TrackKind) -> Callable[[Context, Arguments], None]:
    def remove(context: Context, arguments: Arguments) -> None:
        track, _ = _added(context, arguments, kind)
        context.viewer.play_command(RemoveTrack(kind, track.id))

    return remove


def _reload(kind: TrackKind) -> Callable[[Context, Arguments], None]:
    def reload(context: Context, arguments: Arguments) -> None:
        track, path = _added(context, arguments, kind)
        make = AddAudioFile if kind == "audio" else AddSubtitleFile
        context.viewer.play_command(RemoveTrack(kind, track.id))
        context.viewer.play_command(make(path, track.selected, track.title, track.language))

    return reload


async def _rescan(context: Context, path: str) -> None:
    found = await asyncio.to_thread(_beside, path)
    if context.properties.path != path:
        return  # It plays something else by now.
    known = {track.file for track in context.viewer.tracks}
    for file in found:
        if file not in known:
            context.viewer.play_command(AddSubtitleFile(file, select=False))


def _beside(path: str) -> list[str]:
    """Return the subtitle files that have the film's name: ``film.srt``, ``film.de.srt``."""
    film = PurePath(path)
    try:
        names = sorted(os.listdir(film.parent))
    except OSError:
        return []
    alike = [name for name in names if name.startswith(f"{film.stem}.") and name != film.name]
    return [str(film.parent / name) for name in alike if PurePath(name).suffix.lower() in _ENDINGS][:_MOST]


def _rescan_external_files(context: Context, arguments: Arguments) -> Waiting:
    path = context.properties.path
    if path is None:
        raise no_media()
    return Waiting(_rescan(context, path))


_ENDINGS: Final = frozenset({".srt", ".ass", ".ssa", ".vtt"})
_MOST: Final = 20
_FLAGS: Final = Parameter("flags", Choice(("select", "auto", "cached")), "select")
_ID: Final = Parameter("id", Integer(), _CURRENT)


def _commands(name: str, kind: TrackKind) -> tuple[Command, ...]:
    what = _WORDS[kind]
    given = (Parameter("url", Text()), _FLAGS, Parameter("title", Text(), None), Parameter("lang", Text(), None))
    return (
        Command(f"{name}-add", f"add a file's {what}, and choose them unless the flag is auto", given, _add(kind)),
        Command(f"{name}-remove", f"take added {what} away: those of this number, or that play", (_ID,), _remove(kind)),
        Command(f"{name}-reload", f"read added {what} anew: those of this number, or that play", (_ID,), _reload(kind)),
    )


COMMANDS: Final = (
    *_commands("sub", "subtitle"),
    *_commands("audio", "audio"),
    Command(
        "rescan-external-files",
        "add the subtitles that lie beside the film by now; which are shown stays as it is",
        (Parameter("flags", Choice(("reselect", "keep-selection")), "reselect"),),
        _rescan_external_files,
    ),
)
