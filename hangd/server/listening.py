"""Bind sockets for ``HOST:PORT`` and load TLS certificates. Each failure is one sentence for the operator."""

import errno
import logging
import socket
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from hangd.lifetime import EXIT_WRONG_SETTING
from hangd.server.settings import listen_place
from hangd.transport.lookup import why_not_found
from hangd.urls import place

_log = logging.getLogger(__name__)

_REASONS = {
    errno.EADDRINUSE: "the port is in use (is another server running?)",
    errno.EACCES: "ports below 1024 need a privilege that this process does not have",
}


class StartFailed(Exception):
    """The server cannot start. ``str()`` says why, in one sentence for the operator."""

    exit_code: ClassVar = 1


class WrongSetting(StartFailed):
    """A setting cannot be used, and starting again would not help."""

    exit_code: ClassVar = EXIT_WRONG_SETTING


def bind(addresses: Sequence[str], option: str = "") -> list[socket.socket]:
    """Bind a socket for each address of each ``HOST:PORT``, which `check_listen` has checked.

    An address that this machine does not have (for instance without IPv6) is skipped with a warning, if another one is
    bound.

    Raises:
        StartFailed: a port is in use, a host was not found, or no address could be bound.
    """
    what = f" ({option})" if option else ""
    bound: list[socket.socket] = []
    absent: list[str] = []
    try:
        for given in addresses:
            host, port = listen_place(given)
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            except (socket.gaierror, UnicodeError) as error:
                raise StartFailed(f"cannot listen on {given}{what}: {why_not_found(error, host)}") from None
            for family, _, _, _, address in dict.fromkeys(found):
                try:
                    bound.append(_bind_one(family, address))
                except OSError as error:
                    if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                        reason = _REASONS.get(error.errno or 0) or error.strerror or error
                        raise StartFailed(f"cannot listen on {given}{what}: {reason}") from error
                    absent.append(given)
        if not bound:
            raise StartFailed(f"cannot listen on {' or '.join(addresses)}{what}: this machine has no such address")
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


def url_of(sock: socket.socket, *, secure: bool) -> str:
    """Return the URL at which clients reach this socket."""
    scheme = "wss" if secure else "ws"
    name = sock.getsockname()
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        return f"{scheme}://{place(*name[:2])}/ws"
    return f"{scheme}+unix:{name}"


def tls_context(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    """Return a TLS context with this certificate. None: no certificate is given.

    Raises:
        WrongSetting: a file is missing or has the wrong content.
    """
    if certificate is None:
        if key is not None:
            raise WrongSetting("a TLS key needs its certificate (--tls-cert)")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_certificate(context, certificate, key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    """Use these files for all later connections. If that fails, raise WrongSetting and change nothing.

    OpenSSL notices that a key does not belong to a certificate only after it has loaded the certificate. So both are
    loaded into another context first.
    """
    if b"CERTIFICATE-----" not in _read(certificate, "--tls-cert"):
        raise WrongSetting(f"{certificate} (--tls-cert) contains no certificate in PEM format")
    option = "--tls-cert" if key is None else "--tls-key"
    holder = f"{key or certificate} ({option})"
    if b"PRIVATE KEY-----" not in _read(key or certificate, option):
        hint = ": name the file of the key with --tls-key" if key is None else ""
        raise WrongSetting(f"{holder} contains no private key in PEM format{hint}")
    is_locked = False

    def password() -> str:  # Without this function, OpenSSL asks on the terminal.
        nonlocal is_locked
        is_locked = True
        return "none"

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password)
        context.load_cert_chain(certificate, key, password)
    except ssl.SSLError as error:
        if is_locked:
            raise WrongSetting(f"the private key in {holder} needs a password: use one that needs none") from error
        if error.reason == "KEY_VALUES_MISMATCH":
            raise WrongSetting(f"the private key in {holder} belongs to another certificate") from error
        raise WrongSetting(f"the certificate {certificate} or its private key in {holder} is damaged") from error


def _read(path: str, option: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise WrongSetting(f"cannot read {path} ({option}): {error.strerror}") from error
