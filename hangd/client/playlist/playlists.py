"""Playlists: the daemon's own playlist and the room's, and which of them the viewer has now.

Both number their entries from one sequence, so a number means one film for as long as the daemon runs.
"""

import itertools

from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.files import MediaFiles
from hangd.client.media.local_copy import LocalCopy
from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.client.playlist.alone import OwnPlaylist
from hangd.client.playlist.base import ViewerPlaylist
from hangd.client.playlist.in_room import RoomPlaylist
from hangd.client.playlist.room_films import Parts
from hangd.client.server.connection import Connection
from hangd.client.viewer_state import ViewerState
from hangd.protocol.model import Room
from hangd.tasks import Tasks


class Playlists:
    """See the module's docstring. ``current`` changes only when the viewer enters or leaves a room."""

    def __init__(
        self,
        state: ViewerState,
        driver: FollowerDriver,
        player: PlayerSupervisor,
        connection: Connection,
        media: MediaFiles,
        copy: LocalCopy,
        notices: Notices,
        tasks: Tasks,
    ) -> None:
        self._driver = driver
        new_id = itertools.count(1).__next__
        self.own = own = OwnPlaylist(state, driver, copy, notices, new_id)
        parts = Parts(state, driver, player, media, copy, notices, tasks, own.paths)
        self.room = RoomPlaylist(state, driver, connection, notices, own, new_id, parts)
        self.current: ViewerPlaylist = own

    def enter(self, room: Room, path: str | None, *, again: bool) -> None:
        """Have the room's playlist from now on. Arguments as for `RoomPlaylist.enter`."""
        self.current = self.room
        self.room.enter(room, path, again=again)

    def leave(self) -> None:
        """Have the daemon's own playlist again. The film that plays goes on, as an entry of it."""
        self.own.continue_with(self._driver.follower.picture.open_path, self._driver.entry)
        self.room.leave()
        self.current = self.own
