"""`VlcBackend`: what runs on libVLC's owner thread. It opens films, and passes commands and libVLC's events on.

`VlcPlayer` posts commands from the event loop, libVLC's threads post its events (`events`); what comes of them is
emitted as the player's events. Once a film is open, `Transport` pauses, starts and seeks it. `LocalSettings` carries
out what a viewer sets for themselves.

The life of a film::

    EMPTY --Load--> CHECKING --> OPENING --> PRIMING --> OPEN
                                   ^                      |
                                   +---- SeekTo, where VLC has closed the file at its end

Load leads from every state to CHECKING, Unload and a failure to EMPTY.

*Checking* looks at the file on a thread of its own, because a network share that is gone blocks whoever does that. The
commands that follow a Load wait meanwhile, and the film before stays as it is.

*Opening* opens the file paused and seeks once: only then does VLC make a picture.

*Priming* leaves the pause for a moment, muted, so that VLC makes its first picture while it plays. Measured (3.0.24): a
video output that was made during a pause does not know of the pause. It takes the frames of later seeks for late ones
and drops them.
"""

import enum
import functools
import math
import os
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from hangd.engine import player_messages as messages
from hangd.engine.player_messages import FailureCode, PlayerCommand
from hangd.engine.timeline import earliest
from hangd.player import files
from hangd.player.audio.vlc_output import VlcAudioOutput
from hangd.player.base import EventSink
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.events import VlcEvent, attach_events, attach_log
from hangd.player.vlc.film import Film
from hangd.player.vlc.settings import FilmSetting, LocalSettings
from hangd.player.vlc.thread import run_aside
from hangd.player.vlc.tracks.tracks import frame_rate, list_tracks
from hangd.player.vlc.transport import ANSWER_SECONDS, Transport

BackendItem = PlayerCommand | VlcEvent | Callable[[], object]

_OPEN_SECONDS: Final = 10.0
"""Deadline for checking the file (a disk may have to spin up), and again for VLC to open it."""
_OUTPUT_SECONDS: Final = 3.0
"""A video output that has not appeared by then will not. The film is played without it, with sound and position."""
_PRIMING_SECONDS: Final = 0.120
"""The video output's thread looks for work every 100 ms, and has to find a picture. Of 7 loads each, 6 failed with 60
ms and none from 100 ms on, on an idle machine as on a busy one."""


class _State(enum.Enum):
    EMPTY = enum.auto()
    CHECKING = enum.auto()
    OPENING = enum.auto()
    PRIMING = enum.auto()
    OPEN = enum.auto()


