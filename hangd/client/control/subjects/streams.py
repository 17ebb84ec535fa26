"""What picture and sound of the film are: sizes, codecs, rates, as its file says."""

from collections.abc import Callable
from typing import Any, Final

from hangd.client.control.language.kinds import Double, Integer, Kind, Node, Text
from hangd.client.control.tables.common import untold
from hangd.client.control.tables.property import Property, PropertyTable
from hangd.engine.player_messages import Track, TrackKind

__all__ = ["PROPERTIES", "picture"]

_LAYOUTS: Final = {1: "mono", 2: "stereo"}
"""Where a number of channels can be but one layout."""
_DECODER: Final = "VLC does not tell how it decodes"
_OUTPUT: Final = "VLC does not tell which of its outputs it uses"


def _selected(properties: PropertyTable, kind: TrackKind) -> Track | None:
    if properties.path is None:
        return None
    return next((track for track in properties.viewer.tracks if track.kind == kind and track.selected), None)


def picture(properties: PropertyTable) -> Track | None:
    """Return the track that is seen."""
    return _selected(properties, "video")


def _of(kind: TrackKind, read: Callable[[Track], Any]) -> Callable[[PropertyTable], Any]:
    def value(properties: PropertyTable) -> Any:
        track = _selected(properties, kind)
        return None if track is None else read(track)

    return value


def _shown(track: Track) -> tuple[int, int] | None:
    """How large the picture is where pixels are square: no side is made smaller."""
    if not track.width or not track.height:
        return None
    aspect = track.pixel_aspect or 1.0
    if aspect >= 1:
        return round(track.width * aspect), track.height
    return track.width, round(track.height / aspect)


def _video_params(track: Track) -> dict[str, Any] | None:
    shown = _shown(track)
    if shown is None:
        return None
    return {
        "w": track.width,
        "h": track.height,
        "dw": shown[0],
        "dh": shown[1],
        "aspect": shown[0] / shown[1],
        "par": track.pixel_aspect or 1.0,
    }


def _audio_params(track: Track) -> dict[str, Any] | None:
    known: dict[str, Any] = {}
    if track.sample_rate:
        known["samplerate"] = track.sample_rate
    if track.channels:
        known["channel-count"] = track.channels
        if track.channels in _LAYOUTS:
            known["channels"] = known["hr-channels"] = _LAYOUTS[track.channels]
    return known or None


def _frames(seconds: Callable[[PropertyTable], float | None]) -> Callable[[PropertyTable], int | None]:
    def count(properties: PropertyTable) -> int | None:
        track, span = picture(properties), seconds(properties)
        return None if track is None or not track.frame_rate or span is None else round(span * track.frame_rate)

    return count


_PARAMS: Final = frozenset(
    "samplerate channel-count channels hr-channels format pixelformat hw-pixelformat average-bpp plane-depth"
    " aspect-name sar sar-name crop-x crop-y crop-w crop-h colormatrix colorlevels primaries gamma sig-peak light"
    " chroma-location stereo-in rotate alpha min-luma max-luma max-cll max-fall".split()
)
"""What mpv tells beside, where it knows it."""


def _video(name: str, about: str, kind: Kind, read: Callable[[Track], Any]) -> Property:
    return Property(name, about, kind, _of("video", read), may_lack=_PARAMS)


def _audio(name: str, about: str, kind: Kind, read: Callable[[Track], Any]) -> Property:
    return Property(name, about, kind, _of("audio", read), may_lack=_PARAMS)


PROPERTIES: Final = (
    _video("width", "how wide the picture is stored, in pixels", Integer(), lambda t: t.width),
    _video("height", "how high the picture is stored, in pixels", Integer(), lambda t: t.height),
    _video("dwidth", "how wide the picture is shown, in its pixels", Integer(), lambda t: (_shown(t) or (None,))[0]),
    _video("dheight", "how high the picture is shown, in its pixels", Integer(), lambda t: (_shown(t) or (None,))[-1]),
    _video("video-params", "the picture's sizes and proportions", Node(), _video_params),
    _video("video-out-params", "the same as video-params", Node(), _video_params),
    _video("video-dec-params", "the same as video-params", Node(), _video_params),
    _video("video-codec", "how the picture is coded", Text(), lambda t: t.codec),
    _video("video-format", "how the picture is coded", Text(), lambda t: t.codec),
    _video("container-fps", "how many pictures a second there are, as the file says", Double(), lambda t: t.frame_rate),
    untold("estimated-vf-fps", "how many pictures a second are shown", Double(), _DECODER),
    Property(
        "estimated-frame-count",
        "about how many pictures the film has",
        Integer(),
        _frames(lambda p: p.viewer.duration),
    ),
    Property(
        "estimated-frame-number",
        "about which picture it is at",
        Integer(),
        _frames(lambda p: p.viewer.position()),
        moves=True,
    ),
    untold("video-bitrate", "how many bits a second the picture takes", Integer(), _DECODER),
    untold("hwdec", "what is to help decoding", Text(), _DECODER),
    untold("hwdec-current", "what helps decoding", Text(), _DECODER),
    untold("frame-drop-count", "how many pictures could not be shown in time", Integer(), _DECODER),
    untold("decoder-frame-drop-count", "how many pictures could not be decoded in time", Integer(), _DECODER),
    untold("current-vo", "what draws the picture", Text(), _OUTPUT),
    _audio("audio-params", "the sound's rate and channels", Node(), _audio_params),
    untold("audio-out-params", "the rate and channels that come out", Node(), _OUTPUT),
    _audio("audio-codec", "how the sound is coded", Text(), lambda t: t.codec),
    _audio("audio-codec-name", "how the sound is coded", Text(), lambda t: t.codec),
    untold("audio-bitrate", "how many bits a second the sound takes", Integer(), _DECODER),
    untold("current-ao", "what the sound comes out of", Text(), _OUTPUT),
)
