"""Picture and sound: how they come out of this machine. Nobody else's matter."""

from typing import Final

from hangd.client.control.language.kinds import Choice, Double, Flag, Integer, Node, Switch, Text
from hangd.client.control.tables.common import alias, fixed, kept, untold
from hangd.client.control.tables.property import Property, PropertyTable, local, plain
from hangd.engine.player_messages import SetAspect, SetDeinterlace, SetFullscreen, SetMute, SetVolume, TrackKind

__all__ = ["PROPERTIES"]

_FULL_VOLUME: Final = 130.0
_NOT_TOLD: Final = "VLC does not tell it"
_WINDOW: Final = "VLC does not tell how large its window is"
_DEVICES: Final = [{"name": "auto", "description": "Autoselect device"}]


def _plays(kind: TrackKind) -> Property:
    name, about = {
        "video": ("vo-configured", "whether there is a picture"),
        "audio": ("mixer-active", "whether there is sound"),
        "subtitle": ("", ""),
    }[kind]

    def read(properties: PropertyTable) -> bool:
        tracks = () if properties.path is None else properties.viewer.tracks
        return any(track.selected for track in tracks if track.kind == kind)

    return Property(name, about, Flag(), read)


_FULLSCREEN: Final = Property(
    "fullscreen",
    "whether the picture fills the screen",
    Flag(),
    plain(lambda c: c.fullscreen),
    local(SetFullscreen),
    option=True,
)

_SOUND: Final = (
    Property(
        "volume",
        "how loud it plays here, in per cent",
        # mpv takes -1 to 1000, whatever the loudest it plays.
        Double(-1.0, 1000.0, show=lambda percent: str(int(percent)), single=True),
        plain(lambda c: float(c.volume)),
        local(lambda value: SetVolume(min(max(value, 0.0), _FULL_VOLUME))),
        limits=(0.0, _FULL_VOLUME),
        option=True,
    ),
    fixed("volume-max", "the loudest it plays, in per cent", Double(), _FULL_VOLUME),
    Property("mute", "whether it plays silently here", Switch(), plain(lambda c: c.mute), local(SetMute), option=True),
    _plays("audio"),
    untold("ao-volume", "how loud the system plays it", Double(), "VLC has one volume, its own"),
    untold("ao-mute", "whether the system plays it silently", Flag(), "VLC has one volume, its own"),
    fixed("audio-device", "what it sounds from: whatever the system chooses", Text(), "auto"),
    Property("audio-device-list", "what it can sound from", Node(), lambda _: _DEVICES),
    fixed("audio-pitch-correction", "whether voices keep their pitch at other speeds", Flag(), True),
    fixed("replaygain", "whether films are made equally loud: no", Choice(options=("no",)), "no"),
)

_PICTURE: Final = (
    _FULLSCREEN,
    alias(_FULLSCREEN, "fs"),
    _plays("video"),
    Property("osd-width", "how wide text can be drawn on: 0, for it is not known", Integer(), lambda _: 0),
    Property("osd-height", "how high text can be drawn on: 0, for it is not known", Integer(), lambda _: 0),
    Property("osd-par", "how wide a point of it is: 0, for it is not known", Double(), lambda _: 0.0),
    Property(
        "osd-dimensions",
        "all of this together",
        Node(),
        lambda _: {"w": 0, "h": 0, "par": 0.0, "aspect": 0.0, "mt": 0, "mb": 0, "ml": 0, "mr": 0},
    ),
    fixed("osd-level", "how much is drawn on the picture: what it is told to", Integer(0, 3), 1),
    untold("display-names", "which screens the picture is on", Node(), _WINDOW),
    untold("display-width", "how wide the screen is", Integer(), _WINDOW),
    untold("display-height", "how high the screen is", Integer(), _WINDOW),
    untold("focused", "whether the window has the keyboard", Flag(), _NOT_TOLD),
    kept("title", "what clients call the window; VLC names its window after the film", Text(), "${media-title} - hang"),
    fixed("force-window", "whether there is a window without a picture: no", Flag(), False),
    fixed("screen", "which screen the window opens on: whichever the system chooses", Text(), "default"),
    fixed("ontop", "whether the window stays above others: no", Flag(), False),
    fixed("border", "whether the window has a border: as the system has it", Flag(), True),
    fixed("keepaspect", "whether the picture keeps its proportions: yes", Flag(), True),
    *(
        fixed(name, f"the picture's {name}: as it is in the film", Integer(-100, 100), 0)
        for name in ("brightness", "contrast", "saturation", "gamma", "hue")
    ),
    fixed("video-rotate", "by how many degrees the picture is turned: none", Integer(0, 359), 0),
    fixed("video-zoom", "how much larger the picture is drawn: not at all", Double(-20.0, 20.0), 0.0),
    fixed("panscan", "how much is cut off to fill the screen: nothing", Double(0.0, 1.0), 0.0),
    kept(
        "video-aspect-override",
        "the proportions that it is drawn in, 16:9 or the like; -1: the film's own",
        Double(-1.0, 10.0),
        -1.0,
        lambda ratio: SetAspect(ratio if ratio > 0 else None),
    ),
    kept("deinterlace", "whether whole pictures are made of interlaced ones", Flag(), False, SetDeinterlace),
)

PROPERTIES: Final = (*_SOUND, *_PICTURE)
