"""The film: the names and tags of its file, and the format of its video and audio."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from threading import Thread
from typing import Any, Final

from msgspec.structs import replace

from hangd.client.control.language.kinds import Double, Integer, Kind, Node, Text
from hangd.client.control.subjects.tracks import selected_track
from hangd.client.control.tables.property import Property, PropertyTable, loaded, stored
from hangd.client.control.tables.tags import tag, tags_for_people
from hangd.engine.player_facts import Track, TrackKind

_STAT_SECONDS: Final = 0.1
"""How long reading ``file-size`` may hold up the event loop. Only a disk that is asleep or gone takes longer."""
_UNITS: Final = ("KiB", "MiB", "GiB", "TiB")


class _Bytes(Integer):
    """A number of bytes, for people in KiB and more, as mpv shows it."""

    def pretty(self, value: int) -> str:
        if value < 1024:
            return str(value)
        power = min((value.bit_length() - 1) // 10, len(_UNITS))
        return f"{value / 1024**power:.3f} {_UNITS[power - 1]}"


class _BitRate(Integer):
    """A number of bits per second, for people in thousands and more, as mpv shows it."""

    def pretty(self, value: int) -> str:
        kilo = value / 1000
        return f"{kilo:.0f} kbps" if kilo < 1000 else f"{kilo / 1000:.3f} Mbps"


@dataclass
class _FileSize:
    looked: bool = False
    bytes: int | None = None


def _size(properties: PropertyTable) -> int | None:
    """Return the size of the film's file: looked up once per entry, on a thread, because a disk can hang."""
    path = properties.path
    if path is None:
        return None
    size = properties.state(_FileSize, properties.viewer.playlist_entry_id)
    if not size.looked:
        size.looked = True

        def look() -> None:
            try:
                size.bytes = os.stat(path).st_size
            except (OSError, ValueError):
                pass  # The size stays unavailable.

        thread = Thread(target=look, name="file-size", daemon=True)
        thread.start()
        thread.join(_STAT_SECONDS)
    return size.bytes


def _title(properties: PropertyTable) -> str | None:
    path, viewer = properties.path, properties.viewer
    if path is None:
        return None
    if forced := properties.read("force-media-title"):
        return str(forced)
    playlist = viewer.playlist
    listed = playlist.entries()[playlist.playing].title if playlist.playing >= 0 else None
    named = next((value for key, value in viewer.description.metadata.items() if key.casefold() == "title"), None)
    return named or listed or PurePath(path).name


_DISPLAY_TAGS: Final = (
    "Artist Album Album_Artist Comment Composer Date Description Genre Performer Rating Series Title Track icy-title"
    " service_name Uploader Channel_URL"
).split()
"""The tags for people, in mpv's order: its option display-tags."""


def _filtered(tags: Mapping[str, str]) -> dict[str, str]:
    known = {key.casefold(): value for key, value in tags.items()}
    return {name: known[name.casefold()] for name in _DISPLAY_TAGS if name.casefold() in known}


_LAYOUTS: Final = {1: "mono", 2: "stereo"}
"""The channel layouts that follow from the number of channels."""

_MAY_LACK: Final = frozenset(
    "samplerate channel-count channels hr-channels format pixelformat hw-pixelformat average-bpp plane-depth"
    " aspect-name sar sar-name crop-x crop-y crop-w crop-h colormatrix colorlevels primaries gamma sig-peak light"
    " chroma-location stereo-in rotate alpha min-luma max-luma max-cll max-fall".split()
)
"""What mpv reports as well, where it knows it."""


def _display_size(track: Track) -> tuple[int, int] | None:
    """Return the size of the picture in square pixels. Neither side is smaller than it is stored."""
    if not track.width or not track.height:
        return None
    aspect = track.pixel_aspect or 1.0
    if aspect >= 1:
        return round(track.width * aspect), track.height
    return track.width, round(track.height / aspect)


def _rotation(properties: PropertyTable, track: Track) -> int:
    """Return the degrees by which the picture is turned clockwise, by its file and by the viewer."""
    return int((track.rotation or 0) + properties.read("video-rotate")) % 360


def _turned(properties: PropertyTable, track: Track) -> Track:
    """Return the track as if its picture were stored as it is shown."""
    if _rotation(properties, track) % 180 == 0:
        return track
    pixels = track.pixel_aspect and 1 / track.pixel_aspect
    return replace(track, width=track.height, height=track.width, pixel_aspect=pixels)


def _video_params(track: Track, rotation: int) -> dict[str, Any] | None:
    shown = _display_size(track)
    if shown is None:
        return None
    size = {"w": track.width, "h": track.height, "dw": shown[0], "dh": shown[1]}
    return {**size, "aspect": shown[0] / shown[1], "par": track.pixel_aspect or 1.0, "rotate": rotation}


