"""Reach a server through a proxy: which one is used, and a socket that leads through it. `dialing.dial` calls it.

The handshakes (CONNECT of HTTP, SOCKS 4 and 5) are those of python-socks. A proxy's URL may contain a password, which
is never shown.
"""

import errno
import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from hangd.log import escape
from hangd.transport.lookup import why_not_found
from hangd.urls import place

_PORTS: Final = {"http": 80, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}
_NAMES_AT_THE_PROXY: Final = ("socks4a", "socks5h")
"""Schemes with which the proxy finds the host's address; with socks4 and socks5 this machine does."""


class ProxyFailed(Exception):
    """The proxy cannot be used. ``str()`` is a sentence for a user, which names the proxy."""


class Proxy(NamedTuple):
    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None

    def __str__(self) -> str:
        return f"{self.scheme}://{place(self.host, self.port)}"


def parse_proxy(url: str) -> Proxy:
    """Return the proxy of a URL. One without a scheme is an HTTP proxy's.

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with what names the proxy.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        scheme = "socks5h" if parts.scheme == "socks" else parts.scheme
        if scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError
        user, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
        return Proxy(scheme, parts.hostname, parts.port or _PORTS[scheme], user, password)
    except ValueError:
        raise ValueError(
            "must be the URL of a proxy, http://[NAME:PASSWORD@]HOST:PORT, or socks5h, socks5, socks4a or socks4"
        ) from None


def choose(given: str | None, host: str, port: int, *, secure: bool, environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy on the way to this server; None: there is none.

    The proxy is ``given`` ("none": no proxy), else the environment's HTTPS_PROXY (``secure``) or HTTP_PROXY, else its
    ALL_PROXY. This machine itself, and what NO_PROXY lists, is never reached through a proxy.

    Raises:
        ProxyFailed: the URL of the proxy is wrong.
    """

    def variable(name: str) -> str:
        return environment.get(name.lower()) or environment.get(name) or ""

    if _is_loopback(host) or _listed(host, port, variable("NO_PROXY")):
        return None
    if given is not None:
        return None if given == "none" else parse_proxy(given)
    for name in ("HTTPS_PROXY" if secure else "HTTP_PROXY", "ALL_PROXY"):
        if url := variable(name):
            try:
                return parse_proxy(url)
            except ValueError as error:
                raise ProxyFailed(f"{name} {error}") from None
    return None


async def connect(proxy: Proxy, host: str, port: int) -> socket.socket:
    """Return a socket that the proxy has connected to the server.

    Raises:
        ProxyFailed: it did not do that.
    """
    from python_socks import ProxyConnectionError, ProxyError, ProxyType
    from python_socks.async_.asyncio import Proxy as Connector

    kinds = {"http": ProxyType.HTTP, "socks4": ProxyType.SOCKS4, "socks5": ProxyType.SOCKS5}
    connector = Connector.create(
        kinds[proxy.scheme.rstrip("ah")],
        proxy.host,
        proxy.port,
        proxy.user,
        proxy.password or ("" if proxy.user is not None else None),
        rdns=proxy.scheme in _NAMES_AT_THE_PROXY,
    )
    try:
        return await connector.connect(host, port)
    except ProxyConnectionError as error:
        cause = error.__cause__
        if isinstance(cause, socket.gaierror):
            reason = why_not_found(cause, proxy.host)
        else:
            reason = os.strerror(error.errno or errno.EHOSTUNREACH)
        raise ProxyFailed(f"the proxy {proxy} cannot be reached: {reason}") from error
    except ProxyError as error:
        if error.error_code in (401, 407) or "uthentication" in str(error):
            hint = f"write them into its URL, {proxy.scheme}://NAME:PASSWORD@HOST:PORT"
            raise ProxyFailed(f"the proxy {proxy} wants another user name and password: {hint}") from error
        raise ProxyFailed(f"the proxy {proxy} does not connect to {host}:{port}: {escape(str(error))[:200]}") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _listed(host: str, port: int, rules: str) -> bool:
    """Return whether NO_PROXY lists this host: by name, by a domain above it, by address or network, or all by "*"."""
    for rule in filter(None, re.split(r"[,\s]+", rules.lower())):
        rule = rule.removeprefix("*.").removeprefix(".")
        if rule in ("*", host, f"{host}:{port}") or host.endswith(f".{rule}"):
            return True
        try:
            if ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False):
                return True
        except ValueError:
            continue
    return False
