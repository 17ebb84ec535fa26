"""The settings of the room server. `hangd.config` fills them in; the server reads no other configuration."""

import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from hangd.protocol.model import CAPACITY_MAX, MOTD_MAX
from hangd.redis_url import check_redis_url
from hangd.server.proxies import parse_network
from hangd.server.web.origins import parse_origins
from hangd.urls import server_url

_Count = Annotated[int, Meta(ge=1, le=1_000_000)]
_PerMinute = Annotated[float, Meta(gt=0, le=1_000_000)]
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


def metrics_place(text: str) -> str:
    """Return the setting ``metrics`` as HOST:PORT. A port alone is one of this machine's loopback address.

    Raises ValueError as `listen_place` does.
    """
    if text.isascii() and text.isdecimal():
        text = f"127.0.0.1:{text}"
    listen_place(text)
    return text


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


def check_database(text: str) -> None:
    """Check the setting ``database``. Raises ValueError as `listen_place` does."""
    scheme, separator, rest = text.partition("://")
    if scheme == "postgres" and separator:
        raise ValueError("must begin with postgresql://, not postgres://")
    if not separator or scheme not in ("sqlite", "postgresql") or (scheme == "sqlite" and not rest.startswith("/")):
        raise ValueError(f"must be sqlite:///PATH or postgresql://USER@HOST/NAME, not {scheme[:20]!r}...")
    if scheme == "postgresql" and "@" in rest.partition("/")[2].partition("?")[0]:
        raise ValueError("must have %2F for each / in its password")


NODE_MAX: Final = 40
_NODE: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9.-]{{0,{NODE_MAX - 1}}}")


def check_node(text: str) -> None:
    """Check the setting ``node``. Raises ValueError as `listen_place` does."""
    if not _NODE.fullmatch(text):
        raise ValueError(
            f"must have 1 to {NODE_MAX} letters, digits, dots and hyphens, and begin with a letter or a digit, "
            f"not {text[: NODE_MAX + 10]!r}"
        )


