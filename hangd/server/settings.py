"""The settings of the room server. `hangd.config` fills them in; the server reads no other configuration."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from hangd.protocol.model import CAPACITY_MAX

_Count = Annotated[int, Meta(ge=1, le=1_000_000)]
_Seconds = Annotated[float, Meta(ge=0, le=10 * 365 * 86400)]


class ServerSettings(Struct, frozen=True, kw_only=True):
    """The options of ``hangd server``."""

    listen: tuple[str, ...] = ("127.0.0.1:3005", "[::1]:3005")
    """``HOST:PORT`` or ``[IPV6]:PORT``. Port 0: any free port."""
    tls_cert: str | None = None
    """A PEM file with the certificate chain. With ``tls_key``; the server then speaks wss only."""
    tls_key: str | None = None
    echo: Literal["full", "always", "never"] = "full"
    """Which members get their own commands back: full clients, all, none."""
    keep_rooms: bool = True
    """Whether rooms are kept in a file and restored at the next start."""
    data_dir: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """The folder of that file. None: `hangd.paths.server_dir`."""
    room_ttl: _Seconds | None = None
    """Seconds for which an empty room is kept. None: a day if rooms are kept in a file, else ten minutes."""
    away: _Seconds = 90.0
    """Seconds for which a full member without a connection is kept."""
    room_capacity: Annotated[int, Meta(ge=1, le=CAPACITY_MAX)] = 100
    """The largest capacity that a room may have."""
    max_clients: _Count = 1000
    max_rooms: _Count = 1000
    max_per_address: _Count = 100
    """Simultaneous connections from one address."""
    publish_rooms: bool = False
    """Whether any client may list the rooms."""
    motd: Annotated[str, Meta(max_length=4000)] | None = None
    """A text that each client gets with its Welcome."""
    messages_per_second: Annotated[float, Meta(gt=0, le=100_000)] = 20.0
    """Messages a second that one connection may send on average."""
    burst: _Count = 60
    """Messages that one connection may send at once."""
    shutdown_timeout: Annotated[float, Meta(gt=0, le=600)] = 5.0
    """Seconds that clients have to close their connections on shutdown before they are cut off."""
