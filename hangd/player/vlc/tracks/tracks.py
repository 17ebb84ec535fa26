"""Read a film's tracks from libVLC's lists and structs. Owner thread only."""

import ctypes
from typing import Any, Final

from hangd.engine.player_facts import Track, TrackKind
from hangd.player.header.header import HeaderTrack
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.tracks import texts
from hangd.player.vlc.tracks.codecs import codec_name
from hangd.player.vlc.tracks.structs import AudioStruct, TrackStruct, VideoStruct, read_array

_TRACKS_MAX: Final = 100
"""Of one kind. Films have a few dozen subtitles at most; a transport stream can claim thousands."""
_STREAMS_MAX: Final = 1000
_TYPES: Final[dict[TrackKind, int]] = {"audio": 0, "video": 1, "subtitle": 2}
"""``libvlc_track_type_t``"""
_PIXELS_MAX: Final = 2**16
_CHANNELS_MAX: Final = 255
_SAMPLE_RATE_MAX: Final = 2**22
_BITRATE_MAX: Final = 10**10
_FRAME_RATE_MAX: Final = 1000.0
_PIXEL_ASPECT_MAX: Final = 100.0
"""A value beyond these is an error in the file, and is left out."""

_ROTATIONS: Final = {3: 180, 4: 90, 5: 270, 6: 90, 7: 270}
"""Degrees clockwise, by ``libvlc_video_orient_t``. That 4 and 7 are mirrored too is not told."""

COVER: Final = 0
"""The id of the cover, where there is one: VLC has no video track then."""

_Stream = dict[str, Any]
"""What the file says of a track, by the names of `Track`'s fields."""


def list_tracks(context: PlayerContext) -> tuple[Track, ...]:
    """Return the open film's tracks; nothing before it is open."""
    player, streams = context.player, _streams(context)
    listed: tuple[tuple[TrackKind, Any, int], ...] = (
        ("video", player.video_get_track_description(), player.video_get_track()),
        ("audio", player.audio_get_track_description(), player.audio_get_track()),
        ("subtitle", player.video_get_spu_description(), player.video_get_spu()),
    )
    _add_header(context, streams)
    tracks: list[Track] = []
    for kind, descriptions, selected in listed:
        names = [(number, name) for number, name in descriptions if number >= 0][:_TRACKS_MAX]  # -1 is "none"
        of_kind = {number: stream for number, of, stream in streams if of == _TYPES[kind]}
        if not of_kind.keys() >= {number for number, _ in names}:
            # A transport stream's tracks have other numbers in the one list than in the other, but the same order.
            of_kind = {number: stream for (number, _), stream in zip(names, of_kind.values(), strict=False)}
        for number, name in names:
            tracks.append(Track(kind, number, texts.line(name), number == selected, **of_kind.get(number, {})))
    return tuple(tracks)


def cover_track(context: PlayerContext) -> tuple[Track, ...]:
    """Return the cover of the open film as a track; nothing if it has none."""
    film, cover = context.film, context.film.cover
    if cover is None:
        return ()
    track = Track(
        "video",
        COVER,
        "Cover",
        film.is_cover_wanted,
        title=texts.line(cover.title) or None,
        codec=cover.codec,
        file=cover.file,
        width=cover.width,
        height=cover.height,
        is_cover=True,
    )
    return (track,)


def _add_header(context: PlayerContext, streams: list[tuple[int, int, _Stream]]) -> None:
    """Tell of the film's own tracks what its header names.

    VLC tells the channels that its decoder makes, and one for AAC makes stereo of mono. Bit rates it mostly does not
    know.
    """
    header = context.film.header
    kinds: tuple[tuple[TrackKind, tuple[HeaderTrack, ...]], ...] = (("video", header.video), ("audio", header.audio))
    for kind, tracks in kinds:
        own = [stream for _, of, stream in streams if of == _TYPES[kind]]
        for stream, track in zip(own, tracks, strict=False):
            if track.channels is not None and 0 < track.channels <= _CHANNELS_MAX:
                stream["channels"] = track.channels
            if track.bitrate is not None and 0 < track.bitrate <= _BITRATE_MAX:
                stream["bitrate"] = track.bitrate


def frame_rate(context: PlayerContext) -> float | None:
    """Return the frames per second of the first video track that tells."""
    return next((rate for _, _, stream in _streams(context) if (rate := stream.get("frame_rate"))), None)


def _streams(context: PlayerContext) -> list[tuple[int, int, _Stream]]:
    names = ("media_tracks_get", "media_tracks_release")
    return [_stream(s) for s in read_array(context.vlc, *names, TrackStruct, context.media, most=_STREAMS_MAX)]


def _stream(struct: TrackStruct) -> tuple[int, int, _Stream]:
    """Return a track's id, its type, and the rest."""
    language = texts.line(struct.language)
    stream: _Stream = {
        "language": language if language not in ("", "und") else None,  # ISO 639-2 for "undetermined"
        "title": texts.line(struct.description) or None,
        "codec": codec_name(struct.codec),
    }
    if struct.type == _TYPES["video"] and struct.detail:
        video = ctypes.cast(struct.detail, ctypes.POINTER(VideoStruct)).contents
        stream["width"] = _count(video.width, _PIXELS_MAX)
        stream["height"] = _count(video.height, _PIXELS_MAX)
        stream["pixel_aspect"] = _ratio(video.sar_num, video.sar_den, _PIXEL_ASPECT_MAX)
        stream["rotation"] = _ROTATIONS.get(video.orientation)
        stream["frame_rate"] = _ratio(video.frame_rate_num, video.frame_rate_den, _FRAME_RATE_MAX)
    elif struct.type == _TYPES["audio"] and struct.detail:
        audio = ctypes.cast(struct.detail, ctypes.POINTER(AudioStruct)).contents
        stream["channels"] = _count(audio.channels, _CHANNELS_MAX)
        stream["sample_rate"] = _count(audio.sample_rate, _SAMPLE_RATE_MAX)
    return struct.id, struct.type, stream


def _count(number: int, most: int) -> int | None:
    return number if 0 < number <= most else None


def _ratio(numerator: int, denominator: int, most: float) -> float | None:
    """Return the quotient if there is one and it is between 1 / ``most`` and ``most``."""
    if not numerator or not denominator:
        return None
    ratio = float(numerator / denominator)
    return ratio if 1 / most <= ratio <= most else None
