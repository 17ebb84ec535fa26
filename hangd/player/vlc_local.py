"""What each viewer sets for themselves: volume, tracks, subtitles, delays, text, full screen. Owner thread only."""

import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal

from hangd.engine.playback import (
    AddSubtitleFile,
    CommandFailed,
    PlayerEvent,
    SelectTrack,
    SetDelay,
    SetFullscreen,
    SetMute,
    SetVolume,
    ShowText,
    Track,
    TracksChanged,
    VolumeChanged,
)
from hangd.player import files
from hangd.player.vlc_tracks import list_tracks

__all__ = ["NeedsMedia", "NeedsNothing", "VlcLocal"]

NeedsNothing = SetVolume | SetMute | SetFullscreen | SetDelay
NeedsMedia = SelectTrack | AddSubtitleFile | ShowText

_VOLUME_MAX: Final = 130.0
_SUBTITLE_SECONDS: Final = 3.0
_TEXT_LENGTH: Final = 200
_TEXT_BELOW: Final = 8
"""The marquee's number for the bottom, in the middle."""


class VlcLocal:
    """Keeps what VLC forgets from file to file. `opened`, `started` and `closed` tell it of those."""

    def __init__(self, vlc: ModuleType, player: Any, emit: Callable[[PlayerEvent], None]) -> None:
        self._vlc = vlc
        self._player = player
        self._emit = emit
        self._media: Any = None
        self.generation = 0
        self.subtitles_due: float | None = None
        """When a subtitle file that was added counts as unreadable."""
        self._volume: float | None = None
        self._mute: bool | None = None
        self._volume_due = False
        """What VLC was told of volume before there was sound, it may have lost."""
        self._hushed = False
        self._delays: dict[Literal["audio", "subtitle"], float] = {}

    # ---- files come and go ----------------------------------------------------------------------------------------

    def opening(self, media: Any) -> None:
        self.closed()
        self._media = media
        self._volume_due = True

    def opened(self) -> None:
        """VLC resets delays with each file."""
        for kind in self._delays:
            self._apply_delay(kind)

    def started(self) -> None:
        if self._volume_due:
            self._volume_due = False
            self._apply_volume()

    def closed(self) -> None:
        self.subtitles_due = None
        self.hush(False)

    def track_added(self) -> None:
        self.subtitles_due = None
        self._emit(TracksChanged(self.generation, self.tracks()))

    def subtitles_failed(self) -> None:
        self.subtitles_due = None
        self._refuse("AddSubtitleFile", "these subtitles can not be read")

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
            case SetDelay(kind=kind, seconds=seconds):
                self._delays[kind] = seconds
                self._apply_delay(kind)
            case SelectTrack():
                self._select(command)
            case AddSubtitleFile(path=path):
                self._add_subtitles(path)
            case ShowText():
                self._show(command)

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

    def _select(self, command: SelectTrack) -> None:
        number = -1 if command.id is None else command.id
        match command.kind:
            case "video":
                result = self._player.video_set_track(number)
            case "audio":
                result = self._player.audio_set_track(number)
            case "subtitle":
                result = self._player.video_set_spu(number)
        if result < 0:
            self._refuse("SelectTrack", f"there is no {command.kind} track {command.id}")
        else:
            self._emit(TracksChanged(self.generation, self.tracks()))

    def _add_subtitles(self, path: str) -> None:
        try:
            files.examine(path)
            uri = Path(path).as_uri()
        except (files.MediaProblem, ValueError) as problem:
            self._refuse("AddSubtitleFile", str(problem))
            return
        if self._player.add_slave(self._vlc.MediaSlaveType.subtitle, uri, True) != 0:
            self._refuse("AddSubtitleFile", f"{files.shown_name(path)} can not be added")
            return
        self.subtitles_due = time.monotonic() + _SUBTITLE_SECONDS

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

    def _refuse(self, command: str, message: str) -> None:
        self._emit(CommandFailed(self.generation, command, message))
