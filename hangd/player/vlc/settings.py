"""What each viewer sets for themselves: volume, tracks, subtitles, delays, text, full screen. Owner thread only."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, Literal

from hangd.engine.player_messages import (
    AddAudioFile,
    AddSubtitleFile,
    CommandFailed,
    Loaded,
    PlayerEvent,
    RemoveTrack,
    SelectTrack,
    SetAspect,
    SetDeinterlace,
    SetDelay,
    SetFullscreen,
    SetMute,
    SetVolume,
    ShowText,
    TakePicture,
    Track,
    TracksChanged,
    VolumeChanged,
)
from hangd.player.audio.vlc_output import Sound
from hangd.player.vlc.film import Film
from hangd.player.vlc.snapshot import VlcPicture
from hangd.player.vlc.tracks.choice import VlcChoice
from hangd.player.vlc.tracks.description import describe
from hangd.player.vlc.tracks.tracks import list_tracks

__all__ = ["NeedsMedia", "NeedsNothing", "VlcLocal"]

NeedsNothing = SetVolume | SetMute | SetFullscreen | SetDelay | SetAspect | SetDeinterlace
NeedsMedia = SelectTrack | AddSubtitleFile | AddAudioFile | RemoveTrack | ShowText | TakePicture

_VOLUME_MAX: Final = 130.0
_TEXT_LENGTH: Final = 200
_TEXT_BELOW: Final = 8
"""The marquee's number for the bottom, in the middle."""
_ASPECT_MAX: Final = 20.0
_ASPECT_STEPS: Final = 10_000
"""libVLC takes two whole numbers."""


class VlcLocal:
    """Keeps what VLC forgets from file to file. `opened`, `started` and `closed` tell it of those."""

    def __init__(self, vlc: ModuleType, player: Any, emit: Callable[[PlayerEvent], None], *, own_sound: bool) -> None:
        self._vlc = vlc
        self._player = player
        self._emit = emit
        self._media: Any = None
        self.generation = 0
        self._choice = VlcChoice(vlc, player, self._tell_tracks, self._refuse)
        self.picture = VlcPicture(player, emit)
        self._sound = Sound(vlc, player) if own_sound else None
        self._volume: float | None = None
        self._mute: bool | None = None
        self._volume_due = False
        """What VLC was told of volume before there was sound, it may have lost."""
        self._hushed = False
        self._delays: dict[Literal["audio", "subtitle"], float] = {}

    def close(self) -> None:
        """To be called once the player is no more."""
        if self._sound is not None:
            self._sound.close()

    # ---- files come and go ----------------------------------------------------------------------------------------

    def opening(self, media: Any, film: Film) -> None:
        self.hush(False)
        self._choice.opening(media, film.path, again=film.announced)
        self._media = media
        self._volume_due = True

    def opened(self, film: Film) -> None:
        """VLC resets delays with each file. A file that is opened again after its end is no news."""
        for kind in self._delays:
            self._apply_delay(kind)
        tracks = self._choice.opened()
        if not film.announced:
            film.announced = True
            about = describe(self._vlc, self._player, self._media, film.path, film.duration)
            self._emit(Loaded(self.generation, film.duration, tracks, about))

    def roused(self) -> None:
        """A first picture was made, and with it VLC knows what codecs say of it."""
        self.hush(False)
        self._choice.look()

    def late(self, seconds: float) -> None:
        """What VLC dates from here on is so late, until its clock is moved."""
        if self._sound is not None:
            self._sound.late(seconds)

    def moved(self) -> None:
        """VLC's clock has been moved by that."""
        if self._sound is not None:
            self._sound.moved()

    def started(self) -> None:
        if self._volume_due:
            self._volume_due = False
            self._apply_volume()
            self._choice.look()

    def closed(self) -> None:
        self.hush(False)
        self._choice.closed()

    def tracks_changed(self) -> None:
        self._choice.look()

    @property
    def due(self) -> float | None:
        return self._choice.added.due

    def expire(self, now: float) -> None:
        self._choice.added.expire(now)

    def tracks(self) -> tuple[Track, ...]:
        return list_tracks(self._vlc, self._player, self._media)

    def hush(self, hushed: bool) -> None:
        """Let nothing be heard for a moment, and take back no mute but our own."""
        if hushed != self._hushed and (self._hushed or self._player.audio_get_mute() == 0):
            self._hushed = hushed
            self._player.audio_set_mute(hushed)

    # ---- commands -------------------------------------------------------------------------------------------------

    def do(self, command: NeedsNothing | NeedsMedia) -> None:
        match command:
            case SetVolume(percent=percent):
                self._volume = min(max(percent, 0.0), _VOLUME_MAX)
                self._change_volume()
            case SetMute(mute=mute):
                self._mute = mute
                self._change_volume()
            case SetFullscreen(fullscreen=fullscreen):
                self._player.set_fullscreen(fullscreen)
            case SetAspect(ratio=ratio):
                self._set_aspect(ratio)
            case SetDeinterlace(deinterlace=deinterlace):
                self._player.video_set_deinterlace("yadif" if deinterlace else None)
            case SetDelay(kind=kind, seconds=seconds):
                self._delays[kind] = seconds
                self._apply_delay(kind)
            case ShowText():
                self._show(command)
            case TakePicture():
                self.picture.take(command, self.generation)
            case _:
                self._choice.do(command)

    def _change_volume(self) -> None:
        self._apply_volume()
        self._volume_due = True
        percent = 100.0 if self._volume is None else self._volume
        self._emit(VolumeChanged(self.generation, percent, bool(self._mute)))

    def _apply_volume(self) -> None:
        if self._volume is not None:
            self._player.audio_set_volume(round(self._volume))
        if self._mute is not None:
            self._player.audio_set_mute(self._mute)
            self._hushed = False

    def _apply_delay(self, kind: Literal["audio", "subtitle"]) -> None:
        microseconds = round(self._delays[kind] * 1e6)
        if kind == "audio":
            self._player.audio_set_delay(microseconds)
        else:
            self._player.video_set_spu_delay(microseconds)

    def _set_aspect(self, ratio: float | None) -> None:
        if ratio is None:
            self._player.video_set_aspect_ratio(None)
        elif 1 / _ASPECT_MAX <= ratio <= _ASPECT_MAX:
            self._player.video_set_aspect_ratio(f"{round(ratio * _ASPECT_STEPS)}:{_ASPECT_STEPS}")
        else:
            self._refuse("SetAspect", f"no picture is {ratio:g} times as wide as high")

    def _show(self, command: ShowText) -> None:
        line = "".join(c if c.isprintable() else " " for c in command.text[:_TEXT_LENGTH])
        options = self._vlc.VideoMarqueeOption
        height = max(self._player.video_get_size(0)[1], 180)
        self._player.video_set_marquee_int(options.Enable, 1)
        self._player.video_set_marquee_int(options.Size, height // 16)
        self._player.video_set_marquee_int(options.Position, _TEXT_BELOW)
        self._player.video_set_marquee_int(options.Timeout, round(command.seconds * 1000))
        # The text is a format for strftime: a lone per cent sign would become the date.
        self._player.video_set_marquee_string(options.Text, line.replace("%", "%%"))

    def _tell_tracks(self, tracks: tuple[Track, ...]) -> None:
        self._emit(TracksChanged(self.generation, tracks))

    def _refuse(self, command: str, message: str) -> None:
        self._emit(CommandFailed(self.generation, command, message))
