"""What each viewer sets for themselves: volume, tracks, subtitles, delays, text on the picture, full screen.

`VlcBackend` passes these commands on, and says when a film is opened, started and closed. Owner thread only.
"""

import functools
import os
import threading
import time
from typing import Any, Final, Literal

from hangd.engine import player_messages as messages
from hangd.player.audio.vlc_output import VlcAudioOutput
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.output.look import Look
from hangd.player.vlc.output.sound import SoundDevice
from hangd.player.vlc.thread import run_aside
from hangd.player.vlc.tracks.description import describe
from hangd.player.vlc.tracks.selection import TrackSelection

FilmSetting = messages.TrackCommand | messages.ShowText | messages.TakePicture
"""Commands that need an open film."""

_VOLUME_MAX: Final = 130.0
"""Per cent: mpv's default for "volume-max"."""
_TEXT_LENGTH: Final = 200
_TEXT_SHARES: Final = (16, 40)
"""How often a line's height fits into the picture's: usually, and where the line is long."""
_LETTERS_IN_WIDTH: Final = 1.8
"""So many letters of a text's size are as wide as the picture, by its width in that size."""
_TEXT_AT_BOTTOM: Final = 8
"""The marquee's number for the bottom, in the middle."""
_SNAPSHOT_TRIES: Final = 3
"""VLC gives up after 0.5 s each time; the player is released only once a snapshot has ended, within five seconds."""
_PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
"""The last chunk of every PNG file."""
_ASPECT_MAX: Final = 20.0
_ASPECT_STEPS: Final = 10_000
"""libVLC takes an aspect ratio as two whole numbers: this is the second one."""