class ServerSettings(Struct, frozen=True, kw_only=True):
    """The options of ``hangd server``."""

    listen: tuple[Annotated[str, Meta(extra={"check": check_listen})], ...] = ("0.0.0.0:3005", "[::]:3005")
    """Addresses to listen at: HOST:PORT, or [IPV6]:PORT. Port 0: any free port. The default is every address, since a
    room server is there for other machines."""
    tls_cert: str | None = None
    """A PEM file with the certificate chain. With ``tls_key``; the server then speaks wss only."""
    tls_key: str | None = None
    """A PEM file with the certificate's key."""
    echo: Literal["full", "always", "never"] = "full"
    """Which members get their own commands back: those whose client said Hello ("full"), all, or none."""
    keep_rooms: bool = True
    """Whether rooms are kept in a file and restored at the next start."""
    data_dir: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """The folder of that file. None: $STATE_DIRECTORY, as systemd sets it, or ~/.local/state/hang."""
    database: Annotated[str, Meta(extra={"check": check_database})] | None = None
    """Where rooms, accounts and history are kept instead: ``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME``. None:
    a file in ``data_dir``."""
    cluster: Annotated[str, Meta(extra={"check": check_redis_url})] | None = None
    """The Redis by which several servers are one: ``redis://HOST:PORT/0``, ``rediss://`` with TLS, ``unix:///PATH``, or
    ``redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/0``. Rooms are kept in it. None: this server is the only one."""
    cluster_password_file: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """A file whose first line is the password of that Redis."""
    node: Annotated[str, Meta(extra={"check": check_node})] | None = None
    """The name of this server in the cluster. None: the name of its host."""
    register: Literal["open", "invited", "closed"] = "closed"
    """Who may make an account: anybody ("open"); who has an invite of ``hangd user invite``; nobody but the admin."""
    require_token: bool = False
    """Whether nobody is let in without an account."""
    # Not "password_file": HANG_PASSWORD_FILE is read by hangctl, and has a room's password.
    server_password_file: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """A file whose first line is the password without which nobody is let in."""
    history_days: Annotated[float, Meta(ge=0, le=36500)] = 30.0
    """Days for which it is kept what rooms watched; 0: it is not."""
    max_history: _Count = 500_000
    """Records of what rooms watched that are kept; beyond it the oldest are removed."""
    room_ttl: _Seconds | None = None
    """Seconds for which an empty room is kept. None: a day if rooms are kept in a file, else ten minutes."""
    away: _Seconds = 90.0
    """Seconds for which a full member without a connection is kept."""
    room_capacity: Annotated[int, Meta(ge=1, le=CAPACITY_MAX)] = 100
    """The largest capacity that a room may have."""
    max_clients: _Count = 1000
    """Connections at the same time."""
    max_rooms: _Count = 1000
    """Rooms at the same time."""
    max_rooms_per_address: _Count = 50
    """Rooms at the same time that were made from one address, or from one /64 of IPv6 addresses."""
    max_waiting_memory: _Count = 256
    """MiB of messages that may wait for slow clients."""
    max_queue_memory: _Count = 256
    """MiB that the queues of all rooms may take. Half of it is shared out among the ``max_rooms``; of the rest the
    rooms made from one address may take a quarter."""
    max_per_address: _Count = 100
    """Connections from one address at the same time."""
    connections_per_second: Annotated[float, Meta(gt=0, le=100_000)] = 20.0
    """Connections that may begin from one address in the long run, and three for each of its ``max_per_address`` at
    once. Others wait, for ten seconds at most. All addresses of which a client is connected may have ten times as many
    together, and all other addresses as many again."""
    requests_per_second: Annotated[float, Meta(gt=0, le=100_000)] = 100.0
    """Requests for the page and for WebSockets that one address may make in the long run, and 40 for each of its
    ``max_per_address`` at once. Others wait likewise, and there are the same two limits for many addresses together."""
    idle_timeout: Annotated[float, Meta(ge=1, le=365 * 86400)] = 600.0
    """Seconds after which a client in no room that asks for nothing is closed. The first request is due after half a
    minute in any case."""
    trusted_proxies: tuple[Annotated[str, Meta(extra={"check": check_networks})], ...] = ()
    """Addresses and networks of proxies that may say for whom they connect; "unix": those that use a Unix socket."""
    web: bool = True
    """Whether the page for browsers is served."""
    web_origins: tuple[Annotated[str, Meta(extra={"normal": parse_origins})], ...] = ()
    """Sites whose pages are let in beside the server's own page: https://HOST or https://HOST:PORT."""
    metrics: Annotated[str, Meta(extra={"normal": metrics_place})] | None = None
    """Where Prometheus gets metrics, as HOST:PORT; a port alone is one of this machine's loopback address. None: there
    are no metrics."""
    admin_socket: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """The Unix socket by which ``hangd admin`` reaches the server. None: admin.sock in ``data_dir``, unless the
    server keeps nothing."""
    publish_rooms: bool = False
    """Whether any client may list the rooms."""
    public_url: Annotated[str, Meta(extra={"normal": server_url})] | None = None
    """URL by which clients reach this server from elsewhere, for their invites. None: the one that each client used."""
    push_contact: Annotated[str, Meta(extra={"normal": contact_url})] | None = None
    """The e-mail address at which push services reach whoever runs this server. Invitations by push are sent only with
    it."""
    push_services: tuple[Annotated[str, Meta(extra={"check": check_push_services})], ...] = ()
    """Push services, as HOST or HOST:PORT, beside those of Chromium, Firefox, Safari and Edge."""
    motd: Annotated[str, Meta(max_length=MOTD_MAX)] | None = None
    """A text that each client gets with its Welcome."""
    messages_per_second: Annotated[float, Meta(gt=0, le=100_000)] = 20.0
    """Messages a second that one connection may send on average. All connections of one address together may
    send ``max_per_address`` / 4 times as much: 25 times by default. That is so for the limits below, too."""
    burst: _Count = 60
    """Messages that one connection may send at once."""
    chat_per_minute: _PerMinute = 60.0
    """Lines of chat that one connection may send in a minute, and as many at once."""
    rooms_per_minute: _PerMinute = 10.0
    """Rooms that one connection may make in a minute, and passwords that it may give to rooms."""
    joins_per_minute: _PerMinute = 20.0
    """Attempts to join a room that one connection may make in a minute."""
    lists_per_minute: _PerMinute = 60.0
    """How often one connection may ask for a room's state, rooms, invites or bans in a minute."""
    accounts_per_minute: _PerMinute = 20.0
    """Logins and other requests about accounts that one connection may make in a minute."""
    deliveries_per_member: Annotated[float, Meta(gt=0, le=1_000_000)] = 100.0
    """Messages a second that the server delivers because of one room: so many for each of its members. Because of one
    address: so many for each of the ``max_per_address`` connections. Each further KiB of a message counts as one."""
    shutdown_timeout: Annotated[float, Meta(gt=0, le=600)] = 5.0
    """Seconds that clients have to close their connections on shutdown before they are cut off."""
