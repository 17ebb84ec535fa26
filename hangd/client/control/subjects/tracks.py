"""Tracks: which picture, sound and subtitles play here. This machine's alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hangd.client.control.language.kinds import Double, Flag, Integer, Node, Switch, Text, Time, TrackNumber
from hangd.client.control.tables.common import alias, fixed, untold
from hangd.client.control.tables.property import Property, PropertyTable
from hangd.engine.player_messages import SelectTrack, SetDelay, Track, TrackKind

__all__ = ["PROPERTIES", "tracks_of"]


@dataclass
class _Chosen:
    """What was written here and the player does not tell back."""

    delays: dict[str, float] = field(default_factory=dict)
    """Of "audio" and "subtitle", in seconds."""
    hidden: int | None = None
    """The number of the subtitle track that ``sub-visibility`` took away."""


_KINDS: Final[Mapping[str, TrackKind]] = {"aid": "audio", "sid": "subtitle", "vid": "video"}


_TYPES: Final[Mapping[TrackKind, str]] = {"video": "video", "audio": "audio", "subtitle": "sub"}

_DELAY_MAX: Final = 1e6
"""Seconds. VLC takes 64 bits of microseconds; more than eleven days is nobody's delay."""

_MAY_LACK: Final = frozenset(
    "title lang audio-channels image albumart default forced dependent visual-impaired hearing-impaired program-id"
    " external external-filename main-selection ff-index decoder decoder-desc codec codec-desc codec-profile"
    " format-name hls-bitrate demux-w demux-h demux-crop-x demux-crop-y demux-crop-w demux-crop-h demux-channel-count"
    " demux-channels demux-samplerate demux-fps demux-bitrate demux-rotation demux-par demux-duration"
    " dolby-vision-profile dolby-vision-level replaygain-track-peak replaygain-track-gain replaygain-album-peak"
    " replaygain-album-gain metadata".split()
)
"""What mpv tells of a track where it knows it."""


def tracks_of(properties: PropertyTable, kind: TrackKind) -> list[Track]:
    """Return the tracks of one kind, in mpv's order: the first is number 1."""
    # mpv numbers the tracks of each kind from 1; the player's own ids are anything.
    return [track for track in properties.viewer.tracks if track.kind == kind]


def _selected(properties: PropertyTable, kind: TrackKind) -> int | Literal[False]:
    for number, track in enumerate(tracks_of(properties, kind), start=1):
        if track.selected:
            return number
    return False


def _select(properties: PropertyTable, kind: TrackKind, number: int) -> None:
    tracks = tracks_of(properties, kind)
    if number == -1:
        number = _selected(properties, kind) or min(1, len(tracks))
    if not 0 <= number <= len(tracks):
        raise ValueError
    properties.viewer.play_command(SelectTrack(kind, tracks[number - 1].id if number else None))


def _show_subtitles(properties: PropertyTable, shown: bool) -> None:
    """Show the subtitles that were chosen, or hide them without forgetting which."""
    chosen = _selected(properties, "subtitle")
    if not shown and chosen:
        properties.keep(_Chosen).hidden = chosen
        _select(properties, "subtitle", 0)
    elif shown and not chosen:
        tracks = tracks_of(properties, "subtitle")
        if tracks:
            _select(properties, "subtitle", min(properties.keep(_Chosen).hidden or 1, len(tracks)))


def _track_list(properties: PropertyTable) -> list[dict[str, Any]]:
    numbers = {"video": 0, "audio": 0, "subtitle": 0}
    rows = []
    for track in properties.viewer.tracks:
        numbers[track.kind] += 1
        rows.append(_as_mpv_has_it(track, numbers[track.kind]))
    return rows


