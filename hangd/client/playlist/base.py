"""ViewerPlaylist: what the viewer needs of its playlist, alone and in a room."""

from typing import Protocol

from hangd.client.control.port import PlaylistPort
from hangd.engine.player_messages import PlayerEvent
from hangd.engine.playlist.playlist import Order
from hangd.protocol.model import QueueItem


class ViewerPlaylist(PlaylistPort, Protocol):
    @property
    def version(self) -> object:
        """Differs from what it was if anything that control clients see of the playlist differs."""

    def opening(self, path: str, film: QueueItem | None) -> int:
        """A file is opened that no edit of the playlist led to. Return the id of its entry.

        ``film`` is given if it is another film than the room's.
        """

    def reopened(self, path: str) -> int | None:
        """The follower opens the last file again. Return its entry's id if it has another one by now."""

    def hear(self, event: PlayerEvent) -> Order | None:
        """Take an event of the film that is open. Return what follows it; the caller must give that to `obey`."""

    def run_out(self) -> Order | None:
        """The film that is open counts as played to its end. Return what follows; None: nothing, or the room says."""

    def obey(self, order: Order, *, play: bool) -> None:
        """Carry an order out. ``play``: whether a film that is opened begins to play."""

    def given_up(self) -> None:
        """The film that is open cannot be played: go on with what follows it."""

    def play_on(self) -> bool:
        """The viewer plays on after a film has ended. Return whether there is another film to go to."""
