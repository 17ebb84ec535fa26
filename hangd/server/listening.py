"""Bind sockets for ``HOST:PORT`` and load TLS certificates. Each failure is one sentence for the operator."""

import errno
import logging
import socket
import ssl
import sys
from collections.abc import Sequence

_log = logging.getLogger(__name__)

_REASONS = {
    errno.EADDRINUSE: "the port is in use (is another server running?)",
    errno.EACCES: "ports below 1024 need a privilege that this process does not have",
}


class StartFailed(Exception):
    """The server cannot start. ``str()`` says why, in one sentence for the operator."""


def bind(addresses: Sequence[str]) -> list[socket.socket]:
    """Bind a socket for each address of each ``HOST:PORT``.

    An address that this machine does not have (for instance without IPv6) is skipped with a warning, if another one is
    bound.

    Raises:
        StartFailed: a port is in use, no address could be bound, or one is malformed.
    """
    bound: list[socket.socket] = []
    absent: list[str] = []
    try:
        for given in addresses:
            host, port = _parse(given)
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            except (socket.gaierror, UnicodeError):
                raise StartFailed(f"cannot listen on {given}: there is no host named {host!r}") from None
            for family, _, _, _, address in dict.fromkeys(found):
                try:
                    bound.append(_bind_one(family, address))
                except OSError as error:
                    if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                        reason = _REASONS.get(error.errno or 0) or error.strerror or error
                        raise StartFailed(f"cannot listen on {given}: {reason}") from error
                    absent.append(given)
        if not bound:
            raise StartFailed(f"cannot listen on {' or '.join(addresses)}: this machine has no such address")
    except StartFailed:
        for sock in bound:
            sock.close()
        raise
    for given in absent:
        _log.warning("not listening on %s: this machine has no such address", given)
    return bound


def _bind_one(family: int, address: object) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # On Windows the option lets any other process share the port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # [::] and 0.0.0.0 are two addresses, whatever the system's default is.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)  # type: ignore[arg-type]  # as getaddrinfo returned it
        # Two sockets can be bound to one port until one of them listens. Only then does the other one fail.
        sock.listen()
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _parse(given: str) -> tuple[str, int]:
    host, colon, port = given.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise StartFailed(f"cannot listen on {given!r}: an IPv6 address stands in brackets, as in [::1]:3005")
    if not colon or not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise StartFailed(f"cannot listen on {given!r}: that is not HOST:PORT")
    return host, int(port)


def url_of(sock: socket.socket, *, secure: bool) -> str:
    """Return the URL at which clients reach this socket."""
    scheme = "wss" if secure else "ws"
    name = sock.getsockname()
    if sock.family == socket.AF_INET6:
        return f"{scheme}://[{name[0]}]:{name[1]}/ws"
    if sock.family == socket.AF_INET:
        return f"{scheme}://{name[0]}:{name[1]}/ws"
    return f"{scheme}+unix:{name}"


def tls_context(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    """Return a TLS context with this certificate. None: no certificate is given.

    Raises:
        StartFailed: a file is missing or has the wrong content.
    """
    if certificate is None:
        if key is not None:
            raise StartFailed("a TLS key needs its certificate (--tls-cert)")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_certificate(context, certificate, key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    """Use these files for all later connections. If that fails, raise StartFailed and change nothing.

    OpenSSL notices that a key does not belong to a certificate only after it has loaded the certificate. So both are
    loaded into another context first.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise StartFailed(f"cannot use {certificate} and {key or 'its key'} for TLS: {error.reason}") from error
    except OSError as error:
        raise StartFailed(f"cannot read {certificate} or {key or 'its key'}: {error.strerror}") from error
