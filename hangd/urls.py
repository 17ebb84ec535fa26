"""URLs of room servers, and invites to rooms: what is understood, and the normal form.

The daemon, the server and hangctl use it. Modules that are slow to import are imported in the functions that need them,
because a key press starts hangctl.

A server's URL is ``ws://HOST[:PORT]/PATH`` or ``wss://``, perhaps with a query. `server_url` also reads what people
type instead, and returns the normal form: lower case, without the scheme's own port (80 or 443), with ``/ws`` where no
path is named, and behind the folder of a page. Two servers are the same if their URLs are equal.

An invite is ``hang://HOST:PORT/ROOM`` for a ``ws://`` server, and ``hangs://`` for a ``wss://`` server. The port is
always there. A path other than ``/ws`` stands before the room, and a query behind it. So it holds all of the URL:
``parse_invite(make_invite(url, room))`` is ``(room, url, None)``.

A server may also show a page for browsers, in the folder of its ``/ws``: ``https://HOST/#ROOM`` is an invite for a
browser as well as for hang (`page_link`).

A signed invite, which lets in where not everybody may come, stands at the end: ``hang://HOST:PORT/ROOM#invite=TOKEN``
and ``https://HOST/#ROOM&invite=TOKEN``. It is behind ``#`` in both, so that no browser sends it and no log holds it.
"""

import re
import unicodedata
from typing import NamedTuple

_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss", "hang": "ws", "hangs": "wss"}
_PORTS = {"ws": 80, "wss": 443, "http": 80, "https": 443, "hang": 3005, "hangs": 443}
"""The port that is meant where none is named. 3005 is that of ``hangd server``, which by default has no TLS."""
_PATH = "/ws"
_LENGTH_MAX = 2048

