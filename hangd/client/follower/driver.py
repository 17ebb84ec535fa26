"""FollowerDriver: run the follower on the event loop.

It gives the follower its inputs through the trace recorder, carries out the effects (commands for the player, requests
and reports to the room, events for control clients), and wakes the follower at its deadline.
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import asdict, replace

from hangd.client.control.port import FileOptionsPort
from hangd.client.follower.learned_store import LearnedStore
from hangd.client.follower.suspend import SuspendWatch
from hangd.client.follower.trace_recorder import Recorder
from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.engine.follower import inputs
from hangd.engine.follower.drift import Correction
from hangd.engine.follower.effects import AnnounceCorrection, AnnounceSeek, FollowerEffect, SendReport, SendRequest
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.learned import LearnedTimings
from hangd.engine.player_messages import Load, Unload
from hangd.protocol.messages import Report, SyncCommand
from hangd.protocol.model import Timeline
from hangd.tasks import DeadlineTimer, Tasks

_log = logging.getLogger(__name__)

_END_SECONDS = 2.0
"""A film that is this close to its end when the room moves on has come to its end, as mpv's clients are told."""


class NoFileOptions:
    """For as long as no entry of the playlist has options of its own."""

    def start(self, entry: int) -> float:
        return 0.0

    def plays(self, entry: int) -> bool | None:
        return None

    def opened(self, entry: int) -> None: ...
    def leaving(self) -> None: ...


class FollowerDriver:
    """See the module's docstring. Make it inside a running loop; `close` it before the loop ends.

    Args:
        send_request: sends a request to the room; returns False where that cannot be done now.
        send_report: tells the room where this member's picture is.
        reopened: called when the follower, in no room, loads the last file again. Returns the id of the file's entry in
            the playlist if that has changed, else None.
        woken: called with the local time when this machine, or this process, has been away.
        learned: the file in which learned timings are kept; None: nowhere.
    """

    def __init__(
        self,
        player: PlayerSupervisor,
        notices: Notices,
        tasks: Tasks,
        *,
        send_request: Callable[[SyncCommand], bool],
        send_report: Callable[[Report], None],
        reopened: Callable[[str], int | None],
        woken: Callable[[float], None],
        learned: Path | None,
    ) -> None:
        self.follower = Follower()
        self._player = player
        self._notices = notices
        self._send_request = send_request
        self._send_report = send_report
        self._reopened = reopened
        self._woken = woken
        self.recorder = Recorder(self.follower)
        self.file_options: FileOptionsPort = NoFileOptions()
        self._timer = DeadlineTimer(lambda now: self.tell(inputs.DeadlineReached(), now))
        self._suspend = SuspendWatch(self._away)
        self._learned: LearnedStore | None = None
        if learned is not None:
            self._learned = LearnedStore(learned, tasks, lambda timings: self.tell(inputs.TimingsRecalled(timings)))

    def close(self) -> None:
        self._timer.arm(None)
        self._suspend.close()

    @property
    def entry(self) -> int:
        """The id of the playlist's entry that was opened last."""
        return self._player.entry

    def tell(self, input: inputs.FollowerInput, now: float | None = None) -> None:
        """Give the follower an input of the local time ``now`` (None: just now), and carry out the effects."""
        self.carry_out(self.decide(input, now))

    def decide(self, input: inputs.FollowerInput, now: float | None = None) -> list[FollowerEffect]:
        """Give the follower an input, and return the effects. The caller must give them to `carry_out`."""
        return self.recorder.handle(input, time.monotonic() if now is None else now)

    def open_file(self, path: str, entry: int, start: float = 0.0) -> None:
        """Play this file, an entry of the playlist, from ``start`` (seconds) on."""
        self.file_options.leaving()
        self._prepare(path)
        self.tell(inputs.FileOpened(path, start, entry))

    def close_file(self) -> None:
        """Play nothing any more."""
        self.file_options.leaving()
        self._player.forget()
        self.tell(inputs.FileClosed())

    def change_film(self, path: str | None, entry: int, timeline: Timeline | None) -> None:
        """Play the film that the room has moved on to.

        All of it is one step: the player does not seek in the old film, is not stopped if it plays on, and the room
        gets one report.

        Args:
            path: this machine's copy; None: there is none.
            timeline: the room's, from now on; None: as it was.
        """
        now, picture = time.monotonic(), self.follower.picture
        if path is not None and path == picture.open_path and entry == self._player.entry:
            if timeline is not None:
                self.tell(inputs.TimelineReceived(timeline), now)
            return
        self.file_options.leaving()
        if picture.is_at_end(picture.position(now), _END_SECONDS):
            self._player.end_file("eof")
        effects = self.decide(inputs.FileClosed(), now)
        if timeline is not None:
            effects += self.decide(inputs.TimelineReceived(timeline), now)
        if path is None:
            self._player.forget()
        else:
            self._prepare(path)
            effects += self.decide(inputs.FileOpened(path, entry=entry), now)
            effects = _as_one_step(effects)
        self.carry_out(effects)
        if path is not None:
            self.file_options.opened(entry)

    def _prepare(self, path: str) -> None:
        self._player.reset_deaths()
        if self._learned is not None:
            self._learned.opened(path)

    def film_ready(self) -> None:
        """Keep what the follower has learned by now of files like the one that is open, which has settled."""
        if self._learned is not None:
            follower = self.follower
            self._learned.learned(LearnedTimings(follower.picture.seek_cost, follower.state.start_bias.bias))

    def _away(self, now: float) -> None:
        _log.info("this machine, or this process, stood still for a while")
        self.tell(inputs.AbsenceEnded())
        self._woken(now)

    def carry_out(self, effects: list[FollowerEffect], *, announce: bool = True) -> None:
        """Carry effects out, arm the timer, and announce what has changed.

        ``announce``: False if the caller continues at once and announces then, so that no control client is told of a
        state that lasts for no time.
        """
        for effect in effects:
            match effect:
                case SendRequest(command=command):
                    if not self._send_request(command):
                        effects.extend(self.decide(inputs.LinkLost()))
                case SendReport(report=report):
                    self._send_report(report)
                case AnnounceCorrection(correction=correction):
                    self._announce_correction(correction)
                case AnnounceSeek():
                    self._player.seek_began()
                case Load(path=path) if (entry := self._reopened(path)) is not None:
                    self._player.carry_out(replace(effect, entry=entry))
                case _:
                    self._player.carry_out(effect)
        self._timer.arm(self.follower.deadline())
        if announce:
            self._notices.announce()

    def _announce_correction(self, correction: Correction) -> None:
        action = type(correction).__name__.lower()
        _log.info("%.1f ms off: %s (%s)", correction.error * 1000, action, correction.reason)
        bound = self.follower.clock.bound(time.monotonic())
        self._notices.emit({"event": "sync-corrected", "action": action, **asdict(correction), "bound": bound})


def _as_one_step(effects: Sequence[FollowerEffect]) -> list[FollowerEffect]:
    """Leave out the Unload (a Load follows) and all reports but the last."""
    last = max((n for n, effect in enumerate(effects) if isinstance(effect, SendReport)), default=-1)
    return [effect for n, effect in enumerate(effects) if n == last or not isinstance(effect, (Unload, SendReport))]
