"""Subtitle and audio files that are added to the film on this machine."""

import os
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from hangd.client.control.language.kinds import Choice, Integer, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.subjects.tracks import tracks_of
from hangd.client.control.tables.command import (
    Arguments,
    Command,
    Context,
    Parameter,
    Waiting,
    loaded_path,
    local_path,
    off_loop,
)
from hangd.engine.player_messages import AddAudioFile, AddSubtitleFile, RemoveTrack, SelectTrack, Track, TrackKind

__all__ = ["COMMANDS"]

_CURRENT: Final = -1
"""The number that stands for the track that plays."""
_EXTENSIONS: Final = frozenset({".srt", ".ass", ".ssa", ".vtt"})
_FILES_MAX: Final = 20
"""Each subtitle file is opened by VLC while the film plays."""


def _add_command(kind: TrackKind, path: str, select: bool, title: str | None, language: str | None) -> Any:
    return (AddAudioFile if kind == "audio" else AddSubtitleFile)(path, select, title or None, language or None)


async def _add(context: Context, arguments: Arguments, kind: TrackKind, film: str) -> None:
    path = local_path(arguments["url"])
    if not await off_loop(os.path.isfile, path):
        raise CommandRefused.failed("NotFound", "there is no such file")
    if context.properties.path != film:
        raise CommandRefused.failed("NoMedia", "the film was closed in the meantime")
    if arguments["flags"] == "cached":
        for track in tracks_of(context.properties, kind):
            if track.file == path:
                context.viewer.play_command(SelectTrack(kind, track.id))
                return
    select, title, language = arguments["flags"] != "auto", arguments.get("title"), arguments.get("lang")
    context.viewer.play_command(_add_command(kind, path, select, title, language))


def _added(context: Context, arguments: Arguments, kind: TrackKind) -> tuple[Track, str]:
    """Return the track with the given number, and its file. Raises CommandRefused where no file was added for it."""
    loaded_path(context)
    number: int = arguments["id"]
    for each, track in enumerate(tracks_of(context.properties, kind), start=1):
        if track.selected if number == _CURRENT else each == number:
            if track.file is None:
                raise CommandRefused.failed("NotSupported", "this track is in the film's own file")
            return track, track.file
    raise CommandRefused.failed("NotFound", "there is no such track")


def _remove(context: Context, arguments: Arguments, kind: TrackKind) -> None:
    track, _ = _added(context, arguments, kind)
    context.viewer.play_command(RemoveTrack(kind, track.id))


def _reload(context: Context, arguments: Arguments, kind: TrackKind) -> None:
    track, path = _added(context, arguments, kind)
    context.viewer.play_command(RemoveTrack(kind, track.id))
    context.viewer.play_command(_add_command(kind, path, track.selected, track.title, track.language))


async def _rescan(context: Context, film: str) -> None:
    found = await off_loop(_subtitles_beside, film)
    if context.properties.path != film:
        return  # Another film has been loaded in the meantime.
    known = {track.file for track in context.viewer.tracks}
    for file in found:
        if file not in known:
            context.viewer.play_command(AddSubtitleFile(file, select=False))


def _subtitles_beside(path: str) -> list[str]:
    """Return the subtitle files in the film's directory that have its name: ``film.srt``, ``film.de.srt``."""
    film = PurePath(path)
    try:
        names = sorted(os.listdir(film.parent))
    except OSError:
        return []
    alike = [name for name in names if name.startswith(f"{film.stem}.") and name != film.name]
    return [str(film.parent / name) for name in alike if PurePath(name).suffix.lower() in _EXTENSIONS][:_FILES_MAX]


_FLAGS: Final = Parameter("flags", Choice(("select", "auto", "cached")), "select")
_ID: Final = Parameter("id", Integer(), _CURRENT)
_FILE: Final = (Parameter("url", Text()), _FLAGS, Parameter("title", Text(), None), Parameter("lang", Text(), None))


def _commands(name: str, what: str, kind: TrackKind) -> tuple[Command, ...]:
    which = f"{kind} track of this number, or the one that plays"
    return (
        Command(f"{name}-add", f"add a file with {what}, and select its track unless the flag is auto", _FILE,
            lambda context, arguments: Waiting(_add(context, arguments, kind, loaded_path(context)))),
        Command(f"{name}-remove", f"remove the added {which}", (_ID,), partial(_remove, kind=kind)),
        Command(f"{name}-reload", f"reload the added {which}", (_ID,), partial(_reload, kind=kind)),
    )  # fmt: skip


COMMANDS: Final = (
    *_commands("sub", "subtitles", "subtitle"),
    *_commands("audio", "sound", "audio"),
    Command("rescan-external-files", "add the subtitle files that are beside the film's file, without selecting them",
        (Parameter("flags", Choice(("reselect", "keep-selection")), "reselect"),),
        lambda context, _: Waiting(_rescan(context, loaded_path(context)))),
)  # fmt: skip
