"""Reading a file's tracks out of libVLC's lists and structs. Everything here runs on the owner thread."""

import ctypes
from types import ModuleType
from typing import Any, NamedTuple

from hangd.engine.playback import Track, TrackKind

__all__ = ["list_tracks", "picture_rate"]

_NAME_LENGTH = 200
_VIDEO = 1
"""``libvlc_track_video``"""


class _VideoStruct(ctypes.Structure):
    """The beginning of ``libvlc_video_track_t``."""

    _fields_ = (
        ("height", ctypes.c_uint),
        ("width", ctypes.c_uint),
        ("sar_numerator", ctypes.c_uint),
        ("sar_denominator", ctypes.c_uint),
        ("frame_rate_numerator", ctypes.c_uint),
        ("frame_rate_denominator", ctypes.c_uint),
    )


class _TrackStruct(ctypes.Structure):
    """``libvlc_media_track_t``. python-vlc 3.0.21203 lays its union out as three members, and so reads garbage."""

    _fields_ = (
        ("codec", ctypes.c_uint32),
        ("original_fourcc", ctypes.c_uint32),
        ("id", ctypes.c_int),
        ("type", ctypes.c_int),
        ("profile", ctypes.c_int),
        ("level", ctypes.c_int),
        ("detail", ctypes.c_void_p),
        ("bitrate", ctypes.c_uint),
        ("language", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
    )


class _Stream(NamedTuple):
    id: int
    language: str | None
    picture_rate: float | None


def list_tracks(vlc: ModuleType, player: Any, media: Any) -> tuple[Track, ...]:
    """Return the tracks of ``media``, which ``player`` has open. Empty before it is open."""
    languages = {stream.id: stream.language for stream in _streams(vlc, media)}
    listed: tuple[tuple[TrackKind, Any, int], ...] = (
        ("video", player.video_get_track_description(), player.video_get_track()),
        ("audio", player.audio_get_track_description(), player.audio_get_track()),
        ("subtitle", player.video_get_spu_description(), player.video_get_spu()),
    )
    return tuple(
        Track(kind=kind, id=number, name=_text(name), selected=number == selected, language=languages.get(number))
        for kind, descriptions, selected in listed
        for number, name in descriptions
        if number >= 0  # -1 is VLC's entry for "none"
    )


def picture_rate(vlc: ModuleType, media: Any) -> float | None:
    """Return the frames a second of the first picture track, where the file tells."""
    return next((stream.picture_rate for stream in _streams(vlc, media) if stream.picture_rate), None)


def _streams(vlc: ModuleType, media: Any) -> list[_Stream]:
    array = ctypes.POINTER(vlc.MediaTrack)()
    count = vlc.libvlc_media_tracks_get(media, ctypes.byref(array))
    if not count:
        return []
    structs = ctypes.cast(array, ctypes.POINTER(ctypes.POINTER(_TrackStruct)))
    try:
        return [_stream(structs[index].contents) for index in range(count)]
    finally:
        vlc.libvlc_media_tracks_release(ctypes.cast(array, ctypes.POINTER(ctypes.POINTER(vlc.MediaTrack))), count)


def _stream(struct: _TrackStruct) -> _Stream:
    rate = None
    if struct.type == _VIDEO and struct.detail:
        video = ctypes.cast(struct.detail, ctypes.POINTER(_VideoStruct)).contents
        if video.frame_rate_numerator and video.frame_rate_denominator:
            rate = float(video.frame_rate_numerator / video.frame_rate_denominator)
    return _Stream(struct.id, _text(struct.language) or None, rate)


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")[:_NAME_LENGTH]