def _as_mpv_has_it(track: Track, number: int) -> dict[str, Any]:
    sizes = {
        "demux-w": track.width,
        "demux-h": track.height,
        "demux-channel-count": track.channels,
        "demux-samplerate": track.sample_rate,
        "demux-fps": track.frame_rate,
        "demux-par": track.pixel_aspect,
    }
    row = {
        "id": number,
        "type": _TYPES[track.kind],
        "src-id": track.id,
        "title": track.title or None,
        "lang": track.language or None,
        "audio-channels": track.channels,
        "external": track.file is not None,
        "selected": track.selected,
        "main-selection": 0 if track.selected else None,
        "external-filename": track.file,
        "codec": track.codec,
        **sizes,
    }
    return {key: value for key, value in row.items() if value is not None}


def _track_property(name: str, about: str) -> Property:
    kind = _KINDS[name]

    def pretty(properties: PropertyTable) -> str:
        number = _selected(properties, kind)
        return f"({number}) {tracks_of(properties, kind)[number - 1].title or 'unknown'}" if number else "no"

    return Property(
        name,
        about,
        TrackNumber(),
        lambda properties: _selected(properties, kind),
        lambda properties, number: _select(properties, kind, number),
        choices=lambda properties: [False, *range(1, len(tracks_of(properties, kind)) + 1)],
        pretty=pretty,
        option=True,
    )


def _delay_property(name: str, about: str, kind: Literal["audio", "subtitle"]) -> Property:
    def write(properties: PropertyTable, seconds: float) -> None:
        properties.viewer.play_command(SetDelay(kind, seconds))
        properties.keep(_Chosen).delays[kind] = seconds

    return Property(
        name,
        about,
        Double(-_DELAY_MAX, _DELAY_MAX, show=lambda seconds: f"{seconds * 1000:.0f} ms".replace("-0 ", "0 ")),
        lambda properties: properties.keep(_Chosen).delays.get(kind, 0.0),
        write,
        option=True,
        kept=True,
    )


def _current_tracks(properties: PropertyTable) -> dict[str, Any]:
    return {row["type"]: row for row in reversed(_track_list(properties)) if row["selected"]}


_AID: Final = _track_property("aid", "which sound plays: its number, or no")
_SID: Final = _track_property("sid", "which subtitles are shown: their number, or no")
_VID: Final = _track_property("vid", "which picture is shown: its number, or no")
_NOT_READ: Final = "VLC does not tell what its subtitles say"

PROPERTIES: Final = (
    _AID,
    _SID,
    _VID,
    alias(_AID, "audio"),
    alias(_SID, "sub"),
    alias(_VID, "video"),
    fixed("secondary-sid", "which other subtitles are shown as well: none", Switch(), False),
    _delay_property("audio-delay", "by how much the sound comes later than the picture, in seconds", "audio"),
    _delay_property("sub-delay", "by how much the subtitles come later than the picture, in seconds", "subtitle"),
    Property(
        "sub-visibility",
        "whether the chosen subtitles are shown",
        Flag(),
        # With no subtitles in the file there are none hidden either.
        lambda p: bool(_selected(p, "subtitle")) or not tracks_of(p, "subtitle"),
        _show_subtitles,
        option=True,
    ),
    Property("track-list", "all tracks of the film", Node(), _track_list, may_lack=_MAY_LACK),
    Property(
        "current-tracks",
        "those that play: current-tracks/video, /audio and /sub",
        Node(),
        _current_tracks,
        may_lack=_MAY_LACK | {"video", "audio", "sub", "sub2"},
    ),
    untold("sub-text", "what the subtitles say now", Text(), _NOT_READ),
    untold("sub-text-ass", "what the subtitles say now, as ASS", Text(), _NOT_READ),
    untold("sub-start", "since when they say it", Time(), _NOT_READ),
    untold("sub-end", "until when they say it", Time(), _NOT_READ),
    untold("secondary-sub-text", "what the other subtitles say", Text(), _NOT_READ),
    fixed("sub-scale", "how large subtitles are written: as VLC does", Double(0.0, 100.0), 1.0),
    fixed("sub-pos", "how far down subtitles are written: as VLC does", Integer(0, 150), 100),
    fixed("sub-speed", "how fast subtitles go by: as the film", Double(0.1, 10.0), 1.0),
)
