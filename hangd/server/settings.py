"""The settings of the room server. `hangd.config` fills them in; the server reads no other configuration."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from hangd.protocol.model import CAPACITY_MAX, MOTD_MAX
from hangd.server.origins import parse_origins
from hangd.server.proxies import parse_network
from hangd.urls import server_url

_Count = Annotated[int, Meta(ge=1, le=1_000_000)]
_Seconds = Annotated[float, Meta(ge=0, le=10 * 365 * 86400)]

_PLACE: Final = "HOST:PORT, such as 0.0.0.0:3005, [::1]:3005 or localhost:3005"


def listen_place(text: str) -> tuple[str, int]:
    """Return the host and port of ``HOST:PORT`` or ``[IPV6]:PORT``.

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with the option's name.
    """
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"must have brackets around an IPv6 address, as in [::1]:3005, not {text!r}")
    is_number = port.isascii() and port.isdecimal()
    if not host and is_number and len(port) <= 5:
        raise ValueError(
            f"must be HOST:PORT, such as 0.0.0.0:{port} (every address) or 127.0.0.1:{port} (this machine alone), "
            f"not {text!r}"
        )
    if not colon or not host or not is_number:
        raise ValueError(f"must be {_PLACE}, not {text!r}")
    if len(port) > 5 or int(port) > 65535:
        raise ValueError(f"must have a port of at most 65535, not {port[:20]}")
    return host, int(port)


def check_listen(given: Sequence[str]) -> None:
    """Check the setting ``listen``. Raises ValueError as `listen_place` does."""
    if not given:
        raise ValueError(f"must have at least one {_PLACE}")
    for text in given:
        listen_place(text)


def check_networks(given: Sequence[str]) -> None:
    """Check the setting ``trusted_proxies``. Raises ValueError as `parse_network` does."""
    for text in given:
        parse_network(text)


def contact_url(text: str) -> str:
    """Return an e-mail address as a mailto: URL. Raises ValueError as `listen_place` does."""
    address = text.removeprefix("mailto:")
    name, at, host = address.rpartition("@")
    if not (name and at and "." in host and address.isascii() and address.isprintable() and " " not in address):
        raise ValueError(f"must be an e-mail address, such as you@example.org, not {text!r}")
    return f"mailto:{address}"


def check_push_services(given: Sequence[str]) -> None:
    """Check the setting ``push_services``. Raises ValueError as `listen_place` does."""
    for text in given:
        host, colon, port = text.partition(":")
        if not host or "/" in text or "@" in text or (colon and not (port.isascii() and port.isdecimal())):
            raise ValueError(f"must be HOST or HOST:PORT, not {text!r}")


class ServerSettings(Struct, frozen=True, kw_only=True):
    """The options of ``hangd server``."""

    listen: tuple[Annotated[str, Meta(extra={"check": check_listen})], ...] = ("0.0.0.0:3005", "[::]:3005")
    """As `listen_place` reads them. Port 0: any free port. The default is every address, since a room server is there
    for other machines."""
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
    trusted_proxies: tuple[Annotated[str, Meta(extra={"check": check_networks})], ...] = ()
    """Addresses and networks of proxies, or "unix", that may say for whom they connect (`hangd.server.proxies`)."""
    web: bool = True
    """Whether the page for browsers is served."""
    web_origins: tuple[Annotated[str, Meta(extra={"normal": parse_origins})], ...] = ()
    """Origins of other pages that may have a WebSocket (`hangd.server.origins`)."""
    publish_rooms: bool = False
    """Whether any client may list the rooms."""
    public_url: Annotated[str, Meta(extra={"normal": server_url})] | None = None
    """URL by which clients reach this server from elsewhere, for their invites. None: the one that each client used."""
    push_contact: Annotated[str, Meta(extra={"normal": contact_url})] | None = None
    """How push services reach whoever runs this server, as a mailto: URL. Invitations by push are sent only with it."""
    push_services: tuple[Annotated[str, Meta(extra={"check": check_push_services})], ...] = ()
    """Further push services, as HOST or HOST:PORT (`hangd.server.push.endpoints`)."""
    motd: Annotated[str, Meta(max_length=MOTD_MAX)] | None = None
    """A text that each client gets with its Welcome."""
    messages_per_second: Annotated[float, Meta(gt=0, le=100_000)] = 20.0
    """Messages a second that one connection may send on average."""
    burst: _Count = 60
    """Messages that one connection may send at once."""
    shutdown_timeout: Annotated[float, Meta(gt=0, le=600)] = 5.0
    """Seconds that clients have to close their connections on shutdown before they are cut off."""
