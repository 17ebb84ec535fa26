"""The film: the names and tags of its file, and the format of its video and audio."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from threading import Thread
from typing import Any, Final

from hangd.client.control.language.kinds import Double, Integer, Kind, Node, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.subjects.tracks import selected_track
from hangd.client.control.tables.property import Property, PropertyTable, loaded, walk
from hangd.engine.player_messages import Track, TrackKind

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
    playlist = viewer.playlist
    listed = playlist.entries()[playlist.playing].title if playlist.playing >= 0 else None
    return viewer.description.metadata.get("title") or listed or PurePath(path).name


def _tag(tags: Mapping[str, str], path: Sequence[str]) -> Any:
    """Return what is at a sub-path of the tags: ``list/N``, ``by-key/NAME`` or ``NAME``, in upper or lower case."""
    if path[0] == "list":
        return walk([{"key": key, "value": value} for key, value in tags.items()], path[1:])
    name = "/".join(path[1:] if path[0] == "by-key" else path).casefold()
    for key, value in tags.items():
        if key.casefold() == name:
            return value
    raise CommandRefused.unknown_property()


def _tags_for_people(properties: PropertyTable) -> str:
    tags = properties.viewer.description.metadata
    return "".join(f"{key}: {value}\n" for key, value in tags.items()) or "(empty)"


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


def _video_params(track: Track) -> dict[str, Any] | None:
    shown = _display_size(track)
    if shown is None:
        return None
    size = {"w": track.width, "h": track.height, "dw": shown[0], "dh": shown[1]}
    return {**size, "aspect": shown[0] / shown[1], "par": track.pixel_aspect or 1.0}


def _audio_params(track: Track) -> dict[str, Any] | None:
    layout = _LAYOUTS.get(track.channels or 0)
    params = {
        "samplerate": track.sample_rate,
        "channel-count": track.channels,
        "channels": layout,
        "hr-channels": layout,
    }
    return {key: value for key, value in params.items() if value} or None


def _frames(properties: PropertyTable, seconds: float | None) -> int | None:
    track = selected_track(properties, "video")
    return None if track is None or not track.frame_rate or seconds is None else round(seconds * track.frame_rate)


def _of(
    track_kind: TrackKind, name: str, about: str, kind: Kind, read: Callable[[Track], Any], *aliases: str
) -> Property:
    """Make a row whose value is read from the selected track of this kind."""

    def value(properties: PropertyTable) -> Any:
        track = selected_track(properties, track_kind)
        return None if track is None else read(track)

    return Property(name, about, kind, value, may_lack=_MAY_LACK, aliases=aliases)


PROPERTIES: Final = (
    Property("path", "path of the film's file", Text(), lambda p: p.path,
        aliases=("stream-open-filename", "stream-path")),
    Property("filename", "name of the film's file", Text(), lambda p: p.path and PurePath(p.path).name),
    Property("filename/no-ext", "name of the film's file without its extension", Text(),
        lambda p: p.path and PurePath(p.path).stem),
    Property("media-title", "title of the film: from its file, the playlist, or the file's name", Text(), _title),
    Property("metadata", "tags of the film's file; metadata/by-key/NAME and metadata/list/N are single tags", Node(),
        loaded(lambda v: v.description.metadata), find=_tag, pretty=_tags_for_people, aliases=("filtered-metadata",)),
    Property("file-size", "size of the film's file, in bytes", _Bytes(), _size, aliases=("stream-end",)),
    Property("file-format", "container format of the file", Text(), loaded(lambda v: v.description.file_format)),
    _of("video", "width", "width of the stored picture, in pixels", Integer(), lambda t: t.width),
    _of("video", "height", "height of the stored picture, in pixels", Integer(), lambda t: t.height),
    _of("video", "dwidth", "width of the shown picture", Integer(), lambda t: (_display_size(t) or (None,))[0]),
    _of("video", "dheight", "height of the shown picture", Integer(), lambda t: (_display_size(t) or (None,))[-1]),
    _of("video", "video-params", "sizes and proportions of the picture", Node(), _video_params,
        "video-out-params", "video-dec-params"),
    _of("video", "video-codec", "codec of the video", Text(), lambda t: t.codec, "video-format"),
    _of("video", "container-fps", "frame rate of the video, from the file", Double(), lambda t: t.frame_rate),
    Property("estimated-frame-count", "approximate number of frames", Integer(),
        lambda p: _frames(p, p.viewer.duration)),
    Property("estimated-frame-number", "approximate number of the current frame, from 0", Integer(),
        lambda p: _frames(p, p.viewer.position()), moves=True),
    _of("audio", "audio-params", "sample rate and channels of the audio", Node(), _audio_params),
    _of("audio", "audio-codec", "codec of the audio", Text(), lambda t: t.codec, "audio-codec-name"),
)  # fmt: skip
