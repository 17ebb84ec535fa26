"""libVLC's structs as they lie in memory, and its arrays of pointers to them.

python-vlc 3.0.21203 lays out the union in ``libvlc_media_track_t`` as three members and so reads garbage, raises for
text that is not UTF-8, and for a film without chapters. So what comes from a file is read here.
"""

import ctypes
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

__all__ = ["AudioStruct", "ChapterStruct", "SlaveStruct", "TrackStruct", "VideoStruct", "read_array", "read_meta"]


class AudioStruct(ctypes.Structure):
    """``libvlc_audio_track_t``"""

    _fields_ = (("channels", ctypes.c_uint), ("sample_rate", ctypes.c_uint))


class VideoStruct(ctypes.Structure):
    """The beginning of ``libvlc_video_track_t``."""

    _fields_ = (
        ("height", ctypes.c_uint),
        ("width", ctypes.c_uint),
        ("sar_numerator", ctypes.c_uint),
        ("sar_denominator", ctypes.c_uint),
        ("frame_rate_numerator", ctypes.c_uint),
        ("frame_rate_denominator", ctypes.c_uint),
    )


class TrackStruct(ctypes.Structure):
    """``libvlc_media_track_t``. ``detail`` points to one of the two above, or to what subtitles have."""

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
_Read = TypeVar("_Read")


def read_array(
    element: Any,
    fill: Callable[[Any], int],
    release: Callable[[Any, int], object],
    struct: type[_Struct],
    read: Callable[[_Struct], _Read],
    *,
    most: int,
) -> list[_Read]:
    """Read what libVLC writes into an array of pointers, and give the array back to it.

    Args:
        element: python-vlc's class of what is pointed to.
        fill: libVLC's function: is handed a reference to a pointer, and returns how many there are, or less than 1.
        release: gives the array back.
        struct, read: what each is, and what to take of it.
        most: how many to read of them.
    """
    array = ctypes.POINTER(element)()
    count = fill(ctypes.byref(array))
    if count <= 0:
        return []
    structs = ctypes.cast(array, ctypes.POINTER(ctypes.POINTER(struct)))
    try:
        return [read(structs[index].contents) for index in range(min(count, most))]
    finally:
        release(ctypes.cast(array, ctypes.POINTER(ctypes.POINTER(element))), count)


def read_meta(vlc: ModuleType, media: Any, name: str) -> bytes | None:
    """Return one tag of ``media`` by libVLC's name for it, as it is."""
    get = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(("libvlc_media_get_meta", vlc.dll))
    found = get(media, getattr(vlc.Meta, name).value)
    if not found:
        return None
    try:
        return ctypes.string_at(found)
    finally:
        vlc.libvlc_free(found)
