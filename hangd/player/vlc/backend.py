"""`VlcBackend`: what runs on libVLC's owner thread. It opens films, and passes commands and libVLC's events on.

`VlcPlayer` posts commands from the event loop, libVLC's threads post its events (`events`); what comes of them is
emitted as the player's events. Once a film is open, `Transport` pauses, starts and seeks it. `LocalSettings` carries
out what a viewer sets for themselves.

The life of a film::

    EMPTY --Load--> CHECKING --> CLOSING --> OPENING --> PRIMING --> OPEN
                                               ^                      |
                                               +---- SeekTo, where VLC has closed the file at its end

Load leads from every state to CHECKING, Unload and a failure to EMPTY.

*Checking* looks at the file on a thread of its own, because a network share that is gone blocks whoever does that. The
commands that follow a Load wait meanwhile, and the film before stays as it is.

*Closing* ends the subtitles of the film before (`closing`), if there are any. Commands wait here too.

*Opening* opens the file paused and seeks once: only then does VLC make a picture. A film without a picture, a piece of
music or one whose codec VLC lacks, is played as well. Its cover is looked for on a thread meanwhile, and shown by a
player of its own (`CoverPlayer`).

*Priming* leaves the pause, muted, until VLC shows its first picture. Measured (3.0.24): a video output that was made
during a pause does not know of the pause. It takes the frames of later seeks for late ones and drops them. It
also opens the sound, so that the first start does not have to wait for the sound server.
"""

import enum
import functools
import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Final

from hangd.engine import player_messages as messages
from hangd.engine.player_messages import FailureCode, PlayerCommand
from hangd.engine.timeline import earliest
from hangd.player import files
from hangd.player.audio.vlc_output import Devices, VlcAudioOutput
from hangd.player.base import EventSink, PictureWindow
from hangd.player.cover.cover import Cover
from hangd.player.vlc.closing import Closing
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.events import VlcEvent, attach_events, attach_log
from hangd.player.vlc.film import Film
from hangd.player.vlc.motion.pause_control import ANSWER_SECONDS
from hangd.player.vlc.motion.transport import Transport
from hangd.player.vlc.output.cover import CoverPlayer
from hangd.player.vlc.output.screen import Screen
from hangd.player.vlc.output.shown import ShownPicture
from hangd.player.vlc.output.statistics import Work
from hangd.player.vlc.settings import FilmSetting, LocalSettings
from hangd.player.vlc.thread import run_aside
from hangd.player.vlc.tracks.tracks import frame_rate, list_tracks

_log = logging.getLogger(__name__)

BackendItem = PlayerCommand | VlcEvent | Callable[[], object]

_OPEN_SECONDS: Final = 10.0
"""Deadline for checking the file (a disk may have to spin up), and again for VLC to open it."""
_OUTPUT_SECONDS: Final = 3.0
"""A video output that has not appeared by then will not. The film is played without it, with sound and position."""
_PICTURE_SECONDS: Final = 3.0
"""How long a screenshot waits for the right picture. Writing it takes up to 1.5 s, and the client waits for five."""
_PRIMING_SECONDS: Final = 1.0
"""How long to play at most until the video output has shown a picture. It takes 0.1 s, on a busy machine longer."""
_PRIMING_SECONDS_MIN: Final = 0.120
"""How long to play at least. By then VLC has also decoded some sound, and knows what only its decoder can tell."""


class _State(enum.Enum):
    EMPTY = enum.auto()
    CHECKING = enum.auto()
    CLOSING = enum.auto()
    OPENING = enum.auto()
    PRIMING = enum.auto()
    OPEN = enum.auto()


