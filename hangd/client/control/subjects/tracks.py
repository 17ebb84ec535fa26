"""Tracks: which video, audio and subtitles this machine plays, from the film's file and from files added to it.

The room knows of none of this.
"""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any, Final, Literal

from hangd.client.control.language.kinds import Choice, Double, Flag, Integer, Node, Text, TrackNumber
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Command, Context, Parameter, Waiting, local_path, off_loop
from hangd.client.control.tables.property import Property, PropertyTable, stored
from hangd.engine import player_messages as player
from hangd.engine.player_messages import Track, TrackKind

_DELAY_MAX: Final = 1e6
"""Seconds, eleven days. VLC counts microseconds in 64 bits and would overflow beyond 9e12 seconds."""

_MAY_LACK: Final = frozenset(
    "title lang audio-channels image albumart default forced dependent visual-impaired hearing-impaired program-id"
    " external external-filename main-selection ff-index decoder decoder-desc codec codec-desc codec-profile"
    " format-name hls-bitrate demux-w demux-h demux-crop-x demux-crop-y demux-crop-w demux-crop-h demux-channel-count"
    " demux-channels demux-samplerate demux-fps demux-bitrate demux-rotation demux-par demux-duration"
    " dolby-vision-profile dolby-vision-level replaygain-track-peak replaygain-track-gain replaygain-album-peak"
    " replaygain-album-gain metadata".split()
)
"""What mpv reports of a track where it knows it."""


@dataclass
class _Hidden:
    subtitles: int | None = None
    """Number of the subtitle track that ``sub-visibility`` has switched off."""


def tracks_of(properties: PropertyTable, kind: TrackKind) -> list[Track]:
    """Return the tracks of one kind. mpv numbers them from 1 in this order; the player's ids are arbitrary."""
    return [track for track in properties.viewer.tracks if track.kind == kind]


def selected_track(properties: PropertyTable, kind: TrackKind) -> Track | None:
    """Return the track of this kind that plays; None while no file is loaded."""
    tracks = [] if properties.path is None else tracks_of(properties, kind)
    return next((track for track in tracks if track.selected), None)


def _selected(properties: PropertyTable, kind: TrackKind) -> int | Literal[False]:
    """Return the number of the track of this kind that plays."""
    numbered = enumerate(tracks_of(properties, kind), start=1)
    return next((number for number, track in numbered if track.selected), False)


def _select(properties: PropertyTable, kind: TrackKind, number: int) -> None:
    tracks = tracks_of(properties, kind)
    if number == -1:
        number = _selected(properties, kind) or min(1, len(tracks))
    if not 0 <= number <= len(tracks):
        raise ValueError
    properties.viewer.play_command(player.SelectTrack(kind, tracks[number - 1].id if number else None))


def _show_subtitles(properties: PropertyTable, shown: bool) -> None:
    """Switch the selected subtitles off and remember which they were, or switch those on again."""
    selected, hidden = _selected(properties, "subtitle"), properties.state(_Hidden)
    if not shown and selected:
        hidden.subtitles = selected
        _select(properties, "subtitle", 0)
    elif shown and not selected and (tracks := tracks_of(properties, "subtitle")):
        _select(properties, "subtitle", min(hidden.subtitles or 1, len(tracks)))


def _track_list(properties: PropertyTable) -> list[dict[str, Any]]:
    numbers = {"video": 0, "audio": 0, "subtitle": 0}
    rows = []
    for track in properties.viewer.tracks:
        numbers[track.kind] += 1
        rows.append(_as_in_mpv(track, numbers[track.kind]))
    return rows


def _as_in_mpv(track: Track, number: int) -> dict[str, Any]:
    """Return a track as an item of ``track-list``, in mpv's order of keys, without what is not known."""
    row = {
        "id": number,
        "type": "sub" if track.kind == "subtitle" else track.kind,
        "src-id": track.id,
        "title": track.title or None,
        "lang": track.language or None,
        "audio-channels": track.channels,
        "external": track.file is not None,
        "selected": track.selected,
        "main-selection": 0 if track.selected else None,
        "external-filename": track.file,
        "codec": track.codec,
        "demux-w": track.width,
        "demux-h": track.height,
        "demux-channel-count": track.channels,
        "demux-samplerate": track.sample_rate,
        "demux-fps": track.frame_rate,
        "demux-par": track.pixel_aspect,
    }
    return {key: value for key, value in row.items() if value is not None}


def _track(name: str, alias: str, about: str, kind: TrackKind) -> Property:
    """Make the row for the selection of one kind of track."""

    def pretty(properties: PropertyTable) -> str:
        number = _selected(properties, kind)
        return f"({number}) {tracks_of(properties, kind)[number - 1].title or 'unknown'}" if number else "no"

    return Property(name, about, TrackNumber(), lambda p: _selected(p, kind),
        lambda p, number: _select(p, kind, number), limits=lambda p: (0, len(tracks_of(p, kind))),
        step=lambda p, by: p.cycle(name, up=by > 0), pretty=pretty, option=True, aliases=(alias,))  # fmt: skip


