"""Picture and sound as this machine plays them: volume, window, proportions. Delays are in ``tracks``."""

from typing import Any, Final, Literal

from msgspec import structs

from hangd.client.control.language.kinds import Color, Double, Flag, Integer, Kind, Node, Switch, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.subjects.tracks import in_ms, selected_track
from hangd.client.control.tables.placeholders import CONSTANTS
from hangd.client.control.tables.property import Property, PropertyTable, loaded, stored
from hangd.engine.player_messages import (
    SetAspect,
    SetAudioDevice,
    SetDeinterlace,
    SetFullscreen,
    SetMute,
    SetPicture,
    SetSubtitleLook,
    SetVolume,
)

_VOLUME_MAX: Final[float] = CONSTANTS["volume-max"]
_OFFSET_MAX: Final = 60.0
"""Seconds. As for the settings video_offset_ms and audio_offset_ms."""


_SIZES: Final = (4.5, 225.0)
"""VLC draws text no smaller and no larger than this, in a picture of 720 lines: 0.1 to 5 times its usual size."""
_BORDER_MAX: Final = 22.5
_LOWEST: Final = 100
"""Per cent of the picture's height."""
_AUTO: Final = {"name": "auto", "description": "Autoselect device"}
_COLOURS: Final = ("brightness", "contrast", "saturation", "gamma", "hue")
_ROTATIONS: Final = (0, 90, 180, 270)


def _set_picture(properties: PropertyTable, field: str, value: int) -> None:
    properties.viewer.play_command(structs.replace(properties.viewer.wanted(SetPicture), **{field: value}))


def _colour(name: str) -> Property:
    return Property(name, f"{name} of the picture; 0: as in the film", Integer(-100, 100),
        lambda p: getattr(p.viewer.wanted(SetPicture), name), lambda p, value: _set_picture(p, name, value),
        option=True)  # fmt: skip


def _rotate(properties: PropertyTable, degrees: int) -> None:
    if degrees not in _ROTATIONS:
        raise CommandRefused.inaccessible("NotSupported", "VLC turns the picture by 0, 90, 180 or 270 degrees only")
    _set_picture(properties, "rotation", degrees)


def _subtitles(name: str, about: str, kind: Kind, field: str) -> Property:
    """Make the row for something about the look of subtitles."""

    def write(properties: PropertyTable, value: Any) -> None:
        look = structs.replace(properties.viewer.wanted(SetSubtitleLook), **{field: value})
        if look.position > _LOWEST:
            raise CommandRefused.inaccessible(
                "NotSupported", "VLC draws subtitles no lower than where they usually are"
            )
        if not _SIZES[0] <= look.scale * look.font_size <= _SIZES[1]:
            raise CommandRefused.inaccessible("NotSupported", "VLC draws subtitles at 0.1 to 5 times their size only")
        if not 0 <= look.border_size <= _BORDER_MAX:
            raise CommandRefused.inaccessible("NotSupported", f"VLC draws borders of 0 to {_BORDER_MAX:g} only")
        properties.viewer.play_command(look)

    return Property(name, about, kind, lambda p: kind.shown(getattr(p.viewer.wanted(SetSubtitleLook), field)), write,
        option=True)  # fmt: skip


def _measured(name: str, about: str, kind: Kind, field: str, *aliases: str) -> Property:
    """Make the row for one of the player's statistics."""
    return Property(name, about, kind, loaded(lambda v: getattr(v.statistics, field)), aliases=aliases)


def _offset(part: Literal["video", "audio"], what: str) -> Property:
    return Property(f"{part}-offset", f"by how many seconds this machine {what} earlier; negative: later",
        Double(-_OFFSET_MAX, _OFFSET_MAX, show=in_ms), lambda p: p.viewer.offset(part),
        lambda p, seconds: p.viewer.set_offset(part, seconds))  # fmt: skip


