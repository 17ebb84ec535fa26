"""libVLC's structs as they lie in memory, and how to read its arrays of pointers to them.

python-vlc's own are not used: 3.0.21203 lays out the union in ``libvlc_media_track_t`` as three members and so reads
garbage, and it raises for text that is not UTF-8 and for a film without chapters.
"""

import ctypes
from collections.abc import Iterator
from types import ModuleType
from typing import Any, TypeVar


def _unsigned(*names: str) -> tuple[tuple[str, Any], ...]:
    return tuple((name, ctypes.c_uint) for name in names)


class AudioStruct(ctypes.Structure):
    """``libvlc_audio_track_t``"""

    _fields_ = _unsigned("channels", "sample_rate")


class VideoStruct(ctypes.Structure):
    """The beginning of ``libvlc_video_track_t``."""

    _fields_ = _unsigned("height", "width", "sar_num", "sar_den", "frame_rate_num", "frame_rate_den", "orientation")


class TrackStruct(ctypes.Structure):
    """``libvlc_media_track_t``. ``detail`` points to an AudioStruct or VideoStruct, or to what subtitles have."""

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


class ChapterStruct(ctypes.Structure):
    """``libvlc_chapter_description_t``"""

    _fields_ = (("start_ms", ctypes.c_int64), ("duration_ms", ctypes.c_int64), ("name", ctypes.c_char_p))


class SlaveStruct(ctypes.Structure):
    """``libvlc_media_slave_t``"""

    _fields_ = (("uri", ctypes.c_char_p), ("type", ctypes.c_int), ("priority", ctypes.c_uint))


_Struct = TypeVar("_Struct", bound=ctypes.Structure)


def read_array(
    vlc: ModuleType, get: str, release: str, struct: type[_Struct], *source: Any, most: int
) -> Iterator[_Struct]:
    """Yield the structs of an array of pointers that libVLC allocates. They are released after the last one.

    Args:
        get, release: the names of libVLC's functions, without "libvlc_".
        source: what ``get`` is given before the reference through which it returns the array.
        most: how many to read at most.
    """
    array = ctypes.POINTER(ctypes.POINTER(struct))()
    count = getattr(vlc.dll, f"libvlc_{get}")(*source, ctypes.byref(array))
    if count <= 0:
        return
    try:
        for index in range(min(count, most)):
            yield array[index].contents
    finally:
        getattr(vlc.dll, f"libvlc_{release}")(array, count)


def read_meta(vlc: ModuleType, media: Any, name: str) -> bytes | None:
    """Return the raw value of one tag of ``media``. ``name`` is libVLC's name of the tag."""
    get = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(("libvlc_media_get_meta", vlc.dll))
    found = get(media, getattr(vlc.Meta, name).value)
    if not found:
        return None
    try:
        return ctypes.string_at(found)
    finally:
        vlc.libvlc_free(found)
