"""Which web pages may have a WebSocket: the server's own, and those of the origins that the operator names.

A browser writes into ``Origin`` from which site the page is that opens a WebSocket; a page cannot change it. Without
this check any site could act in rooms through its visitors' browsers, from their networks. Other programs send no
``Origin``, or what they like: this is no protection against them.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

_ORIGIN: Final = re.compile(r"(https?)://([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_PORTS: Final = {"http": "80", "https": "443"}


def parse_origin(text: str) -> str:
    """Return the normal form of an origin: lower case, without the scheme's own port.

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with the option's name.
    """
    found = _ORIGIN.fullmatch(text)
    if found is None or not 1 <= int(found[3] or 1) <= 65535:
        raise ValueError(f"must be an origin, https://HOST or https://HOST:PORT, without a path, not {text[:200]!r}")
    scheme, host, port = found.groups()
    return f"{scheme}://{_place(scheme, host, port)}"


def parse_origins(given: Sequence[str]) -> tuple[str, ...]:
    """Return the normal form of the setting ``web_origins``. Raises ValueError as `parse_origin` does."""
    return tuple(map(parse_origin, given))


class Origins:
    """Decides about requests for a WebSocket.

    Args:
        given: origins whose pages may have one, in their normal form.
        same_host: whether a page of the host that was asked for may.
    """

    def __init__(self, given: Sequence[str], *, same_host: bool) -> None:
        self._given = frozenset(given)
        self._same_host = same_host

    def refusal(self, fields: Callable[[str], Sequence[str]], *, proxied: bool) -> str | None:
        """Return a sentence that says why a request is refused. None: it is not.

        Args:
            fields: returns the values of the header fields of this name.
            proxied: whether the peer is a trusted proxy, which may say for which host it was asked.
        """
        values = fields("Origin")
        if not values:
            return None
        if len(values) == 1:
            try:
                origin = parse_origin(values[0])
            except ValueError:
                return "This page has no origin that is allowed here."
            if origin in self._given:
                return None
            hosts = [*fields("Host")]
            if proxied:
                hosts += [host for value in fields("X-Forwarded-Host") for host in value.split(",")]
            if self._same_host and any(_is_host(origin, host.strip()) for host in hosts):
                return None
        return "Pages of this origin are not allowed here (--web-origin)."


def _is_host(origin: str, host: str) -> bool:
    """Tell whether an origin is what a browser calls this ``Host``. How it came to it, by TLS or not, is not known."""
    scheme = origin.partition(":")[0]
    try:
        return parse_origin(f"{scheme}://{host}") == origin
    except ValueError:
        return False


def _place(scheme: str, host: str, port: str | None) -> str:
    number = str(int(port)) if port else _PORTS[scheme]
    return host.lower() + ("" if number == _PORTS[scheme] else f":{number}")