PROPERTIES: Final = (
    Property("volume", "volume, in percent",
        Double(0.0, _VOLUME_MAX, show=lambda percent: str(int(percent))),
        lambda p: float(p.viewer.wanted(SetVolume).percent),
        lambda p, percent: p.viewer.play_command(SetVolume(percent)), option=True),
    Property("mute", "whether the sound is off", Switch(),
        lambda p: p.viewer.wanted(SetMute).mute, lambda p, mute: p.viewer.play_command(SetMute(mute)), option=True),
    Property("audio-device", "name of the device that plays the sound, or auto; where it is not there, the default one",
        Text(), lambda p: p.viewer.wanted(SetAudioDevice).name,
        lambda p, name: p.viewer.play_command(SetAudioDevice(name)), option=True),
    Property("audio-device-list", "devices that can play the sound: names for audio-device, with descriptions", Node(),
        lambda p: [_AUTO, *({"name": d.name, "description": d.description} for d in p.viewer.audio_devices)]),
    Property("mixer-active", "whether an audio track plays", Flag(), lambda p: selected_track(p, "audio") is not None),
    Property("vo-configured", "whether a video track plays", Flag(), lambda p: selected_track(p, "video") is not None),
    Property("fullscreen", "whether the picture fills the screen", Flag(),
        lambda p: p.viewer.wanted(SetFullscreen).fullscreen,
        lambda p, fullscreen: p.viewer.play_command(SetFullscreen(fullscreen)), option=True, aliases=("fs",)),
    _offset("video", "shows the picture"),
    _offset("audio", "plays the sound"),
    *map(_colour, _COLOURS),
    Property("video-rotate", "degrees by which the picture is turned clockwise: 0, 90, 180 or 270", Integer(0, 359),
        lambda p: p.viewer.wanted(SetPicture).rotation, _rotate, option=True),
    _subtitles("sub-scale", "size of subtitles that are text, relative to sub-font-size; from the next line on",
        Double(0.0, 100.0), "scale"),
    _subtitles("sub-font-size", "size of subtitles that are text, in a picture of 720 lines; 45 is VLC's own",
        Double(0.0, 9000.0), "font_size"),
    _subtitles("sub-pos", "how far down subtitles stand, in percent; 100: where they usually do",
        Integer(0, 150, show=lambda percent: f"{percent}/100"), "position"),
    _subtitles("sub-font", "name of the font of subtitles that are plain text, from the next film on", Text(), "font"),
    _subtitles("sub-bold", "whether subtitles that are plain text are bold, from the next film on", Flag(), "bold"),
    _subtitles("sub-color", "colour of subtitles that are plain text, from the next line on: #AARRGGBB", Color(),
        "color"),
    _subtitles("sub-border-color", "colour of their border, from the next film on: #AARRGGBB", Color(), "border_color"),
    _subtitles("sub-border-size", "width of their border, in a picture of 720 lines, from the next line on", Double(),
        "border_size"),
    _subtitles("sub-back-color", "colour behind them, from the next line on: #AARRGGBB; an alpha of 00: none", Color(),
        "back_color"),
    _measured("current-vo", "VLC's video output; null: there is no picture", Text(), "video_output"),
    _measured("current-ao", "VLC's audio output; pulse: hangd plays the sound itself; null: there is no sound", Text(),
        "audio_output"),
    _measured("hwdec-current", "VLC's hardware decoder for the video; no: there is none", Text(), "hardware_decoder"),
    _measured("current-demuxer", "VLC's module that reads the film's file", Text(), "demuxer"),
    _measured("frame-drop-count", "number of the film's frames that came too late to be shown", Integer(),
        "frames_dropped", "vo-drop-frame-count"),
    _measured("estimated-vf-fps", "frames shown per second of the film, over the last ten seconds", Double(),
        "frame_rate"),
    stored("title", "title of the window for clients; the real one names the film and the room", Text(),
        "${media-title} - hang"),
    stored("video-aspect-override", "proportions in which the picture is drawn, such as 16:9; -1: those of the film",
        Double(-1.0, 10.0), -1.0, lambda ratio: SetAspect(ratio if ratio > 0 else None)),
    stored("deinterlace", "whether interlaced video is deinterlaced", Flag(), False, SetDeinterlace),
)  # fmt: skip
