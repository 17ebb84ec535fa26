"""What a viewer may choose. Command line, environment and config file fill it in; nothing else knows of those."""

import getpass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from hangd.protocol.model import NAME_MAX, Name, ServerUrl

__all__ = ["SERVER_URL", "ClientSettings", "default_name"]

SERVER_URL: Final = "ws://127.0.0.1:3005/ws"

_Milliseconds = Annotated[float, Meta(ge=-60_000, le=60_000)]


def default_name() -> str:
    """Return this user's login name, cut to what a room takes as a name; "viewer" for one who has none."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a uid without an entry and no $USER: containers, systemd's dynamic users
        name = ""
    return "".join(letter for letter in name if letter.isprintable())[:NAME_MAX].strip() or "viewer"


class ClientSettings(Struct, frozen=True, kw_only=True):
    """The options of ``hangd run``."""

    socket: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """Where to listen for control clients. None: $HANG_SOCKET, or the usual place (`hangd.paths.runtime_socket`)."""
    server: ServerUrl = SERVER_URL
    """The room server, until a control client names another one."""
    name: Name = field(default_factory=default_name)
    """What the others see."""
    player: Literal["vlc", "simulated"] = "vlc"
    vlc_options: tuple[str, ...] = ()
    """Options for libVLC itself, as on vlc's command line."""
    video_offset_ms: _Milliseconds = 0.0
    """Added to when this machine's picture is shown: positive shows it earlier, for a slow screen. Milliseconds."""
    audio_offset_ms: _Milliseconds = 0.0
    """The same for the sound. Milliseconds."""
    media_dirs: tuple[Annotated[str, Meta(min_length=1, extra={"path": True})], ...] = ()
    """Where to look for the room's file when none is named."""
    share_file_name: bool = True
    """Whether the others may see this machine's name of the file."""
    allow_quit: bool = False
    """Whether a control client's ``quit`` ends the daemon."""