def _audio_params(track: Track) -> dict[str, Any] | None:
    layout = _LAYOUTS.get(track.channels or 0)
    params = {
        "samplerate": track.sample_rate,
        "channel-count": track.channels,
        "channels": layout,
        "hr-channels": layout,
    }
    return {key: value for key, value in params.items() if value} or None


def _frame_count(properties: PropertyTable) -> int | None:
    """Return the number of frames that fit into the duration whole, as mpv does."""
    track, duration = selected_track(properties, "video"), properties.viewer.duration
    return None if track is None or not track.frame_rate or duration is None else int(duration * track.frame_rate)


def _frame_number(properties: PropertyTable) -> int | None:
    count, position, duration = _frame_count(properties), properties.viewer.position(), properties.viewer.duration
    return None if count is None or position is None or not duration else round(position / duration * count)


def _row(
    of: TrackKind,
    name: str,
    about: str,
    kind: Kind,
    read: Callable[[PropertyTable, Track], Any],
    aliases: tuple[str, ...],
) -> Property:
    """Make a row whose value is read from the selected track of this kind, if there is one."""

    def value(properties: PropertyTable) -> Any:
        track = selected_track(properties, of)
        return None if track is None else read(properties, track)

    return Property(name, about, kind, value, may_lack=_MAY_LACK, aliases=aliases)


def _of(of: TrackKind, name: str, about: str, kind: Kind, read: Callable[[Track], Any], *aliases: str) -> Property:
    """Make a row whose value is read from the selected track of this kind alone."""
    return _row(of, name, about, kind, lambda _, track: read(track), aliases)


def _picture(name: str, about: str, kind: Kind, read: Callable[[PropertyTable, Track], Any], *aliases: str) -> Property:
    """Make a row whose value is read from the selected video track, and from how the picture is turned."""
    return _row("video", name, about, kind, read, aliases)


PROPERTIES: Final = (
    Property("path", "path of the film's file", Text(), lambda p: p.path,
        aliases=("stream-open-filename", "stream-path")),
    Property("filename", "name of the film's file", Text(), lambda p: p.path and PurePath(p.path).name),
    Property("filename/no-ext", "name of the film's file without its extension", Text(),
        lambda p: p.path and PurePath(p.path).stem),
    Property("media-title", "title of the film: the forced one, or that of its file, the playlist, or the file's name",
        Text(), _title),
    stored("force-media-title", "title that films have in place of their own; empty: none", Text(), ""),
    Property("metadata", "tags of the film's file; metadata/by-key/NAME and metadata/list/N are single tags", Node(),
        loaded(lambda v: v.description.metadata), find=tag,
        pretty=lambda p: tags_for_people(p.viewer.description.metadata)),
    Property("filtered-metadata", "those tags of the film's file that mpv shows to people", Node(),
        loaded(lambda v: _filtered(v.description.metadata)), find=tag,
        pretty=lambda p: tags_for_people(_filtered(p.viewer.description.metadata))),
    Property("file-size", "size of the film's file, in bytes", _Bytes(), _size, aliases=("stream-end",)),
    Property("file-format", "container format of the file", Text(), loaded(lambda v: v.description.file_format)),
    _of("video", "width", "width of the stored picture, in pixels", Integer(), lambda t: t.width),
    _of("video", "height", "height of the stored picture, in pixels", Integer(), lambda t: t.height),
    _picture("dwidth", "width of the shown picture", Integer(),
        lambda p, t: (_display_size(_turned(p, t)) or (None,))[0]),
    _picture("dheight", "height of the shown picture", Integer(),
        lambda p, t: (_display_size(_turned(p, t)) or (None,))[-1]),
    _picture("video-params", "sizes and proportions of the stored picture, and the degrees by which it is turned",
        Node(), lambda p, t: _video_params(t, _rotation(p, t)), "video-dec-params"),
    _picture("video-out-params", "sizes and proportions of the shown picture", Node(),
        lambda p, t: _video_params(_turned(p, t), 0)),
    _of("video", "video-codec", "codec of the video", Text(), lambda t: t.codec, "video-format"),
    _of("video", "container-fps", "frame rate of the video, from the file", Double(), lambda t: t.frame_rate),
    _of("video", "video-bitrate", "bits of the video per second, on average, where the file tells", _BitRate(),
        lambda t: t.bitrate),
    _of("audio", "audio-bitrate", "bits of the audio per second, on average, where the file tells", _BitRate(),
        lambda t: t.bitrate),
    Property("estimated-frame-count", "approximate number of frames", Integer(),
        _frame_count),
    Property("estimated-frame-number", "approximate number of the current frame, from 0", Integer(),
        _frame_number, moves=True),
    _of("audio", "audio-params", "sample rate and channels of the audio", Node(), _audio_params),
    _of("audio", "audio-codec", "codec of the audio", Text(), lambda t: t.codec, "audio-codec-name"),
)  # fmt: skip
