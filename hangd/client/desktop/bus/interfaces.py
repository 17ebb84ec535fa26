"""The two interfaces of MPRIS, as dbus-fast exports them. What they mean is in `controls`."""

from collections.abc import Awaitable
from typing import Annotated, Any, Final

from dbus_fast.annotations import (
    DBusBool,
    DBusDict,
    DBusDouble,
    DBusInt64,
    DBusObjectPath,
    DBusSignature,
    DBusStr,
)
from dbus_fast.constants import ErrorType, PropertyAccess
from dbus_fast.errors import DBusError
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal
from dbus_fast.signature import Variant

from hangd.client.control.port import CommandRefused
from hangd.client.desktop.bus.controls import Controls
from hangd.log import escape
from hangd.protocol.model import RATE_MAX, RATE_MIN

PATH: Final = "/org/mpris/MediaPlayer2"
ROOT: Final = "org.mpris.MediaPlayer2"
PLAYER: Final = "org.mpris.MediaPlayer2.Player"

MIME_TYPES: Final = (
    "video/3gpp video/3gpp2 video/mp2t video/mp4 video/mpeg video/ogg video/quicktime video/vnd.avi video/webm"
    " video/x-flv video/x-m4v video/x-matroska video/x-ms-wmv video/x-msvideo video/x-ogm+ogg video/x-theora+ogg"
    " audio/flac audio/mp4 audio/mpeg audio/ogg audio/x-wav"
).split()
"""What can be opened. The films are those of contrib/desktop/hang.desktop, which has no music."""

_READ: Final = PropertyAccess.READ
_Texts = Annotated[list[str], DBusSignature("as")]

_ERRORS: Final = {
    "Forbidden": ErrorType.ACCESS_DENIED,
    "NotSupported": ErrorType.NOT_SUPPORTED,
    "InvalidMessage": ErrorType.INVALID_ARGS,
    "TimedOut": ErrorType.TIMED_OUT,
}
"""The errors of refusals with these codes. All others are Failed."""


async def _answer(request: Awaitable[None]) -> None:
    """Wait for a request, and turn its refusal into an error of D-Bus."""
    try:
        await request
    except CommandRefused as refused:
        error = _ERRORS.get(refused.code or "", ErrorType.FAILED)
        raise DBusError(error, escape(refused.message or refused.error)) from None


def metadata_variants(metadata: dict[str, tuple[str, Any]]) -> dict[str, Variant]:
    return {name: Variant(signature, value) for name, (signature, value) in metadata.items()}


class Root(ServiceInterface):
    """org.mpris.MediaPlayer2"""

    def __init__(self, controls: Controls) -> None:
        super().__init__(ROOT)
        self._controls = controls

    @dbus_method()
    async def Raise(self) -> None:
        await _answer(self._controls.raise_window())

    @dbus_method()
    async def Quit(self) -> None:
        await _answer(self._controls.quit())

    @dbus_property(access=_READ)
    def CanQuit(self) -> DBusBool:
        return bool(self._controls.root_values()["CanQuit"])

    @dbus_property(access=_READ)
    def CanRaise(self) -> DBusBool:
        return bool(self._controls.root_values()["CanRaise"])

    @dbus_property(access=_READ)
    def CanSetFullscreen(self) -> DBusBool:
        return bool(self._controls.root_values()["CanSetFullscreen"])

    @dbus_property()
    def Fullscreen(self) -> DBusBool:
        return bool(self._controls.root_values()["Fullscreen"])

    @Fullscreen.setter
    async def set_fullscreen(self, fullscreen: DBusBool) -> None:
        await _answer(self._controls.set_fullscreen(fullscreen))

    @dbus_property(access=_READ)
    def HasTrackList(self) -> DBusBool:
        return False

    @dbus_property(access=_READ)
    def Identity(self) -> DBusStr:
        return "hang"

    @dbus_property(access=_READ)
    def DesktopEntry(self) -> DBusStr:
        return "hang"

    @dbus_property(access=_READ)
    def SupportedUriSchemes(self) -> _Texts:
        return ["file", "hang", "hangs"]

    @dbus_property(access=_READ)
    def SupportedMimeTypes(self) -> _Texts:
        return MIME_TYPES