class VlcBackend:
    """Owns a libVLC player.

    Args:
        options: the user's options for libVLC.
        own_sound: hangd plays the sound, and not VLC.
        output: VLC's video outputs that are tried, in their order.
        own_output: hangd chooses the video output, and not the user.
        window: hang's window to draw in, if the display is one of X; None: VLC opens windows.
        on_display: the video output is to open a window on a display.
    """

    def __init__(
        self,
        vlc: ModuleType,
        instance: Any,
        post: Callable[[BackendItem], None],
        emit: EventSink,
        *,
        options: Sequence[str],
        own_sound: bool,
        output: str,
        own_output: bool,
        window: PictureWindow | None,
        on_display: bool,
    ) -> None:
        self._instance = instance

        def used(what: str, module: str) -> None:
            post(lambda: self._used(what, module))

        def decoder_closed() -> None:
            self._closing.decoder_closed()

        # First, because VLC looks for its audio output when the player is made.
        self._log_callback = attach_log(vlc, instance, lambda: self._load_number, post, used, decoder_closed)
        self._player: Any = instance.media_player_new()
        self._cover = CoverPlayer(vlc, options, post, self._cover_appeared, self._cover_hidden, used)
        self._context = context = PlayerContext(vlc, self._player, emit, post, self._cover)

        def devices_changed(devices: Devices) -> None:
            post(lambda: self._settings.device.changed(devices))

        self._sound = VlcAudioOutput(vlc, self._player, devices_changed) if own_sound else None
        self._settings = LocalSettings(context, self._sound)
        self._shown = ShownPicture(context)
        self._transport = Transport(
            context,
            self._sound,
            started=self._settings.started,
            reopen=self._open,
            refuse=self._refuse,
            shown=self._shown,
            mute=self._settings.mute_briefly,
        )
        self._closing = Closing(context)
        self._work = Work(context)

        self._screen = Screen(context, output, chooses=own_output, on_display=on_display, window=window)
        attach_events(vlc, self._player, lambda: self._load_number, post)

        self._state = _State.EMPTY
        self._due: float | None = None
        """When the state gives up waiting, or does what it waited to do."""
        self._load_number = 0
        """Counts what VLC has opened, so that late events of what it had open before are recognized."""
        self._waiting: list[PlayerCommand] = []
        """Commands given while the file is checked, and the film before is closed."""
        self._sought = self._buffered = self._has_video = self._has_output = self._output_failed = False
        """How far OPENING has come."""
        self._tracks_wait = False
        """VLC has read the film's beginning, and has told no track yet that can be played."""
        self._picture: tuple[messages.TakePicture, float] | None = None
        """A picture is to be written as soon as the right one is shown; at this time any will do."""

    @property
    def _film(self) -> Film:
        return self._context.film

    # ---- called by the thread ---------------------------------------------------------------------------------------

    def handle(self, item: BackendItem) -> None:
        if isinstance(item, VlcEvent):
            # While a file is checked, and another one closed for it, events are of the film before.
            if item.load == self._load_number and self._state not in (_State.CHECKING, _State.CLOSING):
                self._receive(item)
        elif callable(item):
            item()
        else:
            self._do(item)
        self._take_picture()

    def deadline(self) -> float | None:
        added, picture = self._settings.selection.added, None if self._picture is None else self._picture[1]
        return earliest(self._due, self._transport.due, self._closing.due, picture, added.due)

    def expire(self, now: float) -> None:
        self._settings.selection.added.expire(now)
        self._transport.expire(now)
        self._closing.expire(now)
        self._take_picture()
        if self._due is None or self._due > now:
            return
        self._due = None
        match self._state:
            case _State.CHECKING:
                self._checked(self._film, 0.0, files.too_slow(self._film.path, _OPEN_SECONDS))
            case _State.OPENING if self._buffered:
                self._prime()
            case _State.OPENING if self._sought:
                self._on_first_buffered(is_last=True)
            case _State.OPENING:
                self._fail("hung")
            case _State.PRIMING:
                self._enter(_State.OPEN)
                self._transport.pauses.enter()
                self._settings.primed()
                self._transport.seek(self._transport.target)

    def close(self) -> None:
        self._load_number += 1
        self._closing.wait()
        self._player.stop()
        self._settings.wait_for_picture()
        self._cover.close()
        self._shown.wait()
        self._player.release()
        if self._sound is not None:
            self._sound.close()
        if self._context.media is not None:
            self._context.media.release()
        self._screen.close()
        self._settings.end()
        self._instance.log_unset()
        self._instance.release()

    def _used(self, what: str, module: str) -> None:
        self._work.used(what, module)
        self._screen.used(what, module)
        if what == "demux":
            self._settings.selection.added.demuxed()

    # ---- commands -------------------------------------------------------------------------------------------------

    def _do(self, command: PlayerCommand) -> None:
        if isinstance(command, messages.Load):
            self._load(command)
        elif isinstance(command, messages.SetWindow):
            self._screen.set_window(command)
        elif isinstance(command, messages.SetFullscreen):
            self._screen.set_fullscreen(command.fullscreen)
        elif isinstance(command, messages.PlayerSetting):
            self._settings.do(command)
        elif self._state is _State.EMPTY:
            self._context.refuse(type(command).__name__, "nothing is loaded")
        elif isinstance(command, messages.Unload):
            self._unload()
        elif self._state in (_State.CHECKING, _State.CLOSING):
            self._waiting.append(command)
        elif isinstance(command, messages.TakePicture) and self._picture is not None:
            self._context.refuse("TakePicture", "another picture is being written")
        elif isinstance(command, messages.TakePicture):
            self._picture = command, time.monotonic() + _PICTURE_SECONDS
        elif isinstance(command, FilmSetting):
            self._settings.do(command)
            if isinstance(command, messages.SelectTrack) and command.kind == "video" and self._has_video:
                has_picture = self._settings.selection.has_picture
                if not self._screen.picture_selected(has_picture) and has_picture:
                    self._transport.show_again()
        else:
            self._transport.do(command)

    def _take_picture(self) -> None:
        """Write the picture that is asked for, once it is shown: during a seek VLC has none, or the one before."""
        if self._picture is None:
            return
        command, due = self._picture
        if self._transport.has_picture or due <= time.monotonic():
            self._picture = None
            self._settings.do(command)

    def _forget_picture(self) -> None:
        if self._picture is not None:
            self._picture = None
            self._context.refuse("TakePicture", "the film was closed before its picture was shown")

    def _load(self, command: messages.Load) -> None:
        self._context.film = film = Film(command.path, command.generation)
        self._transport.load()
        self._forget_picture()
        self._waiting.clear()
        self._enter(_State.CHECKING, time.monotonic() + _OPEN_SECONDS)
        check = functools.partial(self._screen.look, film.check)
        run_aside(check, functools.partial(self._checked, film, max(0.0, command.start)), self._context.post)

    def _checked(self, film: Film, start: float, refusal: files.MediaUnusable | None) -> None:
        if film is not self._film or self._state is not _State.CHECKING:
            return  # the deadline has passed, or another command came
        if refusal is None:
            if (cut := film.is_cut_at) is not None:
                _log.warning("%s", cut)
            run_aside(film.find_cover, functools.partial(self._cover_found, film), self._context.post)
            self._enter(_State.CLOSING)
            self._closing.begin(functools.partial(self._open, start))
        else:
            self._refuse(refusal)
            self._do_waiting()  # answered by CommandFailed

    def _do_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for command in waiting:
            self._do(command)

    def _open(self, start: float) -> None:
        if self._context.media is not None:
            self._context.media.release()
        self._context.media = media = self._instance.media_new_path(os.fsencode(self._film.path))
        media.add_option(":start-paused")
        media.add_option(":play-and-pause")
        for option in (*self._film.options(), *self._screen.options()):
            media.add_option(option)
        self._settings.opening()
        if self._screen.opening():
            self._player.stop()  # else VLC keeps the output
            self._cover.hide()
        self._shown.opening()
        self._work.opening()
        self._player.set_media(media)  # ends the film before; its last events still have the old number
        self._load_number += 1
        self._transport.opening(start)
        self._sought = self._buffered = self._has_video = self._has_output = self._output_failed = False
        self._tracks_wait = False
        self._enter(_State.OPENING, time.monotonic() + _OPEN_SECONDS)
        self._player.play()
        self._do_waiting()

    def _unload(self) -> None:
        self._load_number += 1
        self._settings.closed()
        self._screen.closed()
        self._cover.hide()
        self._transport.stop()
        self._forget_picture()
        self._enter(_State.EMPTY)
        self._closing.begin(self._player.stop)

    def _fail(self, code: FailureCode) -> None:
        self._refuse(files.problem(code, self._film.path))

    def _refuse(self, reason: files.MediaUnusable) -> None:
        # Emitted first: closing a file that did not open can take its time, or hang.
        self._context.emit(messages.LoadFailed(self._film.generation, reason.code, str(reason), reason.films))
        self._unload()

    # ---- VLC's events ---------------------------------------------------------------------------------------------

    def _receive(self, event: VlcEvent) -> None:
        match event.kind:
            case "TimeChanged" if self._state is _State.OPEN:  # and not while the first picture is made
                self._transport.sampled(event.value / 1000, event.at)
                self._work.played(event.value / 1000)
            case "Buffering":
                self._on_buffering(full=event.value >= 100, at=event.at)
            case "Decoded":
                self._transport.decoded(event.at)
            case "Toggled" if (paused := self._shown.toggled(int(event.value))) is not None:
                self._transport.toggled(event.at, paused=paused)
            case "Paused":
                self._on_paused(event.at)
            case "Playing" if self._state is _State.PRIMING:
                least = event.at + _PRIMING_SECONDS_MIN
                looks = self._shown.look(_PRIMING_SECONDS, lambda _: self._has_picture(least))
                self._due = event.at + 2 * _PRIMING_SECONDS if looks else least
            case "Playing":
                self._transport.playing(event.at)
            case "NoVout":
                self._output_failed = True
            case "NotAdded":
                self._settings.selection.added.not_added()
            case "Vout":
                self._has_output = event.value > 0
                if self._state is _State.OPENING and self._buffered and self._has_output:
                    self._prime()
                elif self._has_output:
                    self._film.has_picture = True
                    self._screen.output_appeared()
            case "LengthChanged" if event.value > 0 and self._film.learn_duration(event.value / 1000):
                if self._film.is_announced and self._film.duration is not None:
                    self._context.emit(messages.DurationChanged(self._film.generation, self._film.duration))
            case "ESAdded" | "ESSelected" if self._film.is_announced:
                self._settings.selection.update()
            case "ESAdded" if self._state is _State.OPENING and self._tracks_wait:
                self._on_first_buffered()
            case "EndReached" if self._state is _State.OPEN:
                self._transport.ended(event.at)
            case "EndReached" if self._state is not _State.EMPTY:
                self._not_opened()
            case "EncounteredError":
                self._not_opened()

    def _on_buffering(self, *, full: bool, at: float) -> None:
        if self._state is not _State.OPENING:
            self._transport.buffering(full=full, at=at)
        elif full and self._sought and at >= self._film.sought_at:
            self._on_first_buffered()

    def _on_paused(self, at: float) -> None:
        self._transport.clock.pause_confirmed(at)
        if self._state is not _State.OPENING:
            self._transport.paused(at)
        elif not self._sought:
            # The file is open, and stands before its first frame. Near the end there is nothing to make a picture of.
            self._film.sought_at = time.monotonic()
            self._player.set_time(math.floor(self._film.before_end(self._transport.target) * 1000))
            self._sought = True
            self._due = time.monotonic() + _OUTPUT_SECONDS

    def _on_first_buffered(self, *, is_last: bool = False) -> None:
        """VLC has read the film's beginning. ``is_last``: tracks that it does not know now are waited for no longer."""
        # VLC knows the tracks only now.
        tracks = list_tracks(self._context)
        if all(track.kind == "subtitle" for track in tracks):
            self._tracks_wait = self._film.is_known_film and not is_last
            if not self._tracks_wait:
                self._not_opened()
            return
        self._buffered = True
        self._has_video = any(track.kind == "video" for track in tracks)
        self._show_cover()
        self._film.frame_rate = frame_rate(self._context)
        self._settings.opened()
        # VLC selects no track that it has no decoder for.
        if self._has_output or not any(track.kind == "video" and track.selected for track in tracks):
            self._prime()
        else:
            self._due = time.monotonic() + _OUTPUT_SECONDS

    def _not_opened(self) -> None:
        """VLC has not opened the film. What hangd has read of it itself is a film: then VLC is to try once more."""
        film, is_opening = self._film, self._state in (_State.OPENING, _State.PRIMING)
        code = film.cause("unrecognized")
        if code == "unrecognized" and is_opening and film.is_known_film and not film.opened_again:
            film.opened_again = True
            _log.warning("VLC did not open %s, and tries once more", files.shown_name(film.path))
            self._open(self._transport.target)
        else:
            self._fail(code)

    def _prime(self) -> None:
        self._film.has_picture = self._has_output
        if self._has_video:
            self._screen.opened(has_output=self._has_output, has_failed=self._output_failed)
        elif not self._cover.is_shown:
            self._screen.output_ended()
        self._enter(_State.PRIMING, time.monotonic() + ANSWER_SECONDS)
        self._settings.mute_briefly(True)
        self._player.set_pause(0)

    def _has_picture(self, due: float) -> None:
        if self._state is _State.PRIMING:
            self._due = due

    # ---- the cover --------------------------------------------------------------------------------------------------

    def _cover_found(self, film: Film, cover: Cover | None) -> None:
        film.cover = cover
        if film is self._film and self._state in (_State.PRIMING, _State.OPEN):  # a slow disk
            self._show_cover()
            self._settings.selection.update()

    def _show_cover(self) -> None:
        """Show the cover, or the picture of a film that has one."""
        if self._has_video:
            self._film.cover = None
        if self._film.cover is None:
            self._cover.hide()
        elif self._film.is_cover_wanted:
            self._cover.show(self._film.cover)

    def _cover_appeared(self) -> None:
        self._screen.output_appeared()

    def _cover_hidden(self) -> None:
        self._screen.output_ended()

    def _enter(self, state: _State, due: float | None = None) -> None:
        self._state, self._due = state, due
