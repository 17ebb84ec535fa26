"""From ``HOST:PORT`` to bound sockets, and from files to TLS. What can not be is one sentence for the operator."""

import errno
import logging
import socket
import ssl
import sys
from collections.abc import Sequence

__all__ = ["StartFailed", "bind", "load_certificate", "tls_context", "url_of"]

_log = logging.getLogger(__name__)


class StartFailed(Exception):
    """The server can not start. ``str()`` says why, in one sentence for the operator."""


def bind(places: Sequence[str]) -> list[socket.socket]:
    """Bind a socket for each address of each ``HOST:PORT``.

    An address that this machine does not have (there is no IPv6, say) is passed over with a warning as long as another
    one can be had.

    Raises:
        StartFailed: a port is in use, nothing is left to listen on, or a place makes no sense.
    """
    bound: list[socket.socket] = []
    absent: list[str] = []
    try:
        for place in places:
            host, port = _parse(place)
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            except (socket.gaierror, UnicodeError):
                raise StartFailed(f"cannot listen on {place}: there is no host named {host!r}") from None
            for family, _, _, _, address in dict.fromkeys(found):
                try:
                    bound.append(_bind_one(family, address))
                except OSError as error:
                    if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                        raise StartFailed(f"cannot listen on {place}: {_why(error)}") from error
                    absent.append(place)
        if not bound:
            raise StartFailed(f"cannot listen on {' or '.join(places)}: this machine has no such address")
    except StartFailed:
        for sock in bound:
            sock.close()
        raise
    for place in absent:
        _log.warning("not listening on %s: this machine has no such address", place)
    return bound


def _bind_one(family: int, address: object) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it means something else: to share the port with whoever asks
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # [::] and 0.0.0.0 are two places, whatever the system's default is.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)  # type: ignore[arg-type]  # as getaddrinfo made it
        # Two sockets can share a port until one listens: only then does the second one learn that it is in use.
        sock.listen()
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _parse(place: str) -> tuple[str, int]:
    host, colon, port = place.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise StartFailed(f"cannot listen on {place!r}: an IPv6 address stands in brackets, as in [::1]:3005")
    if not colon or not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise StartFailed(f"cannot listen on {place!r}: that is not HOST:PORT")
    return host, int(port)


def _why(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "the port is in use (is another server running?)"
        case errno.EACCES:
            return "ports below 1024 need a privilege that this process does not have"
        case _:
            return error.strerror or str(error)


def url_of(sock: socket.socket, *, secure: bool) -> str:
    """Return what a client connects to in order to reach this socket."""
    scheme = "wss" if secure else "ws"
    name = sock.getsockname()
    if sock.family == socket.AF_INET6:
        return f"{scheme}://[{name[0]}]:{name[1]}/ws"
    if sock.family == socket.AF_INET:
        return f"{scheme}://{name[0]}:{name[1]}/ws"
    return f"{scheme}+unix:{name}"


def tls_context(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    """Return what is needed to speak TLS with this certificate, or None where none is given.

    Raises:
        StartFailed: a file is missing, or is not what it should be.
    """
    if certificate is None:
        if key is not None:
            raise StartFailed("a TLS key needs its certificate (--tls-cert)")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_certificate(context, certificate, key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    """Use these files for connections from now on. Raises StartFailed as `tls_context` does, and changes nothing then.

    A key that does not belong to the certificate is noticed only when the certificate is in: so both are tried out in
    a context of their own first.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise StartFailed(f"cannot use {certificate} and {key or 'its key'} for TLS: {error.reason}") from error
    except OSError as error:
        raise StartFailed(f"cannot read {certificate} or {key or 'its key'}: {error.strerror}") from error