_URL = re.compile(r"(?:([A-Za-z]+)://)?([^/?#]*)(/[^?#]*)?(?:\?([^#]*))?(?:#(.*))?")
_INVITE = re.compile(
    r"(?:(https?)://([^#]*)#(.*)|(hangs?)://([^/?#]*)(/.*?)(?:\?([A-Za-z0-9._~/:@+,=%-]+))?)", re.IGNORECASE
)
"""Its groups are scheme, address and room of a web page's address, or scheme, host, path and query of an invite. Such a
query is what `make_invite` writes: all else after a question mark is part of the room's name."""
_SIGNED = re.compile(r"(?:((?i:hangs?)://.*)#|((?i:https?)://[^#]*#.*)&)invite=([A-Za-z0-9._-]+)", re.DOTALL)
"""Its groups are what stands before the token in an invite, and in a web page's address, and the token."""
_TOKEN_MAX = 1024
_AUTHORITY = re.compile(r"(\[[^][]*\]|[^][:]*)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ZONE = re.compile(r"[A-Za-z0-9._~-]+")
_SAFE = "/:@+,="
"""What an invite contains as it is, beside letters, digits and ``-._~``. The rest is percent-encoded: people copy
invites into shells, and a server tells its URL as it likes."""
_HOME_NETWORKS = (".local", ".localhost", ".lan", ".internal", ".home.arpa")
"""Ends of names that exist in a home network only, where servers have no certificates."""


class Invited(NamedTuple):
    """What an invite says."""

    room: str
    """The room's name or id."""
    server: str | None
    """The server's URL in its normal form. None: a room was named, without its server."""
    token: str | None
    """The signed invite, for JoinRoom. Nobody has looked at it so far."""


class _Parts(NamedTuple):
    """A URL, taken apart. What it lacks is None."""

    scheme: str | None
    host: str
    port: int | None
    path: str | None
    query: str | None
    fragment: str | None


def server_url(text: str) -> str:
    """Return the normal form of a server's URL.

    ``http://`` means ``ws://``, and ``https://`` means ``wss://``. Without a scheme, a public name without a port means
    ``wss://``, and port 443 too; all else means ``ws://``, at port 3005 if none is named.

    The path of a ``ws://`` URL is taken as it is. Else, a path that does not end with ``/ws`` is that of a page, with
    or without a slash at its end, and the rooms are at the ``/ws`` in that folder.

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with the name of the setting.
    """
    parts = _split(text)
    if parts.path == "/" and parts.scheme in (None, "hang", "hangs"):
        parts = parts._replace(path=None)
    if parts.fragment is not None or (parts.path is not None and parts.scheme in ("hang", "hangs")):
        raise ValueError(f"must be the URL of a server, not an invite: {text[:200]!r}")
    return _normal(parts)


def make_invite(server: str, room: str, token: str | None = None) -> str:
    """Return the invite to the room with this name or id.

    Args:
        server: the server's URL in its normal form.
        token: the signed invite that is to be in it.
    """
    from urllib.parse import quote

    scheme, host, port, path, query, _ = _split(server)
    assert scheme is not None
    folder = "" if path in (None, _PATH) else path
    behind = f"?{quote(query, safe=_SAFE)}" if query else ""
    signed = "" if token is None else f"#invite={token}"
    invite = "hangs" if scheme == "wss" else "hang"
    return f"{invite}://{host}:{port or _PORTS[scheme]}{folder}/{quote(room, safe='')}{behind}{signed}"


def page_link(server: str, room: str, token: str | None = None) -> str | None:
    """Return the address at which a browser shows the page of a server, with a room; None if there is no such address.

    The page is in the folder of the server's ``/ws``. `parse_invite` leads back to ``server``, or from the URL of a
    folder to the ``/ws`` in it, which is the same server. What stands behind ``#`` is not sent, so no log contains the
    room or the token.

    Args:
        server: the server's URL in its normal form.
        token: the signed invite that is to be in it.
    """
    from urllib.parse import quote

    page = page_address(server)
    signed = "" if token is None else f"&invite={token}"
    return None if page is None else f"{page}#{quote(room, safe='')}{signed}"


def page_address(server: str) -> str | None:
    """Return the address of the page of a server, without a room; None if there is none.

    Args:
        server: the server's URL in its normal form.
    """
    scheme, host, port, path, query, _ = _split(server)
    assert scheme is not None and path is not None
    folder, _, name = path.rpartition("/")
    if name not in ("", _PATH[1:]) or "%" in host:  # Browsers know no zones of addresses.
        return None
    page = "https" if scheme == "wss" else "http"
    place = f"{page}://{host}" + ("" if port is None else f":{port}")
    return f"{place}{folder}/" + (f"?{query}" if query else "")


def parse_invite(text: str) -> Invited:
    """Return what ``text`` says: a room's name or id alone, or an invite with the server's URL and perhaps a token.

    A web page's address is an invite too: ``https://HOST/#ROOM``. The room may be typed as it is called, with spaces
    and signs, except that ``%41`` means A, and that ``?`` begins a query where all that follows it may stand in one.
    Whatever looks like a token at the end of an invite is one, and no part of the room's name.

    Raises:
        ValueError: ``text`` is a URL, but not an invite. ``str()`` is a sentence.
    """
    if "://" not in text:
        return Invited(text, None, None)
    from urllib.parse import unquote

    signed = _SIGNED.fullmatch(text)
    plain, token = (text, None) if signed is None else (signed[1] or signed[2], signed[3])
    try:
        found = _INVITE.fullmatch(plain)
        if found is None or len(plain) > 2 * _LENGTH_MAX or not all(map(_may_be_typed, plain)):
            raise ValueError
        if token is not None and len(token) > _TOKEN_MAX:
            raise ValueError
        page, page_address, room, scheme, address, path, query = found.groups()
        if page is not None:
            parts = _split(f"{page}://{page_address}")
        else:
            folder, _, room = path.rstrip("/").rpartition("/")
            parts = _split(f"{scheme}://{address}{folder}")
            if parts.query is not None or parts.fragment is not None:
                raise ValueError
            parts = parts._replace(path=folder or None, query=unquote(query or "", errors="strict"))
        room = unquote(room, errors="strict")
        if not room or "/" in room:
            raise ValueError
        return Invited(room, _normal(parts), token)
    except ValueError:
        raise ValueError(f"'{text[:200]}' is no invite: hang://HOST:PORT/ROOM or hangs://HOST:PORT/ROOM") from None


def _may_be_typed(letter: str) -> bool:
    """Tell whether the letter can be seen, or is the space of some script: Python counts only one as printable."""
    return letter.isprintable() or unicodedata.category(letter) == "Zs"


def place(host: str, port: int) -> str:
    """Return ``HOST:PORT``, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def address_of(url: str) -> str:
    """Return ``HOST:PORT`` of a server's URL in its normal form. The port is always there."""
    scheme, host, port, *_ = _split(url)
    assert scheme is not None
    return f"{host}:{port or _PORTS[scheme]}"


def is_local(url: str) -> bool:
    """Tell whether only this machine reaches the server. ``url``: the server's URL in its normal form."""
    host = _split(url).host
    if host[-1].isdigit():
        return host.startswith("127.") or host == "0.0.0.0"
    return host in ("localhost", "[::1]", "[::]") or host.endswith(".localhost")


def is_private(url: str) -> bool:
    """Tell whether nobody reads what is sent to this server on the way: it is this machine, or there is TLS.

    Stricter than `is_local`: 0.0.0.0 and names that end with .localhost do not count as this machine.
    ``url``: the server's URL in its normal form.
    """
    if url.startswith("wss://"):
        return True
    from ipaddress import ip_address

    host = address_of(url).rpartition(":")[0]
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:  # It is a name. One that begins like such an address may be any machine's.
        return host == "localhost"


def _split(text: str) -> _Parts:
    """Take a URL apart. Raises ValueError."""
    found = _URL.fullmatch(text) if len(text) <= 2 * _LENGTH_MAX else None
    if found is None or not text.isprintable() or " " in text or "\\" in text:
        raise _not_a_url(text)
    scheme, authority, path, query, fragment = found.groups()
    if "@" in authority:
        raise ValueError("must not contain a user name or a password")
    place = _AUTHORITY.fullmatch(authority)
    if place is None or (scheme is not None and scheme.lower() not in _SCHEMES):
        raise _not_a_url(text)
    port = None if place[2] is None else int(place[2])
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"must have a port from 1 to 65535, not {port}")
    try:
        host = _address(place[1]) if place[1].startswith("[") else _name(place[1])
    except ValueError:
        raise _not_a_url(text) from None
    return _Parts(None if scheme is None else scheme.lower(), host, port, path, query, fragment)


