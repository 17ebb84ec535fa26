"""ViewerState: what is so for this viewer, beside what the follower, the player and the playlists know themselves.

Read by every part of the client. Each field says who writes it; the `Viewer` writes the others.
"""

from msgspec import Struct

from hangd.client.server.departure import Departure
from hangd.client.server.room_view import RoomView
from hangd.client.settings import ClientSettings


class ViewerState(Struct, eq=False):
    settings: ClientSettings
    version: str
    """Of this hangd."""
    server_url: str
    """The server that is connected to when a room is asked for. Written by `ServerCommands`."""
    room: RoomView | None = None
    """The room that this viewer is a member of; None: the viewer is alone. Written by `Membership`."""
    departure: Departure | None = None
    """Why the viewer is out of its room; None: it is in one, or was in none. Written by `Membership`."""
    plays_next: bool = True
    """Whether a film that is opened alone begins to play: what the last pause or play, alone, asked for.

    Written by the viewer, and by `OwnPlaylist` on a stop."""
