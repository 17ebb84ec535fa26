"""Picture and sound: how they come out of this machine, and what they are. Nobody else's matter."""

from typing import Final

from hangd.client.control.property_rows import Property, local, plain
from hangd.client.control.values import Double, Flag
from hangd.engine.playback import SetFullscreen, SetMute, SetVolume

__all__ = ["PROPERTIES"]

_FULL_VOLUME: Final = 130.0

PROPERTIES: Final = (
    Property(
        "volume",
        "how loud it plays here, in per cent",
        # mpv takes -1 to 1000, whatever the loudest it plays.
        Double(-1.0, 1000.0, show=lambda percent: str(int(percent))),
        plain(lambda c: float(c.volume)),
        local(lambda value: SetVolume(min(max(value, 0.0), _FULL_VOLUME))),
        limits=(0.0, _FULL_VOLUME),
    ),
    Property("volume-max", "the loudest it plays, in per cent", Double(), lambda _: _FULL_VOLUME),
    Property("mute", "whether it plays silently here", Flag(), plain(lambda c: c.mute), local(SetMute)),
    Property(
        "fullscreen",
        "whether the picture fills the screen",
        Flag(),
        plain(lambda c: c.fullscreen),
        local(SetFullscreen),
    ),
)