def _delay(name: str, about: str, kind: Literal["audio", "subtitle"]) -> Property:
    in_ms = Double(-_DELAY_MAX, _DELAY_MAX, show=lambda seconds: f"{seconds * 1000:.0f} ms".replace("-0 ", "0 "))
    return stored(name, about, in_ms, 0.0, lambda seconds: player.SetDelay(kind, seconds))


PROPERTIES: Final = (
    _track("aid", "audio", "number of the audio track that plays, or no", "audio"),
    _track("sid", "sub", "number of the subtitle track that is shown, or no", "subtitle"),
    _track("vid", "video", "number of the video track that is shown, or no", "video"),
    _delay("audio-delay", "delay of the audio behind the picture, in seconds", "audio"),
    _delay("sub-delay", "delay of the subtitles behind the picture, in seconds", "subtitle"),
    Property("sub-visibility", "whether the selected subtitles are shown", Flag(),
        # True as well for a film without subtitles, because none are hidden.
        lambda p: bool(_selected(p, "subtitle")) or not tracks_of(p, "subtitle"), _show_subtitles, option=True),
    Property("track-list", "tracks of the film", Node(), _track_list, may_lack=_MAY_LACK),
    Property("current-tracks", "tracks that play: current-tracks/video, current-tracks/audio and current-tracks/sub",
        Node(), lambda p: {row["type"]: row for row in reversed(_track_list(p)) if row["selected"]},
        may_lack=_MAY_LACK | {"video", "audio", "sub", "sub2"}),
)  # fmt: skip


# ---- files that are added -------------------------------------------------------------------------------------------

_CURRENT: Final = -1
"""The number that stands for the track that plays."""
_EXTENSIONS: Final = frozenset({".srt", ".ass", ".ssa", ".vtt"})
_FILES_MAX: Final = 20
"""Each subtitle file is opened by VLC while the film plays."""


def _add_file(context: Context, kind: TrackKind, path: str, select: bool, title: str | None, lang: str | None) -> None:
    command = player.AddAudioFile if kind == "audio" else player.AddSubtitleFile
    context.viewer.play_command(command(path, select, title or None, lang or None))


async def _add(
    context: Context, kind: TrackKind, film: str, url: str, flags: str, title: str = "", lang: str = ""
) -> None:
    path = local_path(url)
    if not await off_loop(os.path.isfile, path):
        raise CommandRefused.failed("NotFound", "there is no such file")
    if context.properties.path != film:
        raise CommandRefused.failed("NoMedia", "the film was closed in the meantime")
    if flags == "cached":
        for track in tracks_of(context.properties, kind):
            if track.file == path:
                context.viewer.play_command(player.SelectTrack(kind, track.id))
                return
    _add_file(context, kind, path, flags != "auto", title, lang)


def _added(context: Context, kind: TrackKind, number: int) -> tuple[Track, str]:
    """Return the track with this number, and its file. Raises CommandRefused where no file was added for it."""
    for each, track in enumerate(tracks_of(context.properties, kind), start=1):
        if track.selected if number == _CURRENT else each == number:
            if track.file is None:
                raise CommandRefused.failed("NotSupported", "this track is the film's own")
            return track, track.file
    raise CommandRefused.failed("NotFound", "there is no such track")


def _remove(context: Context, kind: TrackKind, id: int) -> None:
    track, _ = _added(context, kind, id)
    context.viewer.play_command(player.RemoveTrack(kind, track.id))


def _reload(context: Context, kind: TrackKind, id: int) -> None:
    track, path = _added(context, kind, id)
    context.viewer.play_command(player.RemoveTrack(kind, track.id))
    _add_file(context, kind, path, track.selected, track.title, track.language)


async def _rescan(context: Context, film: str) -> None:
    found = await off_loop(_subtitles_beside, film)
    if context.properties.path != film:
        return  # Another film has been loaded in the meantime.
    known = {track.file for track in context.viewer.tracks}
    for file in found:
        if file not in known:
            context.viewer.play_command(player.AddSubtitleFile(file, select=False))


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
            lambda context, **arguments: Waiting(_add(context, kind, context.loaded_path(), **arguments))),
        Command(f"{name}-remove", f"remove the added {which}", (_ID,),
            partial(_remove, kind=kind), needs_file=True),
        Command(f"{name}-reload", f"reload the added {which}", (_ID,),
            partial(_reload, kind=kind), needs_file=True),
    )  # fmt: skip


COMMANDS: Final = (
    *_commands("sub", "subtitles", "subtitle"),
    *_commands("audio", "sound", "audio"),
    Command("rescan-external-files", "add the subtitle files that are beside the film's file, without selecting them",
        (Parameter("flags", Choice(("reselect", "keep-selection")), "reselect"),),
        lambda context, **_: Waiting(_rescan(context, context.loaded_path()))),
)  # fmt: skip