def _normal(parts: _Parts) -> str:
    """Put a server's URL together, in its normal form. Raises ValueError."""
    from urllib.parse import quote

    scheme, host, port, path, query, _ = parts
    is_page = scheme in (None, "http", "https")
    if scheme is None:
        scheme = "hangs" if port == 443 or (port is None and _is_public(host)) else "hang"
    if path is None:
        path = _PATH
    elif is_page and not path.endswith(_PATH):
        path = path.removesuffix("/") + _PATH  # of the page beside which the rooms are
    port = port or _PORTS[scheme]
    scheme = _SCHEMES[scheme]
    url = f"{scheme}://{host}" + ("" if port == _PORTS[scheme] else f":{port}") + quote(path, safe=_SAFE + "%")
    if query:
        url += f"?{quote(query, safe=_SAFE + '%&?')}"
    if len(url) > _LENGTH_MAX:
        raise ValueError(f"must have at most {_LENGTH_MAX} characters")
    return url


def _name(host: str) -> str:
    """Return the normal form of a host's name or IPv4 address. Raises ValueError."""
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    host = host.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError
    if labels[-1].isdigit():  # No name ends with a number.
        from ipaddress import IPv4Address

        return str(IPv4Address(host))
    return host


def _address(host: str) -> str:
    """Return the normal form of an IPv6 address in brackets, perhaps with a zone: ``[fe80::1%25eth0]`` (RFC 6874)."""
    from ipaddress import IPv6Address

    address, percent, zone = host[1:-1].partition("%")
    zone = zone.removeprefix("25")
    if percent and _ZONE.fullmatch(zone) is None:
        raise ValueError
    return f"[{IPv6Address(address)}{percent and '%25'}{zone}]"


def _is_public(host: str) -> bool:
    """Tell whether it is a name, and not one of a home network."""
    return "." in host and host[-1] != "]" and not host[-1].isdigit() and not host.endswith(_HOME_NETWORKS)


def _not_a_url(text: str) -> ValueError:
    return ValueError(f"must be the URL of a server, such as ws://HOST:3005/ws or wss://HOST/ws, not {text[:200]!r}")
