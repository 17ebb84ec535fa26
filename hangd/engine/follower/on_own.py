"""OnOwn: whether the room can be asked, and whether the player goes by a timeline of its own meanwhile.

The link to the room is *up*; *silent* if it is up, but the room has not answered a request in time; or *down*. While it
is not up, the first thing that the viewer does puts the player *on its own*: it leaves the room's timeline, and obeys
the viewer at once, as in no room. The room's newest timeline is kept here, and the way back leads to it::

              a request is not answered             the connection is lost
      up  ------------------------------>  silent  ------------------------>  down
       ^  ------------------------------------------------------------------>  |
       |          the room answers            |                                |
       +--------------------------------------+        back in the room        |
       +-----------------------------------------------------------------------+

One case stays on its own though the link is up: the viewer paused while the link was down, and the room plays. Then the
player is *apart*: it stands until the viewer plays, or the room is paused.
"""

from typing import Literal

from msgspec import Struct

from hangd.protocol.messages import Pause, Play, Stop, SyncCommand
from hangd.protocol.model import Timeline


class OnOwnState(Struct):
    """What an `OnOwn` knows. Times are local times."""

    link: Literal["up", "silent", "down"] = "up"
    since: float | None = None
    """When the link was found to be silent or down. None: it is up."""
    room: Timeline | None = None
    """The room's newest timeline, while the player is on its own. None: it is not."""
    paused: bool = False
    """Whether the viewer has paused or stopped the player since it is on its own."""
    requested_at: float | None = None
    """When the room was asked last, while the link is silent."""


class OnOwn:
    """See the module's docstring."""

    def __init__(self, state: OnOwnState | None = None) -> None:
        self.state = state or OnOwnState()

    @property
    def reaches_room(self) -> bool:
        """Whether the room can be asked and, as far as it is known, answers. True in no room."""
        return self.state.link == "up"

    @property
    def obeys_viewer(self) -> bool:
        """Whether what the viewer does concerns this player only, and so needs no permission."""
        return self.state.link != "up" or self.state.room is not None

    @property
    def left(self) -> Timeline | None:
        """The timeline of the room that goes on without this player, and could be asked. None: there is none."""
        return self.state.room if self.state.link == "up" else None

    def lose(self, link: Literal["silent", "down"], now: float) -> None:
        """Note that the room cannot be asked."""
        state = self.state
        state.link, state.requested_at = link, now if link == "silent" else None
        if state.since is None:
            state.since = now

    def reach(self) -> None:
        """Note that the room can be asked again."""
        self.state.link, self.state.since, self.state.requested_at = "up", None, None

    def begin(self, room: Timeline) -> None:
        """Be on its own from now on. ``room``: the timeline that is left."""
        self.state.room, self.state.paused = room, False

    def end(self) -> None:
        """Follow the room again."""
        self.state.room, self.state.paused = None, False

    def forget(self) -> None:
        """Be in no room."""
        self.end()
        self.reach()

    def stands(self, room: Timeline) -> bool:
        """Return whether the player stays on its own in a room that can be asked again and has this timeline."""
        return self.state.room is not None and self.state.paused and room.playing

    def obeyed(self, command: SyncCommand) -> None:
        """Note that the player does this on its own."""
        match command:
            case Pause() | Stop():
                self.state.paused = True
            case Play():
                self.state.paused = False

    def check(self) -> None:
        """Assert the invariants."""
        state = self.state
        assert (state.since is None) == (state.link == "up")
        assert state.link != "silent" or state.room is not None
        assert not state.paused or state.room is not None
        assert self.left is None or self.stands(self.left)
        assert (state.requested_at is not None) == (state.link == "silent")