class LocalSettings:
    """Carries out a viewer's settings, and applies again what VLC forgets from film to film.

    ``sound``: hangd's own sound output; None if VLC plays the sound itself.
    """

    def __init__(self, context: PlayerContext, sound: VlcAudioOutput | None) -> None:
        self._context = context
        self._sound = sound
        self._player = context.player
        self.selection = TrackSelection(context)
        self._look = Look(context)
        self.device = SoundDevice(context, sound)
        self._picture_writer: threading.Thread | None = None
        self._volume: float | None = None
        self._mute: bool | None = None
        self._volume_due = False
        """VLC may have lost the volume that it was given before it had opened its sound."""
        self._muted_briefly = False
        self._text_until = 0.0
        """When the text on the picture goes away."""
        self._delays: dict[Literal["audio", "subtitle"], float] = {}

    def opening(self) -> None:
        """VLC is about to open the film: for the first time, or again after its end."""
        self.mute_briefly(False)
        self.selection.opening()
        self._volume_due = True
        if time.monotonic() > self._text_until:
            # A new output would draw the last text again.
            for player in self._context.picture_players:
                player.video_set_marquee_int(self._context.vlc.VideoMarqueeOption.Enable, 0)

    def opened(self) -> None:
        """VLC has opened the film. Emits Loaded, unless the film was opened again after its end."""
        film = self._context.film
        for kind in self._delays:
            self._apply_delay(kind)  # VLC resets delays with each film
        tracks = self.selection.opened()
        self._look.film_opened()
        if not film.is_announced:
            film.is_announced = True
            about = describe(self._context)
            self._context.emit(messages.Loaded(film.generation, film.duration, tracks, about))

    def primed(self) -> None:
        """The first picture was made."""
        self.mute_briefly(False)
        self.selection.primed()

    def started(self) -> None:
        """The film plays."""
        if self._volume_due:
            self._volume_due = False
            self._apply_volume()
            self.selection.update()
        self.device.started()

    def closed(self) -> None:
        self.mute_briefly(False)
        self.selection.closed()

    def mute_briefly(self, mute: bool) -> None:
        """Mute while VLC plays a moment that nobody is to hear, and undo that. A viewer's own mute is left alone."""
        if self._sound is not None:
            self._sound.silence(mute)
        elif mute != self._muted_briefly and (self._muted_briefly or self._player.audio_get_mute() == 0):
            self._muted_briefly = mute
            self._player.audio_set_mute(mute)

    def do(self, command: messages.PlayerSetting | FilmSetting) -> None:
        match command:
            case messages.SetVolume(percent=percent):
                self._volume = min(max(percent, 0.0), _VOLUME_MAX)
                self._change_volume()
            case messages.SetMute(mute=mute):
                self._mute = mute
                self._change_volume()
            case messages.SetWindow() | messages.SetFullscreen():
                pass  # the backend passes them to `Screen`
            case messages.SetAspect(ratio=ratio):
                self._set_aspect(ratio)
            case messages.SetDeinterlace(deinterlace=deinterlace):
                self._player.video_set_deinterlace("yadif" if deinterlace else None)
            case messages.SetPicture():
                self._look.set_picture(command)
            case messages.SetSubtitleLook():
                self._look.set_subtitles(command)
            case messages.RaiseSubtitles(share=share):
                self._look.raise_subtitles(share)
            case messages.SetWindowSize(width=width, height=height):
                self._look.set_window_size(width, height)
            case messages.SetDelay(kind=kind, seconds=seconds):
                self._delays[kind] = seconds
                self._apply_delay(kind)
            case messages.SetSubtitleEncoding(encoding=encoding):
                self.selection.added.encoding = encoding
            case messages.SetAudioDevice(name=name):
                self.device.choose(name)
            case messages.ShowSubtitles(shown=shown):
                self.selection.show_subtitles(shown)
            case messages.ShowText():
                self._show(command)
            case messages.TakePicture():
                self._take_picture(command)
            case _:
                self.selection.do(command)

    def _change_volume(self) -> None:
        self._apply_volume()
        self._volume_due = True
        percent = 100.0 if self._volume is None else self._volume
        generation = self._context.film.generation
        self._context.emit(messages.VolumeChanged(generation, percent, bool(self._mute)))

    def _apply_volume(self) -> None:
        if self._volume is not None:
            self._player.audio_set_volume(round(self._volume))
        if self._mute is not None:
            self._player.audio_set_mute(self._mute)
            self._muted_briefly = False

    def _apply_delay(self, kind: Literal["audio", "subtitle"]) -> None:
        microseconds = round(self._delays[kind] * 1e6)
        if kind == "audio":
            self._player.audio_set_delay(microseconds)
        else:
            self._player.video_set_spu_delay(microseconds)

    def _set_aspect(self, ratio: float | None) -> None:
        if ratio is not None and not 1 / _ASPECT_MAX <= ratio <= _ASPECT_MAX:
            self._context.refuse("SetAspect", f"no picture is {ratio:g} times as wide as high")
            return
        for player in self._context.picture_players:
            player.video_set_aspect_ratio(ratio and f"{round(ratio * _ASPECT_STEPS)}:{_ASPECT_STEPS}")

    def _show(self, command: messages.ShowText) -> None:
        line = "".join(c if c.isprintable() else " " for c in command.text[:_TEXT_LENGTH])
        options, player = self._context.vlc.VideoMarqueeOption, self._context.picture_player
        width, height = player.video_get_size(0)
        player.video_set_marquee_int(options.Enable, 1)
        player.video_set_marquee_int(options.Size, text_size(width, max(height, 180), len(line)))
        player.video_set_marquee_int(options.Position, _TEXT_AT_BOTTOM)
        player.video_set_marquee_int(options.Timeout, round(command.seconds * 1000))
        self._text_until = time.monotonic() + command.seconds
        # VLC passes the text through strftime: a single per cent sign would become the date.
        player.video_set_marquee_string(options.Text, line.replace("%", "%%"))

    def _take_picture(self, command: messages.TakePicture) -> None:
        # On a thread of its own, and one at a time: writing a picture takes longer than a start may be delayed.
        if self._picture_writer is not None:
            self._context.refuse("TakePicture", "another picture is being written")
        else:
            player, generation = self._context.picture_player, self._context.film.generation
            write = functools.partial(self._write_picture, player, command, generation)
            self._picture_writer = run_aside(write, self._picture_written, self._context.post)

    def _write_picture(
        self, player: Any, command: messages.TakePicture, generation: int
    ) -> messages.PictureTaken | messages.CommandFailed:
        path = command.path
        # VLC reports success although it could not write the file, or had no picture within half a second (on a busy
        # machine). So it writes a new file, whose absence shows that, and is asked again.
        # In bytes, because python-vlc takes no string that is not UTF-8; and its own name, because the other one may
        # be as long as a name can be.
        new = os.fsencode(os.path.join(os.path.dirname(path), f".hang-{os.getpid()}.part"))
        problem = ""
        for _ in range(_SNAPSHOT_TRIES):
            if player.video_take_snapshot(0, new, command.width, 0) != 0:
                problem = "there is no picture to be had"
                break
            try:
                if not _is_whole(new):
                    os.unlink(new)
                    problem = f"{path} cannot be written whole: the disk may be full"
                    break
                os.replace(new, path)
                return messages.PictureTaken(generation)
            except OSError as error:
                problem = f"{path} cannot be written: {error.strerror}"
                if not isinstance(error, FileNotFoundError):
                    break
        return messages.CommandFailed(generation, "TakePicture", problem)

    def _picture_written(self, answer: messages.PictureTaken | messages.CommandFailed) -> None:
        self._picture_writer = None
        self._context.emit(answer)

    def end(self) -> None:
        """libVLC has ended."""
        self.selection.added.end()

    def wait_for_picture(self) -> None:
        """Wait until no picture is being written: before the player is released. libVLC takes 1.5 s at most."""
        if self._picture_writer is not None:
            self._picture_writer.join()


def _is_whole(path: bytes) -> bool:
    """Return whether the PNG file at ``path`` has its end. Raises OSError."""
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - len(_PNG_END)))
        return file.read(len(_PNG_END)) == _PNG_END


def text_size(width: int, height: int, letters: int) -> int:
    """Return the size of a line's text with which it fits into a picture, if it is not too long for that."""
    usual, least = (height // share for share in _TEXT_SHARES)
    return max(least, min(usual, round(_LETTERS_IN_WIDTH * width / max(letters, 1))))
