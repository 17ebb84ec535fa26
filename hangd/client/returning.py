"""Returning: go back into the room in which the daemon before this one was, when it was killed or stopped.

`KeptRooms` has its place. The server may have kept it too: then its Welcome leads into the room at once, by the secret
of the old connection. If it has not, the room is asked to let this viewer in again, like any member that comes back.

Theory of operation. `note` is called whenever something of the room has changed, and keeps the place; out of a room
there is none. `begin` is called once, when the daemon has started. From then on until the viewer is in the room, or it
is known that it will not be, the old place is kept. What the viewer asks for in the meantime counts more: `give_way`.
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from hangd.client.control.port import CommandRefused, RoomCommand
from hangd.client.kept_rooms import KeptRooms, Place, RoomKeys
from hangd.client.media.files import MediaFiles
from hangd.client.membership import Membership
from hangd.client.notices import Notices
from hangd.client.playlist.room_films import RoomFilms
from hangd.client.server.connection import Connection
from hangd.client.server.departure import departure, not_let_in, on_the_way
from hangd.client.viewer_state import ViewerState
from hangd.engine.film import may_be_same
from hangd.engine.follower.picture import Picture
from hangd.engine.link.link import LinkState
from hangd.log import escape
from hangd.player.files import MediaUnusable
from hangd.protocol import messages
from hangd.protocol.model import FileHash, FileInfo
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_PASSES: Final = ("NotConnected", "NoServer", "TimedOut", "RateLimited", "ServerFull")
"""Refusals after which the same is tried again."""
_AGAIN_SECONDS: Final = 1.0
_JUST_BACK_SECONDS: Final = 5.0
"""For so long after it was entered by itself, a room is left for another one that the viewer asks for. hangctl, which
starts a daemon and then asks, takes less than a second."""
_OF_THE_PLACE: Final = frozenset({"room", "room/left", "path", "server/state"})
"""Properties that change when the place does, or a secret of it."""


class Returning:
    """See the module's docstring.

    Args:
        picture: the follower's.
        ask: carries out one of the commands that wait for the server.
        films: the copies of the room's films.
    """

    def __init__(
        self,
        state: ViewerState,
        kept: KeptRooms,
        connection: Connection,
        membership: Membership,
        media: MediaFiles,
        picture: Picture,
        notices: Notices,
        tasks: Tasks,
        ask: Callable[[RoomCommand, Mapping[str, str]], Awaitable[Any]],
        films: RoomFilms,
    ) -> None:
        self._state = state
        self._kept = kept
        self._connection = connection
        self._membership = membership
        self._media = media
        self._picture = picture
        self._notices = notices
        self._tasks = tasks
        self._ask = ask
        self._films = films
        self._task: asyncio.Task[object] | None = None
        """Going back, while that is under way."""
        self._has_begun = False
        self._back_at: float | None = None
        """Local time at which the viewer was back in its room. None: it has not gone back."""

    # ---- keeping the place ----------------------------------------------------------------------------------------

    def note(self, changed: frozenset[str]) -> None:
        """Keep where this daemon is. ``changed``: the names of properties whose value may have changed."""
        if not self._has_begun or self._task is not None or changed.isdisjoint(_OF_THE_PLACE):
            return
        room, resume = self._state.room, self._connection.resume
        if room is None:
            self._kept.set(None)
            return
        path = self._picture.open_path
        # Not ``room.server``, which is how others reach the server.
        server = self._connection.url or self._state.server_url
        place = Place(
            server=server,
            room_id=room.room_id,
            name=room.name,
            password=room.password,
            path=None if path is None else os.fsencode(path),
            client_id=None if resume is None else resume.client_id,
            resume_secret=None if resume is None else resume.secret,
        )
        keys = RoomKeys(server, room.room_id, room.name, room.host_secret, room.return_secret)
        self._kept.set(place if self._state.settings.rejoin > 0 else None, keys)

    async def close(self) -> None:
        """Stop going back. The place is kept as it is now, for the next daemon."""
        if self._task is not None:
            self._task.cancel()
        await self._kept.close()

    # ---- going back -----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Go back to where the daemon before this one was, if that was not too long ago."""
        self._has_begun = True
        place, absent, rejoin = self._kept.place, self._kept.age, self._state.settings.rejoin
        if place is None or absent is None:
            return
        # `hangctl join` without a server means this one.
        self._state.server_url = place.server
        if absent <= rejoin:
            self._task = self._tasks.start(self._return(place, rejoin), name="return")
            return
        self._kept.set(None)
        if rejoin > 0:
            said = f"hangd did not run for {_duration(absent)}, and goes back by itself within {_duration(rejoin)} only"
            self._membership.tell_departure(departure(place.room_id, place.name, "lost", said))
            self._notices.announce()

    def give_way(self, command: RoomCommand, arguments: Mapping[str, str]) -> str | None:
        """Give up going back if the viewer asks for something else. Returns the id of the room that it was to be.

        A daemon that is started in order to enter a room may be back in another one before it is told so.
        """
        if command == "server-connect" and arguments["url"] == self._connection.url:
            return None
        room, place, now = self._state.room, self._kept.place, time.monotonic()
        if room is not None:
            elsewhere = command not in ("room-leave", "server-disconnect") and not room.is_named(
                arguments.get("room", "")
            )
            if elsewhere and self._back_at is not None and now - self._back_at < _JUST_BACK_SECONDS:
                self._membership.say_goodbye()
                self._membership.leave("left", now)
            return None
        if self._task is None or place is None:
            return None
        self._task.cancel()
        self._ended()
        self._kept.set(None)
        self._membership.note_departure(None)
        self._connection.unwant()
        return place.room_id

    def _ended(self) -> None:
        self._task = self._membership.resumed = None

    async def _return(self, place: Place, patience: float) -> None:
        _log.info("going back into %s", escape(place.name or place.room_id))
        self._membership.note_departure(on_the_way(place.room_id, place.name))
        why = None
        try:
            async with asyncio.timeout(patience):
                await self._try(place)
        except CommandRefused as error:
            why = departure(place.room_id, place.name, "lost", error.message, error.code)
        except TimeoutError:
            said = f"its server did not answer for {_duration(patience)}"
            why = departure(place.room_id, place.name, "lost", said)
        self._ended()
        if why is None:
            self._back_at = time.monotonic()
        else:
            self._connection.unwant()
            self._membership.tell_departure(why)
        self.note(_OF_THE_PLACE)
        self._notices.announce()

    async def _try(self, place: Place) -> None:
        """Try until the viewer is in the room. Raises CommandRefused if it is refused for good."""
        path = None if place.path is None else os.fsdecode(place.path)
        info, whole = None, None
        if path is not None:
            try:
                info, whole = await self._media.quick(path), await self._media.cached_hash(path)
            except MediaUnusable as error:
                _log.warning("%s", error)
                path = None
        self._membership.resumed = lambda welcome, now: self._resumed(place, path, info, whole, welcome, now)
        resume = None
        if place.client_id is not None and place.resume_secret is not None:
            resume = messages.Resume(client_id=place.client_id, secret=place.resume_secret)
        self._connection.want(place.server, resume)
        while self._state.room is None:
            try:
                await self._notices.until(lambda: self._connection.is_up or self._connection.state is LinkState.DOWN)
                if not self._connection.is_up:
                    refusal = self._connection.refusal
                    code = None if refusal is None else not_let_in(refusal)
                    raise CommandRefused.failed(code, self._connection.reason)
                if self._state.room is None:
                    await self._join(place, path)
            except CommandRefused as error:
                if error.code not in _PASSES:
                    raise
                await asyncio.sleep(_AGAIN_SECONDS)

    def _resumed(
        self,
        place: Place,
        path: str | None,
        info: FileInfo | None,
        whole: FileHash | None,
        welcome: messages.Welcome,
        now: float,
    ) -> None:
        """The server has greeted this client. If it has kept its place, be there."""
        room = welcome.room
        if room is None or room.room_id != place.room_id:
            return
        keys = self._kept.keys(place.server, place.room_id) or RoomKeys(place.server, place.room_id)
        # What the room knows of this member's copy is from before. It forgot that if it has moved on to another film.
        told = next((member.file for member in room.members if member.client_id == welcome.client_id), None)
        has_film = told is not None and info is not None and may_be_same(told, info)
        self._membership.enter(
            room,
            welcome.client_id,
            now,
            path if has_film else None,
            password=place.password,
            host_secret=keys.host_secret,
            return_secret=keys.return_secret,
        )
        if has_film and path is not None and info is not None:
            self._films.open(path, info, whole)
        else:
            self._films.look_beside(path)
            self._films.show(None)

    async def _join(self, place: Place, path: str | None) -> None:
        arguments = {"room": place.room_id}
        if place.password is not None:
            arguments["password"] = place.password
        if path is not None:
            try:
                await self._ask("room-join", {**arguments, "file": path})
                return
            except CommandRefused as error:
                if error.code != "FileHashMismatch":
                    raise
        # The room may have moved on to another film. Its copy is looked for once it is known, also beside this file.
        self._films.look_beside(path)
        await self._ask("room-join", arguments)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"
