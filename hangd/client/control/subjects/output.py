"""Picture and sound as this machine plays them: volume, window, proportions. Delays are in ``tracks``."""

from typing import Final

from hangd.client.control.language.kinds import Double, Flag, Switch, Text
from hangd.client.control.subjects.tracks import selected_track
from hangd.client.control.tables.placeholders import CONSTANTS
from hangd.client.control.tables.property import Property, stored
from hangd.engine.player_messages import SetAspect, SetDeinterlace, SetFullscreen, SetMute, SetVolume

_VOLUME_MAX: Final[float] = CONSTANTS["volume-max"]


PROPERTIES: Final = (
    Property("volume", "volume, in percent",
        Double(-1.0, 1000.0, show=lambda percent: str(int(percent))),  # As in mpv, which limits it only afterwards.
        lambda p: float(p.viewer.volume),
        lambda p, percent: p.viewer.play_command(SetVolume(min(max(percent, 0.0), _VOLUME_MAX))),
        limits=(0.0, _VOLUME_MAX), option=True),
    Property("mute", "whether the sound is off", Switch(),
        lambda p: p.viewer.mute, lambda p, mute: p.viewer.play_command(SetMute(mute)), option=True),
    Property("mixer-active", "whether an audio track plays", Flag(), lambda p: selected_track(p, "audio") is not None),
    Property("vo-configured", "whether a video track plays", Flag(), lambda p: selected_track(p, "video") is not None),
    Property("fullscreen", "whether the picture fills the screen", Flag(), lambda p: p.viewer.fullscreen,
        lambda p, fullscreen: p.viewer.play_command(SetFullscreen(fullscreen)), option=True, aliases=("fs",)),
    stored("title", "title of the window for clients; VLC shows the film's name", Text(), "${media-title} - hang"),
    stored("video-aspect-override", "proportions in which the picture is drawn, such as 16:9; -1: those of the film",
        Double(-1.0, 10.0), -1.0, lambda ratio: SetAspect(ratio if ratio > 0 else None)),
    stored("deinterlace", "whether interlaced video is deinterlaced", Flag(), False, SetDeinterlace),
)  # fmt: skip
