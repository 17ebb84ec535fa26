"""History: watch what this viewer watches, keep it in a file, and tell control clients.

The film that plays is written once it has played for a minute, then every half minute, and when it ends: a daemon that
is killed loses no more than a minute. Nobody waits for the disk.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hangd.client.control.port import CommandRefused, ControlEvent
from hangd.client.history.file import HistoryFile
from hangd.client.history.record import Company, Record, Scene, Watching
from hangd.client.server.room_view import RoomView
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.picture import Motion, Picture
from hangd.protocol.messages import Report
from hangd.tasks import DeadlineTimer, Tasks

_LEAST_SECONDS: Final = 60.0
"""A film that played for less is not kept."""
_WRITE_SECONDS: Final = 30.0
_WAITING_MAX: Final = 100
"""Records that wait while the file cannot be written."""
_LAST_WRITE_SECONDS: Final = 2.0
"""How long the end of the daemon may wait for the disk."""


class History:
    """See the module's docstring.

    Args:
        path: the file. None: nothing is kept.
        look: returns what there is to see now; None: nobody wants that to be kept.
    """

    def __init__(
        self,
        path: Path | None,
        tasks: Tasks,
        look: Callable[[], Scene | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = None if path is None else HistoryFile(path)
        self._tasks = tasks
        self._look = look
        self._clock = clock
        self._current: Watching | None = None
        self._written = 0.0
        """When the current film was last written, in local time."""
        self._waiting: dict[str, Record] = {}
        """Records that are to be written, oldest first."""
        self._stored: set[str] = set()
        """Ids of records that are in the file and may be written again."""
        self._timer = DeadlineTimer(lambda now: self.review())
        self._turn = asyncio.Lock()
        self._is_ending = False

    # ---- what happens ---------------------------------------------------------------------------------------------

    def changed(self, names: frozenset[str]) -> None:
        """Properties have changed."""
        self.review()

    def heard(self, event: ControlEvent) -> None:
        """Count a correction that a viewer can see. A trim of the rate is none."""
        current = self._current
        if current is not None and event["event"] == "sync-corrected" and event["action"] in ("hold", "resync"):
            current.corrections += 1

    def reported(self, report: Report) -> None:
        """This player's report to its room."""
        current = self._current
        if current is not None and current.room_id is not None and not report.apart:
            current.skew.learn(report)

    def review(self) -> None:
        """Look at what there is to see, and write what is due."""
        if self._file is None or self._is_ending:
            return
        scene, now, wall = self._look(), self._clock(), time.time()
        if scene is None:
            self._current = None
            self._timer.arm(None)
            return
        if self._current is not None and not self._current.is_in(scene):
            self._current.count(now, wall)
            self._write(self._current)
            self._current = None
        if self._current is None:
            self._current, self._written = Watching.of(scene, uuid.uuid4().hex, wall), now
        current = self._current
        if current is not None:
            current.see(scene, now, wall)
            if self._due(now) <= now:
                self._write(current)
                self._written = now
        self._timer.arm(None if current is None or current.runs_since is None else self._due(now))

    def _due(self, now: float) -> float:
        """Return when the current film is to be written, if it runs on."""
        current = self._current
        assert current is not None
        if current.seconds < _LEAST_SECONDS:
            return now + _LEAST_SECONDS - current.seconds
        return now if current.id not in self._stored | self._waiting.keys() else self._written + _WRITE_SECONDS

    # ---- the file -------------------------------------------------------------------------------------------------

    def _write(self, watching: Watching) -> None:
        if watching.seconds < _LEAST_SECONDS:
            return
        self._waiting[watching.id] = watching.record()
        while len(self._waiting) > _WAITING_MAX:
            del self._waiting[next(iter(self._waiting))]
        self._tasks.start(self._write_waiting(), name="write the history")

    async def _write_waiting(self) -> None:
        async with self._turn:
            records = tuple(self._waiting.values())
            if self._file is None or not records:
                return
            written = await self._file.put(records, self._stored)
            if written is None:
                return  # The next write tries it again.
            for one in records:
                if self._waiting.get(one.id) is one:
                    del self._waiting[one.id]
            current = self._current
            if current is not None and current.id in self._stored and current.id not in written:
                if any(one.id == current.id for one in records):
                    self._current = None  # Somebody has removed the history meanwhile: this film begins anew.
            self._stored = (self._stored | written) & self._in_use()
        self.review()

    def _in_use(self) -> set[str]:
        """Return the ids of records that may be written again."""
        return set(self._waiting) if self._current is None else {*self._waiting, self._current.id}

    async def read(self, since: float, limit: int) -> list[dict[str, Any]]:
        """Return what was watched since then, newest first, with the film that plays now. Raises CommandRefused."""
        self.review()
        known = await self._opened().read(since, limit)
        if known is None:
            raise _unusable()
        found = {one.id: one for one in known} | self._waiting
        if self._current is not None and self._current.seconds >= _LEAST_SECONDS:
            found[self._current.id] = self._current.record()
        newest = sorted(found.values(), key=lambda one: one.started_at, reverse=True)
        return [one.plain() for one in newest if one.started_at >= since][:limit]

    async def clear(self) -> int:
        """Remove everything, and what is known of the film that plays. Returns how many records there were."""
        async with self._turn:
            removed = await self._opened().clear()
            if removed is None:
                raise _unusable()
            self._waiting.clear()
            self._stored.clear()
            self._current = None
        self.review()
        return removed

    async def close(self) -> None:
        """Write what is left. Nothing may be called afterwards."""
        self.review()
        self._is_ending = True
        self._timer.arm(None)
        current, self._current = self._current, None
        if current is not None:
            current.count(self._clock(), time.time())
            if current.seconds >= _LEAST_SECONDS:
                self._waiting[current.id] = current.record()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WRITE_SECONDS):
                await self._write_waiting()
        self._file = None

    def _opened(self) -> HistoryFile:
        if self._file is None:
            raise CommandRefused.failed("NotFound", "this daemon keeps no history")
        return self._file


def scene(state: ViewerState, picture: Picture) -> Scene | None:
    """Return what there is to see now. None: this machine's viewer wants no history."""
    if not state.settings.history:
        return None
    is_running = picture.state.motion is Motion.RUNNING and not picture.state.stalled
    return Scene(picture.open_path, is_running, picture.state.duration, _company(state.room))


def _company(room: RoomView | None) -> Company | None:
    """Return who is in this room beside this viewer, and has its film there."""
    if room is None:
        return None
    others = [
        member.name
        for client_id, member in room.members.items()
        if client_id != room.client_id
        and member.film
        and member.state != "away"
        and (member.file is not None or member.state != "idle")
    ]
    return Company(room.room_id, room.name, tuple(others), room.policy.history)


def _unusable() -> CommandRefused:
    return CommandRefused.failed("FileUnusable", "the history's file cannot be used: the daemon's log says why")