class Player(ServiceInterface):
    """org.mpris.MediaPlayer2.Player"""

    def __init__(self, controls: Controls) -> None:
        super().__init__(PLAYER)
        self._controls = controls

    # ---- methods --------------------------------------------------------------------------------------------------

    @dbus_method()
    async def Next(self) -> None:
        await _answer(self._controls.next())

    @dbus_method()
    async def Previous(self) -> None:
        await _answer(self._controls.previous())

    @dbus_method()
    async def Pause(self) -> None:
        await _answer(self._controls.pause())

    @dbus_method()
    async def PlayPause(self) -> None:
        await _answer(self._controls.play_pause())

    @dbus_method()
    async def Stop(self) -> None:
        await _answer(self._controls.stop())

    @dbus_method()
    async def Play(self) -> None:
        await _answer(self._controls.play())

    @dbus_method()
    async def Seek(self, Offset: DBusInt64) -> None:
        await _answer(self._controls.seek(Offset))

    @dbus_method()
    async def SetPosition(self, TrackId: DBusObjectPath, Position: DBusInt64) -> None:
        await _answer(self._controls.set_position(TrackId, Position))

    @dbus_method()
    async def OpenUri(self, Uri: DBusStr) -> None:
        await _answer(self._controls.open(Uri))

    @dbus_signal()
    def Seeked(self, position: int) -> DBusInt64:
        return position

    # ---- properties -----------------------------------------------------------------------------------------------

    def _value(self, name: str) -> Any:
        return self._controls.values()[name]

    @dbus_property(access=_READ)
    def PlaybackStatus(self) -> DBusStr:
        return self._controls.status()

    @dbus_property()
    def LoopStatus(self) -> DBusStr:
        return str(self._value("LoopStatus"))

    @LoopStatus.setter
    async def set_loop_status(self, status: DBusStr) -> None:
        await _answer(self._controls.set_loop_status(status))

    @dbus_property()
    def Rate(self) -> DBusDouble:
        return float(self._value("Rate"))

    @Rate.setter
    async def set_rate(self, rate: DBusDouble) -> None:
        await _answer(self._controls.set_rate(rate))

    @dbus_property()
    def Shuffle(self) -> DBusBool:
        return bool(self._value("Shuffle"))

    @Shuffle.setter
    async def set_shuffle(self, shuffle: DBusBool) -> None:
        await _answer(self._controls.set_shuffle(shuffle))

    @dbus_property(access=_READ)
    def Metadata(self) -> DBusDict:
        return metadata_variants(self._value("Metadata"))

    @dbus_property()
    def Volume(self) -> DBusDouble:
        return float(self._value("Volume"))

    @Volume.setter
    async def set_volume(self, volume: DBusDouble) -> None:
        await _answer(self._controls.set_volume(volume))

    @dbus_property(access=_READ)
    def Position(self) -> DBusInt64:
        return self._controls.position()

    @dbus_property(access=_READ)
    def MinimumRate(self) -> DBusDouble:
        return RATE_MIN

    @dbus_property(access=_READ)
    def MaximumRate(self) -> DBusDouble:
        return RATE_MAX

    @dbus_property(access=_READ)
    def CanGoNext(self) -> DBusBool:
        return bool(self._value("CanGoNext"))

    @dbus_property(access=_READ)
    def CanGoPrevious(self) -> DBusBool:
        return bool(self._value("CanGoPrevious"))

    @dbus_property(access=_READ)
    def CanPlay(self) -> DBusBool:
        return bool(self._value("CanPlay"))

    @dbus_property(access=_READ)
    def CanPause(self) -> DBusBool:
        return bool(self._value("CanPause"))

    @dbus_property(access=_READ)
    def CanSeek(self) -> DBusBool:
        return bool(self._value("CanSeek"))

    @dbus_property(access=_READ)
    def CanControl(self) -> DBusBool:
        return True


for _silent in (Player.Position, Player.CanControl):  # MPRIS says so, and tools read it here
    _silent.introspection.annotations["org.freedesktop.DBus.Property.EmitsChangedSignal"] = "false"
