"""`DesiredPlayer`: what the player is wanted to be, so that another one can be made so."""

from typing import Any, Final, TypeVar

from hangd.engine import player_messages as messages
from hangd.engine.player_messages import PlayerCommand, PlayerSetting
from hangd.player.subtitles import AUTO

_Setting = TypeVar("_Setting", bound=PlayerSetting)

_BY_ITSELF: Final[tuple[PlayerSetting, ...]] = (
    messages.SetVolume(100.0),
    messages.SetMute(False),
    messages.SetFullscreen(False),
    messages.SetWindow(True),
    messages.SetAspect(None),
    messages.SetDeinterlace(False),
    messages.SetPicture(),
    messages.SetSubtitleLook(),
    messages.RaiseSubtitles(0.0),
    messages.SetWindowSize(0, 0),
    messages.SetDelay("audio", 0.0),
    messages.SetDelay("subtitle", 0.0),
    messages.SetSubtitleEncoding(AUTO),
    messages.ShowSubtitles(True),
    messages.SetAudioDevice("auto"),
)
"""What a player is by itself, in the order in which another one is made so."""
_SOUND: Final = (messages.SetDelay, "audio")


class DesiredPlayer:
    """What the player is wanted to be, by this viewer and this machine's settings: the last command of each kind.

    Not what it is.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[type, str], Any] = {}
        """By the kind of command, and by what is delayed."""
        for command in _BY_ITSELF:
            self.take(command)
        self.audio_offset = 0.0
        """Seconds by which this machine's sound is to come later (setting ``audio_offset_ms``). Added to the viewer's
        delay (the property ``audio-delay``)."""

    def take(self, command: PlayerCommand) -> None:
        """Remember what ``command`` wants, if it is of a kind that is to last."""
        match command:
            case messages.SetDelay(kind=kind):
                self._last[messages.SetDelay, kind] = command
            case messages.SetWindow(shown=shown):  # The display that it may name is for the player of now.
                self._last[messages.SetWindow, ""] = messages.SetWindow(shown)
            case _ if isinstance(command, PlayerSetting):
                self._last[type(command), ""] = command

    def wanted(self, kind: type[_Setting]) -> _Setting:
        """Return the command of this kind that holds now. Not for SetDelay, of which there are two."""
        command: _Setting = self._last[kind, ""]
        return command

    def sound_delay(self) -> messages.SetDelay:
        """Return the one delay that the player is given for its sound."""
        return messages.SetDelay("audio", self._last[_SOUND].seconds + self.audio_offset)

    def commands(self) -> list[PlayerCommand]:
        """Return what makes a new player so, as far as no film is needed for it."""
        return [*{**self._last, _SOUND: self.sound_delay()}.values()]