class VlcBackend:
    """Owns a libVLC player. ``own_sound``: hangd plays the sound, and not VLC."""

    def __init__(
        self, vlc: ModuleType, instance: Any, post: Callable[[BackendItem], None], emit: EventSink, *, own_sound: bool
    ) -> None:
        self._instance = instance
        self._player: Any = instance.media_player_new()
        self._context = context = PlayerContext(vlc, self._player, emit, post)
        self._sound = VlcAudioOutput(vlc, self._player) if own_sound else None
        self._settings = LocalSettings(context)
        started = self._settings.started
        self._transport = Transport(context, self._sound, started=started, reopen=self._open, fail=self._fail)
        self._log_callback = attach_log(vlc, instance, lambda: self._load_number, post)
        attach_events(vlc, self._player, lambda: self._load_number, post)

        self._state = _State.EMPTY
        self._due: float | None = None
        """When the state gives up waiting, or does what it waited to do."""
        self._load_number = 0
        """Counts what VLC has opened, so that late events of what it had open before are recognized."""
        self._waiting: list[PlayerCommand] = []
        """Commands given while the file is checked."""
        self._sought = self._buffered = self._has_output = False
        """How far OPENING has come."""

    @property
    def _film(self) -> Film:
        return self._context.film

    # ---- called by the thread ---------------------------------------------------------------------------------------

    def handle(self, item: BackendItem) -> None:
        if isinstance(item, VlcEvent):
            # While a file is checked, events are of the film before.
            if item.load == self._load_number and self._state is not _State.CHECKING:
                self._receive(item)
        elif callable(item):
            item()
        else:
            self._do(item)

    def deadline(self) -> float | None:
        return earliest(self._due, self._transport.due, self._settings.selection.added.due)

    def expire(self, now: float) -> None:
        self._settings.selection.added.expire(now)
        self._transport.expire(now)
        if self._due is None or self._due > now:
            return
        self._due = None
        match self._state:
            case _State.CHECKING:
                self._checked(self._film, 0.0, files.too_slow(self._film.path, _OPEN_SECONDS))
            case _State.OPENING if self._buffered:
                self._prime()
            case _State.OPENING if self._sought:
                self._on_first_buffered()
            case _State.OPENING:
                self._fail("hung")
            case _State.PRIMING:
                self._state = _State.OPEN
                self._transport.pauses.enter()
                self._settings.primed()
                self._transport.seek(self._transport.target)

    def close(self) -> None:
        self._load_number += 1
        self._player.stop()
        self._settings.wait_for_picture()
        self._player.release()
        if self._sound is not None:
            self._sound.close()
        if self._context.media is not None:
            self._context.media.release()
        self._instance.log_unset()
        self._instance.release()

    # ---- commands -------------------------------------------------------------------------------------------------

    def _do(self, command: PlayerCommand) -> None:
        if isinstance(command, messages.Load):
            self._load(command)
        elif isinstance(command, messages.PlayerSetting):
            self._settings.do(command)
        elif self._state is _State.EMPTY:
            self._context.refuse(type(command).__name__, "nothing is loaded")
        elif isinstance(command, messages.Unload):
            self._unload()
        elif self._state is _State.CHECKING:
            self._waiting.append(command)
        elif isinstance(command, FilmSetting):
            self._settings.do(command)
        else:
            self._transport.do(command)

    def _load(self, command: messages.Load) -> None:
        self._context.film = film = Film(command.path, command.generation)
        self._transport.load()
        self._waiting.clear()
        self._enter(_State.CHECKING, time.monotonic() + _OPEN_SECONDS)
        run_aside(film.check, functools.partial(self._checked, film, max(0.0, command.start)), self._context.post)

    def _checked(self, film: Film, start: float, refusal: files.MediaUnusable | None) -> None:
        if film is not self._film or self._state is not _State.CHECKING:
            return  # the deadline has passed, or another command came
        waiting, self._waiting = self._waiting, []
        if refusal is None:
            self._open(start)
        else:
            self._refuse(refusal)
        # If the film was refused, these are answered by CommandFailed.
        for command in waiting:
            self._do(command)

    def _open(self, start: float) -> None:
        if self._context.media is not None:
            self._context.media.release()
        self._context.media = media = self._instance.media_new_path(os.fsencode(self._film.path))
        media.add_option(":start-paused")
        media.add_option(":play-and-pause")
        self._settings.opening()
        self._player.set_media(media)  # ends the film before; its last events still have the old number
        self._load_number += 1
        self._transport.opening(start)
        self._sought = self._buffered = self._has_output = False
        self._enter(_State.OPENING, time.monotonic() + _OPEN_SECONDS)
        self._player.play()

    def _unload(self) -> None:
        self._load_number += 1
        self._settings.closed()
        self._transport.stop()
        self._enter(_State.EMPTY)
        self._player.stop()

    def _fail(self, code: FailureCode) -> None:
        self._refuse(files.problem(code, self._film.path))

    def _refuse(self, reason: files.MediaUnusable) -> None:
        # Emitted first: closing a file that did not open can take its time, or hang.
        self._context.emit(messages.LoadFailed(self._film.generation, reason.code, str(reason)))
        self._unload()

    # ---- VLC's events ---------------------------------------------------------------------------------------------

    def _receive(self, event: VlcEvent) -> None:
        match event.kind:
            case "TimeChanged":
                self._transport.sampled(event.value / 1000, event.at)
            case "Buffering":
                self._on_buffering(full=event.value >= 100, at=event.at)
            case "Decoded":
                self._transport.decoded(event.at)
            case "Paused":
                self._on_paused(event.at)
            case "Playing" if self._state is _State.PRIMING:
                self._due = event.at + _PRIMING_SECONDS
            case "Playing":
                self._transport.playing(event.at)
            case "Vout":
                self._has_output = event.value > 0
                if self._state is _State.OPENING and self._buffered and self._has_output:
                    self._prime()
            case "LengthChanged" if event.value > 0 and (duration := event.value / 1000) != self._film.duration:
                self._film.duration = duration
                if self._film.is_announced:
                    self._context.emit(messages.DurationChanged(self._film.generation, duration))
            case "ESAdded" | "ESSelected" if self._film.is_announced:
                self._settings.selection.update()
            case "EndReached" if self._state is _State.OPEN:
                self._transport.ended(event.at)
            case "EndReached" if self._state is not _State.EMPTY:
                self._fail(self._film.cause("unrecognized"))
            case "EncounteredError":
                self._fail(self._film.cause("unrecognized"))

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

    def _on_first_buffered(self) -> None:
        # VLC knows the tracks only now.
        kinds = {track.kind for track in list_tracks(self._context)}
        if "video" not in kinds:
            self._fail("no-video" if "audio" in kinds else "unrecognized")
            return
        self._buffered = True
        self._film.frame_rate = frame_rate(self._context)
        self._settings.opened()
        if self._has_output:
            self._prime()
        else:
            self._due = time.monotonic() + _OUTPUT_SECONDS

    def _prime(self) -> None:
        self._enter(_State.PRIMING, time.monotonic() + ANSWER_SECONDS)
        self._settings.mute_briefly(True)
        self._player.set_pause(0)

    def _enter(self, state: _State, due: float | None = None) -> None:
        self._state, self._due = state, due
