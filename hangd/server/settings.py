"""What a server's operator may choose. Command line and config file fill it in; the server reads nothing else."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from hangd.protocol.model import CAPACITY_MAX

__all__ = ["ServerSettings"]

_Count = Annotated[int, Meta(ge=1, le=1_000_000)]
_Seconds = Annotated[float, Meta(ge=0, le=10 * 365 * 86400)]


class ServerSettings(Struct, frozen=True, kw_only=True):
    """The options of ``hangd server``."""

    listen: tuple[str, ...] = ("127.0.0.1:3005", "[::1]:3005")
    """``HOST:PORT`` or ``[IPV6]:PORT``; port 0 takes a free one."""
    tls_cert: str | None = None
    """A PEM file, the chain included. With ``tls_key``: the server then speaks wss only."""
    tls_key: str | None = None
    echo: Literal["full", "always", "never"] = "full"
    """Whether a member gets its own commands back: a full client only, every client, none."""
    keep_rooms: bool = True
    """Whether rooms outlive the server, in a file."""
    data_dir: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """The folder of that file. None: the service manager's or the usual place (`hangd.paths.server_dir`)."""
    room_ttl: _Seconds | None = None
    """Seconds for which an empty room lives on. None: a day where rooms are kept, else ten minutes."""
    away: _Seconds = 90.0
    """Seconds for which a member whose connection dropped keeps its place."""
    room_capacity: Annotated[int, Meta(ge=1, le=CAPACITY_MAX)] = 100
    """The largest room."""
    max_clients: _Count = 1000
    max_rooms: _Count = 1000
    max_per_address: _Count = 100
    """Connections from one address at the same time."""
    publish_rooms: bool = False
    """Whether anybody may ask for the list of rooms."""
    motd: Annotated[str, Meta(max_length=4000)] | None = None
    """A greeting, sent to each client with its Welcome."""
    messages_per_second: Annotated[float, Meta(gt=0, le=100_000)] = 20.0
    """What one connection may send in the long run, in messages a second."""
    burst: _Count = 60
    """What it may send at once."""
    shutdown_timeout: Annotated[float, Meta(gt=0, le=600)] = 5.0
    """Seconds that going down may take before what is still open is cut off."""
