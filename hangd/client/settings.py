"""ClientSettings: the options of ``hangd run``. Filled in by `hangd.config` from command line, environment and file."""

import getpass
import ipaddress
import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from hangd.protocol.model import NAME_MAX, Name, ServerUrl

SERVER_URL: Final = "ws://127.0.0.1:3005/ws"

_Milliseconds = Annotated[float, Meta(ge=-60_000, le=60_000)]


def default_name() -> str:
    """Return this user's login name, cut to the length of a member's name; "viewer" for a user without one."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a uid without an entry and no $USER: containers, systemd's dynamic users
        name = ""
    return "".join(letter for letter in name if letter.isprintable())[:NAME_MAX].strip() or "viewer"


def loopback(place: str) -> tuple[str, int]:
    """Return the host and port of ``127.0.0.1:PORT`` or ``[::1]:PORT``.

    Names are refused: what a name resolves to is decided outside of this machine's control.

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with the option's name.
    """
    found = re.fullmatch(r"(?:\[(?P<six>[0-9a-fA-F:]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})", place)
    try:
        if found is None or not (host := ipaddress.ip_address(found["six"] or found["four"])).is_loopback:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"must be an address of this machine alone, 127.0.0.1:PORT or [::1]:PORT, not {place!r}"
        ) from None
    if (port := int(found["port"])) > 65535:
        raise ValueError(f"must have a port of at most 65535, not {port}")
    return str(host), port


class ClientSettings(Struct, frozen=True, kw_only=True):
    """The options of ``hangd run``."""

    socket: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """Where to listen for control clients. None: $HANG_SOCKET, or the usual place (`hangd.paths.runtime_socket`)."""
    control_tcp: Annotated[str, Meta(extra={"check": loopback})] | None = None
    """Address for control clients that connect by TCP and know the token (`loopback`; port 0 takes a free one)."""
    server: ServerUrl = SERVER_URL
    """URL of the room server, until a control client names another one."""
    name: Name = field(default_factory=default_name)
    """This member's name, as the others see it."""
    player: Literal["vlc", "simulated"] = "vlc"
    vlc_options: tuple[str, ...] = ()
    """Options for libVLC itself, as on vlc's command line."""
    video_offset_ms: _Milliseconds = 0.0
    """Milliseconds by which this machine's picture is shown earlier, for a slow screen; negative: later."""
    audio_offset_ms: _Milliseconds = 0.0
    """Milliseconds by which this machine's sound is heard earlier; negative: later."""
    media_dirs: tuple[Annotated[str, Meta(min_length=1, extra={"path": True})], ...] = ()
    """Folders in which copies of a room's films are looked for, with their subfolders."""
    screenshot_dir: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """Folder for screenshots, made if it is missing. None: the user's folder for pictures."""
    share_file_name: bool = True
    """Whether the other members may see this machine's file name."""
    allow_quit: bool = False
    """Whether a control client's ``quit`` ends the daemon."""
