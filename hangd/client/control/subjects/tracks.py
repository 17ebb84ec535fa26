"""Tracks: which video, audio and subtitles this machine plays, from the film's file and from files added to it.

The room knows of none of this.
"""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any, Final, Literal

from hangd.client.control.language.kinds import Choice, Double, Flag, Integer, Node, Text, TrackNumber, Words
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Command, Context, Parameter, Waiting, local_path, off_loop
from hangd.client.control.tables.property import Property, PropertyTable, stored
from hangd.engine import player_messages as player
from hangd.engine.player_facts import Track, TrackKind
from hangd.player.subtitles import check_encoding

_NUMBER_MAX: Final = 8190
"""Of a track, as in mpv."""
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


@dataclass(frozen=True)
class _Encoding(Text):
    def parse(self, value: Any) -> str:
        return check_encoding(super().parse(value))


def tracks_of(properties: PropertyTable, kind: TrackKind) -> list[Track]:
    """Return the tracks of one kind. mpv numbers them from 1 in this order; the player's ids are arbitrary."""
    return [track for track in properties.viewer.tracks if track.kind == kind]


def selected_track(properties: PropertyTable, kind: TrackKind) -> Track | None:
    """Return the track of this kind that plays; None while no file is loaded."""
    tracks = [] if properties.path is None else tracks_of(properties, kind)
    return next((track for track in tracks if track.selected), None)


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
        "src-id": None if track.is_cover else track.id,
        "title": track.title or None,
        "lang": track.language or None,
        "audio-channels": track.channels,
        "image": track.is_cover or None,
        "albumart": track.is_cover or None,
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
        "demux-bitrate": track.bitrate,
        "demux-rotation": track.rotation,
        "demux-par": track.pixel_aspect,
    }
    return {key: value for key, value in row.items() if value is not None}


def _tracks_for_people(properties: PropertyTable) -> str:
    """Return a line for each track: its type, a mark if it plays, its number, its title and its language."""
    lines: list[str] = []
    for row in _track_list(properties):
        title = f" '{row['title']}'" if "title" in row else ""
        language = f" ({row['lang']})" if "lang" in row else ""
        lines.append(f"{row['type'].capitalize()}: {'>' if row['selected'] else ' '} ({row['id']}){title}{language}\n")
    return "".join(lines)


def _track(name: str, alias: str, about: str, kind: TrackKind) -> Property:
    """Make the row for the selection of one kind of track."""

    numbers = TrackNumber(0, _NUMBER_MAX)

    def read(properties: PropertyTable) -> Any:
        return numbers.shown(properties.viewer.chosen_track(kind))

    def pretty(properties: PropertyTable) -> str:
        number = read(properties)
        if number == "auto":
            return "auto"
        if not number or number > len(tracks_of(properties, kind)):
            return "no"
        track = tracks_of(properties, kind)[number - 1]
        title = f' ("{track.title}")' if track.title else ""
        return f"({number}) {track.language or 'unknown'}{title}"

    return Property(name, about, numbers, read, lambda p, number: p.viewer.choose_track(kind, number),
        limits=lambda p: (0, len(tracks_of(p, kind))),
        step=lambda p, by: p.cycle(name, up=by > 0), pretty=pretty, option=True, aliases=(alias,))  # fmt: skip


def _languages(name: str, kind: Literal["audio", "subtitle"]) -> Property:
    return Property(name, f"preferred languages of {kind} tracks, best first; they count from the next film on",
        Words(), lambda p: list(p.viewer.languages(kind)),
        lambda p, languages: p.viewer.prefer_languages(kind, languages), option=True)  # fmt: skip


def in_ms(seconds: float) -> str:
    """Return a delay as mpv shows it to people."""
    return f"{seconds * 1000:.0f} ms".replace("-0 ", "0 ")


def _delay(name: str, about: str, kind: Literal["audio", "subtitle"]) -> Property:
    double = Double(-_DELAY_MAX, _DELAY_MAX, show=in_ms)
    return stored(name, about, double, 0.0, lambda seconds: player.SetDelay(kind, seconds))


PROPERTIES: Final = (
    _track("aid", "audio", "number of the audio track that plays, or no", "audio"),
    _track("sid", "sub", "number of the subtitle track that is shown, or no", "subtitle"),
    _track("vid", "video", "number of the video track that is shown, or no", "video"),
    _languages("alang", "audio"),
    _languages("slang", "subtitle"),
    _delay("audio-delay", "delay of the audio behind the picture, in seconds", "audio"),
    _delay("sub-delay", "delay of the subtitles behind the picture, in seconds", "subtitle"),
    Property("sub-codepage", "encoding of subtitle files that are not UTF-8, or auto; it counts for files opened later",
        _Encoding(), lambda p: p.viewer.wanted(player.SetSubtitleEncoding).encoding,
        lambda p, encoding: p.viewer.play_command(player.SetSubtitleEncoding(encoding)), option=True),
    stored("sub-visibility", "whether the selected subtitles are shown, in this film and in later ones", Flag(), True,
        player.ShowSubtitles),
    Property("track-list", "tracks of the film", Node(), _track_list, may_lack=_MAY_LACK, pretty=_tracks_for_people),
    Property("current-tracks", "tracks that play: current-tracks/video, current-tracks/audio and current-tracks/sub",
        Node(), lambda p: {row["type"]: row for row in reversed(_track_list(p)) if row["selected"]} or None,
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
