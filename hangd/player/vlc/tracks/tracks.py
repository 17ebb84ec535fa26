"""Reading a file's tracks out of libVLC's lists and structs. Everything here runs on the owner thread."""

import ctypes
from types import ModuleType
from typing import Any, Final, NamedTuple

from hangd.engine.player_messages import Track, TrackKind
from hangd.player.vlc.structs import AudioStruct, TrackStruct, VideoStruct, read_array
from hangd.player.vlc.tracks import texts
from hangd.player.vlc.tracks.codecs import codec_name

__all__ = ["list_tracks", "picture_rate"]

_TRACKS_MAX: Final = 100
"""Of one kind. Files have a few dozen subtitles at the most; a transport stream may claim thousands."""
_STREAMS_MAX: Final = 1000
_TYPES: Final[dict[TrackKind, int]] = {"audio": 0, "video": 1, "subtitle": 2}
"""``libvlc_track_type_t``"""
_PIXELS_MAX: Final = 2**16
_CHANNELS_MAX: Final = 255
_SAMPLE_RATE_MAX: Final = 2**22
_FRAME_RATE_MAX: Final = 1000.0
_PIXEL_ASPECT_MAX: Final = 100.0
"""What a file claims beyond these is no fact of a film's."""


class _Stream(NamedTuple):
    """What the file says of a track; the fields are Track's."""

    language: str | None = None
    title: str | None = None
    codec: str | None = None
    channels: int | None = None
    sample_rate: int | None = None
    width: int | None = None
    height: int | None = None
    pixel_aspect: float | None = None
    frame_rate: float | None = None


def list_tracks(vlc: ModuleType, player: Any, media: Any) -> tuple[Track, ...]:
    """Return the tracks of ``media``, which ``player`` has open. Empty before it is open."""
    streams = _streams(vlc, media)
    listed: tuple[tuple[TrackKind, Any, int], ...] = (
        ("video", player.video_get_track_description(), player.video_get_track()),
        ("audio", player.audio_get_track_description(), player.audio_get_track()),
        ("subtitle", player.video_get_spu_description(), player.video_get_spu()),
    )
    tracks: list[Track] = []
    for kind, descriptions, selected in listed:
        names = [(number, name) for number, name in descriptions if number >= 0][:_TRACKS_MAX]  # -1 is "none"
        of_kind = {number: stream for number, of, stream in streams if of == _TYPES[kind]}
        if not of_kind.keys() >= {number for number, _ in names}:
            # A transport stream's are numbered otherwise in the one list than in the other, but in one order.
            of_kind = {number: stream for (number, _), stream in zip(names, of_kind.values(), strict=False)}
        for number, name in names:
            stream = of_kind.get(number, _Stream())
            tracks.append(Track(kind, number, texts.line(name), selected=number == selected, **stream._asdict()))
    return tuple(tracks)


def picture_rate(vlc: ModuleType, media: Any) -> float | None:
    """Return the frames a second of the first picture track, where the file tells."""
    return next((stream.frame_rate for _, _, stream in _streams(vlc, media) if stream.frame_rate), None)


def _streams(vlc: ModuleType, media: Any) -> list[tuple[int, int, _Stream]]:
    return read_array(
        vlc.MediaTrack,
        lambda array: int(vlc.libvlc_media_tracks_get(media, array)),
        vlc.libvlc_media_tracks_release,
        TrackStruct,
        _stream,
        most=_STREAMS_MAX,
    )


def _stream(struct: TrackStruct) -> tuple[int, int, _Stream]:
    """Return its id, its type, and the rest."""
    language = texts.line(struct.language)
    stream = _Stream(
        language=language if language not in ("", "und") else None,  # ISO 639-2 for "undetermined"
        title=texts.line(struct.description) or None,
        codec=codec_name(struct.codec),
    )
    if struct.type == _TYPES["video"] and struct.detail:
        video = ctypes.cast(struct.detail, ctypes.POINTER(VideoStruct)).contents
        stream = stream._replace(
            width=_count(video.width, _PIXELS_MAX),
            height=_count(video.height, _PIXELS_MAX),
            pixel_aspect=_ratio(video.sar_numerator, video.sar_denominator, _PIXEL_ASPECT_MAX),
            frame_rate=_ratio(video.frame_rate_numerator, video.frame_rate_denominator, _FRAME_RATE_MAX),
        )
    elif struct.type == _TYPES["audio"] and struct.detail:
        audio = ctypes.cast(struct.detail, ctypes.POINTER(AudioStruct)).contents
        stream = stream._replace(
            channels=_count(audio.channels, _CHANNELS_MAX), sample_rate=_count(audio.sample_rate, _SAMPLE_RATE_MAX)
        )
    return struct.id, struct.type, stream


def _count(number: int, most: int) -> int | None:
    return number if 0 < number <= most else None


def _ratio(numerator: int, denominator: int, most: float) -> float | None:
    """Return the quotient if it is one, and within 1 / ``most`` and ``most``."""
    if not numerator or not denominator:
        return None
    ratio = float(numerator / denominator)
    return ratio if 1 / most <= ratio <= most else None
